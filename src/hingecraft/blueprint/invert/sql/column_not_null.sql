-- a NOT NULL has a name, and may be there already
select case {action}
    when 'SetNotNull' then case when not attnotnull then format('alter %s alter column %I drop not null;', {object}, attname) end
    else (
      select format('alter %s add constraint %I %s;', {object}, conname, pg_get_constraintdef(oid))
        || coalesce((select format(E'\ncomment on constraint %I on %s is %L;', conname, conrelid::regclass, description)
                     from pg_description where (objoid, classoid) = (pg_constraint.oid, 'pg_constraint'::regclass)), '')
      from pg_constraint where conrelid = attrelid and contype = 'n' and conkey = array[attnum])
  end
from pg_attribute where attrelid = {oid} and attname = {part}
