refresh materialized view core.counts;

refresh materialized view core.full;
