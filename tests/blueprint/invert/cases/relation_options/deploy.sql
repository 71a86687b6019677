alter table core.users set (fillfactor = 90, toast.autovacuum_enabled = true, toast.autovacuum_vacuum_threshold = 5, parallel_workers = 2);

alter table core.users reset (autovacuum_enabled);

alter view core.people set (security_invoker = true);

alter view core.people reset (security_barrier);

alter index core.users_name_idx set (fillfactor = 90);
