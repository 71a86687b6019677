alter table core.log alter column note drop not null;
alter table core.log_rest alter column note set statistics 5;
alter table only core.log alter column note set statistics default;
alter table core.log_rest alter column note set default 'b'::text;
alter table only core.log alter column note set default 'a'::text;
