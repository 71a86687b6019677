-- Room identity, signing in: passwords, refresh tokens, second factors and recovery. Secrets are checked outside (argon2id, TOTP, WebAuthn); here stand
-- the attempts, the locks and what a verdict leads to. The worker is the gateway; a failed attempt counts from the moment it is begun.

-- task: BUILD_0052 implement_feature critical
-- title: Password login with uniform timing, progressive lockout and transparent rehash
-- does: begin_login(mail, ip) counts an attempt and returns the PHC string to check (a dummy for unknown mail); login_password(attempt, verdict) makes the session or
--   raises one and the same error for unknown mail, wrong password and lock. After five failures of a person or an address 30 s * 2^n, an hour at most; a success clears
--   the person's, never those of others.
-- proves: unknown mail, wrong and missing verdicts raise alike, the sixth attempt fails with the right password until the lock ends, success resets the own counter alone, a
--   cheap hash is replaced.
-- needs: BUILD_0033, BUILD_0045, BUILD_0049, BUILD_0670
create function identity.locked_until(person uuid, ip inet, at timestamptz default now()) returns timestamptz
  language sql stable security definer set search_path = ''
as $$
  select case when count(*) >= 5 then max(c.created_at) + least(interval '1 hour', interval '30 seconds' * 2 ^ least(count(*) - 5, 10)) end
  from identity.challenges c
  where c.purpose = 'password' and c.consumed_at is null and c.created_at > at - interval '1 day' and (c.user_id = person or c.target = host(ip))
$$;

create function identity.begin_login(mail text, ip inet, out attempt uuid, out phc core.phc) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.user_by_email(mail);
begin
  perform pg_advisory_xact_lock(hashtextextended('identity.begin_login:' || coalesce(person::text, host(ip)), 0));  -- attempts at once count one after the other
  phc := coalesce((select c.secret_hash from identity.credentials c where c.user_id = person and c.kind = 'password' and c.revoked_at is null), core.dummy_phc());
  insert into identity.challenges as c (user_id, purpose, target, attempts, expires_at) values (person, 'password', host(ip), case when identity.locked_until(person, ip) > now() then 5 else 0 end, clock_timestamp() + interval '5 minutes')
  returning c.id into attempt;
end $$;

create function identity.login_password(attempt uuid, verified boolean, fresh_phc core.phc default null, agent text default null, device jsonb default '{}') returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  tried identity.challenges;
  made record;
begin
  select * into tried from identity.challenges c where c.id = attempt and c.purpose = 'password' and c.consumed_at is null and c.expires_at > now() for update;
  if tried.user_id is null or verified is not true or tried.attempts >= 5 or not exists (select from core.users u where u.id = tried.user_id and u.status = 'active') then
    raise exception using errcode = '28P01', message = 'mail or password is wrong, or too many attempts', hint = 'Try again later, or ask for a new password.';
  end if;
  update identity.challenges c set consumed_at = now() where c.purpose = 'password' and c.consumed_at is null and c.user_id = tried.user_id;
  update identity.credentials c set last_used_at = now(), secret_hash = coalesce(fresh_phc, c.secret_hash), params = case when fresh_phc is null then c.params else c.params || jsonb_build_object('rehashed_at', now()) end
  where c.user_id = tried.user_id and c.kind = 'password' and c.revoked_at is null;
  made := identity.create_session(tried.user_id, 'aal1', tried.target::inet, agent, device);
  return jsonb_build_object('session_id', made.session_id, 'refresh_token', made.refresh_token, 'mfa_required', identity.has_factor(tried.user_id));
end $$;

comment on function identity.locked_until is 'Until when a person or an address may not sign in by password, null for now. Security definer: callers read no challenge.';
comment on function identity.begin_login is 'Counts an attempt and returns what the verifier must check; commit before checking, so that a crash counts as a failure. Unknown mail gets a dummy of the same cost. Security definer: the hash has no grant.';
comment on function identity.login_password is 'The verdict of the verifier: a session and its first refresh token, or 28P01, the same for every reason. fresh_phc replaces a hash below policy without ending sessions. Security definer: writes credentials and sessions.';

-- verify
select core.load_key('user.email', decode(repeat('52', 32), 'hex')) > 0;
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000052001', 'ada-0052', 'ada-0052@example.org', 'active');
insert into identity.credentials (user_id, kind, secret_hash) values ('00000000-0000-7000-8000-000000052001', 'password', core.dummy_phc());
create function identity.probe_0052(mail text, verified boolean, ip inet default '192.0.2.52', fresh core.phc default null) returns jsonb language sql return identity.login_password((select attempt from identity.begin_login(mail, ip)), verified, fresh);
select phc = secret_hash from identity.begin_login('Ada-0052@example.org', '192.0.2.152'), identity.credentials where user_id = '00000000-0000-7000-8000-000000052001';
select phc is not null and attempt is not null from identity.begin_login('nobody-0052@example.org', '192.0.2.152');
select blueprint.raises($$ select identity.probe_0052('nobody-0052@example.org', true, '192.0.2.153') $$, '28P01', 'mail or password is wrong, or too many attempts'),
  blueprint.raises($$ select identity.probe_0052('ada-0052@example.org', null, '192.0.2.153') $$, '28P01', 'mail or password is wrong, or too many attempts'),
  blueprint.raises($$ select identity.probe_0052('ada-0052@example.org', false, '192.0.2.153') $$, '28P01', 'mail or password is wrong, or too many attempts');
update identity.challenges set consumed_at = now() where user_id = '00000000-0000-7000-8000-000000052001' or target = '192.0.2.52';
select identity.locked_until('00000000-0000-7000-8000-000000052001', '192.0.2.52') is null;
select count((identity.begin_login('ada-0052@example.org', '192.0.2.52')).attempt) = 5 from generate_series(1, 5);
select identity.locked_until('00000000-0000-7000-8000-000000052001', '192.0.2.52') > now() + interval '20 seconds', identity.locked_until(null, '192.0.2.52') is not null, identity.locked_until('00000000-0000-7000-8000-000000052001', '192.0.2.77') is not null;
select blueprint.raises($$ select identity.probe_0052('ada-0052@example.org', true) $$, '28P01', 'mail or password is wrong, or too many attempts');
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000052002', 'eve-0052', 'eve-0052@example.org', 'active');
select identity.probe_0052('eve-0052@example.org', true, '192.0.2.77') ? 'session_id';
update identity.challenges set target = '192.0.2.77' where user_id = '00000000-0000-7000-8000-000000052001' and consumed_at is null;
select blueprint.raises($$ select identity.probe_0052('eve-0052@example.org', true, '192.0.2.77') $$, '28P01'), identity.locked_until('00000000-0000-7000-8000-000000052001', '192.0.2.78') is not null;
update identity.challenges set target = '192.0.2.52', created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours' where user_id = '00000000-0000-7000-8000-000000052001' and consumed_at is null;
select identity.probe_0052('eve-0052@example.org', true, '192.0.2.52') ? 'session_id', count(*) = 5 from identity.challenges where user_id = '00000000-0000-7000-8000-000000052001' and target = '192.0.2.52' and consumed_at is null;
select l ? 'session_id' and core.looks_like_token(l ->> 'refresh_token') and not (l ->> 'mfa_required')::boolean from identity.probe_0052('ada-0052@example.org', true) l;
select identity.locked_until('00000000-0000-7000-8000-000000052001', '192.0.2.52') is null, count(*) = 1 from identity.sessions where user_id = '00000000-0000-7000-8000-000000052001' and auth_level = 'aal1' and revoked_at is null;
insert into identity.credentials (user_id, kind, secret_sealed, last_used_at) values ('00000000-0000-7000-8000-000000052001', 'totp', '\x52', now());
create temporary table fresh on commit drop as select core.dummy_phc() as phc;
select (identity.probe_0052('ada-0052@example.org', true, '192.0.2.52', phc) ->> 'mfa_required')::boolean from pg_temp.fresh;
select c.secret_hash = f.phc and c.params ? 'rehashed_at' and c.last_used_at = now() from identity.credentials c, pg_temp.fresh f where c.user_id = '00000000-0000-7000-8000-000000052001' and c.kind = 'password';
select count(*) = 2 from identity.sessions where user_id = '00000000-0000-7000-8000-000000052001' and revoked_at is null;
set local role hc_worker;
select attempt is not null, blueprint.raises(format('select identity.login_password(%L, false)', attempt), '28P01'), identity.locked_until(null, '192.0.2.99') is null from identity.begin_login('ada-0052@example.org', '192.0.2.154');
set local role hc_owner;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['identity.locked_until(uuid, inet, timestamptz)', 'identity.begin_login(text, inet)', 'identity.login_password(uuid, boolean, core.phc, text, jsonb)']) f;

-- task: BUILD_0053 implement_feature critical
-- title: Refresh-token rotation with reuse detection
-- does: rotate_refresh(token) consumes the current generation and returns its successor with claims. The successor is derived under the key session.refresh, so an identical
--   retry within ten seconds gets the same one; a used token that comes back later ends the whole session (reuse_detected).
-- proves: two rotations work, a quick retry returns the same successor, generation 1 replayed ends the session so that generation 3 fails too, without a key nothing rotates (55000).
-- needs: BUILD_0032, BUILD_0045, BUILD_0049
create function identity.next_token(token text) returns text
  language sql stable
  return (select body || core.token_checksum(body) from (select 'hc_refresh_' || encode(core.keyed_mac(convert_to(token, 'UTF8'), 'session.refresh'), 'hex') as body) b);

create function identity.rotate_refresh(token text, at timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  used identity.refresh_tokens;
  successor text;
begin
  select * into used from identity.refresh_tokens t where t.token_sha256 = core.token_digest(token) for update;
  if used.token_sha256 is null or used.expires_at <= at or not identity.session_is_live(used.session_id, at) then
    return jsonb_build_object('error', 'invalid_grant');
  elsif used.used_at < at - interval '10 seconds' then
    update identity.sessions s set revoked_at = at, revoke_reason = 'reuse_detected' where s.id = used.session_id;
    return jsonb_build_object('error', 'reuse_detected');
  end if;
  successor := identity.next_token(token);
  if used.used_at is null then
    update identity.refresh_tokens t set used_at = at where t.token_sha256 = used.token_sha256;
    insert into identity.refresh_tokens (token_sha256, session_id, generation, parent_sha256, expires_at)
    values (core.token_digest(successor), used.session_id, used.generation + 1, used.token_sha256, at + interval '14 days');
    perform identity.touch_session(used.session_id, at);
  end if;
  return jsonb_build_object('refresh_token', successor, 'claims', identity.claims_for(used.session_id));
end $$;

comment on function identity.next_token is 'The token that follows one: its keyed digest, so that nobody without the key can foresee it and a retry gets the same.';
comment on function identity.rotate_refresh is 'The next refresh token and claims, or {"error": ...}: an error must commit, for a reuse ends the session. The row lock makes two rotations at once one. Security definer: reads digests.';

-- verify
select core.load_key('session.refresh', decode(repeat('53', 32), 'hex')) > 0;
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000053001', 'ada-0053', 'ada-0053@example.org', 'active');
create temporary table t on commit drop as select s.session_id, s.refresh_token as g1, identity.next_token(s.refresh_token) as g2, identity.next_token(identity.next_token(s.refresh_token)) as g3 from identity.create_session('00000000-0000-7000-8000-000000053001') s;
grant select on pg_temp.t to hc_worker;
select core.looks_like_token(g2), g2 <> g3 from pg_temp.t;
set local role hc_worker;
select r ->> 'refresh_token' = g2 and r -> 'claims' ->> 'sub' = '00000000-0000-7000-8000-000000053001' from pg_temp.t, identity.rotate_refresh(g1) r;
select identity.rotate_refresh(g1, now() + interval '9 seconds') ->> 'refresh_token' = g2 from pg_temp.t;
select identity.rotate_refresh(g2, now() + interval '1 hour') ->> 'refresh_token' = g3 from pg_temp.t;
set local role hc_owner;
select array_agg(generation order by generation) = '{1,2,3}' and count(parent_sha256) = 2 from identity.refresh_tokens join pg_temp.t using (session_id);
select identity.rotate_refresh(g3, now() + interval '80 days') ->> 'error' = 'invalid_grant', identity.rotate_refresh('hc_refresh_x') ->> 'error' = 'invalid_grant' from pg_temp.t;
select identity.rotate_refresh(g1, now() + interval '1 minute') ->> 'error' = 'reuse_detected' from pg_temp.t;
select revoke_reason = 'reuse_detected' from identity.sessions s join pg_temp.t on t.session_id = s.id;
select identity.rotate_refresh(g3) ->> 'error' = 'invalid_grant' from pg_temp.t;
update core.keyring set is_active = false, retired_at = now() where purpose = 'session.refresh';
select blueprint.raises($$ select identity.next_token('x') $$, '55000');
select has_function_privilege('hc_worker', 'identity.rotate_refresh(text, timestamptz)', 'execute') and not has_function_privilege('hc_member', 'identity.rotate_refresh(text, timestamptz)', 'execute'), not has_function_privilege('hc_member', 'identity.next_token(text)', 'execute'),
  has_function_privilege('hc_worker', 'identity.next_token(text)', 'execute');

-- task: BUILD_0054 implement_feature critical
-- title: TOTP second factor: enrol, confirm, verify with replay protection (RFC 6238)
-- does: The sealed secret is stored once and handed to the verifier; accept_totp(credential, step, verdict) takes the step whose code was right: within one step of now and
--   newer than the last used one. The first success confirms the factor, each raises the session to aal2; five failures in a quarter of an hour close it. Who has a
--   second factor adds another only after using it (require_factor).
-- proves: the steps of the RFC's vectors come out, a code counts once, old and future steps, a wrong or missing verdict and another's session are refused, success makes
--   the session aal2, the sixth try is refused, a further factor takes aal2 (42501).
-- needs: BUILD_0045, BUILD_0049
create function identity.totp_step(at timestamptz default now()) returns bigint
  language sql immutable strict parallel safe
  return floor(extract(epoch from at) / 30)::bigint;

create function identity.require_factor(person uuid) returns void
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if identity.has_factor(person) and (core.current_user_id() is distinct from person or core.auth_level() <> 'aal2') then
    raise exception using errcode = '42501', message = 'who has a second factor changes factors only after using it', hint = 'Act for the person in a session of level aal2.';
  end if;
end $$;

create function identity.enrol_totp(person uuid, sealed bytea, label text default 'authenticator') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  perform identity.require_factor(person);
  insert into identity.credentials (user_id, kind, label, secret_sealed, params) values (person, 'totp', label, sealed, '{"confirmed": false, "last_step": 0}') returning id into made;
  return made;
end $$;

create function identity.totp_secret(credential uuid) returns bytea
  language sql stable security definer set search_path = ''
as $$
  select c.secret_sealed from identity.credentials c where c.id = credential and c.kind = 'totp' and c.revoked_at is null
$$;

create function identity.accept_totp(credential uuid, step bigint, verified boolean, session uuid, at timestamptz default now()) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  factor identity.credentials;
begin
  select * into factor from identity.credentials c where c.id = credential and c.kind = 'totp' and c.revoked_at is null for update;
  if factor.id is null or not exists (select from identity.sessions s where s.id = session and s.user_id = factor.user_id and s.revoked_at is null)
      or (select count(*) from identity.challenges c where c.purpose = 'totp' and c.target = credential::text and c.consumed_at is null and c.created_at > at - interval '15 minutes') >= 5 then
    return false;
  elsif verified is not true or step is null or abs(step - identity.totp_step(at)) > 1 or step <= (factor.params ->> 'last_step')::bigint then
    insert into identity.challenges (user_id, purpose, target, expires_at) values (factor.user_id, 'totp', credential::text, clock_timestamp() + interval '15 minutes');
    return false;
  end if;
  update identity.challenges c set consumed_at = at where c.purpose = 'totp' and c.target = credential::text and c.consumed_at is null;
  update identity.credentials c set last_used_at = at, params = c.params || jsonb_build_object('confirmed', true, 'last_step', step) where c.id = credential;
  update identity.sessions s set auth_level = 'aal2' where s.id = session;
  return true;
end $$;

comment on function identity.totp_step is 'Time step of thirty seconds (RFC 6238, T0 = 0).';
comment on function identity.require_factor is 'Raises 42501 when a person has a second factor and this request has not proved it: a stolen password must not enrol a factor of its own. Security definer: callers read no credential.';
comment on function identity.enrol_totp is 'Stores the sealed secret of a new factor; it counts once a code confirmed it. Security definer: secrets have no grant.';
comment on function identity.totp_secret is 'The sealed secret, for the verifier alone. Security definer: secrets have no grant.';
comment on function identity.accept_totp is 'The verifier''s verdict on a code and its step. False counts as a failure and must commit. Security definer: writes credentials and sessions.';

-- verify
select identity.totp_step('epoch'::timestamptz + interval '59 seconds') = 1, identity.totp_step('epoch'::timestamptz + interval '1111111109 seconds') = x'23523EC'::bigint, identity.totp_step('epoch'::timestamptz + interval '20000000000 seconds') = x'27BC86AA'::bigint;
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000054001', 'ada-0054', 'ada-0054@example.org', 'active');
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000054002', 'eve-0054', 'eve-0054@example.org', 'active');
set local role hc_worker;
select set_config('probe.factor', identity.enrol_totp('00000000-0000-7000-8000-000000054001', '\x54')::text, true) <> '';
set local role hc_owner;
create temporary table f on commit drop as select current_setting('probe.factor')::uuid as id, s.session_id as sid, e.session_id as eve from identity.create_session('00000000-0000-7000-8000-000000054001') s, identity.create_session('00000000-0000-7000-8000-000000054002') e;
grant select on pg_temp.f to hc_worker;
set local role hc_worker;
select identity.totp_secret(id) = '\x54', not identity.accept_totp(id, identity.totp_step(), true, eve), not identity.accept_totp(id, identity.totp_step(), null, sid) from pg_temp.f;
select identity.require_factor('00000000-0000-7000-8000-000000054001') is not null;
select prosecdef from pg_proc where oid = 'identity.require_factor(uuid)'::regprocedure;
select not identity.accept_totp(id, identity.totp_step() - 2, true, sid), not identity.accept_totp(id, identity.totp_step() + 2, true, sid) from pg_temp.f;
select identity.accept_totp(id, identity.totp_step() - 1, true, sid) from pg_temp.f;
select sql, blueprint.raises(sql, '42501', 'only after using it') from (values ($$ select identity.enrol_totp('00000000-0000-7000-8000-000000054001', '\x5401') $$), ($$ select identity.require_factor('00000000-0000-7000-8000-000000054001') $$)) v(sql);
select core.act_as('00000000-0000-7000-8000-000000054001', 'hc_member', '{"aal": "aal2"}');
select identity.enrol_totp('00000000-0000-7000-8000-000000054001', '\x5401') is not null;
set local role hc_owner;
select s.auth_level = 'aal2' and (c.params ->> 'confirmed')::boolean and c.last_used_at = now() from pg_temp.f join identity.sessions s on s.id = f.sid join identity.credentials c on c.id = f.id;
select not identity.accept_totp(id, identity.totp_step() - 1, true, sid) from pg_temp.f;
select identity.accept_totp(id, identity.totp_step(), true, sid) from pg_temp.f;
select bool_and(not identity.accept_totp(id, 0, true, sid)) from pg_temp.f, generate_series(1, 5);
select not identity.accept_totp(id, identity.totp_step() + 1, true, sid) from pg_temp.f;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['identity.totp_step(timestamptz)', 'identity.require_factor(uuid)', 'identity.enrol_totp(uuid, bytea, text)', 'identity.totp_secret(uuid)', 'identity.accept_totp(uuid, bigint, boolean, uuid, timestamptz)']) f;

-- task: BUILD_0055 implement_feature critical
-- title: WebAuthn credential registry with challenge binding and clone detection
-- does: begin_webauthn(person, ceremony) stores a single-use challenge of 32 bytes for five minutes; finish_registration() and finish_assertion() record the gateway's
--   verdict against one of their own ceremony. A signature counter that does not grow marks the key compromised and blocks it. A further key takes aal2.
-- proves: a used or expired challenge and one of the other ceremony raise, counter 10 then 9 marks the key and refuses it for good, two people cannot register one key.
-- needs: BUILD_0045, BUILD_0049, BUILD_0054
create function identity.begin_webauthn(person uuid, ceremony text, out challenge uuid, out nonce bytea) returns record
  language sql security definer set search_path = ''
as $$
  insert into identity.challenges (user_id, purpose, target, nonce, expires_at) values (person, 'webauthn', ceremony, extensions.gen_random_bytes(32), clock_timestamp() + interval '5 minutes') returning id, nonce
$$;

create function identity.take_challenge(challenge uuid, ceremony text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  person uuid;
begin
  update identity.challenges c set consumed_at = clock_timestamp() where c.id = challenge and c.purpose = 'webauthn' and c.target = ceremony and c.consumed_at is null and c.expires_at > clock_timestamp() returning c.user_id into person;
  if person is null then
    raise exception using errcode = '28000', message = 'the challenge is unknown, used or expired', hint = 'Begin again.';
  end if;
  return person;
end $$;

create function identity.finish_registration(challenge uuid, credential bytea, key bytea, params jsonb default '{}') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := identity.take_challenge(challenge, 'registration');
  made uuid;
begin
  perform identity.require_factor(person);
  insert into identity.credentials (user_id, kind, label, credential_id, public_key, params) values (person, 'webauthn', finish_registration.params ->> 'label', credential, key, finish_registration.params) returning id into made;
  return made;
end $$;

create function identity.finish_assertion(challenge uuid, credential bytea, counter bigint, verified boolean, session uuid default null) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := identity.take_challenge(challenge, 'assertion');
  key identity.credentials;
begin
  select * into key from identity.credentials c where c.credential_id = credential and c.user_id = person and c.revoked_at is null for update;
  if key.id is null or verified is not true or key.compromised_at is not null then
    return false;
  elsif counter <= key.sign_count and (counter, key.sign_count) <> (0, 0) then
    update identity.credentials c set compromised_at = now() where c.id = key.id;
    return false;
  end if;
  update identity.credentials c set sign_count = counter, last_used_at = now() where c.id = key.id;
  update identity.sessions s set auth_level = 'aal2' where s.id = session and s.user_id = person and s.revoked_at is null;
  return true;
end $$;

comment on function identity.begin_webauthn is 'A challenge for a ceremony, registration or assertion: 32 random bytes, once, within five minutes. Security definer: callers read no challenge.';
comment on function identity.take_challenge is 'Uses a challenge of a ceremony up and names its person, or raises 28000. Security definer: callers write no challenge.';
comment on function identity.finish_registration is 'Stores a key the gateway has attested; who has a second factor must have used it (identity.require_factor). Security definer: writes credentials.';
comment on function identity.finish_assertion is 'The gateway''s verdict on a signature; a counter that does not grow means a cloned key (zero means the key has none). Security definer: writes credentials and sessions.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000055001', 'ada-0055', 'ada-0055@example.org', 'active'), ('00000000-0000-7000-8000-000000055002', 'eve-0055', 'eve-0055@example.org', 'active');
create temporary table c on commit drop as select (identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).* from generate_series(1, 3);
select bool_and(length(nonce) = 32), count(distinct nonce) >= 3 from pg_temp.c;
create temporary table k on commit drop as select (select session_id from identity.create_session('00000000-0000-7000-8000-000000055001')) as sid, identity.finish_registration((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'registration')).challenge, '\x0055', '\x01', '{"label": "key"}') as id;
select label = 'key' and public_key = '\x01' from identity.credentials join pg_temp.k using (id);
select blueprint.raises($$ select identity.finish_registration((identity.begin_webauthn('00000000-0000-7000-8000-000000055002', 'registration')).challenge, '\x0055', '\x02') $$, '23505', 'credentials_credential_id_key');
select identity.finish_assertion((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, '\x0055', 10, true, sid) from pg_temp.k;
select s.auth_level = 'aal2' from identity.sessions s join pg_temp.k on k.sid = s.id;
select sign_count = 10 and last_used_at = now() from identity.credentials join pg_temp.k using (id);
select not identity.finish_assertion((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, '\x0055', 11, false, sid) from pg_temp.k;
select not identity.finish_assertion((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, '\x0055', 9, true, sid) from pg_temp.k;
select compromised_at is not null from identity.credentials join pg_temp.k using (id);
select not identity.finish_assertion((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, '\x0055', 12, true, sid) from pg_temp.k;
select blueprint.raises(format('select identity.take_challenge(%L, %L)', challenge, 'registration'), '28000'), blueprint.raises(format('select identity.finish_registration(%L, %L, %L)', challenge, '\x05', '\x01'), '28000') from pg_temp.c;
select identity.take_challenge(challenge, 'assertion') = '00000000-0000-7000-8000-000000055001' from pg_temp.c limit 1;
select blueprint.raises(format('select identity.take_challenge(%L, %L)', id, 'assertion'), '28000') from identity.challenges where user_id = '00000000-0000-7000-8000-000000055001' and consumed_at is not null limit 1;
insert into identity.challenges (id, user_id, purpose, target, created_at, expires_at) values ('00000000-0000-7000-8000-000000055009', '00000000-0000-7000-8000-000000055001', 'webauthn', 'assertion', now() - interval '10 minutes', now() - interval '5 minutes');
select blueprint.raises($$ select identity.finish_assertion('00000000-0000-7000-8000-000000055009', '\x0055', 13, true) $$, '28000');
set local role hc_worker;
select length((identity.begin_webauthn('00000000-0000-7000-8000-000000055002', 'assertion')).nonce) = 32, identity.finish_registration((identity.begin_webauthn('00000000-0000-7000-8000-000000055002', 'registration')).challenge, '\x005501', '\x01') is not null;
select blueprint.raises($$ select identity.finish_registration((identity.begin_webauthn('00000000-0000-7000-8000-000000055002', 'registration')).challenge, '\x005502', '\x01') $$, '42501', 'only after using it'),
  not identity.finish_assertion((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, '\x99', 1, true), identity.take_challenge((identity.begin_webauthn('00000000-0000-7000-8000-000000055001', 'assertion')).challenge, 'assertion') is not null;
select f, not has_function_privilege('hc_member', f, 'execute')
from unnest(array['identity.begin_webauthn(uuid, text)', 'identity.take_challenge(uuid, text)', 'identity.finish_registration(uuid, bytea, bytea, jsonb)', 'identity.finish_assertion(uuid, bytea, bigint, boolean, uuid)']) f;

-- task: BUILD_0056 implement_feature
-- title: Recovery codes: ten single-use hashed codes with regeneration
-- does: The gateway makes ten codes, shows them once and stores their PHC strings; one that verifies is used up and raises the session to aal2. Storing new codes ends the old ones.
-- proves: a code works once, count_left drops to nine, after regeneration an old one fails, a set is ten codes or none.
-- needs: BUILD_0033, BUILD_0045, BUILD_0049, BUILD_0054
create function identity.store_recovery_codes(person uuid, codes core.phc[]) returns int
  language plpgsql security definer set search_path = ''
as $$
begin
  if cardinality(codes) is distinct from 10 then
    raise exception using errcode = '22023', message = 'a set of recovery codes is ten';
  end if;
  perform identity.require_factor(person);
  update identity.credentials c set revoked_at = now() where c.user_id = person and c.kind = 'recovery_codes' and c.revoked_at is null;
  insert into identity.credentials (user_id, kind, label, secret_hash) select person, 'recovery_codes', 'code ' || n, code from unnest(codes) with ordinality c(code, n);
  return cardinality(codes);
end $$;

create function identity.recovery_codes(person uuid) returns table (credential uuid, phc core.phc)
  language sql stable security definer set search_path = ''
as $$
  select c.id, c.secret_hash from identity.credentials c where c.user_id = person and c.kind = 'recovery_codes' and c.revoked_at is null order by c.id
$$;

create function identity.use_recovery_code(credential uuid, session uuid) returns boolean
  language sql security definer set search_path = ''
as $$
  with used as (
    update identity.credentials c set revoked_at = now(), last_used_at = now() where c.id = credential and c.kind = 'recovery_codes' and c.revoked_at is null
      and exists (select from identity.sessions s where s.id = session and s.user_id = c.user_id and s.revoked_at is null) returning c.user_id),
  raised as (
    update identity.sessions s set auth_level = 'aal2' from used where s.id = session),
  told as (
    insert into core.status_changes (machine, entity_id, from_status, to_status, reason) select 'recovery_code', used.user_id, 'held', 'used', 'signed in with a recovery code' from used)
  select exists (select from used)
$$;

create function identity.count_left(person uuid) returns bigint
  language sql stable
  return (select count(*) from identity.recovery_codes(person));

comment on function identity.store_recovery_codes is 'Ten PHC strings replace the old set; who has a second factor must have used it (identity.require_factor). Security definer: writes credentials.';
comment on function identity.recovery_codes is 'The unused codes as PHC strings, for the verifier alone. Security definer: secrets have no grant.';
comment on function identity.use_recovery_code is 'Uses up the code that verified; false when it was used already or the session is another person''s. Logged, so that the person can be told. Security definer: writes credentials and sessions.';
comment on function identity.count_left is 'How many codes are left.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000056001', 'ada-0056', 'ada-0056@example.org', 'active');
create temporary table s on commit drop as select session_id as sid from identity.create_session('00000000-0000-7000-8000-000000056001');
grant select on pg_temp.s to hc_worker;
set local role hc_worker;
select identity.store_recovery_codes('00000000-0000-7000-8000-000000056001', array(select core.dummy_phc() from generate_series(1, 10))) = 10;
select blueprint.raises($$ select identity.store_recovery_codes('00000000-0000-7000-8000-000000056001', array[core.dummy_phc()]) $$, '22023');
create temporary table c on commit drop as select credential from identity.recovery_codes('00000000-0000-7000-8000-000000056001') where phc is not null;
select not identity.use_recovery_code(credential, uuidv7()) from (select credential from pg_temp.c order by 1 limit 1) c;
select identity.use_recovery_code(credential, sid) from (select credential from pg_temp.c order by 1 limit 1) c, pg_temp.s;
select not identity.use_recovery_code(credential, sid) from (select credential from pg_temp.c order by 1 limit 1) c, pg_temp.s;
select identity.count_left('00000000-0000-7000-8000-000000056001') = 9;
select identity.store_recovery_codes('00000000-0000-7000-8000-000000056001', array(select core.dummy_phc() from generate_series(1, 10))) = 10;
select bool_and(not identity.use_recovery_code(credential, sid)) from pg_temp.c, pg_temp.s;
select identity.count_left('00000000-0000-7000-8000-000000056001') = 10;
set local role hc_owner;
select auth_level = 'aal2' from identity.sessions s join pg_temp.s p on p.sid = s.id;
select count(*) = 1 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000056001' and machine = 'recovery_code';
select f, not has_function_privilege('hc_member', f, 'execute')
from unnest(array['identity.store_recovery_codes(uuid, core.phc[])', 'identity.recovery_codes(uuid)', 'identity.use_recovery_code(uuid, uuid)', 'identity.count_left(uuid)']) f;
