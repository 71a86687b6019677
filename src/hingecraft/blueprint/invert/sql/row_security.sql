select case
    when {action} = 'EnableRowSecurity' and not relrowsecurity then format('alter table %s disable row level security;', oid::regclass)
    when {action} = 'DisableRowSecurity' and relrowsecurity then format('alter table %s enable row level security;', oid::regclass)
    when {action} = 'ForceRowSecurity' and not relforcerowsecurity then format('alter table %s no force row level security;', oid::regclass)
    when {action} = 'NoForceRowSecurity' and relforcerowsecurity then format('alter table %s force row level security;', oid::regclass)
  end
from pg_class where oid = {oid}
