create index log_at_idx on core.log (at);
