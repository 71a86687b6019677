alter table core.users alter column name drop default, alter column name drop not null, alter column name set statistics default, alter column name set storage default, alter column name set compression default, alter column name reset (n_distinct), alter column name set (n_distinct_inherited = 4);

alter table core.users alter column born drop not null;
