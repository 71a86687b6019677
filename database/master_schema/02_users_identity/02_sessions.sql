-- Room identity, sessions: making, keeping and ending them, the claims they stand for, and what accounts and credentials do to them.

-- task: BUILD_0045 create_functions critical
-- title: Session and claims functions: create_session, touch_session, revoke_session, claims_for
-- does: A session lives fourteen days after its last use and ninety at most; its first refresh token is handed out once, only the digest stays. claims_for() is what
--   the gateway signs: sub, sid, the highest role its level allows, all of these, aal, exp. has_factor() tells whether an account has a second factor in use.
-- proves: claims_for a live session has sub and role hc_member, after a revocation or a suspension the session is dead and claims_for raises 28000.
-- needs: BUILD_0034, BUILD_0043, BUILD_0044, BUILD_0664
create function identity.create_session(person uuid, aal text default 'aal1', ip inet default null, agent text default null, device jsonb default '{}', out session_id uuid, out refresh_token text) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  minted record := core.mint_token('refresh');
begin
  perform from core.users u where u.id = person and u.status = 'active' for share;
  if not found then
    raise exception using errcode = '28000', message = 'the account is not active';
  end if;
  insert into identity.sessions as s (user_id, auth_level, ip, user_agent_hash, device, expires_at, absolute_expires_at)
  values (person, aal, create_session.ip, sha256(convert_to(agent, 'UTF8')), create_session.device, now() + interval '14 days', now() + interval '90 days')
  returning s.id into session_id;
  insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at)
  values (minted.digest, create_session.session_id, 1, now() + interval '14 days');
  refresh_token := minted.token;
end $$;

create function identity.session_is_live(session uuid, at timestamptz default now()) returns boolean
  language sql stable security definer set search_path = ''
as $$
  select exists (
    select from identity.sessions s join core.users u on u.id = s.user_id
    where s.id = session and s.revoked_at is null and at < least(s.expires_at, s.absolute_expires_at) and u.status = 'active')
$$;

create function identity.touch_session(session uuid, at timestamptz default now()) returns boolean
  language sql security definer set search_path = ''
as $$
  with touched as (
    update identity.sessions s set last_seen_at = at, expires_at = least(at + interval '14 days', s.absolute_expires_at)
    where s.id = session and identity.session_is_live(session, at) returning 1)
  select exists (select from touched)
$$;

create function identity.revoke_session(session uuid, reason text) returns boolean
  language sql security definer set search_path = ''
as $$
  with revoked as (
    update identity.sessions s set revoked_at = now(), revoke_reason = reason
    where s.id = session and s.revoked_at is null
      and (s.user_id = core.current_user_id() or core.has_role('hc_moderator') or core.request_role() in ('hc_worker', 'hc_owner'))
    returning 1)
  select exists (select from revoked)
$$;

create function identity.claims_for(session uuid) returns jsonb
  language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := (
    select jsonb_build_object('sub', s.user_id, 'sid', s.id, 'aal', s.auth_level, 'exp', extract(epoch from least(s.expires_at, s.absolute_expires_at))::bigint,
      'role', coalesce((array_agg(r.db_role order by r.rank desc) filter (where r.code is not null))[1], 'hc_member'), 'scopes', coalesce(jsonb_agg(r.code order by r.rank) filter (where r.code is not null), '[]'))
    from identity.sessions s
    left join identity.user_roles g on g.user_id = s.user_id and g.scope_kind = 'global' and g.during @> now()
    left join identity.roles r on r.code = g.role_code and r.requires_aal <= s.auth_level
    where s.id = session and identity.session_is_live(session)
    group by s.id);
begin
  if claims is null then
    raise exception using errcode = '28000', message = 'the session has ended', hint = 'Sign in again.';
  end if;
  return claims;
end $$;

create function identity.has_factor(person uuid) returns boolean
  language sql stable security definer set search_path = ''
as $$
  select exists (
    select from identity.credentials c where c.user_id = person and c.revoked_at is null and c.compromised_at is null
      and (c.kind = 'webauthn' or (c.kind = 'totp' and c.last_used_at is not null)))
$$;

grant execute on function identity.revoke_session to hc_member;

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000045001', 'ada-0045', 'ada-0045@example.org', 'active'), ('00000000-0000-7000-8000-000000045002', 'new-0045', null, 'invited'),
  ('00000000-0000-7000-8000-000000045003', 'eve-0045', 'eve-0045@example.org', 'active');
insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000045001', 'designer'), ('00000000-0000-7000-8000-000000045001', 'admin');
create temporary table s on commit drop as select * from identity.create_session('00000000-0000-7000-8000-000000045001', 'aal1', '192.0.2.1', 'probe');
select core.looks_like_token(refresh_token), exists (select from identity.refresh_tokens t where t.token_sha256 = core.token_digest(refresh_token) and t.generation = 1) from pg_temp.s;
select user_agent_hash = sha256('probe') and ip = '192.0.2.1' and auth_level = 'aal1' from identity.sessions where id = (select session_id from pg_temp.s);
select c ->> 'sub' = '00000000-0000-7000-8000-000000045001', c ->> 'role' = 'hc_designer', c -> 'scopes' ? 'designer' and not c -> 'scopes' ? 'admin', c ->> 'aal' = 'aal1', (c ->> 'exp')::bigint > extract(epoch from now())
from pg_temp.s, identity.claims_for(session_id) c;
update identity.sessions set auth_level = 'aal2' where id = (select session_id from pg_temp.s);
select identity.claims_for(session_id) ->> 'role' = 'hc_admin' from pg_temp.s;
delete from identity.user_roles where user_id = '00000000-0000-7000-8000-000000045001';
select identity.claims_for(session_id) ->> 'role' = 'hc_member' from pg_temp.s;
select identity.session_is_live(session_id) and identity.session_is_live(session_id, now() + interval '13 days') and not identity.session_is_live(session_id, now() + interval '15 days') from pg_temp.s;
grant select on pg_temp.s to hc_member, hc_worker;
set local role hc_worker;
select identity.touch_session(session_id, now() + interval '10 days'), not identity.has_factor('00000000-0000-7000-8000-000000045001') from pg_temp.s;
set local role hc_owner;
insert into identity.credentials (user_id, kind, secret_sealed) values ('00000000-0000-7000-8000-000000045001', 'totp', '\x45');
select not identity.has_factor('00000000-0000-7000-8000-000000045001');
update identity.credentials set last_used_at = now() where user_id = '00000000-0000-7000-8000-000000045001';
set local role hc_worker;
select identity.has_factor('00000000-0000-7000-8000-000000045001');
set local role hc_owner;
select identity.session_is_live(session_id, now() + interval '20 days') and not identity.session_is_live(session_id, now() + interval '91 days') from pg_temp.s;
select not identity.touch_session(session_id, now() + interval '80 days') from pg_temp.s;
select blueprint.raises($$ select identity.create_session('00000000-0000-7000-8000-000000045002') $$, '28000');
select core.act_as('00000000-0000-7000-8000-000000045003');
set local role hc_member;
select not identity.revoke_session(session_id, 'not mine') from pg_temp.s;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000045001');
set local role hc_member;
select identity.revoke_session(session_id, 'lost'), not identity.revoke_session(session_id, 'twice') from pg_temp.s;
set local role hc_worker;
select not identity.session_is_live(session_id), blueprint.raises(format('select identity.claims_for(%L)', session_id), '28000') from pg_temp.s;
create temporary table t on commit drop as select * from identity.create_session('00000000-0000-7000-8000-000000045003');
select identity.session_is_live(session_id) from pg_temp.t;
set local role hc_owner;
update core.users set status = 'deactivated' where handle = 'eve-0045';
set local role hc_worker;
select not identity.session_is_live(session_id), blueprint.raises(format('select identity.claims_for(%L)', session_id), '28000') from pg_temp.t;
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_member', f, 'execute') = (f like '%revoke%') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['identity.create_session(uuid, text, inet, text, jsonb)', 'identity.session_is_live(uuid, timestamptz)', 'identity.touch_session(uuid, timestamptz)', 'identity.revoke_session(uuid, text)', 'identity.claims_for(uuid)', 'identity.has_factor(uuid)']) f;

-- task: BUILD_0046 create_triggers critical
-- title: Identity triggers: profile and member role on sign-up, revoke sessions on password or status change
-- does: A new account gets its profile and the member role; a changed or revoked password, a suspension, deactivation or erasure end all live sessions with the reason;
--   privileged role grants and their end are logged with the actor. Credentials, sessions, challenges and grants never change hands.
-- proves: an inserted account has a profile and the role member, a password change leaves no live session (password_changed), a rehash leaves them alone, a role grant is logged.
-- needs: BUILD_0014, BUILD_0020, BUILD_0044, BUILD_0664
create function identity.welcome_user() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  insert into identity.profiles (user_id) values (new.id) on conflict do nothing;
  insert into identity.user_roles (user_id, role_code, reason) values (new.id, 'member', 'sign-up');
  return null;
end $$;

create function identity.end_sessions() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  person constant uuid := coalesce(to_jsonb(new) ->> 'user_id', to_jsonb(new) ->> 'id');
begin
  update identity.sessions s set revoked_at = now(), revoke_reason = case tg_table_name when 'credentials' then 'password_changed' else 'account_' || (to_jsonb(new) ->> 'status') end
  where s.user_id = person and s.revoked_at is null;
  return null;
end $$;

create function identity.log_role() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  held constant identity.user_roles := case tg_op when 'DELETE' then old else new end;
begin
  if exists (select from identity.roles r where r.code = held.role_code and r.is_privileged) then
    insert into core.status_changes (machine, entity_id, from_status, to_status, reason, payload)
    values ('user_role', held.user_id, case tg_op when 'INSERT' then '-' else 'held' end, case when tg_op = 'DELETE' or isempty(held.during) or upper(held.during) <= now() then 'ended' else 'held' end, held.reason,
      jsonb_build_object('role', held.role_code, 'scope', held.scope_kind || ':' || held.scope_key, 'during', held.during));
  end if;
  return null;
end $$;

create trigger users_welcome after insert on core.users for each row execute function identity.welcome_user();
create trigger users_end_sessions after update of status on core.users for each row when (new.status <> 'active' and old.status = 'active') execute function identity.end_sessions();
create trigger credentials_end_sessions after update of secret_hash, revoked_at on identity.credentials for each row
  when (new.kind = 'password' and (new.revoked_at is distinct from old.revoked_at
    or (new.secret_hash is distinct from old.secret_hash and new.params -> 'rehashed_at' is not distinct from old.params -> 'rehashed_at')))
  execute function identity.end_sessions();
create trigger user_roles_log after insert or update of during or delete on identity.user_roles for each row execute function identity.log_role();

create trigger profiles_touch before update on identity.profiles for each row execute function core.touch_updated_at();
create trigger credentials_touch before update on identity.credentials for each row execute function core.touch_updated_at();
create trigger external_identities_touch before update on identity.external_identities for each row execute function core.touch_updated_at();
create trigger user_roles_touch before update on identity.user_roles for each row execute function core.touch_updated_at();
create trigger groups_touch before update on identity.groups for each row execute function core.touch_updated_at();
create trigger invitations_touch before update on identity.invitations for each row execute function core.touch_updated_at();
create trigger credentials_freeze before update on identity.credentials for each row execute function core.freeze_columns('user_id', 'kind');
create trigger sessions_freeze before update on identity.sessions for each row execute function core.freeze_columns('user_id', 'absolute_expires_at');
create trigger challenges_freeze before update on identity.challenges for each row when (old.user_id is distinct from new.user_id) execute function core.freeze_columns('user_id');
create trigger user_roles_freeze before update on identity.user_roles for each row execute function core.freeze_columns('user_id', 'role_code');

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000046001', 'ada-0046', 'ada-0046@example.org', 'active'), ('00000000-0000-7000-8000-000000046002', 'eve-0046', 'eve-0046@example.org', 'active');
select count(*) = 1 from identity.profiles where user_id = '00000000-0000-7000-8000-000000046001';
select count(*) = 1 from identity.user_roles where user_id = '00000000-0000-7000-8000-000000046001' and role_code = 'member' and during @> now();
insert into identity.credentials (user_id, kind, secret_hash) values ('00000000-0000-7000-8000-000000046001', 'password', core.dummy_phc());
insert into identity.sessions (user_id, expires_at, absolute_expires_at) select u.id, now() + interval '1 day', now() + interval '2 days' from core.users u where u.handle in ('ada-0046', 'eve-0046');
update identity.credentials set secret_hash = core.dummy_phc(), params = '{"rehashed_at": "now"}' where user_id = '00000000-0000-7000-8000-000000046001';
select count(*) = 1 from identity.sessions where user_id = '00000000-0000-7000-8000-000000046001' and revoked_at is null;
update identity.credentials set secret_hash = core.dummy_phc() where user_id = '00000000-0000-7000-8000-000000046001';
select count(*) = 1 and bool_and(revoke_reason = 'password_changed') from identity.sessions where user_id = '00000000-0000-7000-8000-000000046001' and revoked_at is not null;
update core.users set status = 'deactivated' where handle = 'eve-0046';
select count(*) = 1 and bool_and(revoke_reason = 'account_deactivated') from identity.sessions where user_id = '00000000-0000-7000-8000-000000046002' and revoked_at is not null;
insert into identity.user_roles (user_id, role_code, reason) values ('00000000-0000-7000-8000-000000046001', 'moderator', 'elected'), ('00000000-0000-7000-8000-000000046001', 'designer', 'x');
select count(*) = 1 and bool_and(payload ->> 'role' = 'moderator' and reason = 'elected') from core.status_changes where entity_id = '00000000-0000-7000-8000-000000046001' and machine = 'user_role';
insert into identity.external_identities (user_id, provider, subject) values ('00000000-0000-7000-8000-000000046001', 'probe', '46');
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000046003', 'probe-0046', 'x', '00000000-0000-7000-8000-000000046001');
insert into identity.invitations (invited_by, target_kind, target_id, token_sha256, expires_at) values ('00000000-0000-7000-8000-000000046001', 'group', '00000000-0000-7000-8000-000000046003', sha256('46'), now() + interval '1 day');
update identity.profiles set bio = 'x', updated_at = now() - interval '1 day' where user_id = '00000000-0000-7000-8000-000000046001' returning updated_at >= now();
update identity.credentials set label = 'x', updated_at = now() - interval '1 day' where user_id = '00000000-0000-7000-8000-000000046001' returning updated_at >= now();
update identity.external_identities set email = 'x@example.org', updated_at = now() - interval '1 day' where subject = '46' returning updated_at >= now();
update identity.user_roles set reason = 'y', updated_at = now() - interval '1 day' where user_id = '00000000-0000-7000-8000-000000046001' and role_code = 'designer' returning updated_at >= now();
update identity.groups set name = 'y', updated_at = now() - interval '1 day' where slug = 'probe-0046' returning updated_at >= now();
update identity.invitations set role = 'manager', updated_at = now() - interval '1 day' where token_sha256 = sha256('46') returning updated_at >= now();
update identity.user_roles set during = tstzrange(now() - interval '1 day', now()) where user_id = '00000000-0000-7000-8000-000000046001' and role_code = 'moderator';
delete from identity.user_roles where user_id = '00000000-0000-7000-8000-000000046001' and role_code = 'moderator';
select count(*) = 2 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000046001' and machine = 'user_role' and from_status = 'held' and to_status = 'ended';
insert into identity.challenges (user_id, purpose, target, expires_at) values ('00000000-0000-7000-8000-000000046001', 'email_verify', 'x', now() + interval '1 hour');
select blueprint.raises($$ update identity.challenges set user_id = '00000000-0000-7000-8000-000000046002' where user_id = '00000000-0000-7000-8000-000000046001' $$, '55006', 'user_id'),
  blueprint.raises($$ update identity.user_roles set role_code = 'admin' where user_id = '00000000-0000-7000-8000-000000046001' $$, '55006', 'role_code');
select blueprint.raises($$ update identity.credentials set kind = 'wallet' where user_id = '00000000-0000-7000-8000-000000046001' $$, '55006', 'kind'),
  blueprint.raises($$ update identity.sessions set absolute_expires_at = now() + interval '9 years' where user_id = '00000000-0000-7000-8000-000000046001' $$, '55006', 'absolute_expires_at');
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['identity.welcome_user()', 'identity.end_sessions()', 'identity.log_role()']) f;
