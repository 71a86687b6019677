alter index core.users_name_idx set (fillfactor=60);
alter view core.people set (security_barrier=true);
alter view core.people reset (security_invoker);
alter view core.people set (security_barrier=true);
alter table core.users reset (autovacuum_enabled, fillfactor, toast.autovacuum_enabled);
alter table core.users set (fillfactor=70, autovacuum_enabled=false, toast.autovacuum_enabled=false);
alter table core.users reset (autovacuum_enabled, fillfactor, parallel_workers, toast.autovacuum_enabled, toast.autovacuum_vacuum_threshold);
alter table core.users set (fillfactor=70, autovacuum_enabled=false, toast.autovacuum_enabled=false);
