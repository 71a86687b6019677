alter table core.users alter column name reset (n_distinct);
alter table core.users alter column name set compression default;
alter table core.users alter column name set storage extended;
alter table core.users alter column name set statistics default;
alter table core.users alter column name drop not null;
alter table core.users alter column name set default 'x'::text;
