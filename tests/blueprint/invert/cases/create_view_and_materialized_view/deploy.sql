create view core.people with (security_invoker = true) as select id, name from core.users;

create materialized view core.counts as select count(*) as n from core.people;

create unique index counts_n_idx on core.counts (n);
