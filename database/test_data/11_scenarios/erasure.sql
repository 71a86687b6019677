-- Scenario: a person who is present in every room asks to be forgotten. Which rooms, tables and columns these are is read from the catalog. Kinds of uid(): 450 people, 451 their rows.

-- task: BUILD_0887 create_test_data drill
-- title: Play the erasure of a person present in every room: testdata.play_erasure(seed)
-- does: One subject gets a row in every table that points to an account or has an @pii column: make_row() fills in what a table asks for (parents, words of a check, values of a type; what it cannot guess stands in samples), and
--   every @pii column carries a marker. The subject exports its consents and erases itself; then every column of every table and partition is searched for the marker. What the law keeps is marked @pii retain; tables no key of
--   which leads to a person stand in erasure_exceptions. Sums of money stay, a twin under legal hold is refused and keeps everything.
-- proves: every step holds, and tables made in the savepoint join by themselves: one that is erased, one where a copy stays and is found, one with @pii that nothing leads to and is reported.
-- needs: BUILD_0050, BUILD_0070, BUILD_0090, BUILD_0110, BUILD_0130, BUILD_0170, BUILD_0190, BUILD_0210, BUILD_0668, BUILD_0680, BUILD_0734, BUILD_0750, BUILD_0760, BUILD_0770, BUILD_0854, BUILD_0857
create table testdata.samples (
  relation text not null,
  field text not null,
  value text not null,
  constraint samples_relation_field_pk primary key (relation, field)
);

insert into testdata.samples (relation, field, value) values
  ('community.events', 'time_zone', '''UTC'''), ('core.analytics', 'event_name', '''page.view'''), ('core.analytics', 'consent_ok', 'true'), ('core.assets', 'media_type', '''model/step'''), ('core.content', 'locale', '''en'''),
  ('core.legal_documents', 'body', '''x'''), ('core.legal_documents', 'body_sha256', 'sha256(''x'')'), ('learning.assessments', 'course_id', '{parent}'),
  ('core.kyc', 'result', 'jsonb_build_object(''flags'', jsonb_build_array(''{marker}''))'), ('core.receipts', 'kind', '''annual_statement'''), ('core.receipts', 'organisation', '''{"ein": "00-0000000", "legal_name": "Probe"}'''), ('core.receipts', 'number', '''HC-1-'' || 100000 + (hashtext(''{marker}'') & 65535)'),
  ('core.receipts', 'verification_code', 'upper(left(md5(''{marker}''), 12))'), ('core.wallets', 'chain', '''custodial'''),
  ('core.webhooks', 'target_url', '''https://hooks-1.example.com/'''), ('identity.credentials', 'kind', '''totp'''), ('identity.credentials', 'secret_sealed', '''\x00'''), ('identity.profiles', 'country', '''DE'''),
  ('identity.user_roles', 'role_code', '''designer'''), ('learning.user_skills', 'evidence', 'jsonb_build_array(jsonb_build_object(''kind'', ''probe'', ''ref'', ''{marker}'', ''weight'', 1, ''at'', now()))'),
  ('publishing.translations', 'locale', '''de'''), ('treasury.closed_months', 'month', '''1990-01-01''');

create table testdata.erasure_exceptions (
  relation text constraint erasure_exceptions_relation_pk primary key,
  reason text not null
);

insert into testdata.erasure_exceptions (relation, reason) values
  ('automation.outbox', 'its trigger takes @pii of the row out, and the month is dropped after thirty days'), ('automation.delivery_attempts', 'what strangers answered, dropped after thirty days'),
  ('automation.inbound_events', 'what strangers sent, dropped after ninety days'), ('core.receipt_checks', 'addresses of who asked, deleted within the day');

create function testdata.link_of(relation regclass) returns text
  language sql stable
begin atomic
  select l.key from (
    select a.attname::text as key, a.attnum from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.conrelid = link_of.relation and k.contype = 'f' and k.confrelid = 'core.users'::regclass
    union all
    select a.attname::text, a.attnum from blueprint.annotations(link_of.relation) m join pg_catalog.pg_attribute a on a.attrelid = link_of.relation and a.attname = m.column_name and a.atttypid = 'pg_catalog.uuid'::regtype
    where m.tag = 'pii' and not exists (select from pg_catalog.pg_constraint k where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey))) l
  order by l.key <> 'user_id', l.attnum limit 1;
end;

create function testdata.first_word(relation regclass, attnum smallint) returns text
  language sql stable set search_path = ''
as $$
  select (regexp_match(string_agg(pg_get_constraintdef(k.oid), ' ' order by cardinality(k.conkey)), '\(*' || min(a.attname) || '\)?(?:::text)? = ANY \(+(?:ARRAY\[)?''?\{?([a-z0-9_.]+)'))[1]
  from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = first_word.attnum where k.conrelid = first_word.relation and k.contype = 'c' and first_word.attnum = any (k.conkey)
$$;

create function testdata.sample_value(seed bigint, relation regclass, field text, link text, is_personal boolean, person uuid, other uuid, marker text, parents jsonb) returns text
  language plpgsql stable set search_path = ''
as $$
declare
  a record;
  parent record;
  known constant text := (select replace(s.value, '{marker}', marker) from testdata.samples s where s.relation = sample_value.relation::text and s.field = sample_value.field);
begin
  select c.attnotnull or coalesce(known = '{parent}', false) as is_due, c.atthasdef or c.attidentity <> '' as has_default, b.typname as base, b.typcategory as kind, d.oid::regtype::text as type, c.attnum,
    sample_value.is_personal and not exists (select from pg_catalog.pg_constraint k join pg_catalog.pg_attribute l on l.attrelid = k.conrelid and l.attnum = k.conkey[1] and l.attname <> link
        where k.conrelid = sample_value.relation and k.contype = 'f' and k.confrelid = 'core.users'::regclass and starts_with(field, regexp_replace(l.attname, '_id$', '') || '_')) as is_personal
  into a
  from pg_catalog.pg_attribute c join pg_catalog.pg_type d on d.oid = c.atttypid join pg_catalog.pg_type b on b.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
  where c.attrelid = sample_value.relation and c.attname = field;
  select k.confrelid::regclass as relation, p.attname as key into parent
  from pg_catalog.pg_constraint k cross join lateral unnest(k.conkey, k.confkey) u(child, parent) join pg_catalog.pg_attribute p on p.attrelid = k.confrelid and p.attnum = u.parent
  where k.conrelid = sample_value.relation and k.contype = 'f' and u.child = a.attnum and k.conparentid = 0 and k.confrelid <> k.conrelid order by cardinality(k.conkey) desc limit 1;
  return case
    when known <> '{parent}' then known
    when field = 'id' and a.base = 'uuid' then format('testdata.uid(%s, 451, %s, %s)', seed, hashtext(marker || sample_value.relation) & 134217727, testdata.ms(now()))
    when field = link then quote_literal(person)
    when parent.key is not null and (a.has_default or not a.is_due) then null
    when parent.relation = 'core.users'::regclass then quote_literal(other)
    when parents ? parent.relation::text then quote_literal(parents -> parent.relation::text ->> parent.key)
    when parent.key is not null then format('(select p.%I from %s p order by p.ctid limit 1)', parent.key, parent.relation)
    when a.is_personal and a.base = 'uuid' then quote_literal(person)
    when a.is_personal and a.base = 'jsonb' then quote_literal(jsonb_build_object('marker', marker))
    when a.is_personal and a.base = 'bytea' then format('convert_to(%L, ''UTF8'')', marker)
    when a.is_personal and a.base = 'inet' then '''192.0.2.77'''
    when a.is_personal and a.type = 'core.email' then quote_literal(marker || '@example.org')
    when a.is_personal and a.kind = 'A' then format('array[%L]', marker)
    when a.is_personal and (a.kind = 'S' or a.base = 'citext') then quote_literal(marker)
    when a.has_default or not a.is_due then null
    when testdata.first_word(sample_value.relation, a.attnum) is not null then quote_literal(testdata.first_word(sample_value.relation, a.attnum))
    when a.base = 'bytea' then format('sha256(convert_to(%L, ''UTF8''))', marker || field)
    when a.base = 'uuid' then 'uuidv7()'
    when a.base = 'timestamptz' then case when field ~ 'until|expires|ends' then 'now() + interval ''10 minutes''' else 'now()' end
    when a.base = 'date' then 'current_date'
    when a.base = 'daterange' then 'daterange(current_date, current_date + 30)'
    when a.base = 'tstzrange' then 'tstzrange(now(), now() + interval ''1 hour'')'
    when a.base = 'interval' then '''1 day'''
    when a.base in ('jsonb') or a.kind = 'A' then '''{}'''
    when a.kind = 'N' then '1'
    when a.kind = 'B' then 'false'
    else quote_literal('x' || left(md5(marker || field), 10)) end;
end $$;

create function testdata.make_row(seed bigint, relation regclass, person uuid, other uuid, marker text, inout parents jsonb, out problem text, depth int default 0) returns record
  language plpgsql set search_path = ''
as $$
declare
  link constant text := testdata.link_of(make_row.relation);
  personal constant text[] := array(select m.column_name from blueprint.annotations(make_row.relation) m where m.tag = 'pii');
  parent regclass;
  names text;
  written text;
  changed text;
  made jsonb;
begin
  for parent in
    select distinct k.confrelid::regclass from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.atttypid = 'pg_catalog.uuid'::regtype 
    where k.conrelid = make_row.relation and k.contype = 'f' and k.conparentid = 0 and k.confrelid not in (k.conrelid, 'core.users'::regclass)
      and (a.attnotnull and not a.atthasdef or exists (select from testdata.samples s where s.relation = make_row.relation::text and s.field = a.attname and s.value = '{parent}'))
  loop
    if not parents ? parent::text and depth < 6 then  -- it belongs to somebody else
      select m.parents, m.problem into parents, problem from testdata.make_row(seed, parent, other, person, 'o' || left(md5(marker), 12), parents, depth + 1) m;
      if problem is not null then
        problem := parent || ', ' || problem;
        return;
      end if;
    end if;
  end loop;
  select string_agg(quote_ident(v.field), ', ' order by v.field), string_agg(v.value, ', ' order by v.field), string_agg(format('%I = %s', v.field, v.value), ', ') filter (where v.is_personal) into names, written, changed
  from (
    select d.*, testdata.sample_value(seed, make_row.relation, d.field, link, d.is_personal, person, other, marker, parents) as value
    from (
      select a.attname::text as field, a.attnotnull and not a.atthasdef or a.attname in ('id', link) as is_due, a.attname = any (personal) as is_personal, exists (select from testdata.samples s where s.relation = make_row.relation::text and s.field = a.attname) as is_known
      from pg_catalog.pg_attribute a where a.attrelid = make_row.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') d
    where d.is_due or d.is_personal or d.is_known) v where v.value is not null;
  begin
    execute format('insert into %s as r (%s) values (%s) returning to_jsonb(r)', make_row.relation, names, written) into made;
    set constraints all immediate;
    set constraints all deferred;
  exception when unique_violation then  -- a trigger was there before
    if depth > 0 then
      problem := sqlerrm;
      return;
    end if;
    execute format('update %s r set %s where r.%I = $1', make_row.relation, coalesce(changed, quote_ident(link) || ' = $1'), link) using person;
    problem := case when not found and changed is not null then sqlerrm end;
  when others then
    problem := sqlerrm;
    return;
  end;
  if depth > 0 then
    parents := parents || jsonb_build_object(make_row.relation::text, made);
  end if;
end $$;

create function testdata.personal_tables() returns table (relation regclass, is_personal boolean, is_erased boolean, link text)
  language sql stable
begin atomic
  select c.oid::regclass, p.there, p.goes, l.key
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral (select count(*) > 0 as there, coalesce(bool_or(m.value is distinct from 'retain'), false) as goes from blueprint.annotations(c.oid::regclass) m where m.tag = 'pii' and m.column_name is not null) p cross join lateral (select testdata.link_of(c.oid::regclass) as key) l
  where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't' and n.nspname not in ('blueprint', 'testdata', 'extensions') and c.oid <> 'core.users'::regclass and (p.there or l.key is not null);
end;

create function testdata.find_markers(markers text[]) returns table (marker text, relation text, field text, rows bigint)
  language plpgsql stable set search_path = ''
as $$
declare
  place regclass;
begin
  for place in
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'blueprint', 'testdata') order by c.oid::regclass::text
  loop
    return query execute format('select m.marker, %L, e.key, count(*) from %s r join unnest($1) m(marker) on strpos(r::text, m.marker) > 0 or strpos(r::text, encode(convert_to(m.marker, ''UTF8''), ''hex'')) > 0
      cross join lateral jsonb_each_text(to_jsonb(r)) e where strpos(e.value, m.marker) > 0 or strpos(e.value, encode(convert_to(m.marker, ''UTF8''), ''hex'')) > 0 group by m.marker, e.key', place, place) using markers;
  end loop;
end $$;

create function testdata.play_erasure(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  marker constant text := 'zq' || substr(md5('erasure' || seed), 1, 12);
  marker_of_twin constant text := 'yq' || substr(md5('twin' || seed), 1, 12);
  ms constant bigint := testdata.ms(now());
  subject constant uuid := testdata.uid(seed, 450, 1, ms);
  twin constant uuid := testdata.uid(seed, 450, 2, ms);
  other constant uuid := testdata.uid(seed, 450, 3, ms);
  money constant text := 'select concat_ws('' '', (select sum(d.amount_usd) from core.donations d), (select sum(d.fee_usd) from core.donations d), (select count(*) from core.donations d), (select sum(r.amount_usd) from core.receipts r), (select sum(p.amount_usd) from treasury.payment_intents p))';
  place record;
  parents jsonb := '{}';
  problem text;
  missing text[] := '{}';
  proof jsonb;
  before text;
  there jsonb;
  left_over jsonb;
  refused text;
  got text;
begin
  perform testdata.require_allowed();
  insert into core.users (id, handle, email, display_name, status, campus, preferences, metadata, pii_sealed)
  select testdata.uid(seed, 450, v.k, ms), v.word || '-' || tag, v.word || '@example.org', v.word, 'active', v.word, jsonb_build_object('nick', v.word), jsonb_build_object('alias', v.word) || v.hold, convert_to(v.word, 'UTF8')
  from (values (1, marker, '{}'::jsonb), (2, marker_of_twin, '{"legal_hold": "a case"}'), (3, 'other-' || tag, '{}')) v(k, word, hold);
  perform core.act_as(subject);
  for place in select t.* from testdata.personal_tables() t where t.link is not null order by t.relation::text desc loop
    select m.parents, m.problem into parents, problem from testdata.make_row(seed, place.relation, subject, other, marker || left(md5(place.relation::text), 6), parents) m;
    if problem is not null then  -- once more, with parents of its own
      select m.problem into problem from testdata.make_row(seed, place.relation, subject, other, marker || 'r' || left(md5(place.relation::text), 6), '{}') m;
    end if;
    if problem is not null and place.is_personal then
      missing := missing || format('%s (%s)', place.relation, problem);
    end if;
    if place.relation::text in ('identity.profiles', 'core.donations') then
      perform testdata.make_row(seed, place.relation, twin, other, marker_of_twin || left(md5(place.relation::text), 6), parents);
    end if;
  end loop;
  return query select 1, 'the subject is in every table with personal columns that leads to a person', 'none missing', coalesce(nullif(array_to_string(missing, '; '), ''), 'none missing'), missing = '{}';
  got := (select string_agg(t.relation::text, ', ' order by t.relation::text) from testdata.personal_tables() t where t.is_erased and t.link is null and not exists (select from testdata.erasure_exceptions e where to_regclass(e.relation) = t.relation));
  return query select 2, 'a table with personal columns leads to a person, or says why not', 'none else', coalesce(got, 'none else'), got is null;
  select jsonb_agg(to_jsonb(f) order by f.relation, f.field) into there from testdata.find_markers(array[marker, marker_of_twin]) f;
  got := (select format('%s fields, users among them: %s', case when count(*) >= 10 then '10 or more' else count(*)::text end, bool_or(f ->> 'relation' = 'core.users')) from jsonb_array_elements(there) f where f ->> 'marker' = marker);
  return query select 3, 'the markers are there', '10 or more fields, users among them: t', got, got = '10 or more fields, users among them: t';
  got := (select format('%s record', jsonb_array_length(core.export_consents(subject) -> 'records')));
  return query select 4, 'the subject exports its consents', '1 record', got, got = '1 record';
  execute money into before;
  proof := core.erase_user(subject, 'my wish');
  set constraints all immediate;
  got := case when proof ->> 'sha256' = encode(sha256(convert_to((proof - 'sha256')::text, 'UTF8')), 'hex') then 'sealed' else 'broken' end;
  return query select 5, 'the erasure gives a proof', 'sealed', got, got = 'sealed';
  perform core.act_as(twin);
  begin
    perform core.erase_user(twin, 'my wish too');
    refused := 'erased';
  exception when sqlstate '55006' then
    refused := sqlerrm;
  end;
  select jsonb_agg(to_jsonb(f) order by f.relation, f.field) into left_over from testdata.find_markers(array[marker, marker_of_twin]) f;
  got := (select string_agg(concat_ws('.', f ->> 'relation', f ->> 'field'), ', ') from jsonb_array_elements(left_over) f where f ->> 'marker' = marker
    and not exists (select from blueprint.annotations((f ->> 'relation')::regclass) m where m.tag = 'pii' and m.value = 'retain' and m.column_name = f ->> 'field'));
  return query select 6, 'no marker is left but where the law keeps it', 'nowhere', coalesce(got, 'nowhere'), got is null;
  got := (select string_agg(concat_ws('.', f ->> 'relation', f ->> 'field'), ', ') from jsonb_array_elements(left_over) f where f ->> 'marker' = marker and f ->> 'relation' in ('core.donations', 'core.receipts'));
  return query select 7, 'of a gift stays where it came from, of a receipt whom it was made out to', 'core.donations.from_address, core.receipts.donor', got, got is not distinct from 'core.donations.from_address, core.receipts.donor';
  execute money into got;
  return query select 8, 'sums of money are as before', before, got, got = before;
  return query select 9, 'a twin under legal hold is refused', 'the account is under legal hold', refused, refused = 'the account is under legal hold';
  return query select 10, 'and keeps everything', s.e, s.f, s.f = s.e and s.e ~ 'core.users.email 1' and s.e ~ 'identity.profiles.bio 1'
    from (select (select string_agg(concat_ws(' ', concat_ws('.', f ->> 'relation', f ->> 'field'), f ->> 'rows'), ', ') from jsonb_array_elements(there) f where f ->> 'marker' = marker_of_twin) as e,
      (select string_agg(concat_ws(' ', concat_ws('.', f ->> 'relation', f ->> 'field'), f ->> 'rows'), ', ') from jsonb_array_elements(left_over) f where f ->> 'marker' = marker_of_twin) as f) s;
  perform core.act_as(null, 'hc_worker');
end $$;

comment on table testdata.samples is 'What make_row() cannot guess. @distribution local';
comment on column testdata.samples.relation is 'Table.';
comment on column testdata.samples.field is 'Column.';
comment on column testdata.samples.value is 'SQL, with {marker} for the text that is to be found again; {parent} alone: build the row it points to, though it may be null.';
comment on table testdata.erasure_exceptions is 'Tables with personal columns that no key leads to from a person. @distribution local';
comment on column testdata.erasure_exceptions.relation is 'Table.';
comment on column testdata.erasure_exceptions.reason is 'Why it may be, and how they go.';
comment on function testdata.link_of is 'The column that says whose a row is: user_id, else the first that points to an account or is a personal id; null for none.';
comment on function testdata.first_word is 'The first word that a check of a column allows.';
comment on function testdata.sample_value is 'SQL of a value for a column of a new row; null leaves it to its default. Personal columns get the marker, if they are of the person and not of another one in the row.';
comment on function testdata.make_row is 'Makes a row of a table for a person, and the rows it needs for another one, who are kept in parents for the next; problem says what a table did not take. A row that is there already is marked.';
comment on function testdata.personal_tables is 'Tables with personal columns (is_erased: that are not all kept by law) or a link to an account.';
comment on function testdata.find_markers is 'Where texts are found: every column of every table with its partitions, materialised views too, and as bytes.';
comment on function testdata.play_erasure is 'A person who is in every table asks to be forgotten, and a twin who may not be. Steps with what was expected and found. The rows stay.';

-- verify
select blueprint.raises('select testdata.play_erasure(42887)', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.open_room('probe_0887');
create table probe_0887.handled (id uuid primary key default uuidv7(), user_id uuid not null constraint handled_user_id_fk references core.users (id), words text not null, level text not null constraint handled_level_check check (level in ('low', 'high')), friend_id uuid constraint handled_friend_id_fk references core.users (id), friend_said text);
create table probe_0887.parents (id uuid primary key default uuidv7(), owner_id uuid not null constraint parents_owner_id_fk references core.users (id), name text not null);
create table probe_0887.leaks (user_id uuid constraint leaks_user_id_fk references core.users (id), parent_id uuid not null constraint leaks_parent_id_fk references probe_0887.parents (id), words text, copy text);
create table probe_0887.strays (id int primary key, words text);
create table probe_0887.early (user_id uuid primary key constraint early_user_id_fk references core.users (id), words text);
create table probe_0887.stubborn (user_id uuid constraint stubborn_user_id_fk references core.users (id), words text, odd int not null constraint stubborn_odd_check check (odd = 77));
create function probe_0887.copy() returns trigger language plpgsql as $$ begin new.copy := coalesce(new.words, new.copy); return new; end $$;
create trigger leaks_copy before insert or update on probe_0887.leaks for each row execute function probe_0887.copy();
create function probe_0887.start() returns trigger language plpgsql as $$ begin insert into probe_0887.early (user_id) values (new.id); return new; end $$;
create trigger users_early after insert on core.users for each row execute function probe_0887.start();
comment on column probe_0887.handled.words is 'Words. @pii';
comment on column probe_0887.handled.friend_said is 'What the friend said. @pii';
comment on column probe_0887.leaks.words is 'Words. @pii';
comment on column probe_0887.strays.words is 'Words. @pii';
comment on column probe_0887.early.words is 'Words. @pii';
comment on column probe_0887.stubborn.words is 'Words. @pii';
create temporary table play_0887 as select * from testdata.play_erasure(42887);
select step, what, expected, found, ok from pg_temp.play_0887 where step not in (1, 2, 6) order by ok, step;
select step, found = v.want, not ok from pg_temp.play_0887 join (values (1, 'probe_0887.stubborn (new row for relation "stubborn" violates check constraint "stubborn_odd_check")'), (2, 'probe_0887.strays'), (6, 'probe_0887.leaks.copy')) v(step, want) using (step);
select count(*) = 10, array_agg(step order by step) = array(select generate_series(1, 10)) from pg_temp.play_0887;
create temporary view pg_temp.people_0887 as select u.id, u.status, right(u.id::text, 1) from core.users u where testdata.is_test_id(u.id) and (u.handle::text like '%' || to_hex(testdata.seed_tag(42887)) or u.status = 'erased') and u.created_at = now();
select array_agg(status order by status) = '{active,active,erased}' from pg_temp.people_0887;
select count(*) = 1, bool_and(testdata.is_test_id(h.id) and h.words = 'erased' and h.level = 'low' and h.friend_id is null and h.friend_said is null) from probe_0887.handled h join pg_temp.people_0887 p on p.id = h.user_id where p.status = 'erased';
select count(*) = 1, bool_and(l.words is null and a.owner_id <> l.user_id) from probe_0887.leaks l join probe_0887.parents a on a.id = l.parent_id join pg_temp.people_0887 p on p.id = l.user_id where p.status = 'erased';
select count(*) = 3, count(words) = 0 from probe_0887.early e join pg_temp.people_0887 p on p.id = e.user_id;
select count(*) = 0 from probe_0887.stubborn;
insert into testdata.samples values ('probe_0887.stubborn', 'odd', '77');
select (testdata.make_row(42887, 'probe_0887.stubborn', id, id, 'zq0887', '{}')).problem is null, testdata.link_of('probe_0887.stubborn') = 'user_id', testdata.link_of('probe_0887.parents') = 'owner_id', testdata.link_of('probe_0887.strays') is null from pg_temp.people_0887 where status = 'active' limit 1;
insert into probe_0887.strays values (1, 'a zq0887 b');
select array_agg(concat_ws(' ', marker, relation, field, rows) order by relation) = '{zq0887 probe_0887.strays words 1,zq0887 probe_0887.stubborn words 1}' from testdata.find_markers('{zq0887,zq0888}');
select testdata.first_word('probe_0887.handled', (select attnum from pg_attribute where attrelid = 'probe_0887.handled'::regclass and attname = 'level')) = 'low', testdata.first_word('probe_0887.handled', 1::smallint) is null;
select link = 'user_id' and is_personal and is_erased from testdata.personal_tables() where relation = 'probe_0887.handled'::regclass;
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into testdata.samples select * from testdata.samples limit 1 $$, 'samples_relation_field_pk'), ($$ insert into testdata.erasure_exceptions select * from testdata.erasure_exceptions limit 1 $$, 'erasure_exceptions_relation_pk')) v(sql, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.samples'::regclass, 'testdata.erasure_exceptions'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
