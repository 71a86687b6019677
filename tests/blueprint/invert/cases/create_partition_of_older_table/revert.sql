drop table core.log_2026;
