-- Room treasury, screening: sanctions lists as published, and who was held against them with which outcome.

-- task: BUILD_0178 implement_feature critical
-- title: OFAC and AML screening by address and fuzzy name
-- does: load_sanctions() brings a list up to a version by its differences. screen() holds a gift, wallet or person against the lists: the exact address blocks and flags the gift, a name as like as 0.85 (Jaro-Winkler over its words, aliases
--   and country considered) wants review; each is written down with the version. clear_match() lets compliance mark a false hit until a date; rescreen_all() holds earlier donors against a new version.
-- proves: a listed address blocks and flags, 'Jon Smyth' wants review against alias 'John Smith', an unrelated name is clear, a cleared hit counts again when its time is over, a new version finds an old donor, taken off the list nobody is hit.
-- needs: BUILD_0005, BUILD_0021, BUILD_0163, BUILD_0166, BUILD_0168, BUILD_0169, BUILD_0707
select extensions.show_limit();  -- loads pg_trgm: only then may its parameter be set by a function of a plain role

create table treasury.sanctions_names (
  list text,
  uid text,
  name text,
  constraint sanctions_names_list_uid_name_pk primary key (list, uid, name),
  constraint sanctions_names_list_uid_fk foreign key (list, uid) references treasury.sanctions_entries (list, uid) on delete cascade
);

create index sanctions_names_name_trgm_idx on treasury.sanctions_names using gin (name extensions.gin_trgm_ops);

create table treasury.cleared_matches (
  id uuid default uuidv7() constraint cleared_matches_id_pk primary key,
  subject_kind text not null,
  subject_id uuid not null,
  list text not null,
  uid text not null,
  reason text not null constraint cleared_matches_reason_check check (length(btrim(reason)) between 5 and 500),
  cleared_by uuid,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint cleared_matches_expires_at_check check (expires_at > created_at and expires_at <= created_at + interval '2 years')
);

create index cleared_matches_subject_idx on treasury.cleared_matches (subject_kind, subject_id);

select core.attach_standard('treasury.cleared_matches', 'log');

create function treasury.plain_name(name text) returns text
  language sql immutable strict parallel safe
  return btrim(regexp_replace(lower(translate(normalize(name, nfkd), U&'\0300\0301\0302\0303\0308\030A\0327', '')), '[^[:alnum:]]+', ' ', 'g'));

create function treasury.word_likeness(a text, b text) returns numeric
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  la constant int := length(a);
  lb constant int := length(b);
  reach constant int := greatest(greatest(la, lb) / 2 - 1, 0);
  used boolean[] := array_fill(false, array[greatest(lb, 1)]);
  ma text := '';
  mb text := '';
  same int := 0;
  swapped int := 0;
  prefix int := 0;
  score numeric;
begin
  if a = b then
    return 1;
  end if;
  for i in 1 .. la loop
    for j in greatest(1, i - reach) .. least(lb, i + reach) loop
      if not used[j] and substr(a, i, 1) = substr(b, j, 1) then
        used[j] := true;
        ma := ma || substr(a, i, 1);
        same := same + 1;
        exit;
      end if;
    end loop;
  end loop;
  if same = 0 then
    return 0;
  end if;
  for j in 1 .. lb loop
    if used[j] then
      mb := mb || substr(b, j, 1);
    end if;
  end loop;
  for i in 1 .. same loop
    swapped := swapped + (substr(ma, i, 1) <> substr(mb, i, 1))::int;
  end loop;
  score := (same::numeric / la + same::numeric / lb + (same - swapped / 2.0) / same) / 3;
  while prefix < 4 and prefix < least(la, lb) and substr(a, prefix + 1, 1) = substr(b, prefix + 1, 1) loop
    prefix := prefix + 1;
  end loop;
  return round(score + prefix * 0.1 * (1 - score), 3);
end $$;

create function treasury.name_likeness(a text, b text) returns numeric
  language sql immutable strict parallel safe
begin atomic
  select coalesce(round(avg(w.best), 3), 0) from (
    select max(treasury.word_likeness(x.word, y.word)) as best
    from regexp_split_to_table(case when cardinality(string_to_array(treasury.plain_name(a), ' ')) >= cardinality(string_to_array(treasury.plain_name(b), ' ')) then treasury.plain_name(a) else treasury.plain_name(b) end, ' ') with ordinality x(word, n),
      regexp_split_to_table(case when cardinality(string_to_array(treasury.plain_name(a), ' ')) >= cardinality(string_to_array(treasury.plain_name(b), ' ')) then treasury.plain_name(b) else treasury.plain_name(a) end, ' ') y(word)
    group by x.n) w;
end;

create function treasury.load_sanctions(list text, version text, entries jsonb) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  added int;
  changed int;
  removed int;
begin
  perform pg_advisory_xact_lock(hashtextextended('treasury.sanctions:' || list, 0));
  create temporary table incoming on commit drop as
    select r.uid, r.name, coalesce(r.aliases, '{}') as aliases, coalesce((select array_agg(core.normal_address(case when a like '0x%' then 'ethereum' else 'bitcoin' end, a)) from unnest(r.addresses) a), '{}') as addresses, coalesce(r.countries, '{}') as countries, r.programme, r.listed_on
    from jsonb_to_recordset(entries) r(uid text, name text, aliases text[], addresses text[], countries text[], programme text, listed_on date);
  select count(*) into added from pg_temp.incoming i where not exists (select from treasury.sanctions_entries e where e.list = load_sanctions.list and e.uid = i.uid);
  with moved as (
    update treasury.sanctions_entries e set name = i.name, aliases = i.aliases, addresses = i.addresses, countries = i.countries, programme = i.programme, listed_on = i.listed_on, delisted_on = null, list_version = version
    from pg_temp.incoming i where e.list = load_sanctions.list and e.uid = i.uid and (e.name, e.aliases, e.addresses, e.countries, e.programme, e.listed_on, e.delisted_on) is distinct from (i.name, i.aliases, i.addresses, i.countries, i.programme, i.listed_on, null::date) returning 1)
  select count(*) into changed from moved;
  insert into treasury.sanctions_entries (list, uid, name, aliases, addresses, countries, programme, listed_on, list_version) select load_sanctions.list, i.uid, i.name, i.aliases, i.addresses, i.countries, i.programme, i.listed_on, version from pg_temp.incoming i on conflict do nothing;
  update treasury.sanctions_entries e set delisted_on = current_date where e.list = load_sanctions.list and e.delisted_on is null and not exists (select from pg_temp.incoming i where i.uid = e.uid);
  get diagnostics removed = row_count;
  update treasury.sanctions_entries e set list_version = version where e.list = load_sanctions.list and e.delisted_on is null and e.list_version <> version;
  delete from treasury.sanctions_names n using treasury.sanctions_entries e where n.list = load_sanctions.list and e.list = n.list and e.uid = n.uid and (e.delisted_on is not null or n.name <> treasury.plain_name(e.name) and not exists (select from unnest(e.aliases) a where treasury.plain_name(a) = n.name));
  insert into treasury.sanctions_names (list, uid, name) select e.list, e.uid, treasury.plain_name(n) from treasury.sanctions_entries e, unnest(e.aliases || e.name) n where e.list = load_sanctions.list and e.delisted_on is null on conflict do nothing;
  drop table pg_temp.incoming;
  return jsonb_build_object('added', added, 'changed', changed, 'removed', removed);
end $$;

create function treasury.match_sanctions(address text, name text, country text default null) returns jsonb
  language sql stable security definer set search_path = '' set pg_trgm.similarity_threshold = 0.2
as $$
  select coalesce(jsonb_agg(to_jsonb(m) order by m.score desc, m.list, m.uid), '[]') from (
    select e.list, e.uid, 'address' as by, 1::numeric as score from treasury.sanctions_entries e where e.addresses operator(pg_catalog.@>) array[match_sanctions.address] and e.delisted_on is null
    union all
    select n.list, n.uid, 'name', n.score from (
      select s.list, s.uid, round(max(treasury.name_likeness(s.name, match_sanctions.name) * case when country is null or e.countries = '{}' or country = any (e.countries) then 1 else 0.9 end), 3) as score
      from treasury.sanctions_names s join treasury.sanctions_entries e on e.list = s.list and e.uid = s.uid
      where s.name operator(extensions.%) treasury.plain_name(match_sanctions.name) group by s.list, s.uid) n where n.score >= 0.85) m
$$;

create function treasury.screen(subject_kind text, subject_id uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  who record;
  hits jsonb;
  outcome text;
begin
  select s.address, s.name, s.country into who from (
    select core.normal_address(d.chain, d.from_address) as address, coalesce(d.donor_name, u.display_name) as name, u.country::text as country from core.donations d left join core.users u on u.id = d.donor_id where screen.subject_kind = 'donation' and d.id = screen.subject_id
    union all
    select w.address_norm, u.display_name, u.country::text from core.wallets w left join core.users u on u.id = w.owner_id where screen.subject_kind = 'wallet' and w.id = screen.subject_id
    union all
    select null, u.display_name, u.country::text from core.users u where screen.subject_kind = 'user' and u.id = screen.subject_id) s;
  if not found then
    raise exception using errcode = '22023', message = format('there is no %s %s', subject_kind, subject_id);
  end if;
  select coalesce(jsonb_agg(m), '[]') into hits from jsonb_array_elements(treasury.match_sanctions(who.address, who.name, who.country)) m
  where not exists (select from treasury.cleared_matches c where c.subject_kind = screen.subject_kind and c.subject_id = screen.subject_id and c.list = m ->> 'list' and c.uid = m ->> 'uid' and c.expires_at > now());
  outcome := case when hits @> '[{"by": "address"}]' then 'block' when hits <> '[]' then 'review' else 'clear' end;
  insert into treasury.aml_screenings (subject_kind, subject_id, score, matches, list_version, verdict)
  values (screen.subject_kind, screen.subject_id, case outcome when 'block' then 100 else coalesce((select (100 * max((m ->> 'score')::numeric))::int from jsonb_array_elements(hits) m), 0) end, hits, coalesce((select string_agg(v.version, ', ' order by v.version) from (select distinct format('%s %s', e.list, e.list_version) as version from treasury.sanctions_entries e where e.delisted_on is null) v), 'none'), outcome);
  if screen.subject_kind = 'donation' and outcome = 'block' then
    perform core.give_reason('sanctioned address');
    update core.donations d set ofac_hit = true, status = case when d.status in ('created', 'pending', 'kyc_required', 'confirmed', 'reconciled') then 'flagged' else d.status end where d.id = screen.subject_id;
    perform core.give_reason(null);
  end if;
  return outcome;
end $$;

create function treasury.clear_match(subject_kind text, subject_id uuid, list text, uid text, reason text, expires_at timestamptz) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'false hits are cleared by hc_compliance';
  end if;
  insert into treasury.cleared_matches (subject_kind, subject_id, list, uid, reason, cleared_by, expires_at) values (clear_match.subject_kind, clear_match.subject_id, clear_match.list, clear_match.uid, clear_match.reason, core.current_user_id(), clear_match.expires_at) returning id into made;
  return made;
end $$;

create function treasury.rescreen_all(version text, most int default 1000) returns table (donation_id uuid, verdict text)
  language plpgsql security definer set search_path = ''
as $$
begin
  for donation_id in
    select d.id from core.donations d where d.status <> 'failed' and (d.from_address is not null or d.donor_name is not null or d.donor_id is not null)
      and not exists (select from treasury.aml_screenings s where s.subject_kind = 'donation' and s.subject_id = d.id and strpos(s.list_version, version) > 0) order by d.created_at desc limit most
  loop
    verdict := treasury.screen('donation', donation_id);
    if verdict <> 'clear' then
      return next;
    end if;
  end loop;
end $$;

create policy sanctions_names_staff_select on treasury.sanctions_names for select to hc_compliance, hc_auditor using (true);
create policy cleared_matches_staff_select on treasury.cleared_matches for select to hc_compliance, hc_auditor using (true);

grant select on treasury.sanctions_names, treasury.cleared_matches to hc_compliance, hc_auditor;
grant execute on function treasury.load_sanctions, treasury.screen, treasury.rescreen_all to hc_worker;
grant execute on function treasury.screen, treasury.clear_match, treasury.match_sanctions, treasury.name_likeness, treasury.word_likeness, treasury.plain_name to hc_compliance;

comment on table treasury.sanctions_names is 'Names and aliases of sanctioned parties as compared, one a row. @distribution reference';
comment on column treasury.sanctions_names.list is 'The list.';
comment on column treasury.sanctions_names.uid is 'Number on it.';
comment on column treasury.sanctions_names.name is 'Name without case, accents and punctuation.';
comment on table treasury.cleared_matches is 'Hits that compliance found false, until a date; append-only. @retention 10 years @distribution local';
comment on column treasury.cleared_matches.id is 'Version 7 UUID.';
comment on column treasury.cleared_matches.subject_kind is 'donation, wallet or user.';
comment on column treasury.cleared_matches.subject_id is 'Which one.';
comment on column treasury.cleared_matches.list is 'The list.';
comment on column treasury.cleared_matches.uid is 'Number on it.';
comment on column treasury.cleared_matches.reason is 'Why it is somebody else.';
comment on column treasury.cleared_matches.cleared_by is 'Who says so.';
comment on column treasury.cleared_matches.expires_at is 'Until when; two years at most.';
comment on column treasury.cleared_matches.created_at is 'When it was cleared.';
comment on index treasury.sanctions_names_name_trgm_idx is 'Candidates for a name.';
comment on index treasury.cleared_matches_subject_idx is 'What was cleared for a subject.';
comment on policy sanctions_names_staff_select on treasury.sanctions_names is 'Compliance and audit read.';
comment on policy cleared_matches_staff_select on treasury.cleared_matches is 'Compliance and audit read.';
comment on function treasury.plain_name is 'A name without case, common accents and punctuation.';
comment on function treasury.word_likeness is 'Jaro-Winkler likeness of two words, from 0 to 1.';
comment on function treasury.name_likeness is 'Mean of the best likeness of each word of the longer name in the shorter one: order does not matter, missing words count.';
comment on function treasury.load_sanctions is 'Brings a list to a version: [{uid, name, aliases, addresses, countries, programme, listed_on}]; what is not there any more is delisted. Security definer: for the worker.';
comment on function treasury.match_sanctions is 'Sanctioned parties of an address, or as like as 0.85 to a name (a tenth less in another country). Security definer: lists are read through it.';
comment on function treasury.screen is 'Holds a donation, wallet or user against the lists, writes it down and flags a gift from a listed address; clear, review or block. Security definer: writes screenings and gifts.';
comment on function treasury.clear_match is 'Marks a hit of a subject as false until a date (hc_compliance). Security definer: nobody writes the list.';
comment on function treasury.rescreen_all is 'Screens gifts not yet held against a version and returns those that are not clear. Security definer: for the worker.';

-- verify
set local role hc_worker;
select treasury.load_sanctions('PROBE-0178', 'v0178-1', '[{"uid": "1", "name": "Ivan Petrovich", "aliases": ["John Smith", "J. Smith"], "countries": ["IR"]}, {"uid": "2", "name": "Mixer Ltd", "addresses": ["0x0000000000000000000000000000000000178BAD"]}, {"uid": "3", "name": "Gone Corp"}]') = '{"added": 3, "changed": 0, "removed": 0}';
select treasury.load_sanctions('PROBE-0178', 'v0178-2', '[{"uid": "1", "name": "Ivan Petrovich", "aliases": ["John Smith"], "countries": ["IR"]}, {"uid": "2", "name": "Mixer Ltd", "addresses": ["0x0000000000000000000000000000000000178BAD"]}]') = '{"added": 0, "changed": 1, "removed": 1}';
set local role hc_owner;
select count(*) = 3 from treasury.sanctions_names where list = 'PROBE-0178';
select treasury.name_likeness('Jon Smyth', 'John Smith') >= 0.85, treasury.name_likeness('Smith, John', 'john smith') = 1, treasury.name_likeness('Grace Hopper', 'John Smith') < 0.6, treasury.name_likeness('John', 'John Smith') < 0.85, treasury.word_likeness('martha', 'marhta') = 0.961, treasury.word_likeness('dwayne', 'duane') = 0.84, treasury.plain_name('José  O''Néill') = 'jose o neill';
insert into core.users (id, handle, display_name, country) values ('00000000-0000-7000-8000-000000178001', 'jon-0178', 'Jon Smyth', null), ('00000000-0000-7000-8000-000000178002', 'grace-0178', 'Grace Hopper', 'US'), ('00000000-0000-7000-8000-000000178003', 'joe-0178', 'Jon Smyth', 'US');
insert into core.donations (id, donor_id, chain, currency, amount_crypto, amount_usd, from_address, donor_name, status, confirmed_at, fmv_rate_at, created_at) select ('00000000-0000-7000-8000-00000017801' || n)::uuid, null, 'ethereum', 'ETH', 1, 5, a, nm, s, case s when 'confirmed' then now() end, now(), now() + n * interval '1 second'
from (values (1, '0x0000000000000000000000000000000000178bad', null, 'pending'), (2, '0x0000000000000000000000000000000000178BAD', null, 'confirmed'), (3, '0x0000000000000000000000000000000000178aaa', 'Grace Hopper', 'pending'), (4, '0x0000000000000000000000000000000000178fff', null, 'confirmed')) v(n, a, nm, s);
insert into core.wallets (id, owner_id, chain, address) values ('00000000-0000-7000-8000-000000178021', '00000000-0000-7000-8000-000000178002', 'ethereum', '0x0000000000000000000000000000000000178BAD');
set local role hc_worker;
select treasury.screen('donation', '00000000-0000-7000-8000-000000178011') = 'block', treasury.screen('donation', '00000000-0000-7000-8000-000000178012') = 'block', treasury.screen('donation', '00000000-0000-7000-8000-000000178013') = 'clear', treasury.screen('user', '00000000-0000-7000-8000-000000178001') = 'review',
  treasury.screen('user', '00000000-0000-7000-8000-000000178002') = 'clear', treasury.screen('user', '00000000-0000-7000-8000-000000178003') = 'clear', treasury.screen('wallet', '00000000-0000-7000-8000-000000178021') = 'block', blueprint.raises($$ select treasury.screen('user', uuidv7()) $$, '22023');
set local role hc_owner;
select array_agg(status || ofac_hit order by id) = '{flaggedtrue,flaggedtrue,pendingfalse,confirmedfalse}' from core.donations where id::text like '%17801_';
select score = 100 and matches @> '[{"list": "PROBE-0178", "uid": "2", "by": "address"}]' from treasury.aml_screenings where subject_id = '00000000-0000-7000-8000-000000178011' and list_version like '%PROBE-0178 v0178-2%';
select score between 85 and 99 and matches @> '[{"uid": "1", "by": "name"}]' from treasury.aml_screenings where subject_id = '00000000-0000-7000-8000-000000178001';
select core.act_as('00000000-0000-7000-8000-000000178002', 'hc_finance');
select blueprint.raises($$ select treasury.clear_match('user', uuidv7(), 'a', 'b', 'somebody else', now() + interval '1 day') $$, '42501', 'hc_compliance');
select core.act_as('00000000-0000-7000-8000-000000178002', 'hc_compliance');
set local role hc_compliance;
select treasury.clear_match('user', '00000000-0000-7000-8000-000000178001', 'PROBE-0178', '1', 'born elsewhere', now() + interval '1 year') is not null, treasury.screen('user', '00000000-0000-7000-8000-000000178001') = 'clear';
select blueprint.raises($$ select treasury.clear_match('user', uuidv7(), 'a', 'b', '', now() + interval '1 day') $$, '23514', 'cleared_matches_reason_check'), blueprint.raises($$ select treasury.clear_match('user', uuidv7(), 'a', 'b', 'somebody else', now() + interval '3 years') $$, '23514', 'cleared_matches_expires_at_check');
select count(*) = 1 and bool_and(cleared_by = '00000000-0000-7000-8000-000000178002' and id is not null and created_at = now()) from treasury.cleared_matches where subject_id = '00000000-0000-7000-8000-000000178001';
select count(*) = 3 from treasury.sanctions_names where list = 'PROBE-0178';
set local role hc_auditor;
select (select count(*) = 1 from treasury.cleared_matches where subject_id = '00000000-0000-7000-8000-000000178001'), (select count(*) = 3 from treasury.sanctions_names where list = 'PROBE-0178');
set local role hc_owner;
insert into treasury.cleared_matches (subject_kind, subject_id, list, uid, reason, expires_at, created_at) values ('user', '00000000-0000-7000-8000-000000178003', 'PROBE-0178', '1', 'over by now', now() - interval '1 day', now() - interval '2 days');
update core.users set country = 'IR' where id = '00000000-0000-7000-8000-000000178003';
select treasury.screen('user', '00000000-0000-7000-8000-000000178003') = 'review';
set local role hc_worker;
select treasury.load_sanctions('PROBE-0178', 'v0178-3', '[{"uid": "2", "name": "Mixer Ltd", "addresses": ["0x0000000000000000000000000000000000178FFF"]}]') = '{"added": 0, "changed": 1, "removed": 1}';
select array_agg(right(donation_id::text, 6) || verdict) = '{178014block}' from treasury.rescreen_all('v0178-3', 4) where donation_id::text like '%17801_';
select treasury.screen('user', '00000000-0000-7000-8000-000000178001') = 'clear';
set local role hc_owner;
select sql, blueprint.raises(sql, state, rule) from (values ($$ update treasury.cleared_matches set reason = 'because' $$, '55006', 'cleared_matches'), ($$ delete from treasury.cleared_matches $$, '55006', 'cleared_matches'), ('truncate treasury.cleared_matches', '55006', 'cleared_matches'), ($$ insert into treasury.cleared_matches select * from treasury.cleared_matches $$, '23505', 'cleared_matches_id_pk'),
  ($$ insert into treasury.sanctions_names values ('PROBE-0178', '9', 'x') $$, '23503', 'sanctions_names_list_uid_fk'), ($$ insert into treasury.sanctions_names select * from treasury.sanctions_names $$, '23505', 'sanctions_names_list_uid_name_pk')) v(sql, state, rule);
select index, blueprint.plan_uses(sql, index) from (values ($$ select from treasury.sanctions_names where name operator(extensions.%) 'jon smyth' $$, 'sanctions_names_name_trgm_idx'), ($$ select from treasury.cleared_matches where subject_kind = 'user' and subject_id = '00000000-0000-7000-8000-000000178001' $$, 'cleared_matches_subject_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.load_sanctions(text, text, jsonb)', 'treasury.screen(text, uuid)', 'treasury.rescreen_all(text, int)']) f;
select f, has_function_privilege('hc_compliance', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.screen(text, uuid)', 'treasury.clear_match(text, uuid, text, text, text, timestamptz)', 'treasury.match_sanctions(text, text, text)', 'treasury.name_likeness(text, text)', 'treasury.word_likeness(text, text)', 'treasury.plain_name(text)']) f;
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('treasury.sanctions_names'::regclass, 'treasury.cleared_matches'::regclass);
select bool_and(prosecdef) from pg_proc where oid in ('treasury.match_sanctions(text, text, text)'::regprocedure, 'treasury.clear_match(text, uuid, text, text, text, timestamptz)'::regprocedure, 'treasury.rescreen_all(text, int)'::regprocedure);

-- revert
drop function treasury.rescreen_all, treasury.clear_match, treasury.screen, treasury.match_sanctions, treasury.load_sanctions, treasury.name_likeness, treasury.word_likeness, treasury.plain_name;
drop table treasury.cleared_matches, treasury.sanctions_names;
