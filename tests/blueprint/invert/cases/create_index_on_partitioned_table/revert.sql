drop index core.log_at_idx;
