-- Tries statements one by one as whoever calls it, takes each back, and says what happened: how many rows it met and their keys.
create schema probe;
grant usage on schema probe to public;

create function probe.attempt(statements text[], out no int, out failure text, out message text, out met bigint, out keys text[])
  returns setof record
  language plpgsql
as $$
begin
  for i in 1..cardinality(statements) loop
    no := i; failure := null; message := null; met := null; keys := null;
    begin
      if statements[i] ~ '^(select|with)' then
        execute statements[i] into keys;
        met := cardinality(keys);
      else
        execute statements[i];
        get diagnostics met = row_count;
      end if;
      raise exception using errcode = 'PROBE';
    exception
      when sqlstate 'PROBE' then
        null;
      when others then
        failure := sqlstate; message := sqlerrm;
    end;
    return next;
  end loop;
end $$;

grant execute on function probe.attempt to public;
