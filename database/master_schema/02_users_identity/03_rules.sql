-- Room identity, rules: what a row must be, who reads it, how it is looked up, and what everything is.

-- task: BUILD_0048 create_jsonb_indexes
-- title: Index identity JSONB: social handles, device fingerprints, external claims
-- does: find_by_social(network, handle) names the people behind a public handle elsewhere, sessions_on_device(fingerprint) the sessions that share a device,
--   which feeds take-over detection; claims of linked accounts can be searched.
-- proves: the owner of github ada is found, two people on one device are listed, and all three indexes can serve.
-- needs: BUILD_0005, BUILD_0044, BUILD_0045
create index profiles_social_idx on identity.profiles using gin (social jsonb_path_ops);
create index external_identities_claims_idx on identity.external_identities using gin (claims jsonb_path_ops);
create index sessions_device_fingerprint_idx on identity.sessions ((device ->> 'fingerprint'));

comment on index identity.profiles_social_idx is 'People by a handle elsewhere (identity.find_by_social).';
comment on index identity.external_identities_claims_idx is 'Links by what the provider said, as {"hd": "example.org"}.';
comment on index identity.sessions_device_fingerprint_idx is 'Sessions that share a device (identity.sessions_on_device).';

create function identity.find_by_social(network text, handle text) returns setof uuid
  language sql stable security definer
begin atomic
  select p.user_id from identity.profiles p where p.social @> jsonb_build_object(network, handle);
end;

create function identity.sessions_on_device(fingerprint text) returns table (session_id uuid, user_id uuid, created_at timestamptz)
  language sql stable security definer
begin atomic
  select s.id, s.user_id, s.created_at from identity.sessions s where s.device ->> 'fingerprint' = fingerprint order by s.created_at;
end;

comment on function identity.find_by_social is 'People whose profile names this handle on this network. Security definer: the worker reads no profile.';
comment on function identity.sessions_on_device is 'All sessions of a device, oldest first: several people on one are a sign of a take-over. Security definer: the worker reads no session.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000048001', 'ada-0048', 'ada-0048@example.org', 'active'), ('00000000-0000-7000-8000-000000048002', 'eve-0048', 'eve-0048@example.org', 'active');
insert into identity.profiles (user_id) select id from core.users where handle in ('ada-0048', 'eve-0048') on conflict do nothing;
update identity.profiles set social = '{"github": "ada-0048"}' where user_id = '00000000-0000-7000-8000-000000048001';
set local role hc_worker;
select identity.find_by_social('github', 'ada-0048') = '00000000-0000-7000-8000-000000048001';
select count(s.session_id) = 2 from unnest(array['00000000-0000-7000-8000-000000048001', '00000000-0000-7000-8000-000000048002']::uuid[]) u, identity.create_session(u, device => '{"fingerprint": "probe-0048"}') s;
select count(distinct user_id) = 2 from identity.sessions_on_device('probe-0048');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from identity.profiles where social @> '{"github": "ada"}' $$, 'profiles_social_idx'),
  ($$ select from identity.external_identities where claims @> '{"hd": "example.org"}' $$, 'external_identities_claims_idx'),
  ($$ select from identity.sessions where device ->> 'fingerprint' = 'x' $$, 'sessions_device_fingerprint_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['identity.find_by_social(text, text)', 'identity.sessions_on_device(text)']) f;

-- task: BUILD_0049 create_constraints critical
-- title: Constrain identity: one live password, no overlapping grants, bounded challenges and token families
-- does: Words come from their vocabularies, a credential holds the secret its kind needs, nobody has two live passwords or the same role twice at a time,
--   challenges end within a day and five attempts, a session never outlives its absolute end.
-- proves: each rule refuses the row that breaks it, by name.
-- needs: BUILD_0005, BUILD_0044
alter table identity.profiles
  add constraint profiles_social_check check (jsonb_typeof(social) = 'object'),
  add constraint profiles_visibility_check check (jsonb_typeof(visibility) = 'object' and not visibility @? '$.* ? (@ != "public" && @ != "members" && @ != "private")'),
  add constraint profiles_metadata_check check (jsonb_typeof(metadata) = 'object');
alter table identity.credentials
  add constraint credentials_kind_check check (kind in ('password', 'totp', 'webauthn', 'recovery_codes', 'wallet')),
  add constraint credentials_secret_matches_kind_check check (case kind
    when 'password' then secret_hash is not null when 'recovery_codes' then secret_hash is not null when 'totp' then secret_sealed is not null
    when 'webauthn' then num_nonnulls(credential_id, public_key) = 2 when 'wallet' then public_key is not null end),
  add constraint credentials_sign_count_check check (sign_count >= 0),
  add constraint credentials_params_check check (jsonb_typeof(params) = 'object');
create unique index credentials_user_id_password_key on identity.credentials (user_id) where kind = 'password' and revoked_at is null;
create unique index credentials_credential_id_key on identity.credentials (credential_id) where credential_id is not null;
alter table identity.external_identities add constraint external_identities_unlinked_at_check check (unlinked_at >= linked_at);
alter table identity.sessions
  add constraint sessions_auth_level_check check (auth_level in ('aal1', 'aal2')),
  add constraint sessions_absolute_expires_at_check check (absolute_expires_at >= expires_at),
  add constraint sessions_revoke_reason_check check ((revoked_at is null) = (revoke_reason is null));
alter table identity.refresh_tokens add constraint refresh_tokens_generation_check check (generation > 0);
alter table identity.challenges
  add constraint challenges_purpose_check check (purpose in ('email_verify', 'password_reset', 'login_otp', 'wallet_proof', 'webauthn', 'password', 'totp')),
  add constraint challenges_attempts_check check (attempts between 0 and 5),
  add constraint challenges_expires_at_check check (expires_at <= created_at + interval '24 hours');
alter table identity.roles
  add constraint roles_db_role_check check (db_role like 'hc\_%'),
  add constraint roles_requires_aal_check check (requires_aal in ('aal1', 'aal2'));
alter table identity.user_roles
  add constraint user_roles_scope_kind_check check (scope_kind in ('global', 'club', 'microfactory', 'group')),
  add constraint user_roles_scope_id_check check ((scope_kind = 'global') = (scope_id is null)),
  add constraint user_roles_user_id_role_code_scope_during_key unique (user_id, role_code, scope_kind, scope_key, during without overlaps);
alter table identity.groups
  add constraint groups_kind_check check (kind in ('team', 'campus', 'organisation', 'household')),
  add constraint groups_join_policy_check check (join_policy in ('open', 'request', 'invite'));
alter table identity.group_members add constraint group_members_role_check check (role in ('owner', 'manager', 'member'));
alter table identity.invitations
  add constraint invitations_target_kind_check check (target_kind in ('group', 'club', 'design', 'microfactory')),
  add constraint invitations_accepted_by_check check (accepted_at is null or accepted_by is not null),
  add constraint invitations_max_uses_check check (max_uses >= 0),
  add constraint invitations_expires_at_check check (expires_at > created_at);

comment on index identity.credentials_user_id_password_key is 'One live password a person.';
comment on index identity.credentials_credential_id_key is 'One owner a security key.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000049001', 'ada-0049'), ('00000000-0000-7000-8000-000000049002', 'eve-0049');
insert into identity.profiles (user_id) values ('00000000-0000-7000-8000-000000049001') on conflict do nothing;
insert into identity.credentials (user_id, kind, secret_hash) values ('00000000-0000-7000-8000-000000049001', 'password', core.dummy_phc());
insert into identity.credentials (user_id, kind, public_key, credential_id) values ('00000000-0000-7000-8000-000000049001', 'webauthn', '\x01', '\x0049');
insert into identity.sessions (id, user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-000000049003', '00000000-0000-7000-8000-000000049001', now() + interval '1 day', now() + interval '2 days');
insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000049001', 'designer');
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000049004', 'probe-0049', 'x', '00000000-0000-7000-8000-000000049001');
insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-000000049001', 'probe', '49');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update identity.profiles set social = '[]' where user_id = '00000000-0000-7000-8000-000000049001' $$, '23514', 'profiles_social_check'),
  ($$ update identity.profiles set visibility = '{"bio": "friends"}' where user_id = '00000000-0000-7000-8000-000000049001' $$, '23514', 'profiles_visibility_check'),
  ($$ update identity.profiles set metadata = '[]' where user_id = '00000000-0000-7000-8000-000000049001' $$, '23514', 'profiles_metadata_check'),
  ($$ insert into identity.credentials (user_id, kind) values ('00000000-0000-7000-8000-000000049001', 'pin') $$, '23514', 'credentials_kind_check'),
  ($$ insert into identity.credentials (user_id, kind) values ('00000000-0000-7000-8000-000000049001', 'totp') $$, '23514', 'credentials_secret_matches_kind_check'),
  ($$ update identity.credentials set sign_count = -1 where credential_id = '\x0049' $$, '23514', 'credentials_sign_count_check'),
  ($$ update identity.credentials set params = '[]' where credential_id = '\x0049' $$, '23514', 'credentials_params_check'),
  ($$ insert into identity.credentials (user_id, kind, secret_hash) values ('00000000-0000-7000-8000-000000049001', 'password', core.dummy_phc()) $$, '23505', 'credentials_user_id_password_key'),
  ($$ insert into identity.credentials (user_id, kind, public_key, credential_id) values ('00000000-0000-7000-8000-000000049002', 'webauthn', '\x01', '\x0049') $$, '23505', 'credentials_credential_id_key'),
  ($$ update identity.external_identities set unlinked_at = linked_at - interval '1 day' where subject = '49' $$, '23514', 'external_identities_unlinked_at_check'),
  ($$ update identity.sessions set auth_level = 'aal3' where id = '00000000-0000-7000-8000-000000049003' $$, '23514', 'sessions_auth_level_check'),
  ($$ update identity.sessions set expires_at = now() + interval '9 days' where id = '00000000-0000-7000-8000-000000049003' $$, '23514', 'sessions_absolute_expires_at_check'),
  ($$ update identity.sessions set revoked_at = now() where id = '00000000-0000-7000-8000-000000049003' $$, '23514', 'sessions_revoke_reason_check'),
  ($$ insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at) values (sha256('49'), '00000000-0000-7000-8000-000000049003', 0, now()) $$, '23514', 'refresh_tokens_generation_check'),
  ($$ insert into identity.challenges (purpose, target, expires_at) values ('whim', 'x', now()) $$, '23514', 'challenges_purpose_check'),
  ($$ insert into identity.challenges (purpose, target, expires_at, attempts) values ('totp', 'x', now(), 6) $$, '23514', 'challenges_attempts_check'),
  ($$ insert into identity.challenges (purpose, target, expires_at) values ('totp', 'x', now() + interval '25 hours') $$, '23514', 'challenges_expires_at_check'),
  ($$ insert into identity.roles (code, db_role, description, rank) values ('x', 'postgres', 'x', 1) $$, '23514', 'roles_db_role_check'),
  ($$ insert into identity.roles (code, db_role, description, rank, requires_aal) values ('x', 'hc_member', 'x', 1, 'aal9') $$, '23514', 'roles_requires_aal_check'),
  ($$ insert into identity.user_roles (user_id, role_code, scope_kind, scope_id) values ('00000000-0000-7000-8000-000000049001', 'designer', 'planet', uuidv7()) $$, '23514', 'user_roles_scope_kind_check'),
  ($$ insert into identity.user_roles (user_id, role_code, scope_kind) values ('00000000-0000-7000-8000-000000049001', 'designer', 'club') $$, '23514', 'user_roles_scope_id_check'),
  ($$ insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000049001', 'designer') $$, '23P01', 'user_roles_user_id_role_code_scope_during_key'),
  ($$ update identity.groups set kind = 'gang' where slug = 'probe-0049' $$, '23514', 'groups_kind_check'),
  ($$ update identity.groups set join_policy = 'never' where slug = 'probe-0049' $$, '23514', 'groups_join_policy_check'),
  ($$ insert into identity.group_members (group_id, user_id, role) values ('00000000-0000-7000-8000-000000049004', '00000000-0000-7000-8000-000000049001', 'king') $$, '23514', 'group_members_role_check'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000049001', 'moon', uuidv7(), sha256('49'), now() + interval '1 day') $$, '23514', 'invitations_target_kind_check'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at, accepted_at) values ('00000000-0000-7000-8000-000000049001', 'group', uuidv7(), sha256('49'), now() + interval '1 day', now()) $$, '23514', 'invitations_accepted_by_check'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at, max_uses) values ('00000000-0000-7000-8000-000000049001', 'group', uuidv7(), sha256('49'), now() + interval '1 day', -1) $$, '23514', 'invitations_max_uses_check'),
  ($$ insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000049001', 'group', uuidv7(), sha256('49'), now() - interval '1 day') $$, '23514', 'invitations_expires_at_check')) v(sql, state, rule);

-- task: BUILD_0051 implement_feature critical
-- title: Row policies and column grants for identity: own rows, no secret columns
-- does: Members read their own profile, sessions, credentials (kind, label and dates), links, roles and the groups they are in; managers of a group admit and dismiss;
--   moderation reads profiles, compliance and audit everything but secrets; writing goes through functions.
-- proves: B's sessions are invisible to A, secret_hash is refused (42501), an own session can be ended, a role cannot be written (42501), a manager admits and a member does not.
-- needs: BUILD_0045, BUILD_0049
create function identity.my_groups(at_least text default 'member') returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(mine.id), '{}') from (
    select m.group_id from identity.group_members m where m.user_id = core.current_user_id() and m.during @> now() and (at_least = 'member' or m.role in ('owner', at_least))
    union
    select g.id from identity.groups g where g.owner_id = core.current_user_id()) mine(id)
$$;

create policy profiles_own_select on identity.profiles for select to hc_member using (user_id = (select core.current_user_id()));
create policy profiles_staff_select on identity.profiles for select to hc_moderator, hc_compliance, hc_auditor using (true);
create policy credentials_own_select on identity.credentials for select to hc_member using (user_id = (select core.current_user_id()));
create policy credentials_staff_select on identity.credentials for select to hc_compliance, hc_auditor using (true);
create policy external_identities_own_select on identity.external_identities for select to hc_member using (user_id = (select core.current_user_id()));
create policy external_identities_staff_select on identity.external_identities for select to hc_compliance, hc_auditor using (true);
create policy sessions_own_select on identity.sessions for select to hc_member using (user_id = (select core.current_user_id()));
create policy sessions_staff_select on identity.sessions for select to hc_compliance, hc_auditor using (true);
create policy roles_select on identity.roles for select to hc_member, hc_auditor using (true);
create policy user_roles_own_select on identity.user_roles for select to hc_member using (user_id = (select core.current_user_id()));
create policy user_roles_staff_select on identity.user_roles for select to hc_moderator, hc_compliance, hc_auditor using (true);
create policy groups_own_select on identity.groups for select to hc_member using (id = any ((select identity.my_groups())::uuid[]));
create policy groups_staff_select on identity.groups for select to hc_compliance, hc_auditor using (true);
create policy group_members_own_select on identity.group_members for select to hc_member using (group_id = any ((select identity.my_groups())::uuid[]));
create policy group_members_staff_select on identity.group_members for select to hc_compliance, hc_auditor using (true);
create policy group_members_managed_insert on identity.group_members for insert to hc_member
  with check (group_id = any ((select identity.my_groups('manager'))::uuid[]) and role <> 'owner');
create policy group_members_managed_delete on identity.group_members for delete to hc_member
  using (group_id = any ((select identity.my_groups('manager'))::uuid[]) and role <> 'owner');
create policy invitations_own_select on identity.invitations for select to hc_member using (invited_by = (select core.current_user_id()));
create policy invitations_staff_select on identity.invitations for select to hc_compliance, hc_auditor using (true);

grant execute on function identity.my_groups to hc_member;
grant select on identity.profiles, identity.roles, identity.user_roles, identity.groups, identity.group_members to hc_member, hc_auditor;
grant select (id, user_id, kind, label, enrolled_at, last_used_at, revoked_at, compromised_at) on identity.credentials to hc_member, hc_auditor;
grant select (id, user_id, provider, email, linked_at, unlinked_at) on identity.external_identities to hc_member, hc_auditor;
grant select (id, user_id, auth_level, ip, device, created_at, last_seen_at, expires_at, absolute_expires_at, revoked_at, revoke_reason) on identity.sessions to hc_member, hc_auditor;
grant select (id, invited_by, target_kind, target_id, role, max_uses, expires_at, accepted_at, accepted_by, revoked_at, created_at) on identity.invitations to hc_member, hc_auditor;
grant insert, delete on identity.group_members to hc_member;

comment on function identity.my_groups is 'Groups the current person owns or is in; my_groups(''manager''): owns or manages. Security definer: asked by policies, which would otherwise ask themselves.';
comment on policy profiles_own_select on identity.profiles is 'People read their profile; others see it through identity.visible_profile().';
comment on policy profiles_staff_select on identity.profiles is 'Moderation, compliance and audit read every profile.';
comment on policy credentials_own_select on identity.credentials is 'People see what they sign in with; secrets have no grant.';
comment on policy credentials_staff_select on identity.credentials is 'Compliance and audit see kinds and dates.';
comment on policy external_identities_own_select on identity.external_identities is 'People see their links.';
comment on policy external_identities_staff_select on identity.external_identities is 'Compliance and audit see every link.';
comment on policy sessions_own_select on identity.sessions is 'People see where they are signed in.';
comment on policy sessions_staff_select on identity.sessions is 'Compliance and audit see every session.';
comment on policy roles_select on identity.roles is 'The ladder of roles is no secret.';
comment on policy user_roles_own_select on identity.user_roles is 'People see their roles.';
comment on policy user_roles_staff_select on identity.user_roles is 'Staff see who holds what.';
comment on policy groups_own_select on identity.groups is 'People see the groups they own or are in.';
comment on policy groups_staff_select on identity.groups is 'Compliance and audit see every group.';
comment on policy group_members_own_select on identity.group_members is 'People see who is in their groups.';
comment on policy group_members_staff_select on identity.group_members is 'Compliance and audit see every membership.';
comment on policy group_members_managed_insert on identity.group_members is 'Managers admit, but make nobody owner.';
comment on policy group_members_managed_delete on identity.group_members is 'Managers dismiss, but not the owner.';
comment on policy invitations_own_select on identity.invitations is 'People see what they sent.';
comment on policy invitations_staff_select on identity.invitations is 'Compliance and audit see every invitation.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000051001', 'ada-0051', 'ada-0051@example.org', 'active'), ('00000000-0000-7000-8000-000000051002', 'bob-0051', 'bob-0051@example.org', 'active');
insert into identity.profiles (user_id) select id from core.users where handle like '%-0051' on conflict do nothing;
insert into identity.sessions (id, user_id, expires_at, absolute_expires_at) select gen_random_uuid(), id, now() + interval '1 day', now() + interval '2 days' from core.users where handle like '%-0051';
insert into identity.credentials (user_id, kind, secret_hash) select id, 'password', core.dummy_phc() from core.users where handle like '%-0051';
insert into identity.external_identities (user_id, provider, subject) select id, 'probe', handle from core.users where handle like '%-0051';
insert into identity.user_roles (user_id, role_code) select id, 'designer' from core.users where handle like '%-0051';
insert into identity.groups (id, slug, name, owner_id) select case handle when 'ada-0051' then '00000000-0000-7000-8000-000000051003'::uuid else '00000000-0000-7000-8000-000000051004' end, handle::text, 'x', id from core.users where handle like '%-0051';
insert into identity.group_members (group_id, user_id, role) values ('00000000-0000-7000-8000-000000051003', '00000000-0000-7000-8000-000000051001', 'manager'), ('00000000-0000-7000-8000-000000051004', '00000000-0000-7000-8000-000000051002', 'owner'),
  ('00000000-0000-7000-8000-000000051004', '00000000-0000-7000-8000-000000051001', 'member');
insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) select id, 'group', uuidv7(), sha256(handle::text::bytea), now() + interval '1 day' from core.users where handle like '%-0051';
select t, relrowsecurity from pg_class, unnest(array['profiles', 'sessions']) t where oid = ('identity.' || t)::regclass;
select core.act_as('00000000-0000-7000-8000-000000051001');
set local role hc_member;
select (select count(*) from identity.profiles) = 1, (select count(*) from identity.sessions) = 1, (select count(*) from identity.credentials) = 1, (select count(*) from identity.external_identities) = 1,
  (select count(*) from identity.user_roles where role_code = 'designer') = 1, (select count(*) from identity.groups) = 2, (select count(*) from identity.group_members) = 3, (select count(*) from identity.invitations) = 1, (select count(*) from identity.roles) >= 8;
select bool_and(identity.revoke_session(id, 'lost')) from identity.sessions;
select sql, blueprint.raises(sql, '42501') from (values ('select secret_hash from identity.credentials'), ('select token_sha256 from identity.invitations'), ('select from identity.refresh_tokens'), ('select from identity.challenges'),
  ($$ insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000051001', 'admin') $$),
  ($$ insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000051004', '00000000-0000-7000-8000-000000051001') $$),
  ($$ insert into identity.group_members (group_id, user_id, role) values ('00000000-0000-7000-8000-000000051003', '00000000-0000-7000-8000-000000051002', 'owner') $$)) v(sql);
insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000051003', '00000000-0000-7000-8000-000000051002');
with gone as (delete from identity.group_members where user_id = '00000000-0000-7000-8000-000000051002' returning group_id) select count(*) = 1 and bool_and(group_id = '00000000-0000-7000-8000-000000051003') from gone;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000051002');
set local role hc_member;
select (select array_agg(slug) from identity.groups) = '{bob-0051}', (select bool_and(group_id = '00000000-0000-7000-8000-000000051004') from identity.group_members);
set local role hc_moderator;
select (select count(*) from identity.profiles where user_id in ('00000000-0000-7000-8000-000000051001', '00000000-0000-7000-8000-000000051002')) = 2,
  (select count(*) from identity.user_roles where user_id in ('00000000-0000-7000-8000-000000051001', '00000000-0000-7000-8000-000000051002') and role_code = 'designer') = 2;
set local role hc_compliance;
select (select count(*) from identity.profiles where user_id in ('00000000-0000-7000-8000-000000051001', '00000000-0000-7000-8000-000000051002')) = 2, (select count(*) from identity.external_identities where provider = 'probe') >= 2;
set local role hc_auditor;
select (select count(*) from identity.sessions s where s.user_id in ('00000000-0000-7000-8000-000000051001', '00000000-0000-7000-8000-000000051002')) = 2, (select count(*) from identity.credentials where user_id = '00000000-0000-7000-8000-000000051002') = 1,
  (select count(*) from identity.user_roles where user_id = '00000000-0000-7000-8000-000000051002' and role_code = 'designer') = 1, (select count(*) from identity.groups where slug like '%-0051') = 2, (select count(*) from identity.group_members where group_id = '00000000-0000-7000-8000-000000051004') = 2,
  (select count(*) from identity.invitations where invited_by = '00000000-0000-7000-8000-000000051002') = 1, (select count(*) from identity.external_identities where provider = 'probe') >= 2, (select count(*) from identity.roles) >= 8,
  (select count(*) from identity.profiles where user_id = '00000000-0000-7000-8000-000000051002') = 1;
set local role hc_owner;
select t, c, has_column_privilege('hc_member', 'identity.' || t, c, 'select') and has_column_privilege('hc_auditor', 'identity.' || t, c, 'select')
from (values ('credentials', 'id,user_id,kind,label,enrolled_at,last_used_at,revoked_at,compromised_at'), ('external_identities', 'id,user_id,provider,email,linked_at,unlinked_at'),
  ('sessions', 'id,user_id,auth_level,ip,device,created_at,last_seen_at,expires_at,absolute_expires_at,revoked_at,revoke_reason'),
  ('invitations', 'id,invited_by,target_kind,target_id,role,max_uses,expires_at,accepted_at,accepted_by,revoked_at,created_at')) v(t, cols), unnest(string_to_array(cols, ',')) c;
select has_function_privilege('hc_member', 'identity.my_groups(text)', 'execute') and has_function_privilege('hc_worker', 'identity.my_groups(text)', 'execute') and not has_function_privilege('hc_anon', 'identity.my_groups(text)', 'execute');

-- task: BUILD_0047 create_views
-- title: Views identity.me, my_sessions, role_holders and account_security
-- does: me is the account with its profile and roles, my_sessions where one is signed in, role_holders who may do what (staff), account_security how well an account is
--   protected: password, factors, last use, weak points. No view has a secret column, and each shows what its reader may see.
-- proves: me has one row, my_sessions never shows B's and marks the current one, role_holders is empty for members and complete for moderators, mfa turns true with a factor.
-- needs: BUILD_0051
create view identity.me with (security_invoker) as
  select u.id, u.handle, u.email, u.email_verified_at is not null as email_is_verified, u.display_name, u.status, u.membership_tier, u.locale, u.time_zone, p.bio, p.city, p.country, p.pronouns, p.social, p.interests,
    array(select r.role_code from identity.user_roles r where r.user_id = u.id and r.scope_kind = 'global' and r.during @> now() order by 1) as roles
  from core.users u left join identity.profiles p on p.user_id = u.id
  where u.id = (select core.current_user_id());

create view identity.my_sessions with (security_invoker) as
  select s.id, s.created_at, s.last_seen_at, s.expires_at, s.auth_level, s.ip, s.device ->> 'name' as device, s.id = (select core.current_session_id()) as is_current
  from identity.sessions s where s.user_id = (select core.current_user_id()) and s.revoked_at is null and s.expires_at > now();

create view identity.role_holders with (security_invoker) as
  select r.role_code, r.scope_kind, r.scope_id, r.user_id, u.handle, upper(r.during) as until
  from identity.user_roles r join core.users u on u.id = r.user_id
  where r.during @> now() and (select core.has_role('hc_moderator') or core.has_role('hc_compliance') or core.has_role('hc_auditor'));

create view identity.account_security with (security_invoker) as
  select c.user_id, bool_or(c.kind = 'password') as has_password, coalesce(array_agg(distinct c.kind) filter (where f.works), '{}') as factors,
    bool_or(f.works) as mfa, max(c.last_used_at) as last_used_at,
    (not bool_or(f.works))::int + (not bool_or(c.kind = 'recovery_codes'))::int + bool_or(c.compromised_at is not null)::int as weak_points
  from identity.credentials c, lateral (select c.compromised_at is null and (c.kind = 'webauthn' or (c.kind = 'totp' and c.last_used_at is not null))) f(works)
  where c.revoked_at is null group by c.user_id;

grant select on identity.me, identity.my_sessions, identity.account_security to hc_member;
grant select on identity.role_holders to hc_moderator, hc_compliance, hc_auditor;

comment on view identity.me is 'The current account with its profile and roles; one row.';
comment on view identity.my_sessions is 'Where the current person is signed in; is_current marks this session.';
comment on view identity.role_holders is 'Who holds which role until when, for staff.';
comment on view identity.account_security is 'How an account is protected: own for members, all for compliance and audit. weak_points: no second factor, no recovery codes, a compromised key. An authenticator counts once it was confirmed.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000047001', 'ada-0047', 'ada-0047@example.org', 'active'), ('00000000-0000-7000-8000-000000047002', 'bob-0047', 'bob-0047@example.org', 'active');
insert into identity.user_roles (user_id, role_code) select id, 'designer' from core.users where handle like '%-0047';
insert into identity.sessions (id, user_id, expires_at, absolute_expires_at) values ('00000000-0000-7000-8000-000000047003', '00000000-0000-7000-8000-000000047001', now() + interval '1 day', now() + interval '2 days'),
  ('00000000-0000-7000-8000-000000047004', '00000000-0000-7000-8000-000000047002', now() + interval '1 day', now() + interval '2 days');
insert into identity.credentials (user_id, kind, secret_hash) select id, 'password', core.dummy_phc() from core.users where handle like '%-0047';
select core.act_as('00000000-0000-7000-8000-000000047001', 'hc_member', '{"sid": "00000000-0000-7000-8000-000000047003"}');
set local role hc_member;
select count(*) = 1 and bool_and(handle = 'ada-0047' and roles @> '{designer}' and not email_is_verified) from identity.me;
select count(*) = 1 and bool_and(is_current) from identity.my_sessions;
select count(*) = 1 and bool_and(has_password and not mfa and weak_points = 2 and factors = '{}') from identity.account_security;
select blueprint.raises('select from identity.role_holders', '42501');
set local role hc_owner;
insert into identity.credentials (user_id, kind, secret_sealed) values ('00000000-0000-7000-8000-000000047001', 'totp', '\x47');
set local role hc_member;
select not mfa from identity.account_security;
set local role hc_owner;
update identity.credentials set last_used_at = now() where user_id = '00000000-0000-7000-8000-000000047001' and kind = 'totp';
set local role hc_member;
select mfa and factors = '{totp}' and weak_points = 1 from identity.account_security;
set local role hc_owner;
select role, blueprint.raises(format('do $x$ begin set local role %I; if (select count(*) from identity.role_holders where role_code = %L and handle::text like %L) <> 2 then raise %L; end if; raise sqlstate %L; end $x$', role, 'designer', '%-0047', 'not all', 'HC047'), 'HC047')
from unnest(array['hc_moderator', 'hc_compliance', 'hc_auditor']) role;
