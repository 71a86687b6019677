select 'create materialized view ' || rtrim({view_definition}, ';') || case when relispopulated then ';' else E'\n  with no data;' end
  || {dressing} || {column_dressing}
  || coalesce((select string_agg(E'\n' || {index_definition}, '' order by indexrelid::regclass::text)
       from pg_index where indrelid = pg_class.oid), '')
from pg_class where oid = {oid} and relkind = 'm'
