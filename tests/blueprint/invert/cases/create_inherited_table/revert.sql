drop table core.members;
