drop table core.kept;
