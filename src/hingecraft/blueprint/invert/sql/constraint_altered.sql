select case contype
    when 'f' then format('alter %s alter constraint %I %s %s%s;', {table}, conname,
      case when condeferrable then 'deferrable' else 'not deferrable' end,
      case when condeferred then 'initially deferred' else 'initially immediate' end,
      case when {enforced} then case when conenforced then ' enforced' else ' not enforced' end end)
    when 'n' then format('alter %s alter constraint %I %s;', {table}, conname, case when connoinherit then 'no inherit' else 'inherit' end)
    else 'refused: the previous state of this constraint cannot be set: write the revert'
  end
from pg_constraint where oid = {oid}
