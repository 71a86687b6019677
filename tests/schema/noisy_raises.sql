-- blueprint.raises() as it is, but telling what was refused and in which words.
create or replace function blueprint.raises(sql text, state text, mentions text default null) returns boolean
  language plpgsql set search_path = ''
as $$
declare
  got text; message text; detail text; rule text; field text; relation text; room text;
begin
  execute sql;
  raise sqlstate 'HCOK0' using message = 'nothing was raised, so undo it';
exception when others or query_canceled or assert_failure then
  get stacked diagnostics got = returned_sqlstate, message = message_text, detail = pg_exception_detail,
    rule = constraint_name, field = column_name, relation = table_name, room = schema_name;
  raise warning 'REFUSED %', pg_catalog.jsonb_build_object('sql', sql, 'expected', state, 'state', got, 'message', message, 'rule', rule, 'column', field, 'table', room || '.' || relation);
  return got = state and (mentions is null or pg_catalog.strpos(pg_catalog.concat_ws(e'\n', message, detail, rule, field, relation), mentions) > 0);
end $$;
