drop materialized view core.counts;
