-- `or replace` can add columns but not take them away: then the view is made anew, with all that belongs to it
select coalesce((
  select case
      when {columns} = (select count(*) from pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped)
      then 'create or replace view ' || {view_definition}
      else 'drop ' || {object} || E';\ncreate view ' || {view_definition} || {view_dressing}
    end
  from pg_class where oid = {oid}), 'drop ' || {object} || ';')
