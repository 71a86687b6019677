alter index core.users_name_idx set (fillfactor=60);
alter view core.people set (security_barrier=true);
alter view core.people reset (security_invoker);
alter table core.users set (autovacuum_enabled=false);
alter table core.users set (fillfactor=70, toast.autovacuum_enabled=false);
alter table core.users reset (toast.autovacuum_vacuum_threshold, parallel_workers);
