-- a primary key sets its columns not null; dropping it leaves them so
select string_agg(format('alter %s alter column %I drop not null;', {object}, attname), E'\n' order by attnum)
from pg_attribute
where attrelid = {oid} and not attnotnull and (attname = any ({columns}) or attnum = any (
  select unnest(indkey) from pg_index join pg_class on pg_class.oid = indexrelid where indrelid = {oid} and relname = {index}))
