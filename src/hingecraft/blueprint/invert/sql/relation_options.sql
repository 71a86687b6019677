-- a toast table keeps its own
select {options_restored}
from (select 'alter ' || {object} as alter_options, array(
    select option from pg_class, unnest(reloptions) as option where oid = {oid}
    union all
    select 'toast.' || option from pg_class, unnest(reloptions) as option
    where oid = (select nullif(reltoastrelid, 0) from pg_class where oid = {oid})) as before) as options
where {oid} is not null
