-- The tables that generators fill, the largest first.
select t::text from (select distinct unnest(targets || '{core.status_changes,testdata.entities}')::regclass as t from testdata.generators) targets
order by (select sum(pg_relation_size(coalesce(p.relid, t))) from pg_partition_tree(t) p) desc nulls last, 1
