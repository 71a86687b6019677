refresh materialized view core.counts with no data;
