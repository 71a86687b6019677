alter publication feed drop table core.other;
