alter table core.t alter column b set expression as (a * 2), alter column c set expression as (a * 3);
