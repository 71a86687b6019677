select pg_get_statisticsobjdef(oid) || ';'
  || coalesce(format(E'\nalter %s set statistics %s;', {object}, stxstattarget), '') || {dressing}
from pg_statistic_ext where oid = {oid}
