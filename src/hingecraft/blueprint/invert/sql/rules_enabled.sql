select format('alter table %s %s rule %I;', ev_class::regclass, {enabled}, rulename)
from (select *, ev_enabled as tgenabled from pg_rewrite) as rule where ev_class = {oid} and rulename = {trigger}
