alter table core.t alter column c set expression as ((a + 1));
alter table core.t alter column b set expression as ((a + 1));
