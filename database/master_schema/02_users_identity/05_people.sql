-- Room identity, people: links to accounts elsewhere, roles in time, invitations, and what of a profile who may see.

-- task: BUILD_0057 implement_feature critical
-- title: Link external identities only through proven ownership
-- does: link_external(provider, subject, mail, verified, claims) signs a known subject in, links a verified mail to the verified account of that mail, makes an account for
--   a new verified mail and answers conflict for everything else; unlinking never takes the last way to sign in.
-- proves: an unverified mail of somebody else is a conflict and no link, a verified one links, a known subject logs in, a new mail makes an account, the last way in stays (23514).
-- needs: BUILD_0049, BUILD_0670
create function identity.link_external(provider text, subject text, mail text, email_verified boolean, claims jsonb default '{}', out person uuid, out outcome text) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  account core.users;
begin
  update identity.external_identities e set claims = link_external.claims
  where e.provider = link_external.provider and e.subject = link_external.subject and e.unlinked_at is null returning e.user_id into person;
  if found then
    outcome := 'login';
    return;
  end if;
  select * into account from core.users u where u.id = core.user_by_email(mail);
  if email_verified is not true or mail is null or (account.id is not null and (account.email_verified_at is null or account.status <> 'active')) then
    outcome := 'conflict';
    return;
  end if;
  person := account.id;
  outcome := 'linked';
  if person is null then
    insert into core.users (handle, email, email_verified_at, status) values ('u' || left(replace(gen_random_uuid()::text, '-', ''), 15), mail, clock_timestamp(), 'active') returning id into person;
    outcome := 'created';
  end if;
  insert into identity.external_identities (user_id, provider, subject, email, claims) values (person, link_external.provider, link_external.subject, mail, link_external.claims);
end $$;

create function identity.unlink_external(provider text) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  perform from core.users u where u.id = me for update;  -- two unlinkings at once leave one way in
  if not exists (select from identity.credentials c where c.user_id = me and c.kind in ('password', 'webauthn') and c.revoked_at is null and c.compromised_at is null)
      and (select count(*) from identity.external_identities e where e.user_id = me and e.unlinked_at is null and e.provider <> unlink_external.provider) = 0 then
    raise exception using errcode = '23514', message = 'this is the last way to sign in', hint = 'Set a password or add a key first.';
  end if;
  update identity.external_identities e set unlinked_at = now() where e.user_id = me and e.provider = unlink_external.provider and e.unlinked_at is null;
  return found;
end $$;

comment on function identity.link_external is 'What an external account leads to: login, linked, created or conflict (person null). The gateway has checked the provider''s token. Security definer: writes accounts and links.';
comment on function identity.unlink_external is 'Takes a link of the current person away, but never the last way to sign in. Security definer: writes links.';

grant execute on function identity.unlink_external to hc_member;

-- verify
select core.load_key('user.email', decode(repeat('57', 32), 'hex')) > 0;
insert into core.users (id, handle, email, email_verified_at, status) values ('00000000-0000-7000-8000-000000057001', 'ada-0057', 'ada-0057@example.org', now(), 'active'), ('00000000-0000-7000-8000-000000057002', 'bob-0057', 'bob-0057@example.org', null, 'active');
set local role hc_worker;
select outcome = 'conflict' and person is null from identity.link_external('probe', 'x1', 'ada-0057@example.org', false);
select outcome = 'conflict' and person is null from identity.link_external('probe', 'x2', 'bob-0057@example.org', true);
select outcome = 'conflict' and person is null from identity.link_external('probe', 'x2', 'ada-0057@example.org', null);
select outcome = 'conflict' and person is null from identity.link_external('probe', 'x2', null, true);
select outcome = 'linked' and person = '00000000-0000-7000-8000-000000057001' from identity.link_external('probe', 'x3', 'Ada-0057@example.org', true, '{"a": 1}');
select outcome = 'login' and person = '00000000-0000-7000-8000-000000057001' from identity.link_external('probe', 'x3', 'other@example.org', false, '{"a": 2}');
select outcome = 'created' and person is not null from identity.link_external('probe', 'x4', 'new-0057@example.org', true);
set local role hc_owner;
select claims = '{"a": 2}' from identity.external_identities where provider = 'probe' and subject = 'x3';
select count(*) = 0 from identity.external_identities where subject in ('x1', 'x2') and provider = 'probe';
select count(*) = 1 from core.users where email = 'new-0057@example.org' and status = 'active' and email_verified_at is not null;
select core.act_as('00000000-0000-7000-8000-000000057001');
set local role hc_member;
select blueprint.raises($$ select identity.unlink_external('probe') $$, '23514', 'last way');
set local role hc_owner;
insert into identity.credentials (user_id, kind, secret_hash) values ('00000000-0000-7000-8000-000000057001', 'password', core.dummy_phc());
set local role hc_member;
select identity.unlink_external('probe');
set local role hc_owner;
select has_function_privilege('hc_member', 'identity.unlink_external(text)', 'execute') and has_function_privilege('hc_worker', 'identity.unlink_external(text)', 'execute') and not has_function_privilege('hc_anon', 'identity.unlink_external(text)', 'execute'),
  not has_function_privilege('hc_member', 'identity.link_external(text, text, text, boolean, jsonb)', 'execute');

-- task: BUILD_0058 implement_feature critical
-- title: Time-bound, scoped role grants with separation of duties
-- does: grant_role() takes a higher rank than the role has, a second factor for privileged ones, never oneself; finance does not go with compliance or audit.
--   effective_roles(person, at, scope) is who may do what at an instant; a grant ends by time alone.
-- proves: a grant until T counts a second before and not at T, self-grants and finance with compliance raise 42501, the same grant twice raises 23P01, a moderator makes no admin.
-- needs: BUILD_0046, BUILD_0049
create function identity.effective_roles(person uuid, at timestamptz default now(), in_scope_kind text default 'global', in_scope_id uuid default null) returns setof text
  language sql stable security definer set search_path = ''
as $$
  with recursive held as (
    select r.code, r.inherits from identity.user_roles g join identity.roles r on r.code = g.role_code
    where g.user_id = person and g.during @> at and (g.scope_kind = 'global' or (g.scope_kind = in_scope_kind and g.scope_id = in_scope_id))
    union
    select r.code, r.inherits from held h join identity.roles r on r.code = any (h.inherits))
  select code from held
$$;

create function identity.grant_role(person uuid, role text, scope_kind text default 'global', scope_id uuid default null, until timestamptz default null, reason text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  wanted identity.roles;
  my_rank constant int := (select max(r.rank) from identity.roles r where r.code in (select identity.effective_roles(core.current_user_id())));
  given uuid;
begin
  perform from core.users u where u.id = person for update;  -- two grants at once must see each other
  select * into wanted from identity.roles r where r.code = grant_role.role;
  if wanted.code is null then
    raise exception using errcode = '22023', message = format('there is no role "%s"', grant_role.role);
  elsif me is null or me = person or my_rank is null or my_rank <= wanted.rank then
    raise exception using errcode = '42501', message = 'a role is granted by somebody of higher rank, to somebody else';
  elsif wanted.is_privileged and core.auth_level() <> 'aal2' then
    raise exception using errcode = '42501', message = 'granting a privileged role takes a second factor';
  elsif exists (
    select from (values ('finance', 'compliance'), ('compliance', 'finance'), ('finance', 'auditor'), ('auditor', 'finance')) conflict(a, b)
    join identity.user_roles g on g.user_id = person and g.role_code = b and g.during && tstzrange(now(), until)
    where a = wanted.code) then
    raise exception using errcode = '42501', message = 'duties are separate: finance goes with neither compliance nor audit';
  end if;
  insert into identity.user_roles (user_id, role_code, scope_kind, scope_id, granted_by, reason, during)
  values (person, grant_role.role, grant_role.scope_kind, grant_role.scope_id, me, grant_role.reason, tstzrange(now(), until)) returning id into given;
  return given;
end $$;

comment on function identity.effective_roles is 'Codes of the roles a person has at an instant, inherited ones too; with a scope, those of the scope besides the global ones. Security definer: rows of others.';
comment on function identity.grant_role is 'Grants a role for a time, in a scope, by somebody of higher rank; ends by time alone. Security definer: writes grants.';

grant execute on function identity.grant_role to hc_moderator;

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000005800' || n)::uuid, 'u' || n || '-0058', 'u' || n || '-0058@example.org', 'active' from generate_series(1, 4) n;
insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000058001', 'admin'), ('00000000-0000-7000-8000-000000058004', 'moderator');
select array_agg(r order by r) @> '{admin,designer,member,moderator,operator}' from identity.effective_roles('00000000-0000-7000-8000-000000058001') r;
select core.act_as('00000000-0000-7000-8000-000000058001', 'hc_admin');
select blueprint.raises($$ select identity.grant_role('00000000-0000-7000-8000-000000058002', 'finance') $$, '42501', 'second factor');
select identity.grant_role('00000000-0000-7000-8000-000000058002', 'designer', until => now() + interval '1 hour', reason => 'course') is not null;
select core.act_as('00000000-0000-7000-8000-000000058001', 'hc_admin', '{"aal": "aal2"}');
set local role hc_admin;
select identity.grant_role('00000000-0000-7000-8000-000000058003', 'moderator', 'club', '00000000-0000-7000-8000-000000058009') is not null, identity.grant_role('00000000-0000-7000-8000-000000058003', 'finance', 'club', '00000000-0000-7000-8000-000000058009') is not null;
select sql, blueprint.raises(sql, state, why) from (values
  ($$ select identity.grant_role('00000000-0000-7000-8000-000000058001', 'designer') $$, '42501', 'somebody else'),
  ($$ select identity.grant_role('00000000-0000-7000-8000-000000058003', 'compliance') $$, '42501', 'duties are separate'),
  ($$ select identity.grant_role('00000000-0000-7000-8000-000000058002', 'designer') $$, '23P01', 'user_roles_user_id_role_code_scope_during_key'),
  ($$ select identity.grant_role('00000000-0000-7000-8000-000000058002', 'king') $$, '22023', 'king')) v(sql, state, why);
set local role hc_owner;
select 'designer' in (select identity.effective_roles('00000000-0000-7000-8000-000000058002', now() + interval '59 minutes 59 seconds')), 'designer' not in (select identity.effective_roles('00000000-0000-7000-8000-000000058002', now() + interval '1 hour'));
select 'moderator' not in (select identity.effective_roles('00000000-0000-7000-8000-000000058003')), 'moderator' in (select identity.effective_roles('00000000-0000-7000-8000-000000058003', now(), 'club', '00000000-0000-7000-8000-000000058009'));
select core.act_as('00000000-0000-7000-8000-000000058004', 'hc_moderator', '{"aal": "aal2"}');
select blueprint.raises($$ select identity.grant_role('00000000-0000-7000-8000-000000058002', 'admin') $$, '42501', 'higher rank');
set local role hc_worker;
select 'member' in (select identity.effective_roles('00000000-0000-7000-8000-000000058002'));
set local role hc_owner;
select has_function_privilege('hc_moderator', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from (values ('identity.grant_role(uuid, text, text, uuid, timestamptz, text)')) v(f);
select not has_function_privilege('hc_member', 'identity.effective_roles(uuid, timestamptz, text, uuid)', 'execute');

-- task: BUILD_0059 implement_feature
-- title: Invitations to groups, clubs, designs and microfactories by single-use token
-- does: invite() makes a token of which only the digest stays, one open invitation per target and mail; accept_invitation(token) checks time, uses and the bound mail and adds
--   the membership through the handler of the target's kind; later rooms register theirs in identity.invitation_handlers.
-- proves: accepting adds the group membership and a second accept raises, an expired or revoked token raises, another mail cannot accept a bound invitation, pending ones are listed.
-- needs: BUILD_0032, BUILD_0034, BUILD_0051, BUILD_0670
create table identity.invitation_handlers (
  target_kind text constraint invitation_handlers_target_kind_pk primary key,
  may_invite text not null,
  admit text not null
);

create function identity.group_may_invite(target uuid, role text) returns boolean
  language sql stable
  return role in ('member', 'manager') and target = any (identity.my_groups('manager'));

create function identity.group_admit(target uuid, person uuid, role text) returns void
  language sql
begin atomic
  insert into identity.group_members (group_id, user_id, role) values (target, person, role);
end;

insert into identity.invitation_handlers values ('group', 'identity.group_may_invite', 'identity.group_admit');

create function identity.invite(email text, target_kind text, target uuid, role text default 'member', ttl interval default '7 days', max_uses int default 1) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  minted record := core.mint_token('invite');
  handler identity.invitation_handlers;
  permitted boolean;
begin
  select * into handler from identity.invitation_handlers h where h.target_kind = invite.target_kind;
  if handler.target_kind is null then
    raise exception using errcode = '22023', message = format('nothing of kind "%s" takes invitations', target_kind);
  end if;
  execute format('select %s($1, $2)', handler.may_invite) into permitted using target, role;
  if permitted is not true then
    raise exception using errcode = '42501', message = format('only who manages it may invite, and not as "%s"', role);
  end if;
  insert into identity.invitations (email_bidx, invited_by, target_kind, target_id, role, token_sha256, max_uses, expires_at)
  values (core.blind_index(invite.email, 'user.email'), core.current_user_id(), invite.target_kind, invite.target, invite.role, minted.digest, invite.max_uses, now() + ttl);
  return minted.token;
end $$;

create function identity.accept_invitation(token text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  open identity.invitations;
begin
  select * into open from identity.invitations i
  where i.token_sha256 = core.token_digest(token) and i.accepted_at is null and i.revoked_at is null and i.expires_at > now() and i.max_uses > 0 for update;
  if open.id is null or me is null then
    raise exception using errcode = '28000', message = 'the invitation is unknown, used, revoked or expired';
  elsif open.email_bidx is not null and not exists (select from core.users u where u.id = me and open.email_bidx = any (core.email_digests(u.email::text))) then
    raise exception using errcode = '42501', message = 'the invitation is for another mail';
  end if;
  execute format('select %s($1, $2, $3)', (select h.admit from identity.invitation_handlers h where h.target_kind = open.target_kind)) using open.target_id, me, open.role;
  update identity.invitations i set max_uses = i.max_uses - 1, accepted_by = me, accepted_at = case when i.max_uses = 1 then now() end where i.id = open.id;
  return open.target_id;
end $$;

create function identity.revoke_invitation(invitation uuid) returns boolean
  language sql security definer set search_path = ''
as $$
  with revoked as (
    update identity.invitations i set revoked_at = now() where i.id = invitation and i.invited_by = core.current_user_id() and i.accepted_at is null and i.revoked_at is null returning 1)
  select exists (select from revoked)
$$;

create function identity.pending_invitations() returns table (id uuid, target_kind text, target_id uuid, role text, expires_at timestamptz)
  language sql stable security definer set search_path = ''
as $$
  select i.id, i.target_kind, i.target_id, i.role, i.expires_at from identity.invitations i join core.users u on u.id = core.current_user_id() and u.email_verified_at is not null and i.email_bidx = any (core.email_digests(u.email::text))
  where i.accepted_at is null and i.revoked_at is null and i.expires_at > now() order by i.created_at
$$;

comment on table identity.invitation_handlers is 'Which functions decide and admit for a kind of target; each room adds its own. @distribution reference';
comment on column identity.invitation_handlers.target_kind is 'group, club, design or microfactory.';
comment on column identity.invitation_handlers.may_invite is 'Name of a function (target uuid, role text) returning boolean: may the current person invite as that?';
comment on column identity.invitation_handlers.admit is 'Name of a function (target uuid, person uuid, role text): makes the person a member.';
comment on function identity.group_may_invite is 'Owners and managers of a group may invite members and managers; nobody is invited as owner.';
comment on function identity.group_admit is 'Adds a membership from now on.';
comment on function identity.invite is 'Makes an invitation and returns its token, once; an address binds it to the account of that mail. Security definer: members write no invitation.';
comment on function identity.accept_invitation is 'Uses an invitation up for the current person and returns the target. Security definer: members write no membership.';
comment on function identity.revoke_invitation is 'Takes an own open invitation back. Security definer: members write no invitation.';
comment on function identity.pending_invitations is 'Open invitations for the verified mail of the current person. Security definer: digests have no grant.';

grant execute on function identity.invite, identity.accept_invitation, identity.revoke_invitation, identity.pending_invitations to hc_member;

-- verify
select core.load_key('user.email', decode(repeat('59', 32), 'hex')) > 0;
insert into core.users (id, handle, email, email_verified_at, status) select ('00000000-0000-7000-8000-00000005900' || n)::uuid, 'u' || n || '-0059', 'u' || n || '-0059@example.org', now(), 'active' from generate_series(1, 3) n;
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000059009', 'probe-0059', 'x', '00000000-0000-7000-8000-000000059001');
create temporary table t (name text, token text) on commit drop;
grant all on pg_temp.t to hc_member;
select core.act_as('00000000-0000-7000-8000-000000059001');
set local role hc_member;
insert into pg_temp.t values ('bound', identity.invite('u2-0059@example.org', 'group', '00000000-0000-7000-8000-000000059009', 'manager')), ('late', identity.invite(null, 'group', '00000000-0000-7000-8000-000000059009')),
  ('gone', identity.invite('u3-0059@example.org', 'group', '00000000-0000-7000-8000-000000059009'));
select core.looks_like_token(token) from pg_temp.t where false union all select true where (select count(*) from pg_temp.t where token like 'hc\_invite\_%') = 3;
select blueprint.raises($$ select identity.invite('U2-0059@example.org', 'group', '00000000-0000-7000-8000-000000059009') $$, '23505', 'invitations_target_kind_target_id_email_bidx_key'),
  blueprint.raises($$ select identity.invite(null, 'group', '00000000-0000-7000-8000-000000059009', 'owner') $$, '42501', 'owner'),
  blueprint.raises($$ select identity.invite(null, 'moon', '00000000-0000-7000-8000-000000059009') $$, '22023', 'moon');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000059003');
set local role hc_member;
select blueprint.raises($$ select identity.invite(null, 'group', '00000000-0000-7000-8000-000000059009') $$, '42501', 'manages'),
  blueprint.raises($$ select identity.accept_invitation(token) from pg_temp.t where name = 'bound' $$, '42501', 'another mail'), (select count(*) from identity.pending_invitations()) = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000059001');
set local role hc_member;
select identity.revoke_invitation(id) from identity.invitations where role = 'member' and invited_by = '00000000-0000-7000-8000-000000059001' order by id desc limit 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000059003');
set local role hc_member;
select blueprint.raises($$ select identity.accept_invitation(token) from pg_temp.t where name = 'gone' $$, '28000'), (select count(*) from identity.pending_invitations()) = 0;
set local role hc_owner;
select core.load_key('user.email', decode(repeat('95', 32), 'hex')) > 0;
update identity.invitations set created_at = now() - interval '8 days', expires_at = now() - interval '1 day' where token_sha256 = (select core.token_digest(token) from pg_temp.t where name = 'late');
select core.act_as('00000000-0000-7000-8000-000000059002');
set local role hc_member;
select blueprint.raises($$ select identity.accept_invitation(token) from pg_temp.t where name = 'late' $$, '28000');
select identity.accept_invitation(token) = '00000000-0000-7000-8000-000000059009' from pg_temp.t where name = 'bound';
select blueprint.raises($$ select identity.accept_invitation(token) from pg_temp.t where name = 'bound' $$, '28000');
select '00000000-0000-7000-8000-000000059009' = any (identity.my_groups('manager'));
set local role hc_owner;
select accepted_at is not null and accepted_by = '00000000-0000-7000-8000-000000059002' and max_uses = 0 from identity.invitations where token_sha256 = (select core.token_digest(token) from pg_temp.t where name = 'bound');
select relrowsecurity and relforcerowsecurity and blueprint.raises($$ insert into identity.invitation_handlers values ('group', 'x', 'y') $$, '23505', 'invitation_handlers_target_kind_pk') from pg_class where oid = 'identity.invitation_handlers'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') = (f !~ 'group_') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['identity.invite(text, text, uuid, text, interval, int)', 'identity.accept_invitation(text)', 'identity.revoke_invitation(uuid)', 'identity.pending_invitations()', 'identity.group_may_invite(uuid, text)', 'identity.group_admit(uuid, uuid, text)']) f;

-- task: BUILD_0060 implement_feature
-- title: Profiles with per-field visibility and completeness score
-- does: visible_profile(person) is exactly what the caller may see, field by field (public, members, private; members by default); update_profile(patch) takes known keys only;
--   completeness(person) scores 0..100 with hints; view directory lists people by folded name and interests.
-- proves: anon sees public fields only, a member also those for members, the owner all; an unknown key raises 22023; a biography raises the score; the directory folds names.
-- needs: BUILD_0036, BUILD_0046, BUILD_0051
create function identity.visible_profile(person uuid) returns jsonb
  language sql stable security definer set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_object_agg(f.key, f.value))
  from identity.profiles p join core.users u on u.id = p.user_id and u.status = 'active',
    jsonb_each(jsonb_build_object('handle', u.handle, 'display_name', u.display_name, 'bio', p.bio, 'city', p.city, 'region', p.region, 'country', p.country, 'pronouns', p.pronouns,
      'twin_name', p.twin_name, 'social', p.social, 'interests', p.interests)) f
  where p.user_id = person and (f.key in ('handle', 'display_name') or person = core.current_user_id() or core.has_role('hc_moderator')
    or case coalesce(p.visibility ->> f.key, 'members') when 'public' then true when 'members' then core.has_role('hc_member') and core.current_user_id() is not null else false end)
$$;

create function identity.update_profile(patch jsonb) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  unknown constant text := (select k from jsonb_object_keys(patch) k where k not in ('bio', 'city', 'region', 'country', 'pronouns', 'twin_name', 'social', 'interests', 'visibility') limit 1);
begin
  if unknown is not null then
    raise exception using errcode = '22023', message = format('a profile has no "%s"', unknown), hint = 'bio, city, region, country, pronouns, twin_name, social, interests, visibility';
  end if;
  update identity.profiles p
  set (bio, city, region, country, pronouns, twin_name, social, interests, visibility) = (
    select n.bio, n.city, n.region, n.country, n.pronouns, n.twin_name, n.social, n.interests, p.visibility || n.visibility from jsonb_populate_record(p, patch) n)
  where p.user_id = core.current_user_id();
  return identity.visible_profile(core.current_user_id());
end $$;

create function identity.completeness(person uuid, out score int, out missing text[]) returns record
  language sql stable
begin atomic
  select (100 * count(*) filter (where f.given) / nullif(count(*), 0))::int, coalesce(array_agg(f.name order by f.name) filter (where not f.given), '{}')
  from identity.profiles p, lateral (values ('bio', p.bio <> ''), ('city', p.city <> ''), ('country', p.country is not null), ('avatar', p.avatar_asset_id is not null), ('social', p.social <> '{}'), ('interests', p.interests <> '{}')) v(name, has),
    lateral (select v.name, coalesce(v.has, false)) f(name, given)
  where p.user_id = person;
end;

create view identity.directory with (security_barrier) as
  select u.id, u.handle, u.display_name, core.fold(u.display_name) as folded_name, p.interests
  from core.users u join identity.profiles p on p.user_id = u.id
  where u.status = 'active' and u.preferences ->> 'discoverable' is distinct from 'false' and coalesce(p.visibility ->> 'interests', 'members') <> 'private';

grant execute on function identity.visible_profile to hc_anon;
grant execute on function identity.update_profile, identity.completeness to hc_member;
grant usage on schema identity to hc_anon;
grant select on identity.directory to hc_member;

comment on function identity.visible_profile is 'What the caller may see of a person; null when there is none. Security definer: row security knows rows, not fields.';
comment on function identity.update_profile is 'Merges known keys into the current person''s profile and returns it; visibility is merged field by field, everything else replaced. Security definer: members write no profile.';
comment on function identity.completeness is 'How much of a profile is filled, 0 to 100, and what is missing: of oneself, and for staff of anybody.';
comment on view identity.directory is 'People who want to be found, for members. Runs as its owner on purpose: it shows what row security hides, in five columns.';

-- verify
insert into core.users (id, handle, email, display_name, status) values ('00000000-0000-7000-8000-000000060001', 'ada-0060', 'ada-0060@example.org', 'Ádá', 'active'), ('00000000-0000-7000-8000-000000060002', 'bob-0060', 'bob-0060@example.org', 'Bob', 'active');
select core.act_as('00000000-0000-7000-8000-000000060001');
set local role hc_member;
select score = 0 and missing @> '{bio,avatar}' from identity.completeness('00000000-0000-7000-8000-000000060001');
select p ->> 'bio' = 'Maker' and p ->> 'city' = 'Berlin' from identity.update_profile('{"bio": "Maker", "city": "Berlin", "pronouns": "she", "interests": ["hinges"], "visibility": {"bio": "public", "city": "members", "pronouns": "private"}}') p;
select p ? 'pronouns' from identity.update_profile('{"visibility": {"city": "members"}}') p;
select visibility ->> 'pronouns' = 'private' from identity.profiles where user_id = '00000000-0000-7000-8000-000000060001';
select score > 0 and not missing @> '{bio}' from identity.completeness('00000000-0000-7000-8000-000000060001');
select p ?& array['bio', 'city', 'pronouns', 'handle'] from identity.visible_profile('00000000-0000-7000-8000-000000060001') p;
select blueprint.raises($$ select identity.update_profile('{"rank": 1}') $$, '22023', 'rank');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000060002');
set local role hc_member;
select p ?& array['bio', 'city', 'display_name'] and not p ? 'pronouns' from identity.visible_profile('00000000-0000-7000-8000-000000060001') p;
select coalesce(score, 0) = 0 from identity.completeness('00000000-0000-7000-8000-000000060001');
select count(*) = 1 and bool_and(folded_name = 'ada') from identity.directory where folded_name = core.fold('ADÁ') and interests @> '{hinges}' and handle = 'ada-0060';
set local role hc_owner;
select core.act_as(null, 'hc_anon');
set local role hc_anon;
select p ? 'bio' and not p ? 'city' and not p ? 'pronouns' from identity.visible_profile('00000000-0000-7000-8000-000000060001') p;
select blueprint.raises('select from identity.directory', '42501');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_anon', f, 'execute') = (f like '%visible%') and not has_function_privilege('pg_checkpoint', f, 'execute')
from unnest(array['identity.visible_profile(uuid)', 'identity.update_profile(jsonb)', 'identity.completeness(uuid)']) f;
