select case when prokind = 'a' then 'refused: an aggregate''s definition is not looked up: write the revert'
    else {routine_definition} || {dressing} end
from pg_proc where oid = {oid}
