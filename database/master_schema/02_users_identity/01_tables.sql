-- Room identity, layer 02: who somebody is and how they prove it. Eleven tables that hold no secret in clear: digests, sealed values and
-- public keys only. Members read what is theirs through row policies and column grants; everything else goes through functions.

-- task: BUILD_0041 create_sql_file critical
-- title: Open room identity with its contract: secrets never readable, sessions live on one node
-- does: Schema identity, registered as layer 2 with its contract. What hc_owner makes here is closed to members; the worker may execute, never read.
-- proves: the room is registered with its contract, a table here is closed to members (42501), a function is open to the worker alone.
-- needs: BUILD_0015
select blueprint.open_room('identity', 2, '02_users_identity',
  '{"provides": ["profiles", "credentials", "sessions", "roles", "groups"], "requires": ["core.users"], "rls": "own", "retention": {"sessions": "90 days", "challenges": "7 days"}}',
  'Who somebody is and how they prove it. Secret columns are reached by functions only; sessions live on one node.');

alter default privileges for role hc_owner in schema identity grant execute on functions to hc_worker;

grant usage on schema identity to hc_member, hc_worker, hc_auditor;

-- verify
select layer = 2 and contract -> 'provides' ? 'sessions' and contract ->> 'rls' = 'own' from blueprint.rooms where schema_name = 'identity';
create table identity.probe_0041 (id int);
create function identity.probe_0041() returns int language sql return 1;
select has_schema_privilege(role, 'identity', 'usage') and not has_schema_privilege(role, 'identity', 'create') from unnest(array['hc_member', 'hc_worker', 'hc_auditor']) role;
select has_function_privilege('hc_worker', 'identity.probe_0041()', 'execute') and not has_function_privilege('hc_member', 'identity.probe_0041()', 'execute');
insert into identity.probe_0041 values (1) returning id = 1;
set local role hc_member;
select blueprint.raises('select from identity.probe_0041', '42501');

-- task: BUILD_0042 create_tables critical
-- title: Create the eleven identity tables profiles .. invitations
-- does: Profiles, credentials, external identities, sessions, refresh tokens, challenges, roles, role grants in time, groups, memberships in time and
--   invitations; the roles of the platform are there as rows.
-- proves: a complete toy account can be inserted and joined, keys refuse a second row, overlapping memberships are refused, every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0021, BUILD_0033, BUILD_0041, BUILD_0661
create table identity.profiles (
  user_id uuid constraint profiles_user_id_pk primary key,
  bio text,
  avatar_asset_id uuid,
  city text,
  region text,
  country core.country_code,
  pronouns text,
  twin_name text,
  social jsonb not null default '{}',
  interests text[] not null default '{}',
  visibility jsonb not null default '{}',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table identity.credentials (
  id uuid default uuidv7() constraint credentials_id_pk primary key,
  user_id uuid not null,
  kind text not null,
  label text,
  secret_hash core.phc,
  secret_sealed bytea,
  credential_id bytea,
  public_key bytea,
  sign_count bigint not null default 0,
  params jsonb not null default '{}',
  enrolled_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz,
  compromised_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table identity.external_identities (
  id uuid default uuidv7() constraint external_identities_id_pk primary key,
  user_id uuid not null,
  provider text not null,
  subject text not null,
  email core.email,
  claims jsonb not null default '{}',
  linked_at timestamptz not null default now(),
  unlinked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table identity.sessions (
  id uuid default uuidv7() constraint sessions_id_pk primary key,
  user_id uuid not null,
  auth_level text not null default 'aal1',
  ip inet,
  user_agent_hash core.sha256,
  device jsonb not null default '{}',
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  revoked_at timestamptz,
  revoke_reason text
);

create table identity.refresh_tokens (
  token_sha256 core.sha256 constraint refresh_tokens_token_sha256_pk primary key,
  session_id uuid not null,
  generation int not null,
  parent_sha256 core.sha256,
  issued_at timestamptz not null default now(),
  used_at timestamptz,
  expires_at timestamptz not null
);

create table identity.challenges (
  id uuid default uuidv7() constraint challenges_id_pk primary key,
  user_id uuid,
  purpose text not null,
  target text not null,
  code_hash core.sha256,
  nonce bytea,
  attempts int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  consumed_at timestamptz
);

create table identity.roles (
  code text constraint roles_code_pk primary key,
  db_role text not null,
  description text not null,
  rank int not null,
  is_privileged boolean not null default false,
  requires_aal text not null default 'aal1',
  inherits text[] not null default '{}'
);

create table identity.user_roles (
  id uuid default uuidv7() constraint user_roles_id_pk primary key,
  user_id uuid not null,
  role_code text not null,
  scope_kind text not null default 'global',
  scope_id uuid,
  scope_key text not null generated always as (coalesce(scope_id::text, '*')) stored,
  granted_by uuid,
  reason text,
  during tstzrange not null default tstzrange(now(), null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table identity.groups (
  id uuid default uuidv7() constraint groups_id_pk primary key,
  slug core.slug not null constraint groups_slug_key unique,
  name text not null,
  kind text not null default 'team',
  owner_id uuid not null,
  path extensions.ltree,
  join_policy text not null default 'invite',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table identity.group_members (
  group_id uuid not null,
  user_id uuid not null,
  role text not null default 'member',
  during tstzrange not null default tstzrange(now(), null),
  constraint group_members_group_id_user_id_during_pk primary key (group_id, user_id, during without overlaps)
);

create table identity.invitations (
  id uuid default uuidv7() constraint invitations_id_pk primary key,
  email_bidx bytea,
  invited_by uuid not null,
  target_kind text not null,
  target_id uuid not null,
  role text not null default 'member',
  token_sha256 core.sha256 not null constraint invitations_token_sha256_key unique,
  max_uses int not null default 1,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

insert into identity.roles (code, db_role, description, rank, is_privileged, requires_aal, inherits) values
  ('member', 'hc_member', 'Everybody with an account.', 10, false, 'aal1', '{}'),
  ('designer', 'hc_designer', 'Publishes designs.', 20, false, 'aal1', '{member}'),
  ('operator', 'hc_operator', 'Runs a microfactory.', 20, false, 'aal1', '{member}'),
  ('moderator', 'hc_moderator', 'Keeps clubs and content in order.', 50, true, 'aal1', '{member}'),
  ('finance', 'hc_finance', 'Books donations and the treasury.', 60, true, 'aal2', '{member}'),
  ('compliance', 'hc_compliance', 'Decides on identity checks and holds.', 60, true, 'aal2', '{member}'),
  ('auditor', 'hc_auditor', 'Reads everything, writes nothing.', 70, true, 'aal2', '{}'),
  ('admin', 'hc_admin', 'Runs the platform.', 90, true, 'aal2', '{designer,operator,moderator}');

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000042001', 'ada-0042');
insert into identity.profiles (user_id) values ('00000000-0000-7000-8000-000000042001') on conflict do nothing;
insert into identity.credentials (user_id, kind, label, credential_id, public_key) values ('00000000-0000-7000-8000-000000042001', 'webauthn', 'key', '\x0042', '\x01')
returning id is not null and sign_count = 0 and params = '{}' and enrolled_at = now() and created_at = now() and updated_at = now();
insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-000000042001', 'github', '42') returning id is not null and claims = '{}' and linked_at = now() and created_at = now() and updated_at = now();
insert into identity.sessions (id, user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-000000042002', '00000000-0000-7000-8000-000000042001', now() + interval '1 day', now() + interval '2 days')
returning auth_level = 'aal1' and device = '{}' and created_at = now() and last_seen_at = now();
insert into identity.sessions (user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-000000042001', now() + interval '1 day', now() + interval '2 days') returning id is not null;
insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at) values (sha256('42'), '00000000-0000-7000-8000-000000042002', 1, now() + interval '1 day') returning issued_at = now();
insert into identity.challenges (user_id, purpose, target, expires_at) values ('00000000-0000-7000-8000-000000042001', 'email_verify', 'x', now() + interval '1 hour') returning id is not null and attempts = 0 and created_at is not null;
insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000042001', 'designer') returning id is not null and scope_kind = 'global' and scope_key = '*' and now() <@ during and created_at = now() and updated_at = now();
insert into identity.groups (id, slug, name, owner_id, path) values ('00000000-0000-7000-8000-000000042003', 'probe-0042', 'Probe', '00000000-0000-7000-8000-000000042001', 'probe0042') returning kind = 'team' and join_policy = 'invite' and created_at = now() and updated_at = now();
insert into identity.groups (slug, name, owner_id) values ('probe-0042-b', 'Probe', '00000000-0000-7000-8000-000000042001') returning id is not null;
insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000042003', '00000000-0000-7000-8000-000000042001') returning role = 'member' and now() <@ during;
insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000042001', 'group', '00000000-0000-7000-8000-000000042003', sha256('42'), now() + interval '1 day')
returning id is not null and role = 'member' and max_uses = 1 and created_at = now() and updated_at = now();
select count(*) = 1 and bool_and(p.social = '{}' and p.interests = '{}' and p.visibility = '{}' and p.metadata = '{}' and p.created_at = now() and p.updated_at = now())
from identity.profiles p join identity.credentials c using (user_id) join identity.sessions s using (user_id) join identity.refresh_tokens t on t.session_id = s.id
join identity.user_roles u using (user_id) join identity.roles r on r.code = u.role_code and r.code = 'designer' join identity.group_members m using (user_id) join identity.groups g on g.id = m.group_id
where p.user_id = '00000000-0000-7000-8000-000000042001';
insert into identity.roles (code, db_role, description, rank) values ('probe-0042', 'hc_member', 'x', 1) returning not is_privileged and requires_aal = 'aal1' and inherits = '{}';
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into identity.profiles (user_id) values ('00000000-0000-7000-8000-000000042001') $$, '23505', 'profiles_user_id_pk'),
  ($$ insert into identity.credentials select c.* from identity.credentials c where credential_id = '\x0042' $$, '23505', 'credentials_id_pk'),
  ($$ insert into identity.external_identities select e.* from identity.external_identities e where subject = '42' $$, '23505', 'external_identities_id_pk'),
  ($$ insert into identity.sessions select s.* from identity.sessions s where user_id = '00000000-0000-7000-8000-000000042001' $$, '23505', 'sessions_id_pk'),
  ($$ insert into identity.refresh_tokens select t.* from identity.refresh_tokens t where token_sha256 = sha256('42') $$, '23505', 'refresh_tokens_token_sha256_pk'),
  ($$ insert into identity.challenges select c.* from identity.challenges c where user_id = '00000000-0000-7000-8000-000000042001' $$, '23505', 'challenges_id_pk'),
  ($$ insert into identity.roles select r.* from identity.roles r where code = 'member' $$, '23505', 'roles_code_pk'),
  ($$ insert into identity.user_roles (id, user_id, role_code) select r.id, r.user_id, 'operator' from identity.user_roles r where user_id = '00000000-0000-7000-8000-000000042001' and role_code = 'designer' $$, '23505', 'user_roles_id_pk'),
  ($$ insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000042003', 'probe-0042-c', 'x', '00000000-0000-7000-8000-000000042001') $$, '23505', 'groups_id_pk'),
  ($$ insert into identity.groups (slug, name, owner_id) values ('probe-0042', 'x', '00000000-0000-7000-8000-000000042001') $$, '23505', 'groups_slug_key'),
  ($$ insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000042003', '00000000-0000-7000-8000-000000042001') $$, '23P01', 'group_members_group_id_user_id_during_pk'),
  ($$ insert into identity.invitations (id, invited_by, target_kind, target_id, token_sha256, expires_at) select i.id, i.invited_by, 'club', i.target_id, sha256('43'), i.expires_at from identity.invitations i where token_sha256 = sha256('42') $$, '23505', 'invitations_id_pk'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) select i.invited_by, 'club', i.target_id, i.token_sha256, i.expires_at from identity.invitations i where token_sha256 = sha256('42') $$, '23505', 'invitations_token_sha256_key')) v(sql, state, rule);
select count(*) = 11 and bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relnamespace = 'identity'::regnamespace and relname in
  ('profiles', 'credentials', 'external_identities', 'sessions', 'refresh_tokens', 'challenges', 'roles', 'user_roles', 'groups', 'group_members', 'invitations');

-- task: BUILD_0043 create_indexes
-- title: Index live sessions, open challenges, role holders and invitations
-- does: Partial indexes for what is live or open, a GiST for roles in time, one for the tree of groups; one live link per external account and one open
--   invitation per target and mail.
-- proves: each query can be served by the index made for it; a second live link and a second open invitation are refused (23505).
-- needs: BUILD_0042
create index sessions_user_id_last_seen_at_idx on identity.sessions (user_id, last_seen_at) where revoked_at is null;
create index sessions_expires_at_idx on identity.sessions (expires_at);
create index challenges_purpose_target_idx on identity.challenges (purpose, target) where consumed_at is null;
create index user_roles_user_id_during_idx on identity.user_roles using gist (user_id, during);
create index user_roles_role_code_idx on identity.user_roles (role_code);
create unique index external_identities_provider_subject_key on identity.external_identities (provider, subject) where unlinked_at is null;
create index groups_path_idx on identity.groups using gist (path);
create unique index invitations_target_kind_target_id_email_bidx_key on identity.invitations (target_kind, target_id, email_bidx)
  where accepted_at is null and revoked_at is null;

comment on index identity.sessions_user_id_last_seen_at_idx is 'Live sessions of a person, and who of them was here last.';
comment on index identity.sessions_expires_at_idx is 'Sessions to clear away after their retention.';
comment on index identity.challenges_purpose_target_idx is 'Open challenges of a purpose and target.';
comment on index identity.user_roles_user_id_during_idx is 'Roles of a person at an instant; and the foreign key.';
comment on index identity.user_roles_role_code_idx is 'Holders of a role; and the foreign key.';
comment on index identity.external_identities_provider_subject_key is 'Whose external account it is; one live link each.';
comment on index identity.groups_path_idx is 'Groups below a campus or organisation.';
comment on index identity.invitations_target_kind_target_id_email_bidx_key is 'Open invitations of a target; one per mail.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from identity.sessions where user_id = '00000000-0000-7000-8000-000000043001' and revoked_at is null order by last_seen_at $$, 'sessions_user_id_last_seen_at_idx'),
  ($$ select from identity.sessions where expires_at < now() - interval '90 days' $$, 'sessions_expires_at_idx'),
  ($$ select from identity.challenges where purpose = 'webauthn' and target = 'x' and consumed_at is null $$, 'challenges_purpose_target_idx'),
  ($$ select from identity.user_roles where role_code >= 'admin' order by role_code limit 5 $$, 'user_roles_role_code_idx'),
  ($$ select from identity.external_identities where provider = 'github' and subject = '43' and unlinked_at is null $$, 'external_identities_provider_subject_key'),
  ($$ select from identity.groups where path operator(extensions.<@) 'berlin' $$, 'groups_path_idx'),
  ($$ select from identity.invitations where target_kind = 'group' and target_id = '00000000-0000-7000-8000-000000043001' and accepted_at is null and revoked_at is null $$,
    'invitations_target_kind_target_id_email_bidx_key')) v(sql, index);
-- the key over roles in time (BUILD_0049) serves roles at an instant as well; this index is the narrow one
select indisvalid and pg_get_indexdef(indexrelid) like '% gist (user_id, during)' from pg_index where indexrelid = 'identity.user_roles_user_id_during_idx'::regclass;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000043001', 'ada-0043');
insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-000000043001', 'probe', '43');
insert into identity.invitations (invited_by, target_kind, target_id, email_bidx, token_sha256, expires_at) values
  ('00000000-0000-7000-8000-000000043001', 'group', '00000000-0000-7000-8000-000000043001', '\x43', sha256('43a'), now() + interval '1 day');
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-000000043001', 'probe', '43') $$, 'external_identities_provider_subject_key'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, email_bidx, token_sha256, expires_at) values
    ('00000000-0000-7000-8000-000000043001', 'group', '00000000-0000-7000-8000-000000043001', '\x43', sha256('43b'), now() + interval '1 day') $$, 'invitations_target_kind_target_id_email_bidx_key')) v(sql, rule);

-- task: BUILD_0044 create_foreign_keys
-- title: Link identity tables to core.users, core.assets and roles by foreign keys
-- does: Profiles, challenges and sessions go with their account; credentials, links and role grants hold it back, for erasure goes through core.erase_user().
--   A refresh token goes with its session, an avatar leaves the profile.
-- proves: an account with a credential cannot be deleted (23503), a session takes its tokens along, every foreign key is enforced and indexed.
-- needs: BUILD_0042, BUILD_0043, BUILD_0691
alter table identity.profiles
  add constraint profiles_user_id_fk foreign key (user_id) references core.users (id) on delete cascade,
  add constraint profiles_avatar_asset_id_fk foreign key (avatar_asset_id) references core.assets (id) on delete set null;
alter table identity.credentials add constraint credentials_user_id_fk foreign key (user_id) references core.users (id);
alter table identity.external_identities add constraint external_identities_user_id_fk foreign key (user_id) references core.users (id);
alter table identity.sessions add constraint sessions_user_id_fk foreign key (user_id) references core.users (id) on delete cascade;
alter table identity.refresh_tokens
  add constraint refresh_tokens_session_id_generation_key unique (session_id, generation),
  add constraint refresh_tokens_session_id_fk foreign key (session_id) references identity.sessions (id) on delete cascade;
alter table identity.challenges add constraint challenges_user_id_fk foreign key (user_id) references core.users (id) on delete cascade;
alter table identity.user_roles
  add constraint user_roles_user_id_fk foreign key (user_id) references core.users (id),
  add constraint user_roles_role_code_fk foreign key (role_code) references identity.roles (code),
  add constraint user_roles_granted_by_fk foreign key (granted_by) references core.users (id);
alter table identity.groups add constraint groups_owner_id_fk foreign key (owner_id) references core.users (id);
alter table identity.group_members
  add constraint group_members_group_id_fk foreign key (group_id) references identity.groups (id) on delete cascade,
  add constraint group_members_user_id_fk foreign key (user_id) references core.users (id);
alter table identity.invitations
  add constraint invitations_invited_by_fk foreign key (invited_by) references core.users (id),
  add constraint invitations_accepted_by_fk foreign key (accepted_by) references core.users (id);

create index profiles_avatar_asset_id_idx on identity.profiles (avatar_asset_id) where avatar_asset_id is not null;
create index credentials_user_id_idx on identity.credentials (user_id);
create index external_identities_user_id_idx on identity.external_identities (user_id);
create index sessions_user_id_idx on identity.sessions (user_id);
create index challenges_user_id_idx on identity.challenges (user_id);
create index user_roles_granted_by_idx on identity.user_roles (granted_by);
create index groups_owner_id_idx on identity.groups (owner_id);
create index group_members_user_id_idx on identity.group_members (user_id);
create index invitations_invited_by_idx on identity.invitations (invited_by);
create index invitations_accepted_by_idx on identity.invitations (accepted_by);

comment on index identity.profiles_avatar_asset_id_idx is 'Foreign key: whose avatar a file is.';
comment on index identity.credentials_user_id_idx is 'Credentials of a person; and the foreign key.';
comment on index identity.external_identities_user_id_idx is 'Links of a person; and the foreign key.';
comment on index identity.sessions_user_id_idx is 'Foreign key: all sessions of a person, revoked ones too.';
comment on index identity.challenges_user_id_idx is 'Challenges of a person; and the foreign key.';
comment on index identity.user_roles_granted_by_idx is 'What somebody granted; and the foreign key.';
comment on index identity.groups_owner_id_idx is 'Groups of an owner; and the foreign key.';
comment on index identity.group_members_user_id_idx is 'Groups of a person; and the foreign key.';
comment on index identity.invitations_invited_by_idx is 'Invitations somebody sent; and the foreign key.';
comment on index identity.invitations_accepted_by_idx is 'Foreign key: who accepted.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000044001', 'ada-0044'), ('00000000-0000-7000-8000-000000044002', 'eve-0044');
insert into identity.profiles (user_id) values ('00000000-0000-7000-8000-000000044002') on conflict do nothing;
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000044003', '00000000-0000-7000-8000-000000044001', 'a.png', 'image/png', 1);
update identity.profiles set avatar_asset_id = '00000000-0000-7000-8000-000000044003' where user_id = '00000000-0000-7000-8000-000000044002';
delete from core.assets where id = '00000000-0000-7000-8000-000000044003';
select avatar_asset_id is null from identity.profiles where user_id = '00000000-0000-7000-8000-000000044002';
insert into identity.credentials (user_id, kind, public_key, credential_id) values ('00000000-0000-7000-8000-000000044001', 'webauthn', '\x01', '\x0044');
insert into identity.sessions (id, user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-000000044004', '00000000-0000-7000-8000-000000044002', now() + interval '1 day', now() + interval '2 days');
insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at) values (sha256('44'), '00000000-0000-7000-8000-000000044004', 1, now() + interval '1 day');
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000044005', 'probe-0044', 'x', '00000000-0000-7000-8000-000000044001');
insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000044005', '00000000-0000-7000-8000-000000044001');
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ update identity.profiles set user_id = '00000000-0000-7000-8000-00000004400f' where user_id = '00000000-0000-7000-8000-000000044002' $$, 'profiles_user_id_fk'),
  ($$ update identity.profiles set avatar_asset_id = '00000000-0000-7000-8000-00000004400f' where user_id = '00000000-0000-7000-8000-000000044002' $$, 'profiles_avatar_asset_id_fk'),
  ($$ insert into identity.credentials (user_id, kind, public_key, credential_id) values ('00000000-0000-7000-8000-00000004400f', 'webauthn', '\x01', '\x4400') $$, 'credentials_user_id_fk'),
  ($$ insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-00000004400f', 'probe', '44') $$, 'external_identities_user_id_fk'),
  ($$ insert into identity.sessions (user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-00000004400f', now() + interval '1 day', now() + interval '2 days') $$, 'sessions_user_id_fk'),
  ($$ update identity.refresh_tokens set session_id = '00000000-0000-7000-8000-00000004400f' where token_sha256 = sha256('44') $$, 'refresh_tokens_session_id_fk'),
  ($$ insert into identity.challenges (user_id, purpose, target, expires_at) values ('00000000-0000-7000-8000-00000004400f', 'email_verify', 'probe-0044', now() + interval '1 hour') $$, 'challenges_user_id_fk'),
  ($$ insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-00000004400f', 'designer') $$, 'user_roles_user_id_fk'),
  ($$ insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000044001', 'captain') $$, 'user_roles_role_code_fk'),
  ($$ insert into identity.user_roles (user_id, role_code, granted_by) values ('00000000-0000-7000-8000-000000044001', 'designer', '00000000-0000-7000-8000-00000004400f') $$, 'user_roles_granted_by_fk'),
  ($$ update identity.groups set owner_id = '00000000-0000-7000-8000-00000004400f' where slug = 'probe-0044' $$, 'groups_owner_id_fk'),
  ($$ insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-00000004400f', '00000000-0000-7000-8000-000000044001') $$, 'group_members_group_id_fk'),
  ($$ insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000044005', '00000000-0000-7000-8000-00000004400f') $$, 'group_members_user_id_fk'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-00000004400f', 'group', '00000000-0000-7000-8000-000000044005', sha256('44'), now() + interval '1 day') $$, 'invitations_invited_by_fk'),
  ($$ insert into identity.invitations (invited_by, accepted_by, accepted_at, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000044001', '00000000-0000-7000-8000-00000004400f', now(), 'group',
    '00000000-0000-7000-8000-000000044005', sha256('44'), now() + interval '1 day') $$, 'invitations_accepted_by_fk')) v(sql, rule);
select blueprint.raises($$ insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at) values (sha256('44b'), '00000000-0000-7000-8000-000000044004', 1, now() + interval '1 day') $$, '23505', 'refresh_tokens_session_id_generation_key');
select blueprint.raises($$ delete from core.users where id = '00000000-0000-7000-8000-000000044001' $$, '23503');
delete from identity.sessions where id = '00000000-0000-7000-8000-000000044004';
select count(*) = 0 from identity.refresh_tokens where token_sha256 = sha256('44');
select count(*) = 0 from blueprint.unindexed_fks('identity');
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from identity.profiles where avatar_asset_id = '00000000-0000-7000-8000-000000044003' $$, 'profiles_avatar_asset_id_idx'),
  ($$ select from identity.sessions where user_id = '00000000-0000-7000-8000-000000044003' $$, 'sessions_user_id_idx'),
  ($$ select from identity.user_roles where granted_by = '00000000-0000-7000-8000-000000044003' $$, 'user_roles_granted_by_idx'),
  ($$ select from identity.invitations where accepted_by = '00000000-0000-7000-8000-000000044003' $$, 'invitations_accepted_by_idx')) v(sql, index);
