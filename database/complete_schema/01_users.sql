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

grant select on core.public_users to hc_anon, hc_agent;

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
with changed as (update core.users set display_name = 'Ada L.' where handle in ('ada-0661', 'bob-0661') returning handle)
select count(*) = 1 and bool_and(handle = 'ada-0661') from changed;
select sql, blueprint.raises(sql, state) from (values
  ($$ update core.users set status = 'suspended' $$, '42501'), ($$ select email_bidx from core.users $$, '42501'), ($$ select pii_sealed from core.users $$, '42501'),
  ($$ delete from core.users $$, '42501'), ($$ insert into core.users (handle) values ('eve-0661') $$, '42501'), ($$ select email from core.public_users $$, '42703')) v(sql, state);
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
  ($$ select from core.users where country = 'DE' and status = 'active' $$, 'users_country_idx'),
  ($$ select from core.users order by last_seen_at desc nulls last limit 10 $$, 'users_last_seen_at_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.users_created_at_brin_idx'::regclass;
insert into core.users (handle, email_bidx) values ('ada-0662', '\x0662');
select blueprint.raises($$ insert into core.users (handle, email_bidx) values ('bob-0662', '\x0662') $$, '23505', 'users_email_bidx_key');

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
  ('display_name', $$ 'eve-0663', '' $$, '23514', 'users_display_name_check'),
  ('time_zone', $$ 'eve-0663', 'Mars/Base' $$, '23514', 'users_time_zone_check'),
  ('country', $$ 'eve-0663', 'Germany' $$, '23514', 'country_code'),
  ('locale', $$ 'eve-0663', 'not a locale' $$, '23514', 'locale_tag')) v(cols, vals, state, rule);
select core.is_time_zone('Europe/Berlin') and not core.is_time_zone('UTC+3') and not core.is_time_zone('Mars/Base'),
  has_function_privilege('hc_member', 'core.is_time_zone(text)', 'execute') and has_function_privilege('hc_worker', 'core.is_time_zone(text)', 'execute'),
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
  new.handle := btrim(new.handle::text);
  new.email := btrim(new.email::text);
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

comment on function core.normalise_user is 'Trigger of core.users: trims handle and mail, clears the verification of a changed mail, keeps last_seen_at from churning.';

create trigger users_a_normalise before insert or update on core.users for each row execute function core.normalise_user();

comment on trigger users_a_normalise on core.users is 'Before the other triggers: what they see is normal already.';

select core.attach_standard('core.users', 'std');

select core.define_machine('user', '{
  "invited": ["active", "deactivated"],
  "active": [{"to": "suspended", "guard": "hc_moderator", "reason": true}, "deactivated"],
  "suspended": [{"to": "active", "guard": "hc_moderator"}, "deactivated"],
  "deactivated": ["active", "erased"]}');

create trigger users_status_machine before update of status on core.users for each row execute function core.enforce_transition('user', 'status');

comment on trigger users_status_machine on core.users is 'Status changes follow machine user and are logged.';

-- verify
insert into core.users (id, handle, email, email_verified_at, display_name, status) values
  ('00000000-0000-7000-8000-000000664001', ' ada-0664 ', ' ada-0664@example.org ', now(), 'Ada', 'active')
returning handle::text = 'ada-0664' and email::text = 'ada-0664@example.org';
