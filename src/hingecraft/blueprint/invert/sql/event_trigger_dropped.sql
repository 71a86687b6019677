select format('create event trigger %I on %s%s execute function %s();', evtname, evtevent,
    (select ' when tag in (' || string_agg(quote_literal(tag), ', ') || ')' from unnest(evttags) as tag), evtfoid::regproc)
  || case evtenabled when 'O' then '' else format(E'\nalter event trigger %I %s;', evtname, {enabled}) end || {dressing}
from (select *, evtenabled as tgenabled from pg_event_trigger) as pg_event_trigger where oid = {oid}
