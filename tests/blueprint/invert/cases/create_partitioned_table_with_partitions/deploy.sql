create table core.log (at date, note text) partition by range (at);

create table core.log_2026 partition of core.log for values from ('2026-01-01') to ('2027-01-01');

create table core.log_rest partition of core.log default;

create index log_at_idx on core.log (at);
