drop materialized view core.counts;
drop view core.people;
