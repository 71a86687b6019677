-- `or replace` enables a trigger again
select coalesce((
  select regexp_replace(pg_get_triggerdef(oid), '^CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER') || ';' || {trigger_extras}
  from pg_trigger where oid = {oid}), 'drop ' || {object} || ';')
