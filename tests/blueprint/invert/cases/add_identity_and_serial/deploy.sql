alter table core.users alter column id add generated always as identity;

alter table core.users add column nr serial;
