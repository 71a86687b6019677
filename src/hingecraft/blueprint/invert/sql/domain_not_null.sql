-- a NOT NULL has a name
select coalesce((
    select format('alter %s add constraint %I not null;', {object}, conname)
    from pg_constraint where contypid = pg_type.oid and contype = 'n' and {action} = 'N'),
  case when {action} = 'O' and not typnotnull then format('alter %s drop not null;', {object}) end)
from pg_type where oid = {oid}
