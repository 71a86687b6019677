select 'create view ' || {view_definition} || {view_dressing} from pg_class where oid = {oid} and relkind = 'v'
