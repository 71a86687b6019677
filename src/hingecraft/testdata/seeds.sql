-- Every data set with how far it is.
select s.seed, s.profile, s.sf::float8, s.mode, s.status, count(c.id) as chunks, count(c.id) filter (where c.status = 'done') as done,
  coalesce(sum(c.rows), 0)::bigint as rows, coalesce(sum(c.ms), 0)::float8 / 1000 as seconds, s.id::text
from testdata.seeds s left join testdata.chunks c on c.seed_id = s.id
group by s.id order by s.created_at
