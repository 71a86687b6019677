select format('alter event trigger %I %s;', evtname, {enabled})
from (select *, evtenabled as tgenabled from pg_event_trigger) as trigger where oid = {oid}
