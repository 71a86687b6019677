-- Checks of a seed: nobody real is in it. Every column that can hold text is read, whatever table it is in; what looks like a person's must come from a range that belongs to nobody.

-- task: BUILD_0897 create_test_data drill
-- title: Prove a seed free of personal data: catalog-wide scan with a signed statement
-- does: testdata.prove_no_pii(seed_id) takes from the catalog every text, citext, inet, json and array column of every room and reads what rows of the seed hold there, json leaf by leaf: mail and hosts outside example.*, public addresses,
--   phone numbers outside 555-01xx, IBANs (mod 97), card numbers (Luhn), EINs that do not begin 00, names of persons that are not made of the word lists. A cheap pattern goes over everything, pii_in() judges what it lets through. The statement
--   (tables, columns, rows, hits, digest of what was read, its sha256) is returned and kept on the seed; check_personal_data() is the same as a check.
-- proves: a small seed has no hit and all columns are covered; a mail deep in json, a public address, a card in a message, a foreign host of a webhook and a stranger's name are each found with column and key; a changed statement does not verify.
-- needs: BUILD_0791, BUILD_0871, BUILD_0873, BUILD_0891, BUILD_0898, BUILD_0900
create function testdata.luhn(digits text) returns boolean
  language sql immutable strict parallel safe
  return (select sum(case when place % 2 = 0 then d * 2 - case when d > 4 then 9 else 0 end else d end) % 10 = 0
    from regexp_split_to_table(reverse(digits), '') with ordinality as c(digit, place), lateral (select digit::int as d) v);

create function testdata.iban(code text) returns boolean
  language sql immutable strict parallel safe
  return (select string_agg(case when c.letter ~ '[A-Z]' then (ascii(c.letter) - 55)::text else c.letter end, '' order by c.place)::numeric % 97 = 1
    from regexp_split_to_table(substr(code, 5) || left(code, 4), '') with ordinality as c(letter, place));

create function testdata.reserved_host(host text) returns boolean
  language sql immutable strict parallel safe
  return host ~* '(^|\.)(example\.(com|org|net)|example|test|invalid|localhost)\.?$' or host in ('www.w3.org', 'schema.org', 'json-schema.org', 'spdx.org');  -- the latter name vocabularies

create function testdata.reserved_address(address inet) returns boolean
  language sql immutable strict parallel safe
  return exists (select from unnest('{192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,2001:db8::/32,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,169.254.0.0/16,0.0.0.0/8,::1/128,::/128,fe80::/10,fc00::/7}'::inet[]) r where address <<= r);

create function testdata.pii_in(value text, name text) returns table (sort text, what text)
  language sql stable parallel safe
begin atomic
  select 'mail' as sort, m[1] as what from regexp_matches(pii_in.value, '([[:alnum:]._%+-]+@[[:alnum:]-]+(?:\.[[:alnum:]-]+)+)', 'g') m where not testdata.reserved_host(split_part(m[1], '@', 2))
  union all
  select 'host' as sort, m[1] as what from regexp_matches(pii_in.value, '[a-z][a-z0-9+.-]*://(?:[^/?#@[:space:]"]*@)?([^/?#:[:space:]"]+)', 'gi') m where not testdata.reserved_host(m[1]) and not pg_input_is_valid(m[1], 'inet')
  union all
  select 'host' as sort, pii_in.value as what where pii_in.name ~ '(^|_)(host|domain)$' and pii_in.value ~ '\.' and not testdata.reserved_host(pii_in.value)
  union all
  select 'address' as sort, m[1] as what from regexp_matches(pii_in.value, '(?<![[:alnum:].:-])(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?:/\d+)?(?![[:alnum:]:]|\.[[:alnum:]])', 'gi') m
  where pg_input_is_valid(m[1], 'inet') and not testdata.reserved_address(m[1]::inet)
  union all
  select 'phone' as sort, m[1] as what from regexp_matches(pii_in.value, '(?<![[:alnum:].:-])(\+\d[\d ().-]{7,17}\d|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?![[:alnum:]:-])', 'g') m where regexp_replace(m[1], '\D', '', 'g') !~ '55501\d\d$'
  union all
  select 'iban' as sort, m[1] as what from regexp_matches(pii_in.value, '\m([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})\M', 'g') m where testdata.iban(replace(m[1], ' ', ''))
  union all
  select 'card' as sort, m[1] as what from regexp_matches(pii_in.value, '(?<![[:alnum:].-])([3-6]\d{3}(?:[ -]?\d){9,15})(?![[:alnum:]-]|\.\d)', 'g') m where testdata.luhn(regexp_replace(m[1], '\D', '', 'g'))
  union all
  select 'ein' as sort, m[1] as what from regexp_matches(pii_in.value, '(?<![[:alnum:]-])(\d{2}-\d{7})(?![[:alnum:]-])', 'g') m where m[1] !~ '^00-'
  union all
  select 'name' as sort, pii_in.value as what where pii_in.name ~ '(^|_)(display|donor|full|given|family|legal|holder|recipient|person)_?name$' and exists (
    select from regexp_split_to_table(pii_in.value, '[ -]+') w(word) where w.word ~ '[[:alpha:]]{2}' and w.word <> all ('{Workshop,Service,Agent,HingeCraft,Test,Foundation}') and not exists (select from testdata.words l where l.value = w.word)
      and not exists (select from testdata.places p where w.word = any (regexp_split_to_array(p.city, '[ -]+'))));
end;

create function testdata.leaves(value jsonb, name text) returns table (path text, name text, leaf text)
  language sql immutable parallel safe
begin atomic
  with recursive nodes (path, name, node) as (
    select ''::text, leaves.name, leaves.value
    union all
    select n.path || c.step, coalesce(c.name, n.name), c.node from nodes n, lateral (
      select '.' || o.key, o.key, o.value from jsonb_each(case jsonb_typeof(n.node) when 'object' then n.node else '{}' end) o
      union all
      select '[' || a.place - 1 || ']', null::text as name, a.value from jsonb_array_elements(case jsonb_typeof(n.node) when 'array' then n.node else '[]' end) with ordinality a(value, place)) c(step, name, node))
  select ltrim(n.path, '.'), n.name, n.node #>> '{}' from nodes n where jsonb_typeof(n.node) in ('string', 'number')
  union all
  select ltrim(n.path || '.' || k.key, '.'), 'key' as name, k.key from nodes n, jsonb_object_keys(case jsonb_typeof(n.node) when 'object' then n.node else '{}' end) k(key);
end;

create function testdata.text_columns(relation regclass) returns table (name text, is_json boolean)
  language sql stable
begin atomic
  select a.attname::text, y.typname in ('json', 'jsonb') or y.typcategory = 'A'
  from pg_catalog.pg_attribute a join pg_catalog.pg_type d on d.oid = a.atttypid join pg_catalog.pg_type y on y.oid = coalesce(nullif(d.typbasetype, 0), d.oid) left join pg_catalog.pg_type e on e.oid = y.typelem and y.typcategory = 'A'
  left join pg_catalog.pg_type b on b.oid = coalesce(nullif(e.typbasetype, 0), e.oid)
  where a.attrelid = text_columns.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and (coalesce(b.typcategory, y.typcategory) in ('S', 'I') or coalesce(b.typname, y.typname) in ('json', 'jsonb', 'xml', 'citext'))
  order by a.attnum;
end;

create function testdata.prove_no_pii(seed_id uuid) returns jsonb
  language plpgsql set search_path = ''
as $$
declare
  suspect constant text := '@|://|(\d{1,3}\.){3}|::|(:[0-9a-fA-F]{1,4}){4}|\+\d[\d ().-]{7}|\d{3}\)?[-. ]\d{3}[-. ]\d{4}|\d{2}-\d{7}|(\d[ -]?){12}\d|[A-Z]{2}\d{2} ?[A-Z0-9]|(host|domain|display|donor|full|given|family|legal|holder|recipient|person)_?(name)?"';
  s testdata.seeds;
  relation regclass;
  columns text;
  tables int := 0;
  wide int := 0;
  rows bigint := 0;
  hits bigint;
  here record;
  read text := '';
  statement jsonb;
begin
  perform testdata.require_allowed();
  perform testdata.seed_of(seed_id);
  select * into s from testdata.seeds k where k.id = seed_id;
  delete from testdata.findings f where f.seed_id = s.id and f.check_name = 'personal data';
  for relation in select f.relation from testdata.room_tables() f order by f.relation::text loop
    tables := tables + 1;
    select count(*) as number, string_agg(format('(%L, t.%I::text, case when %L then to_jsonb(t.%2$I) else to_jsonb(t.%2$I::text) end)', c.name, c.name, c.is_json), ', ') as list into here from testdata.text_columns(relation) c;
    continue when here.number = 0;
    wide := wide + here.number;
    columns := here.list;
    execute format($q$
      with scanned as materialized (select x.name, x.text, x.value from (select t.* from %1$s t where (%2$s) or (%3$s)) t, lateral (values %4$s) x(name, text, value) where x.text is not null),
      found as (
        select c.name, l.path, p.sort, p.what from scanned c, testdata.leaves(c.value, c.name) l, testdata.pii_in(l.leaf, l.name) p where c.text ~ $1 or c.name ~ '(^|_)(host|domain|(display|donor|full|given|family|legal|holder|recipient|person)_?name)$'),
      told as (
        insert into testdata.findings (seed_id, check_name, subject, found)
        select $2, 'personal data', $3 || '.' || f.name, jsonb_build_object('key', f.path, 'sort', f.sort, 'rows', count(*), 'sample', min(f.what)) from found f group by f.name, f.path, f.sort order by f.name, f.path, f.sort returning 1)
      select (select count(*) from %1$s t where (%2$s) or (%3$s)) as rows, count(*) as cells, coalesce(sum(hashtextextended(c.name || ' ' || c.text, 0)), 0) as digest, (select count(*) from told) as told from scanned c$q$,
      relation, testdata.rows_of(relation, s.seed), (testdata.naming(relation, s.seed)).says, columns) into here using suspect, s.id, relation::text;
    rows := rows + here.rows;
    read := read || format(e'%s %s %s %s\n', relation, here.rows, here.cells, here.digest);
  end loop;
  select count(*) into hits from testdata.findings f where f.seed_id = s.id and f.check_name = 'personal data';
  statement := jsonb_build_object('seed', s.seed, 'profile', s.profile, 'at', now(), 'tables', tables, 'columns', wide, 'rows', rows, 'hits', hits, 'read_sha256', encode(sha256(convert_to(read, 'UTF8')), 'hex'));
  statement := statement || jsonb_build_object('sha256', encode(sha256(convert_to(statement::text, 'UTF8')), 'hex'));
  update testdata.seeds k set proof = statement where k.id = s.id;
  return statement;
end $$;

create function testdata.proof_holds(proof jsonb) returns boolean
  language sql immutable strict parallel safe
  return proof ->> 'sha256' = encode(sha256(convert_to((proof - 'sha256')::text, 'UTF8')), 'hex');

create function testdata.check_personal_data(seed_id uuid) returns bigint
  language sql
begin atomic
  select (testdata.prove_no_pii(check_personal_data.seed_id) ->> 'hits')::bigint;
end;

comment on function testdata.luhn is 'Whether digits end in the check digit of a card number (ISO/IEC 7812).';
comment on function testdata.iban is 'Whether a code without spaces has the check digits of an IBAN (ISO 13616: 1 modulo 97).';
comment on function testdata.reserved_host is 'Whether a host belongs to nobody (RFC 2606, RFC 6761), or only names a vocabulary.';
comment on function testdata.reserved_address is 'Whether an address belongs to nobody: documentation (RFC 5737, RFC 3849), private and local ranges.';
comment on function testdata.pii_in is 'What in a text looks as if it belonged to somebody; name is that of its column or key.';
comment on function testdata.leaves is 'Strings, numbers and keys of a json value with their paths and the key they stand under; name is for those under none.';
comment on function testdata.text_columns is 'Columns of a table that can hold text, and whether they are read leaf by leaf.';
comment on function testdata.prove_no_pii is 'Reads everything a seed holds or that names it, notes what looks personal as findings, and returns a statement with its sha256, kept in testdata.seeds.proof.';
comment on function testdata.proof_holds is 'Whether a statement is as it was made.';
comment on function testdata.check_personal_data is 'prove_no_pii() as a check: the number of findings.';

-- verify
select blueprint.raises('select testdata.prove_no_pii(uuidv7())', '42501', 'not allowed'), blueprint.raises('select testdata.check_personal_data(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.prove_no_pii(uuidv7())', 'P0002', 'no seed');
-- what is somebody's and what is nobody's
select value, array_agg(p.sort || ' ' || p.what order by p.sort) filter (where p.sort is not null) is not distinct from found
from (values
  ('ask ada@lovelace.org, bo@example.com or cy@mail.example.net', 'x', '{"mail ada@lovelace.org"}'::text[]), ('ftp://u@db.acme.io:5432/x and https://www.example.org/y?z, http://192.0.2.7/', 'x', '{"host db.acme.io","mail u@db.acme.io"}'), ('https://www.w3.org/ns', 'x', null),
  ('acme.io', 'referrer_host', '{"host acme.io"}'), ('shop.example.com', 'referrer_host', null), ('acme.io', 'x', null), ('plain', 'domain', null),
  ('from 8.8.8.8 and 192.0.2.4, 10.1.2.3, 1.2.3, 1.2.3.4.5, 300.1.1.1, v1.2.3.4', 'x', '{"address 8.8.8.8"}'), ('2a00:1450:4001:81b::200e or 2001:db8::1, 10:11:12', 'x', '{"address 2a00:1450:4001:81b::200e"}'), ('93.184.216.34/32', 'ip', '{"address 93.184.216.34"}'),
  ('+49 30 901820 or +1-212-555-0143', 'x', '{"phone +49 30 901820"}'), ('(212) 736-5000, 212-555-0101, 2026-08-01', 'x', '{"phone (212) 736-5000"}'),
  ('DE89 3704 0044 0532 0130 00, DE88370400440532013000', 'x', '{"iban DE89 3704 0044 0532 0130 00"}'), ('4111 1111 1111 1111 and 4111111111111112, 5105-1051-0510-5100', 'x', '{"card 4111 1111 1111 1111","card 5105-1051-0510-5100"}'), ('0.4111111111111111 4111111111111111.5 a4111111111111111', 'x', null),
  ('EIN 12-3456789, 00-3456789, 112-3456789', 'x', '{"ein 12-3456789"}'), ('Ada Lovelace', 'display_name', '{"name Ada Lovelace"}'), ('Ada Lovelace', 'title', null)) v(value, name, found)
left join lateral testdata.pii_in(v.value, v.name) p on true group by value, name, found;
select not exists (select from generate_series(1, 50) n, testdata.person(42897, n) p, testdata.pii_in(p.display, 'display_name')), testdata.luhn('4111111111111111') and testdata.luhn('79927398713') and not testdata.luhn('79927398710'), testdata.iban('GB82WEST12345698765432') and not testdata.iban('GB82WEST12345698765431');
select host, testdata.reserved_host(host) = ok from (values ('example.com', true), ('a.b.example.org', true), ('x.test', true), ('example.com.evil.io', false), ('notexample.com', false), ('localhost', true)) h(host, ok);
select address, testdata.reserved_address(address) = ok from (values ('203.0.113.9'::inet, true), ('203.0.114.9', false), ('2001:db8:1::5', true), ('2001:db9::', false), ('172.31.0.1', true), ('172.32.0.1', false)) a(address, ok);
select array_agg(concat_ws(' ', path, name, leaf) order by path) = '{"[0].b.c[1] c y","[0].b.c[2] c 7","b key b","b.c key c","x.a a deep"}' from (select case when l.name = 'key' then replace(l.path, '[0].', '') else l.path end as path, l.name, l.leaf from testdata.leaves('[{"b": {"c": [null, "y", 7, true]}}]', 'top') l union all select l.path, l.name, l.leaf from testdata.leaves('{"x": {"a": "deep"}}', 'top') l where l.name <> 'key') l;
select path = '' and name = 'top' and leaf = 'v' from testdata.leaves('"v"', 'top');
-- a small seed: nothing in it, and everything read
delete from testdata.generators where name <> all (array['gen_users', 'gen_identity', 'gen_community']);
update testdata.generators set least_rows = 1, rows_at_sf1 = 1 where name = 'gen_community';
create temporary table seed_0897 as select testdata.plan('nano', 42897, 'honest', 0.0003) as id;
select testdata.run_chunk(c.id) > 0 from testdata.chunks c join seed_0897 s on s.id = c.seed_id order by c.id;
create temporary table proof_0897 as select testdata.prove_no_pii(id) as proof from seed_0897;
select proof ->> 'hits' = '0', (proof ->> 'rows')::int > 500, testdata.proof_holds(proof), not testdata.proof_holds(jsonb_set(proof, '{rows}', '1')), proof ->> 'seed' = '42897' and proof ->> 'profile' = 'nano', (proof ->> 'tables')::int = (select count(*) from testdata.room_tables()),
  (proof ->> 'columns')::int = (select count(*) from testdata.room_tables() f join pg_attribute a on a.attrelid = f.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and (format_type(a.atttypid, null) ~ '^(text|extensions\.citext|citext|character.*|name|json|jsonb|inet|cidr|xml|core\.(country_code|currency_code|email|handle|http_url|locale_tag|phc|semver|slug|unit_code))(\[\])?$')),
  proof = (select s.proof from testdata.seeds s join seed_0897 using (id)) from proof_0897;
-- what is planted is found, each with its column and key
select blueprint.open_room('probe_0897');
create table probe_0897.notes (id uuid primary key, said text, labels text[], facts jsonb, ip inet, display_name text, donor_hosts text, site_domain text, n int, raw json);
insert into probe_0897.notes (id, said, labels, facts, ip, display_name, n, raw, donor_hosts) values
  (testdata.uid(42897, 4097, 1, 0), 'call +49 30 901820', '{ok,ada@lovelace.org}', '{"deep": [{"reply_to": {"legal_name": "Ada Lovelace", "ok": "Bo"}}], "ein": "12-3456789"}', '8.8.8.8', 'Quillfeather', 7, '{"iban": "DE89370400440532013000"}', 'acme.io'),
  (testdata.uid(42898, 4097, 1, 0), 'bo@lovelace.org', null, null, null, null, 1, null, null);
update probe_0897.notes set site_domain = 'acme.io' where n = 7;
update core.users set metadata = metadata || '{"contact": [{"also": "ada@lovelace.org"}]}' where id = (select e.id from testdata.entities e where e.seed = 42897 and e.kind = 'user' and e.n = 1);
update identity.sessions set ip = '93.184.216.34' where id = (select s.id from identity.sessions s join testdata.entities e on e.id = s.user_id and e.seed = 42897 order by 1 limit 1);
update community.messages set body = 'take 4111 1111 1111 1111' where id = (select m.id from community.messages m join testdata.entities e on e.id = m.club_id and e.seed = 42897 where m.redacted_at is null order by 1 limit 1);
insert into core.webhooks (id, owner_id, name, target_url) select testdata.uid(42897, 4098, 1, 0), e.id, 'probe', 'https://hooks.acme.io/in' from testdata.entities e where e.seed = 42897 and e.kind = 'user' and e.n = 1;
select testdata.check_personal_data(id) = 12, testdata.check_personal_data(id) = 12 from seed_0897;
select array_agg(concat_ws(' ', f.subject, nullif(f.found ->> 'key', ''), f.found ->> 'sort', f.found ->> 'rows', f.found ->> 'sample') order by f.subject, f.found ->> 'key') = array['community.messages.body card 1 4111 1111 1111 1111', 'core.users.metadata contact[0].also mail 1 ada@lovelace.org', 'core.webhooks.target_url host 1 hooks.acme.io',
  'identity.sessions.ip address 1 93.184.216.34', 'probe_0897.notes.display_name name 1 Quillfeather', 'probe_0897.notes.facts deep[0].reply_to.legal_name name 1 Ada Lovelace', 'probe_0897.notes.facts ein ein 1 12-3456789', 'probe_0897.notes.ip address 1 8.8.8.8', 'probe_0897.notes.labels [1] mail 1 ada@lovelace.org',
  'probe_0897.notes.raw iban iban 1 DE89370400440532013000', 'probe_0897.notes.said phone 1 +49 30 901820', 'probe_0897.notes.site_domain host 1 acme.io'], bool_and(f.check_name = 'personal data') from testdata.findings f join seed_0897 s on s.id = f.seed_id;
select s.proof ->> 'hits' = '12', s.proof ->> 'read_sha256' <> p.proof ->> 'read_sha256', (s.proof ->> 'tables')::int = (p.proof ->> 'tables')::int + 1, (s.proof ->> 'columns')::int = (p.proof ->> 'columns')::int + 8 from testdata.seeds s join seed_0897 using (id), proof_0897 p;
select array_agg(name || ' ' || is_json order by name) = '{"display_name false","donor_hosts false","facts true","ip false","labels true","raw true","said false","site_domain false"}' from testdata.text_columns('probe_0897.notes');
select count(*) = 0 from blueprint.open_to_public('testdata');
