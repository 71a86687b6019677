-- `or replace` can neither take defaults away nor names: then the routine is made anew, with all that belongs to it
select coalesce((
  select case
      when {defaults} <= pronargdefaults
        and (pronargs = 0 or coalesce((proargnames)[1:pronargs], array_fill(''::text, array[pronargs])) = {names}
          or proargmodes is not null)
      then {routine_definition}
      else 'drop ' || {object} || E';\n' || {routine_definition} || {dressing}
    end
  from pg_proc where oid = {oid}), 'drop ' || {object} || ';')
