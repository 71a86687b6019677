-- Core table users: every account of the platform, human or not. People read themselves, staff read everybody, all others read the
-- view public_users. Mail is looked up through a keyed blind index, never by its text; accounts are erased in place, never deleted.

-- task: BUILD_0661 create_table critical
-- title: Create core.users with forced RLS, row policies and the public_users view
-- does: One row per account. Members read their own row and write its harmless columns, staff read all rows; digests and sealed values are granted
--   to nobody. core.public_users is what everybody may know of active accounts.
-- proves: A sees the own row and not B's, public_users shows both without mail, status cannot be updated (42501), anon reads nothing but public_users.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015
create table core.users (
  id uuid default uuidv7() constraint users_id_pk primary key,
  kind text not null default 'human',
  handle core.handle not null,
  email core.email,
  email_bidx bytea,
  email_verified_at timestamptz,
  display_name text,
  status text not null default 'invited',
  membership_tier text not null default 'free',
  membership_no text,
  is_student boolean not null default false,
  campus text,
  country core.country_code,
  locale core.locale_tag not null default 'en',
  time_zone text not null default 'UTC',
  last_seen_at timestamptz,
  pii_sealed bytea,
  erased_at timestamptz,
  merged_into uuid,
  preferences jsonb not null default '{}' constraint users_preferences_check check (jsonb_typeof(preferences) = 'object'),
  metadata jsonb not null default '{}' constraint users_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create policy users_own_select on core.users for select to hc_member using (id = (select core.current_user_id()));

create policy users_own_update on core.users for update to hc_member using (id = (select core.current_user_id()));

create policy users_staff_select on core.users for select to hc_moderator, hc_compliance, hc_auditor using (true);

grant select (id, kind, handle, email, email_verified_at, display_name, status, membership_tier, membership_no, is_student, campus, country, locale,
    time_zone, last_seen_at, erased_at, merged_into, preferences, metadata, created_at, updated_at) on core.users to hc_member, hc_auditor;

grant update (handle, display_name, campus, country, locale, time_zone, preferences) on core.users to hc_member;

create view core.public_users with (security_barrier) as
  select id, handle, display_name, kind from core.users where status = 'active';

grant select on core.public_users to hc_anon, hc_agent, hc_auditor;  -- audit reads the views that stand on it

comment on table core.users is 'Accounts: people, organisations, services and agents. Erased in place (BUILD_0668), never deleted. @distribution reference';
comment on column core.users.id is 'Version 7 UUID: sortable by creation.';
comment on column core.users.kind is 'human, organisation, service or agent.';
comment on column core.users.handle is 'Public name in addresses, unique in any case.';
comment on column core.users.email is 'Mail address, unique in any case; required of active people. @pii';
comment on column core.users.email_bidx is 'Keyed digest of the mail (core.blind_index, purpose user.email), by which it is looked up. @secret';
comment on column core.users.email_verified_at is 'When the owner proved to receive mail there; a change of the mail clears it.';
comment on column core.users.display_name is 'Name as shown; null when erased. @pii';
comment on column core.users.status is 'State machine user: invited, active, suspended, deactivated, erased.';
comment on column core.users.membership_tier is 'free, supporter, maker or partner: what quotas and benefits go by.';
comment on column core.users.membership_no is 'Number on the membership card, unique.';
comment on column core.users.is_student is 'Belongs to a campus programme.';
comment on column core.users.campus is 'Campus of a student. @pii';
comment on column core.users.country is 'ISO 3166 code.';
comment on column core.users.locale is 'Language of mails and pages, a BCP 47 tag.';
comment on column core.users.time_zone is 'IANA zone, for digests at the local hour.';
comment on column core.users.last_seen_at is 'Last request, written at most every five minutes.';
comment on column core.users.pii_sealed is 'Further personal data, encrypted outside the database. @secret';
comment on column core.users.erased_at is 'When the person was erased.';
comment on column core.users.merged_into is 'The account that took this one over.';
comment on column core.users.preferences is 'Choices of the person: digest, digest_hour, discoverable, accessibility, ...';
comment on column core.users.metadata is 'Notes of the platform: legal_hold, aliases, ...';
comment on column core.users.created_at is 'When the account was made.';
comment on column core.users.updated_at is 'When the row last really changed.';
comment on policy users_own_select on core.users is 'People read themselves.';
comment on policy users_own_update on core.users is 'People change themselves, as far as column grants allow.';
comment on policy users_staff_select on core.users is 'Moderation, compliance and audit read every account.';
comment on view core.public_users is 'Active accounts as everybody may see them. Runs as its owner on purpose: it shows what row security hides, in four columns.';
comment on column core.public_users.id is 'The account.';
comment on column core.public_users.handle is 'Public name in addresses.';
comment on column core.public_users.display_name is 'Name as shown.';
comment on column core.public_users.kind is 'human, organisation, service or agent.';

-- verify
insert into core.users (id, handle, email, display_name, status) values
  ('00000000-0000-7000-8000-000000661001', 'ada-0661', 'ada-0661@example.org', 'Ada', 'active'), ('00000000-0000-7000-8000-000000661002', 'bob-0661', 'bob-0661@example.org', 'Bob', 'active');
insert into core.users (handle, email) values ('new-0661', 'new-0661@example.org')
returning status = 'invited' and kind = 'human' and membership_tier = 'free' and not is_student and locale = 'en' and time_zone = 'UTC';
select sql, blueprint.raises(sql, '23505', rule) from (values ($$ insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000661001', 'eve-0661') $$, 'users_id_pk')) v(sql, rule);
select rule, blueprint.raises(format($$ update core.users set %s = '[]' where handle = 'ada-0661' $$, col), '23514', rule)
from (values ('preferences', 'users_preferences_check'), ('metadata', 'users_metadata_check')) v(col, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.users'::regclass;
select core.act_as('00000000-0000-7000-8000-000000661001');
set local role hc_member;
select count(*) = 1 and bool_and(handle = 'ada-0661') from core.users where handle in ('ada-0661', 'bob-0661');
select count(*) = 2 from core.public_users where handle in ('ada-0661', 'bob-0661', 'new-0661');
update core.users set display_name = 'Ada L.';
select sql, blueprint.raises(sql, state) from (values
  ($$ update core.users set status = 'suspended' $$, '42501'), ($$ select email_bidx from core.users $$, '42501'), ($$ select pii_sealed from core.users $$, '42501'),
  ($$ delete from core.users $$, '42501'), ($$ insert into core.users (handle) values ('eve-0661') $$, '42501'), ($$ select email from core.public_users $$, '42703')) v(sql, state);
set local role hc_owner;
select array_agg(display_name order by handle) = '{Ada L.,Bob}' from core.users where handle in ('ada-0661', 'bob-0661');
set local role hc_anon;
select count(*) = 2, blueprint.raises('select from core.users', '42501') from core.public_users where handle in ('ada-0661', 'bob-0661', 'new-0661');
set local role hc_agent;
select count(*) = 2 from core.public_users where handle in ('ada-0661', 'bob-0661', 'new-0661');
set local role hc_moderator;
select count(*) = 2 from core.users where handle in ('ada-0661', 'bob-0661');
set local role hc_compliance;
select count(*) = 2 from core.users where handle in ('ada-0661', 'bob-0661');
set local role hc_auditor;
select count(*) = 2 from core.users where handle in ('ada-0661', 'bob-0661');
select count(*) = 2 from core.public_users where handle in ('ada-0661', 'bob-0661', 'new-0661');
set local role hc_owner;
select c, has_column_privilege('hc_member', 'core.users', c, 'select') and has_column_privilege('hc_auditor', 'core.users', c, 'select')
from unnest(string_to_array('id,kind,handle,email,email_verified_at,display_name,status,membership_tier,membership_no,is_student,campus,country,locale,'
  'time_zone,last_seen_at,erased_at,merged_into,preferences,metadata,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'core.users', c, 'update') from unnest(array['handle', 'display_name', 'campus', 'country', 'locale', 'time_zone', 'preferences']) c;

-- task: BUILD_0662 create_table_indexes
-- title: Index core.users for handle search, admin lists, students and activity
-- does: Trigram indexes for names typed badly, ordered ones for the lists of staff, partial ones for students and active people by country, a unique
--   digest of the mail.
-- proves: each query of the platform can be served by the index made for it.
-- needs: BUILD_0021, BUILD_0661
create index users_handle_trgm_idx on core.users using gin ((handle::text) extensions.gin_trgm_ops);
create index users_display_name_trgm_idx on core.users using gin (display_name extensions.gin_trgm_ops);
create index users_status_created_at_idx on core.users (status, created_at desc);
create index users_campus_created_at_idx on core.users (campus, created_at) where is_student;
create unique index users_email_bidx_key on core.users (email_bidx);
create index users_country_idx on core.users (country) where status = 'active';
create index users_created_at_brin_idx on core.users using brin (created_at);
create index users_last_seen_at_idx on core.users (last_seen_at desc nulls last);

comment on index core.users_handle_trgm_idx is 'People by a handle typed badly (core.find_users).';
comment on index core.users_display_name_trgm_idx is 'People by a name typed badly (core.find_users).';
comment on index core.users_status_created_at_idx is 'Lists of staff: accounts of a status, newest first.';
comment on index core.users_campus_created_at_idx is 'Students of a campus in order of arrival.';
comment on index core.users_email_bidx_key is 'The account of a mail (core.user_by_email); one account a mail.';
comment on index core.users_country_idx is 'Active people of a country.';
comment on index core.users_created_at_brin_idx is 'Sign-ups of a period, for reports over the whole table.';
comment on index core.users_last_seen_at_idx is 'Who was here last, and who has not been for long.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.users where handle::text operator(extensions.%) 'adalovelce' $$, 'users_handle_trgm_idx'),
  ($$ select from core.users where display_name operator(extensions.%) 'ada lovelce' $$, 'users_display_name_trgm_idx'),
  ($$ select from core.users where status = 'suspended' order by created_at desc limit 10 $$, 'users_status_created_at_idx'),
  ($$ select from core.users where is_student and campus = 'berlin' order by created_at $$, 'users_campus_created_at_idx'),
  ($$ select from core.users where email_bidx = '\x00' $$, 'users_email_bidx_key'),
  ($$ select from core.users where country >= 'DE' and status = 'active' order by country limit 5 $$, 'users_country_idx'),
  ($$ select from core.users order by last_seen_at desc nulls last limit 10 $$, 'users_last_seen_at_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.users_created_at_brin_idx'::regclass;
insert into core.users (handle) values ('ada-0662'), ('bob-0662');
update core.users set email_bidx = '\x0662' where handle = 'ada-0662';
select blueprint.raises($$ update core.users set email_bidx = '\x0662' where handle = 'bob-0662' $$, '23505', 'users_email_bidx_key');

-- task: BUILD_0663 create_table_constraints critical
-- title: Constrain core.users: identity, erasure, merge and locale rules
-- does: Handle, mail and card number are unique, active people have a mail, an erased account holds nothing personal, a merged one is deactivated and
--   points elsewhere, zones exist, words come from their vocabularies.
-- proves: each rule refuses the row that breaks it, and lets the honest one pass.
-- needs: BUILD_0661
create function core.is_time_zone(name text) returns boolean
  language plpgsql stable strict parallel safe set search_path = ''
as $$
begin
  perform timestamptz 'epoch' at time zone name;
  return name ~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$';
exception when invalid_parameter_value then
  return false;
end $$;

comment on function core.is_time_zone is 'Whether a name is an IANA time zone of this server, as Europe/Berlin; Mars/Base and +3 are none.';

grant execute on function core.is_time_zone to hc_member, hc_worker;

alter table core.users
  add constraint users_handle_key unique (handle),
  add constraint users_email_key unique (email),
  add constraint users_membership_no_key unique (membership_no),
  add constraint users_kind_check check (kind in ('human', 'organisation', 'service', 'agent')),
  add constraint users_status_check check (status in ('invited', 'active', 'suspended', 'deactivated', 'erased')),
  add constraint users_membership_tier_check check (membership_tier in ('free', 'supporter', 'maker', 'partner')),
  add constraint users_email_required_check check (email is not null or kind <> 'human' or status <> 'active'),
  add constraint users_email_verified_at_check check (email_verified_at is null or email is not null),
  add constraint users_erased_at_check check ((status = 'erased') = (erased_at is not null)),
  add constraint users_erased_holds_nothing_check check (status <> 'erased' or num_nonnulls(email, email_bidx, display_name, pii_sealed, campus) = 0),
  add constraint users_merged_into_check check (merged_into is null or (merged_into <> id and status in ('deactivated', 'erased'))),
  add constraint users_merged_into_fk foreign key (merged_into) references core.users (id),
  add constraint users_display_name_check check (length(display_name) between 1 and 120),
  add constraint users_time_zone_check check (core.is_time_zone(time_zone));

create index users_merged_into_idx on core.users (merged_into) where merged_into is not null;

comment on index core.users_merged_into_idx is 'Accounts that were merged into one, and its foreign key.';
comment on constraint users_email_required_check on core.users is 'Active people can be reached by mail.';
comment on constraint users_erased_holds_nothing_check on core.users is 'What is erased holds nothing personal.';

-- verify
insert into core.users (id, handle, email, display_name, status, membership_no, merged_into) values
  ('00000000-0000-7000-8000-000000663001', 'ada-0663', 'ada-0663@example.org', 'Ada', 'active', 'M-0663', null),
  ('00000000-0000-7000-8000-000000663002', 'bob-0663', null, null, 'deactivated', null, '00000000-0000-7000-8000-000000663001');
insert into core.users (handle, status, erased_at) values ('gone-0663', 'erased', now());
select cols, blueprint.raises(format('insert into core.users (handle, %s) values (%s)', cols, vals), state, rule) from (values
  ('email', $$ 'eve-0663', 'ADA-0663@Example.org' $$, '23505', 'users_email_key'),
  ('membership_no', $$ 'eve-0663', 'M-0663' $$, '23505', 'users_membership_no_key'),
  ('display_name', $$ 'Ada-0663', 'Eve' $$, '23505', 'users_handle_key'),
  ('kind', $$ 'eve-0663', 'robot' $$, '23514', 'users_kind_check'),
  ('status', $$ 'eve-0663', 'limbo' $$, '23514', 'users_status_check'),
  ('membership_tier', $$ 'eve-0663', 'gold' $$, '23514', 'users_membership_tier_check'),
  ('status', $$ 'eve-0663', 'active' $$, '23514', 'users_email_required_check'),
  ('email_verified_at', $$ 'eve-0663', now() $$, '23514', 'users_email_verified_at_check'),
  ('erased_at', $$ 'eve-0663', now() $$, '23514', 'users_erased_at_check'),
  ('status, erased_at, email', $$ 'eve-0663', 'erased', now(), 'eve-0663@example.org' $$, '23514', 'users_erased_holds_nothing_check'),
  ('merged_into', $$ 'eve-0663', '00000000-0000-7000-8000-000000663001' $$, '23514', 'users_merged_into_check'),
  ('status, merged_into', $$ 'eve-0663', 'deactivated', '00000000-0000-7000-8000-00000066300f' $$, '23503', 'users_merged_into_fk'),
  ('display_name', $$ 'eve-0663', repeat('x', 121) $$, '23514', 'users_display_name_check'),
  ('time_zone', $$ 'eve-0663', 'Mars/Base' $$, '23514', 'users_time_zone_check'),
  ('country', $$ 'eve-0663', 'Germany' $$, '23514', 'country_code'),
  ('locale', $$ 'eve-0663', 'not a locale' $$, '23514', 'locale_tag')) v(cols, vals, state, rule);
select core.is_time_zone('Europe/Berlin') and not core.is_time_zone('UTC+3') and not core.is_time_zone('Mars/Base'),
  has_function_privilege('hc_member', 'core.is_time_zone(text)', 'execute') and has_function_privilege('hc_worker', 'core.is_time_zone(text)', 'execute') and not has_function_privilege('hc_analyst', 'core.is_time_zone(text)', 'execute'),
  blueprint.plan_uses($$ select from core.users where merged_into = '00000000-0000-7000-8000-000000663001' $$, 'users_merged_into_idx');

-- task: BUILD_0664 create_table_triggers critical
-- title: Attach user triggers: touch, freeze, normalise, status machine 'user'
-- does: Spaces around handle and mail go away, a change of the mail clears its verification, last_seen_at moves every five minutes at most, and the
--   status follows machine user: invited, active, suspended (moderators, with a reason), deactivated, erased.
-- proves: a new mail is unverified, active to invited and a suspension without reason raise, a moderator's suspension is logged, two visits within
--   a minute are written once.
-- needs: BUILD_0014, BUILD_0020, BUILD_0661, BUILD_0663
create function core.normalise_user() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.email := btrim(new.email::text);
  new.display_name := nullif(btrim(new.display_name), '');
  if tg_op = 'UPDATE' then
    if new.email is distinct from old.email and new.email_verified_at is not distinct from old.email_verified_at then
      new.email_verified_at := null;
    end if;
    if new.last_seen_at < old.last_seen_at + interval '5 minutes' then
      new.last_seen_at := old.last_seen_at;
    end if;
  end if;
  return new;
end $$;

comment on function core.normalise_user is 'Trigger of core.users: trims mail and name, clears the verification of a changed mail, keeps last_seen_at from churning.';

create trigger users_a_normalise before insert or update on core.users for each row execute function core.normalise_user();

comment on trigger users_a_normalise on core.users is 'Runs before the other triggers (by name), so that they see what is stored.';

select core.attach_standard('core.users', 'std');

select core.define_machine('user', '{
  "invited": ["active", "deactivated"],
  "active": [{"to": "suspended", "guard": "hc_moderator", "reason": true}, "deactivated"],
  "suspended": [{"to": "active", "guard": "hc_moderator"}, "erased"],
  "deactivated": ["active", "erased"]}');

create trigger users_status_machine after update of status on core.users for each row execute function core.enforce_transition('user');

comment on trigger users_status_machine on core.users is 'Status changes follow machine user and are logged.';

-- verify
insert into core.users (id, handle, email, email_verified_at, display_name, status, last_seen_at) values
  ('00000000-0000-7000-8000-000000664001', 'ada-0664', 'ada-0664@example.org', now(), ' Ada ', 'active', now())
returning display_name = 'Ada';
update core.users set email = 'ada-0664-new@example.org' where handle = 'ada-0664' returning email_verified_at is null;
update core.users set email_verified_at = now(), email = 'ada-0664@example.org' where handle = 'ada-0664' returning email_verified_at is not null;
update core.users set last_seen_at = now() + interval '1 minute' where handle = 'ada-0664' returning last_seen_at = now();
update core.users set last_seen_at = now() + interval '6 minutes' where handle = 'ada-0664' returning last_seen_at > now();
update core.users set updated_at = now() - interval '1 day' where handle = 'ada-0664';
update core.users set campus = 'berlin' where handle = 'ada-0664' returning updated_at >= now();
select blueprint.raises($$ update core.users set created_at = now() - interval '1 day' where handle = 'ada-0664' $$, '55006', 'created_at');
select sql, blueprint.raises(sql, '23514', why) from (values
  ($$ update core.users set status = 'invited' where handle = 'ada-0664' $$, 'active -> invited'),
  ($$ update core.users set status = 'erased', erased_at = now(), email = null, display_name = null, campus = null where handle = 'ada-0664' $$, 'active -> erased')) v(sql, why);
select core.act_as('00000000-0000-7000-8000-000000664001', 'hc_member');
select blueprint.raises($$ update core.users set status = 'suspended' where handle = 'ada-0664' $$, '42501', 'takes hc_moderator');
select core.act_as('00000000-0000-7000-8000-000000664001', 'hc_moderator');
select blueprint.raises($$ update core.users set status = 'suspended' where handle = 'ada-0664' $$, '23514', 'takes a reason');
select core.give_reason('spam');
update core.users set status = 'suspended' where handle = 'ada-0664' returning status = 'suspended';
select count(*) = 1 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000664001' and to_status = 'suspended' and reason = 'spam';
select core.act_as('00000000-0000-7000-8000-000000664001', 'hc_member');
select blueprint.raises($$ update core.users set status = 'active' where handle = 'ada-0664' $$, '42501', 'takes hc_moderator'),
  blueprint.raises($$ update core.users set status = 'deactivated' where handle = 'ada-0664' $$, '23514', 'suspended -> deactivated'), not has_function_privilege('hc_member', 'core.normalise_user()', 'execute');

-- revert
drop trigger users_status_machine on core.users;
select core.define_machine('user', '{}');
select core.detach_standard('core.users');
drop trigger users_a_normalise on core.users;
drop function core.normalise_user;

-- task: BUILD_0665 create_table_jsonb_indexes
-- title: Index preferences JSONB for digest and accessibility audiences
-- does: core.digest_recipients(frequency, hour) finds active people whose chosen digest is due at their local hour, core.preference_audience(wanted)
--   everybody who chose something, for roll-outs.
-- proves: at 07:00 UTC in winter the weekly digest of 8 o'clock goes to Berlin and not to Tokyo; both functions are served by their indexes.
-- needs: BUILD_0005, BUILD_0661
create index users_preferences_idx on core.users using gin (preferences jsonb_path_ops);

create index users_digest_idx on core.users ((preferences ->> 'digest')) where status = 'active';

comment on index core.users_preferences_idx is 'Who chose something (core.preference_audience).';
comment on index core.users_digest_idx is 'Active people by digest frequency (core.digest_recipients).';

create function core.digest_recipients(frequency text, hour int, at timestamptz default now()) returns setof uuid
  language sql stable
begin atomic
  select u.id from core.users u
  where u.status = 'active' and u.preferences ->> 'digest' = frequency
    and extract(hour from digest_recipients.at at time zone u.time_zone) = digest_recipients.hour;
end;

create function core.preference_audience(wanted jsonb) returns setof uuid
  language sql stable
begin atomic
  select u.id from core.users u where u.preferences @> wanted and u.status = 'active';
end;

comment on function core.digest_recipients is 'Active people with this digest (daily, weekly, ...) whose local hour it is at that time.';
comment on function core.preference_audience is 'Active people whose preferences contain the given object, as {"beta": true}.';

grant execute on function core.digest_recipients, core.preference_audience to hc_worker;

-- verify
insert into core.users (handle, email, status, time_zone, preferences) values
  ('ada-0665', 'ada-0665@example.org', 'active', 'Europe/Berlin', '{"digest": "weekly", "probe0665": true}'),
  ('kei-0665', 'kei-0665@example.org', 'active', 'Asia/Tokyo', '{"digest": "weekly"}'),
  ('bob-0665', null, 'invited', 'Europe/Berlin', '{"digest": "weekly", "probe0665": true}');
select array_agg(u.handle::text) = '{ada-0665}' from core.digest_recipients('weekly', 8, '2026-01-05 07:00+00') d(id) join core.users u using (id) where u.handle::text like '%-0665';
select array_agg(u.handle::text) = '{ada-0665}' from core.preference_audience('{"probe0665": true}') p(id) join core.users u using (id);
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.users where preferences @> '{"beta": true}' $$, 'users_preferences_idx'),
  ($$ select from core.users where status = 'active' and preferences ->> 'digest' = 'weekly' $$, 'users_digest_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['core.digest_recipients(text, int, timestamptz)', 'core.preference_audience(jsonb)']) f;

-- task: BUILD_0666 add_wix_columns
-- title: Add Wix columns _id, _createdDate, _updatedDate, _owner to core.users (owner = the user)
-- does: Four virtual columns that cannot disagree with the real ones, and the comment mark @wix (read, write or never) with core.wix_columns(relation)
--   and core.wix_exposable(relation), by which the Wix layer knows what it may show and take.
-- proves: the columns follow their sources, cannot be written (428C9), and are granted like them; wix_columns('core.users') leaves the digest out.
-- needs: BUILD_0010, BUILD_0661
alter table core.users
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (id::text) virtual;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.users to hc_member, hc_auditor;

comment on column core.users."_id" is 'The id, as Wix names it. @wix read';
comment on column core.users."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.users."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.users."_owner" is 'The account itself, as Wix names it. @wix read';

create function core.wix_columns(relation regclass) returns table (column_name text, access text)
  language sql stable
begin atomic
  select a.attname::text, coalesce(m.value, 'read')
  from pg_catalog.pg_attribute a
  left join blueprint.annotations(relation) m on m.column_name = a.attname and m.tag = 'wix'
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and coalesce(m.value, 'read') <> 'never'
    and not exists (select from blueprint.annotations(relation) s where s.column_name = a.attname and s.tag in ('secret', 'pii') and m.value is null)
  order by a.attnum;
end;

create function core.wix_exposable(relation regclass) returns boolean
  language sql stable
begin atomic
  select count(*) = 4 from pg_catalog.pg_attribute a
  where a.attrelid = relation and a.attname in ('_id', '_createdDate', '_updatedDate', '_owner') and a.attgenerated = 'v';
end;

comment on function core.wix_columns is 'Columns of a table that the Wix layer may show, and whether it may write them. Secret and personal ones need an explicit @wix mark.';
comment on function core.wix_exposable is 'Whether a table carries the four Wix columns, so that it may be a Wix collection.';

grant execute on function core.wix_columns, core.wix_exposable to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000666001', 'ada-0666');
update core.users set updated_at = created_at + interval '1 hour', campus = 'x' where handle = 'ada-0666';
select "_id" = id::text and "_owner" = id::text and "_createdDate" = created_at and "_updatedDate" = updated_at from core.users where handle = 'ada-0666';
select c, blueprint.raises(format('update core.users set %I = default, %1$I = null', c), '42601') or blueprint.raises(format('update core.users set %I = null', c), '428C9')
from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select count(*) = 4 from pg_attribute where attrelid = 'core.users'::regclass and attgenerated = 'v';
select c, has_column_privilege('hc_member', 'core.users', c, 'select') and has_column_privilege('hc_auditor', 'core.users', c, 'select')
from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select count(*) filter (where column_name in ('email_bidx', 'pii_sealed')) = 0, count(*) filter (where column_name in ('_id', 'handle')) = 2 from core.wix_columns('core.users');
select core.wix_exposable('core.users') and not core.wix_exposable('pg_catalog.pg_class');
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['core.wix_columns(regclass)', 'core.wix_exposable(regclass)']) f;

-- task: BUILD_0667 implement_table_feature
-- title: Merge duplicate accounts: core.merge_users(source, target, reason)
-- does: Every foreign key to core.users found in the catalog is pointed at the target; where that would break a unique rule the target's row stays, and rows whose owner is
--   frozen (credentials, sessions, role grants) stay with the source. A verified mail becomes the target's alias, the source is deactivated and points to the target; counts
--   per table come back. dry_run only counts.
-- proves: rows of two child tables move, a unique clash keeps the target's row, a frozen one stays, dry_run changes nothing, a cycle and a weak session are refused.
-- needs: BUILD_0663, BUILD_0664
create function core.merge_users(source uuid, target uuid, reason text, dry_run boolean default false) returns table (table_name text, column_name text, moved bigint, dropped bigint, kept bigint)
  language plpgsql security definer set search_path = ''
as $$
declare
  child record;
  item record;
  alias text;
begin
  if not core.has_role('hc_admin') or core.auth_level() <> 'aal2' then
    raise exception using errcode = '42501', message = 'merging accounts takes hc_admin with a second factor';
  elsif source = target or exists (select from core.users u where u.id = target and u.status <> 'active')
      or not exists (select from core.users u where u.id = source and u.merged_into is null and u.status <> 'erased') then
    raise exception using errcode = '22023', message = 'an account is merged once, into another one that is active';
  end if;
  for child in
    select k.conrelid::regclass::text as name, a.attname::text as field
    from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = 'core.users'::regclass and k.conparentid = 0 and k.conrelid <> 'core.users'::regclass
    order by 1, 2
  loop
    table_name := child.name; column_name := child.field; moved := 0; dropped := 0; kept := 0;
    if dry_run then
      execute format('select count(*) from %s where %I = $1', child.name, child.field) into moved using source;
    else
      for item in execute format('select ctid from %s where %I = $1', child.name, child.field) using source loop
        begin
          execute format('update %s set %I = $1 where ctid = $2', child.name, child.field) using target, item.ctid;
          moved := moved + 1;
        exception when unique_violation or exclusion_violation then
          execute format('delete from %s where ctid = $1', child.name) using item.ctid;
          dropped := dropped + 1;
        when object_in_use or object_not_in_prerequisite_state then  -- core.freeze_columns(), core.forbid_change()
          kept := kept + 1;
        end;
      end loop;
    end if;
    if moved + dropped + kept > 0 then
      return next;
    end if;
  end loop;
  if not dry_run then
    select u.email into alias from core.users u where u.id = source and u.email_verified_at is not null;
    perform core.give_reason(reason);
    if (select u.status = 'suspended' from core.users u where u.id = source) then
      update core.users u set status = 'active' where u.id = source;
    end if;
    update core.users u set email = null, email_bidx = null, email_verified_at = null, merged_into = target, status = 'deactivated' where u.id = source;
    perform core.give_reason(null);
    update core.users u set metadata = u.metadata || jsonb_build_object('merged', coalesce(u.metadata -> 'merged', '[]') || jsonb_build_object('id', source, 'reason', reason, 'alias', alias))
      where u.id = target;
  end if;
end $$;

comment on function core.merge_users is 'Moves everything of a duplicate account to another one (hc_admin with aal2). Security definer: it writes every table that points to accounts. Returns the rows moved, dropped for a clash and kept by the source per table.';

grant execute on function core.merge_users to hc_admin;

-- verify
insert into core.users (id, handle, email, status) values
  ('00000000-0000-7000-8000-000000667001', 'dup-0667', 'dup-0667@example.org', 'active'), ('00000000-0000-7000-8000-000000667002', 'ada-0667', 'ada-0667@example.org', 'active');
create table core.probe_0667_a (user_id uuid references core.users (id), note text);
create table core.probe_0667_c (user_id uuid references core.users (id));
create trigger probe_0667_c_freeze before update on core.probe_0667_c for each row execute function core.freeze_columns('user_id');
insert into core.probe_0667_c values ('00000000-0000-7000-8000-000000667001');
update core.users set email_verified_at = now() where handle = 'dup-0667';
create table core.probe_0667_b (user_id uuid references core.users (id), topic text, kept text, unique (user_id, topic));
insert into core.probe_0667_a values ('00000000-0000-7000-8000-000000667001', 'x'), ('00000000-0000-7000-8000-000000667001', 'y');
insert into core.probe_0667_b values ('00000000-0000-7000-8000-000000667001', 'news', 'source'), ('00000000-0000-7000-8000-000000667002', 'news', 'target'), ('00000000-0000-7000-8000-000000667001', 'jobs', 'source');
select core.act_as('00000000-0000-7000-8000-000000667002', 'hc_admin');
select blueprint.raises($$ select core.merge_users('00000000-0000-7000-8000-000000667001', '00000000-0000-7000-8000-000000667002', 'twice') $$, '42501', 'second factor');
select core.act_as('00000000-0000-7000-8000-000000667002', 'hc_admin', '{"aal": "aal2"}');
set local role hc_admin;
select sum(moved) = 5 from core.merge_users('00000000-0000-7000-8000-000000667001', '00000000-0000-7000-8000-000000667002', 'twice', dry_run => true) where table_name like '%probe_0667%';
set local role hc_owner;
select count(*) = 2 from core.probe_0667_a where user_id = '00000000-0000-7000-8000-000000667001';
set local role hc_admin;
select sum(moved) = 3, sum(dropped) = 1, sum(kept) = 1 from core.merge_users('00000000-0000-7000-8000-000000667001', '00000000-0000-7000-8000-000000667002', 'twice') where table_name like '%probe_0667%';
set local role hc_owner;
select count(*) = 2 and bool_or(topic = 'news' and kept = 'target') and bool_or(topic = 'jobs') from core.probe_0667_b where user_id = '00000000-0000-7000-8000-000000667002';
select status = 'deactivated' and merged_into = '00000000-0000-7000-8000-000000667002' and email is null from core.users where handle = 'dup-0667';
select metadata #>> '{merged,0,alias}' = 'dup-0667@example.org' from core.users where handle = 'ada-0667';
select sql, blueprint.raises(sql, '22023') from (values
  ($$ select core.merge_users('00000000-0000-7000-8000-000000667002', '00000000-0000-7000-8000-000000667001', 'back') $$),
  ($$ select core.merge_users('00000000-0000-7000-8000-000000667002', '00000000-0000-7000-8000-000000667002', 'self') $$)) v(sql);
select has_function_privilege('hc_admin', 'core.merge_users(uuid, uuid, text, boolean)', 'execute') and not has_function_privilege('hc_moderator', 'core.merge_users(uuid, uuid, text, boolean)', 'execute');

-- task: BUILD_0668 implement_table_feature critical
-- title: Erase a person: core.erase_user(id, reason) with proof and legal holds
-- does: Every column annotated @pii in core.users and in the tables that point to it loses what it holds of the person: null, or empty of its type where null is refused;
--   `@pii delete` takes the whole row, `@pii retain`, as the law wants of money, keeps it (core.erasure_plan). The account becomes erased-xxxx, whose status triggers end
--   sessions. A proof names table, column and rows under one digest. metadata.legal_hold refuses.
-- proves: after erasing, a scan by value finds mail and name nowhere, a retained column stays, other people's rows are untouched; a held account raises.
-- needs: BUILD_0010, BUILD_0663, BUILD_0664
create function core.erasure_plan() returns table (relation regclass, key text, field text, action text, emptied text)
  language sql stable
begin atomic
  with links as (  -- columns that say whose row it is: a reference to an account, or an id that is itself personal (logs outlive accounts and have no foreign key)
    select k.conrelid as oid, f.attname::text as key, f.attnum, false as is_personal
    from pg_catalog.pg_constraint k join pg_catalog.pg_attribute f on f.attrelid = k.conrelid and f.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = 'core.users'::regclass and k.conparentid = 0 and k.conrelid <> 'core.users'::regclass
    union
    select c.oid, f.attname::text, f.attnum, true
    from pg_catalog.pg_class c cross join lateral blueprint.annotations(c.oid::regclass) m join pg_catalog.pg_attribute f on f.attrelid = c.oid and f.attname = m.column_name and f.atttypid = 'pg_catalog.uuid'::regtype
    where c.relkind in ('r', 'p') and not c.relispartition and m.tag = 'pii' and m.value is distinct from 'retain'
      and not exists (select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and f.attnum = any (k.conkey)))
  select distinct on (l.oid::regclass::text, coalesce(split_part(m.value, ' ', 1), 'empty'), a.attname) l.oid::regclass, l.key, a.attname::text, coalesce(split_part(m.value, ' ', 1), 'empty'),
    case when not a.attnotnull then 'null' when b.typname = 'jsonb' then format('case jsonb_typeof(%I) when ''array'' then ''[]''::jsonb else ''{}'' end', a.attname)
      when b.typcategory = 'A' then '''{}''' when b.typcategory = 'S' then '''erased''' when b.typname = 'bytea' then '''\x''' when b.typname in ('inet', 'cidr') then '''0.0.0.0''' end
  from links l
  cross join lateral blueprint.annotations(l.oid::regclass) m
  join pg_catalog.pg_attribute a on a.attrelid = l.oid and a.attname = m.column_name
  join pg_catalog.pg_type d on d.oid = a.atttypid join pg_catalog.pg_type b on b.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
  where m.tag = 'pii' and m.value is distinct from 'retain' and (a.attname <> l.key or l.is_personal)
  order by l.oid::regclass::text, 4, a.attname, not starts_with(a.attname::text, regexp_replace(l.key, '_id$', '') || '_'), l.key <> 'user_id', l.attnum;  -- mentee_feedback is of the mentee, the rest of the user, else of who comes first
end;

create function core.erase_user(person uuid, reason text) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  account core.users;
  place record;
  touched bigint;
  changes jsonb := '[]';
  proof jsonb;
begin
  select * into account from core.users u where u.id = person for update;
  if not core.has_role('hc_compliance') and core.current_user_id() is distinct from person then
    raise exception using errcode = '42501', message = 'an account is erased by its owner or by hc_compliance';
  elsif account.id is null or account.status = 'erased' then
    raise exception using errcode = '22023', message = 'there is no such account to erase';
  elsif account.metadata ? 'legal_hold' then
    raise exception using errcode = '55006', message = 'the account is under legal hold', detail = account.metadata ->> 'legal_hold';
  end if;
  perform core.give_reason(reason);
  if account.status not in ('deactivated', 'suspended') then
    update core.users u set status = 'deactivated' where u.id = person;
  end if;
  for place in  -- one statement for what a row loses at once
    select p.relation, p.key, p.action, array_agg(p.field order by p.field) as fields, string_agg(format('%I = %s', p.field, p.emptied), ', ' order by p.field) as emptied, string_agg(format('%I is not null', p.field), ' or ') as holds, min(p.field) filter (where p.emptied is null) as full_field
    from core.erasure_plan() p group by p.relation, p.key, p.action order by p.relation::text, p.action, p.key
  loop
    if place.action = 'delete' then
      execute format('delete from %s where %I = $1', place.relation, place.key) using person;
    elsif place.full_field is not null then
      raise exception using errcode = '0A000', message = format('%s.%I cannot be emptied', place.relation, place.full_field), hint = 'Let it be null, or mark it @pii delete or @pii retain.';
    else
      execute format('update %s set %s where %I = $1 and (%s)', place.relation, place.emptied, place.key, place.holds) using person;
    end if;
    get diagnostics touched = row_count;
    changes := changes || (select jsonb_agg(jsonb_build_object('table', place.relation::text, 'column', f, 'rows', touched)) from unnest(place.fields) f);
  end loop;
  update core.users u
  set status = 'erased', erased_at = now(), handle = 'erased-' || left(encode(sha256(uuid_send(person)), 'hex'), 12), email = null, email_bidx = null, email_verified_at = null,
    display_name = null, campus = null, pii_sealed = null, preferences = '{}', metadata = '{}'
  where u.id = person;
  perform core.give_reason(null);
  changes := changes || jsonb_build_object('table', 'core.users', 'column', '*', 'rows', 1);
  proof := jsonb_build_object('user_id', person, 'erased_at', now(), 'reason', reason, 'changes', changes);
  return proof || jsonb_build_object('sha256', encode(sha256(convert_to(proof::text, 'UTF8')), 'hex'));
end $$;

comment on function core.erasure_plan is 'What core.erase_user() empties or deletes: the columns annotated @pii of each table that points to an account or has a personal id of its own, by which key, and the SQL of the empty value (null: cannot be emptied, an error).';
comment on function core.erase_user is 'Erases a person in place and returns the proof (owner of the account, or hc_compliance). Security definer: it writes every table that holds personal data.';

grant execute on function core.erase_user to hc_member, hc_worker;

-- verify
insert into core.users (id, handle, email, email_verified_at, display_name, status, campus, pii_sealed, preferences, metadata) values
  ('00000000-0000-7000-8000-000000668001', 'ada-0668', 'ada-0668@example.org', now(), 'Ada Probe', 'active', 'berlin', '\x01', '{"nick": "Ada Probe"}', '{"alias": "ada-0668@example.org"}'),
  ('00000000-0000-7000-8000-000000668002', 'bob-0668', 'bob-0668@example.org', null, 'Bob Probe', 'active', null, null, '{}', '{"legal_hold": "case 7"}');
create table core.probe_0668 (user_id uuid references core.users (id), name text, phone text not null, paid_by text, amount int, told jsonb not null default '["Ada Probe"]', tags text[] not null default '{Ada Probe}',
  ip inet not null default '192.0.2.1', face bytea not null default '\x01', by_id uuid references core.users (id));
create table core.probe_0668_c (a_id uuid references core.users (id), b_id uuid references core.users (id), a_words text, b_words text);
create table core.probe_0668_d (user_id uuid, visit text, constraint probe_0668_d_check check ((user_id is null) = (visit is null)));
create table core.probe_0668_b (user_id uuid references core.users (id), born date not null);
insert into core.probe_0668_b values ('00000000-0000-7000-8000-000000668001', '1815-12-10'), ('00000000-0000-7000-8000-000000668002', '1815-12-10');
insert into core.probe_0668_c values ('00000000-0000-7000-8000-000000668001', '00000000-0000-7000-8000-000000668002', 'a', 'b'), ('00000000-0000-7000-8000-000000668002', '00000000-0000-7000-8000-000000668001', 'a', 'b');
insert into core.probe_0668_d values ('00000000-0000-7000-8000-000000668001', 'v1'), ('00000000-0000-7000-8000-000000668002', 'v2');
comment on column core.probe_0668_c.a_words is 'By a. @pii';
comment on column core.probe_0668_c.b_words is 'By b. @pii';
comment on column core.probe_0668_d.user_id is 'No foreign key. @pii';
comment on column core.probe_0668_d.visit is 'Visit. @pii';
comment on column core.probe_0668.told is 'Told. @pii';
comment on column core.probe_0668.tags is 'Tags. @pii';
comment on column core.probe_0668.ip is 'Address. @pii';
comment on column core.probe_0668.face is 'Picture. @pii';
comment on column core.probe_0668_b.born is 'Birthday. @pii';
comment on column core.probe_0668.name is 'Name. @pii';
comment on column core.probe_0668.phone is 'Phone. @pii';
comment on column core.probe_0668.paid_by is 'Name on the receipt. @pii retain';
insert into core.probe_0668 (user_id, name, phone, paid_by, amount, by_id) values ('00000000-0000-7000-8000-000000668001', 'Ada Probe', '123', 'A. Probe', 10, '00000000-0000-7000-8000-000000668002'),
  ('00000000-0000-7000-8000-000000668002', 'Bob Probe', '456', 'B. Probe', 20, '00000000-0000-7000-8000-000000668001');
select core.act_as('00000000-0000-7000-8000-000000668002', 'hc_member');
select sql, blueprint.raises(sql, state) from (values
  ($$ select core.erase_user('00000000-0000-7000-8000-000000668001', 'x') $$, '42501'), ($$ select core.erase_user('00000000-0000-7000-8000-000000668002', 'x') $$, '55006')) v(sql, state);
select core.act_as('00000000-0000-7000-8000-000000668001', 'hc_member');
select blueprint.raises($$ select core.erase_user('00000000-0000-7000-8000-000000668001', 'x') $$, '0A000', 'born');
comment on column core.probe_0668_b.born is 'Birthday. @pii delete';
set local role hc_member;
select proof ->> 'sha256' = encode(sha256(convert_to((proof - 'sha256')::text, 'UTF8')), 'hex') and proof -> 'changes' @> '[{"table": "core.probe_0668", "column": "name", "rows": 1}, {"table": "core.probe_0668", "column": "phone", "rows": 1}]'
from core.erase_user('00000000-0000-7000-8000-000000668001', 'my wish') proof;
set local role hc_owner;
select status = 'erased' and handle::text ~ '^erased-[0-9a-f]{12}$' and to_jsonb(u)::text !~ 'ada-0668|Ada Probe|berlin' from core.users u where id = '00000000-0000-7000-8000-000000668001';
select count(*) filter (where name is null and phone = 'erased' and paid_by = 'A. Probe' and told = '[]' and tags = '{}' and ip = '0.0.0.0' and face = '\x') = 1,
  count(*) filter (where name = 'Bob Probe' and phone = '456' and tags <> '{}') = 1, sum(amount) = 30, (select count(*) from core.probe_0668_b) = 1 from core.probe_0668;
select array_agg(concat_ws(' ', a_words, b_words) order by a_id) = '{b,a}' from core.probe_0668_c;
select array_agg(visit order by visit) = '{v2,NULL}' and count(user_id) = 1 from core.probe_0668_d;
select count(*) = 2 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000668001' and reason = 'my wish';
select core.act_as('00000000-0000-7000-8000-000000668002', 'hc_compliance');
select blueprint.raises($$ select core.erase_user('00000000-0000-7000-8000-000000668001', 'again') $$, '22023');
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.erase_user(uuid, text)')) v(f);
select count(*) = 6, not has_function_privilege('hc_member', 'core.erasure_plan()', 'execute') from core.erasure_plan() where relation = 'core.probe_0668'::regclass and key = 'user_id';

-- task: BUILD_0669 implement_table_feature
-- title: Find people: core.find_users(q, limit) tolerant of typos and respectful of privacy
-- does: Exact handles first, then prefixes, then trigram likeness of the folded handle and name, with transposed letters counted as near; who is suspended or erased is
--   never found, who chose not to be discoverable only by staff.
-- proves: 'jnoe' finds Joné first, a non-discoverable member is found by a moderator and not by a member, one letter finds nobody.
-- needs: BUILD_0036, BUILD_0662, BUILD_0663
select extensions.show_limit();  -- loads pg_trgm: only then may its parameter be set by a function of a plain role

create function core.letters(value text) returns text
  language sql immutable strict parallel safe
  return (select string_agg(c, '' order by c) from regexp_split_to_table(core.fold(value), '') c);

create function core.find_users(q text, most int default 20) returns table (id uuid, handle core.handle, display_name text, score real, match text)
  language sql stable security definer set search_path = '' set pg_trgm.similarity_threshold = 0.1
as $$
  with wanted as (select core.fold(q) as q, core.letters(q) as letters),
  candidate as (
    select u.id, u.handle, u.display_name, core.fold(u.handle::text) as h, core.fold(u.display_name) as d
    from core.users u
    where length(btrim(q)) >= 2 and u.status = 'active' and (u.preferences ->> 'discoverable' is distinct from 'false' or core.has_role('hc_moderator'))
      and (u.handle::text operator(extensions.%) q or u.display_name operator(extensions.%) q or u.handle::text ilike q || '%'))
  select c.id, c.handle, c.display_name, s.score, case s.score when 1 then 'exact' when 0.9::real then 'prefix' else 'similar' end
  from candidate c, wanted w,
    lateral (select case when w.q in (c.h, c.d) then 1 when starts_with(c.h, w.q) or starts_with(c.d, w.q) then 0.9
      else greatest(extensions.similarity(c.h, w.q), extensions.similarity(c.d, w.q), case when w.letters in (core.letters(c.h), core.letters(c.d)) then 0.6 end) end::real) s(score)
  where s.score >= 0.3
  order by s.score desc, length(c.handle::text), c.id
  limit least(most, 100)
$$;

comment on function core.letters is 'The letters of a folded text in order: equal for transposed spellings.';
comment on function core.find_users is 'People by a name as somebody remembers it, best first: score 1 exact, 0.9 prefix, below that likeness. Security definer: row security would disable the trigram indexes; it repeats the rule of who may be found.';

grant execute on function core.find_users to hc_member, hc_agent;

-- verify
insert into core.users (handle, email, display_name, status, preferences) values
  ('jone-0669', 'jone-0669@example.org', 'Joné', 'active', '{}'), ('john-0669', 'john-0669@example.org', 'John', 'active', '{}'), ('shy-0669', 'shy-0669@example.org', 'Shyprobe', 'active', '{"discoverable": false}'),
  ('gone-0669', 'gone-0669@example.org', 'Shyprobe Gone', 'suspended', '{}');
select core.act_as('00000000-0000-7000-8000-000000669001', 'hc_member');
set local role hc_member;
select handle::text = 'jone-0669' and match = 'similar' from core.find_users('jnoe', 1);
select count(*) filter (where match = 'exact' and score = 1) = 1 from core.find_users('JONE') where handle::text like '%-0669';
select bool_and(match = 'prefix') from core.find_users('jone-06') where handle::text like '%-0669';
select count(*) = 0 from core.find_users('Shyprobe') where handle::text like '%-0669';
select count(*) = 0 from core.find_users('j');
set local role hc_moderator;
select count(*) = 1 and bool_and(handle::text = 'shy-0669') from core.find_users('Shyprobe') where handle::text like '%-0669';
set local role hc_owner;
select core.letters('Joné') = core.letters('jnoe'), core.letters('ab') <> core.letters('abb');
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and not has_function_privilege('hc_worker', f, 'execute')
from (values ('core.find_users(text, int)')) v(f);
select not has_function_privilege('hc_anon', 'core.letters(text)', 'execute');

-- revert
drop function core.find_users;
drop function core.letters;

-- task: BUILD_0670 implement_table_feature critical
-- title: Look up users by mail through a blind index: core.user_by_email() and verified mail change
-- does: email_bidx follows the mail wherever a key is loaded; user_by_email() compares digests only. A change of mail waits in core.email_changes until the token sent to
--   the new address comes back; both addresses are to be told. rekey_email_index(batch) walks the table after a key rotation, during which nobody is lost.
-- proves: a look-up ignores case, before the confirmation the old mail stays and after it the new one is verified, a token works once and not late, three
--   batches re-key every row once.
-- needs: BUILD_0032, BUILD_0034, BUILD_0662, BUILD_0664
create table core.email_changes (
  user_id uuid constraint email_changes_user_id_pk primary key constraint email_changes_user_id_fk references core.users (id) on delete cascade,
  new_email core.email not null,
  token_sha256 bytea not null constraint email_changes_token_sha256_key unique,
  requested_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint email_changes_expires_at_check check (expires_at > requested_at and expires_at <= requested_at + interval '24 hours')
);

create function core.set_email_bidx() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.email is null then
    new.email_bidx := null;
  elsif exists (select from core.keyring k where k.purpose = 'user.email' and k.is_active) then
    new.email_bidx := core.blind_index(new.email::text, 'user.email');
  end if;
  return new;
end $$;

create trigger users_b_email_bidx before insert or update of email on core.users for each row execute function core.set_email_bidx();

create trigger email_changes_freeze before update on core.email_changes for each row execute function core.freeze_columns('user_id');

create function core.email_digests(email text) returns bytea[]
  language sql stable
  return (select array_agg(core.blind_index(email_digests.email, 'user.email', v)) from generate_series(1, core.key_version('user.email')) v);

create function core.user_by_email(email text) returns uuid
  language sql stable
  return (select u.id from core.users u where u.email_bidx = any (core.email_digests(user_by_email.email)) order by u.email_bidx desc limit 1);

create function core.request_email_change(new_email text, out token text, out notify text[]) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  minted record := core.mint_token('mail');
begin
  if not exists (select from core.users u where u.id = me and u.status = 'active') then
    raise exception using errcode = '28000', message = 'only an active account changes its mail';
  end if;
  insert into core.email_changes as c (user_id, new_email, token_sha256, expires_at) values (me, request_email_change.new_email, minted.digest, now() + interval '24 hours')
  on conflict (user_id) do update set new_email = excluded.new_email, token_sha256 = excluded.token_sha256, requested_at = excluded.requested_at, expires_at = excluded.expires_at;
  token := minted.token;
  notify := array_remove(array[(select u.email::text from core.users u where u.id = me), request_email_change.new_email], null);
end $$;

create function core.confirm_email_change(token text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  change core.email_changes;
begin
  delete from core.email_changes c where c.token_sha256 = core.token_digest(token) and c.expires_at > now()
    and exists (select from core.users u where u.id = c.user_id and u.status = 'active') returning * into change;
  if change.user_id is null then
    raise exception using errcode = '28000', message = 'the token is unknown, used or expired', hint = 'Ask for the change again.';
  end if;
  update core.users u set email = change.new_email, email_verified_at = clock_timestamp() where u.id = change.user_id;
  return change.user_id;
end $$;

create function core.rekey_email_index(batch int) returns bigint
  language sql
begin atomic
  with stale as (
    select u.id from core.users u
    where u.email is not null and (u.email_bidx is null or get_byte(u.email_bidx, 0) <> core.key_version('user.email'))
    order by u.id limit batch for update skip locked),
  changed as (
    update core.users u set email_bidx = core.blind_index(u.email::text, 'user.email') from stale where u.id = stale.id returning 1)
  select count(*) from changed;
end;

comment on table core.email_changes is 'A change of mail that waits for its confirmation, one a person; reached through functions alone. @distribution local';
comment on column core.email_changes.user_id is 'Whose mail; never changes.';
comment on column core.email_changes.new_email is 'The address to be confirmed. @pii delete';
comment on column core.email_changes.token_sha256 is 'Digest of the token that was sent there. @secret';
comment on column core.email_changes.requested_at is 'When it was asked for.';
comment on column core.email_changes.expires_at is 'A day later at most.';
comment on function core.set_email_bidx is 'Trigger of core.users: the digest follows the mail. Without a key it stays empty until core.rekey_email_index().';
comment on trigger email_changes_freeze on core.email_changes is 'A change stays that of who asked for it.';
comment on function core.email_digests is 'Digests of a mail under every version of the key so far, so that a rotation loses nobody before the rows are re-keyed; 55000 when no key was loaded. For owner functions.';
comment on trigger users_b_email_bidx on core.users is 'The digest follows the mail.';
comment on function core.user_by_email is 'The account of a mail by its keyed digest, in any case; null when there is none. For owner functions.';
comment on function core.request_email_change is 'Begins a change of the current person''s mail. The worker sends the token to the new address and a note to both (notify). Security definer: members may not read tokens.';
comment on function core.confirm_email_change is 'Ends it: the new mail is the account''s, and verified. Security definer: writes core.users.mail.';
comment on function core.rekey_email_index is 'Writes the digests of the next accounts under the active key; 0 when all are done.';

grant execute on function core.request_email_change, core.confirm_email_change to hc_worker;

-- verify
select core.load_key('user.email', decode(repeat('ab', 32), 'hex')) > 0;
insert into core.users (id, handle, email, email_verified_at, status) values
  ('00000000-0000-7000-8000-000000670001', 'ada-0670', 'ada-0670@example.org', now(), 'active'), ('00000000-0000-7000-8000-000000670002', 'bob-0670', 'bob-0670@example.org', null, 'active');
select core.user_by_email('ADA-0670@example.org') = '00000000-0000-7000-8000-000000670001', core.user_by_email('nobody-0670@example.org') is null;
select core.act_as('00000000-0000-7000-8000-000000670001');
create temporary table change (token text, notify text[]) on commit drop;
grant all on pg_temp.change to hc_worker;
set local role hc_worker;
insert into pg_temp.change select * from core.request_email_change('new-0670@example.org');
set local role hc_owner;
select blueprint.raises($$ update core.email_changes set user_id = '00000000-0000-7000-8000-000000670002' where new_email = 'new-0670@example.org' $$, '55006', 'user_id');
select core.looks_like_token(token) and notify = '{ada-0670@example.org,new-0670@example.org}' from pg_temp.change;
select core.user_by_email('ada-0670@example.org') is not null, core.user_by_email('new-0670@example.org') is null;
set local role hc_worker;
select core.confirm_email_change(token) = '00000000-0000-7000-8000-000000670001' from pg_temp.change;
set local role hc_owner;
select core.user_by_email('ada-0670@example.org') is null, core.user_by_email('new-0670@example.org') is not null;
select email_verified_at is not null and email = 'new-0670@example.org' from core.users where handle = 'ada-0670';
select blueprint.raises($$ select core.confirm_email_change(token) from pg_temp.change $$, '28000');
insert into core.email_changes (user_id, new_email, token_sha256, requested_at, expires_at) values ('00000000-0000-7000-8000-000000670002', 'late-0670@example.org', core.token_digest('late'), now() - interval '2 hours', now() - interval '1 hour');
select blueprint.raises($$ select core.confirm_email_change('late') $$, '28000');
select sql, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.email_changes (user_id, new_email, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000670002', 'x@example.org', '\x01', now() + interval '1 hour') $$, '23505', 'email_changes_user_id_pk'),
  ($$ insert into core.email_changes (user_id, new_email, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000670001', 'x@example.org', core.token_digest('late'), now() + interval '1 hour') $$, '23505', 'email_changes_token_sha256_key'),
  ($$ insert into core.email_changes (user_id, new_email, token_sha256, expires_at) values ('00000000-0000-7000-8000-00000067000f', 'x@example.org', '\x01', now() + interval '1 hour') $$, '23503', 'email_changes_user_id_fk'),
  ($$ insert into core.email_changes (user_id, new_email, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000670001', 'x@example.org', '\x01', now() + interval '2 days') $$, '23514', 'email_changes_expires_at_check')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.email_changes'::regclass;
update core.users set email = null, status = 'deactivated' where handle = 'bob-0670' returning email_bidx is null;
update core.users set email = 'bob-0670@example.org' where handle = 'bob-0670' returning email_bidx is not null;
insert into core.users (handle, email) select 'bulk-0670-' || i, 'bulk-0670-' || i || '@example.org' from generate_series(1, 3) i;
select core.load_key('user.email', decode(repeat('cd', 32), 'hex')) > 0;
select core.user_by_email('new-0670@example.org') = '00000000-0000-7000-8000-000000670001', cardinality(core.email_digests('x@example.org')) >= 2;
create temporary table batches on commit drop as select n, core.rekey_email_index(2) as rekeyed from generate_series(1, 200) n where exists (select from core.users);
select sum(rekeyed) >= 5, max(rekeyed) = 2, bool_or(rekeyed = 0) from pg_temp.batches;
select core.user_by_email('new-0670@example.org') = '00000000-0000-7000-8000-000000670001';
select f, has_function_privilege('hc_worker', f, 'execute') = expected and not has_function_privilege('hc_member', f, 'execute') from (values ('core.request_email_change(text)', true),
  ('core.confirm_email_change(text)', true), ('core.user_by_email(text)', false), ('core.rekey_email_index(int)', false), ('core.set_email_bidx()', false), ('core.email_digests(text)', false)) v(f, expected);
