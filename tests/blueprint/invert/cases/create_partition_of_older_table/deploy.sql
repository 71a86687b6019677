create table core.log_2026 partition of core.log for values from ('2026-01-01') to ('2027-01-01');

create index log_2026_at_brin_idx on core.log_2026 using brin (at);
