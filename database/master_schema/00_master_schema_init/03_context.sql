-- Who is asking, and in which words: the role ladder, room core with the request context read from JWT claims, the shared domains,
-- and the time that version 7 ids carry. Identity is read in one call together with its proof (core.verify_claims is the slot for it).

-- task: BUILD_0011 implement_feature critical superuser
-- title: Create the role ladder hc_anon .. hc_admin with memberships and attributes
-- does: Sixteen NOLOGIN or login-shell roles of the cluster, made only where missing. Each step of the ladder inherits the one below; the
--   authenticator inherits nothing and may become request roles only; the roles may use the verification kit, and nothing else of the ledger.
-- proves: the authenticator sees nothing, may become hc_member but not hc_owner (42501); hc_monitor has pg_monitor; every edge of the ladder
--   stands and no forbidden one; no role is a superuser and only hc_backup bypasses row security.
-- needs: BUILD_0005
select blueprint.ensure_role(name, attributes, about, array[
    format('statement_timeout = %L', patience), format('lock_timeout = %L', '5s'), format('idle_in_transaction_session_timeout = %L', '60s')])
from (values
  ('hc_authenticator', 'login noinherit', '15s', 'Login of the gateways: has no rights of its own, becomes the role a verified token names.'),
  ('hc_anon',          'nologin', '10s',  'Anybody, not signed in.'),
  ('hc_member',        'nologin', '15s',  'A signed-in person.'),
  ('hc_designer',      'nologin', '15s',  'Member who publishes designs.'),
  ('hc_operator',      'nologin', '15s',  'Member who runs a microfactory.'),
  ('hc_moderator',     'nologin', '30s',  'Staff: content, clubs and conduct.'),
  ('hc_finance',       'nologin', '60s',  'Staff: donations, treasury and receipts.'),
  ('hc_compliance',    'nologin', '60s',  'Staff: KYC, screening and holds. Never together with hc_finance.'),
  ('hc_admin',         'nologin', '60s',  'Staff: runs the platform. Sees neither audit rows nor sealed values.'),
  ('hc_agent',         'nologin', '15s',  'AI agents: reads through the functions made for them, belongs to no other role.'),
  ('hc_worker',        'nologin', '10min', 'Background jobs: executes functions, reads no table.'),
  ('hc_auditor',       'nologin', '5min', 'Reads everything including audit rows, writes nothing.'),
  ('hc_analyst',       'nologin', '5min', 'Reads masked views only.'),
  ('hc_monitor',       'nologin', '10s',  'Metrics and the ledger: pg_monitor.'),
  ('hc_replicator',    'nologin replication', '0', 'Streams WAL.'),
  ('hc_backup',        'nologin bypassrls', '0', 'Dumps. Bypasses row security so that a dump is complete or fails.')
) roles(name, attributes, patience, about);

grant hc_anon to hc_member;
grant hc_member to hc_designer, hc_operator, hc_moderator, hc_finance, hc_compliance;
grant hc_designer, hc_operator, hc_moderator to hc_admin;
grant hc_anon, hc_member, hc_designer, hc_operator, hc_moderator, hc_finance, hc_compliance, hc_admin, hc_auditor, hc_analyst
  to hc_authenticator with inherit false, set true;
grant pg_monitor to hc_monitor;
grant pg_read_all_data to hc_backup;

grant usage on schema blueprint to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator, hc_backup;
grant execute on function blueprint.raises, blueprint.plan_uses
  to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator, hc_backup;

-- verify
select r.role, not p.rolsuper and not p.rolcreaterole and p.rolcanlogin = (r.role = 'hc_authenticator') and p.rolinherit = (r.role <> 'hc_authenticator')
  and p.rolbypassrls = (r.role = 'hc_backup') and p.rolreplication = (r.role = 'hc_replicator')
  and p.rolconfig::text like '%statement_timeout=%lock_timeout=%idle_in_transaction_session_timeout=%' and shobj_description(p.oid, 'pg_authid') is not null
from unnest(array['hc_authenticator', 'hc_anon', 'hc_member', 'hc_designer', 'hc_operator', 'hc_moderator', 'hc_finance', 'hc_compliance', 'hc_admin', 'hc_agent',
  'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor', 'hc_replicator', 'hc_backup']) r(role) left join pg_roles p on p.rolname = r.role;
select member, role, pg_has_role(member, role, 'usage') from (values
  ('hc_member', 'hc_anon'), ('hc_designer', 'hc_member'), ('hc_operator', 'hc_member'), ('hc_moderator', 'hc_member'), ('hc_finance', 'hc_member'),
  ('hc_compliance', 'hc_member'), ('hc_admin', 'hc_designer'), ('hc_admin', 'hc_operator'), ('hc_admin', 'hc_moderator'),
  ('hc_monitor', 'pg_monitor'), ('hc_backup', 'pg_read_all_data')) edges(member, role);
select role, pg_has_role('hc_authenticator', role, 'set') and not pg_has_role('hc_authenticator', role, 'usage')
  and exists (select from pg_auth_members where roleid = role::regrole and member = 'hc_authenticator'::regrole)
from unnest(array['hc_anon', 'hc_member', 'hc_designer', 'hc_operator', 'hc_moderator', 'hc_finance', 'hc_compliance', 'hc_admin', 'hc_auditor', 'hc_analyst']) role;
select member, role, not pg_has_role(member, role, 'member') from (values
  ('hc_authenticator', 'hc_owner'), ('hc_authenticator', 'hc_worker'), ('hc_authenticator', 'hc_agent'), ('hc_authenticator', 'hc_backup'), ('hc_admin', 'hc_finance'),
  ('hc_admin', 'hc_compliance'), ('hc_admin', 'hc_auditor'), ('hc_admin', 'hc_owner'), ('hc_finance', 'hc_compliance'), ('hc_agent', 'hc_anon')) edges(member, role);
select role, has_schema_privilege(role, 'blueprint', 'usage') and has_function_privilege(role, 'blueprint.raises(text, text, text)', 'execute')
  and has_function_privilege(role, 'blueprint.plan_uses(text, text)', 'execute') and not has_function_privilege(role, 'blueprint.open_room(text, int, text, jsonb, text)', 'execute')
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor', 'hc_replicator', 'hc_backup']) role;
set local session authorization hc_authenticator;
select not has_schema_privilege('blueprint', 'usage'), not has_database_privilege(current_database(), 'create');
set local role hc_member;
select current_user = 'hc_member', blueprint.raises('set local role hc_owner', '42501'), blueprint.raises('select from blueprint.tasks', '42501');

-- revert
revoke execute on function blueprint.raises, blueprint.plan_uses
  from hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator, hc_backup;
revoke usage on schema blueprint from hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator, hc_backup;
select blueprint.release_role(role)
from unnest(array['hc_authenticator', 'hc_anon', 'hc_member', 'hc_designer', 'hc_operator', 'hc_moderator', 'hc_finance', 'hc_compliance', 'hc_admin', 'hc_agent',
  'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor', 'hc_replicator', 'hc_backup']) role;

-- task: BUILD_0012 implement_feature critical
-- title: Open room core with request-context helpers over JWT claims
-- does: core.claims() hands request.jwt.claims to core.verify_claims(), the slot in which BUILD_0442 checks the signature, so proof and identity
--   are read in one call; the helpers answer who, in which role, session and request. core.act_as() signs through core.present_claims().
-- proves: no claims give no identity, claims give their sub, garbage raises nothing; hc_member may not act as somebody else (42501) and cannot
--   talk itself into a role by forging the role claim.
-- needs: BUILD_0005, BUILD_0011
select blueprint.open_room('core', null, '00_master_schema_init',
  '{"provides": ["request context", "domains", "row triggers", "partitions", "state machines", "the 14 core tables"], "requires": ["blueprint"], "rls": "own"}',
  'What all rooms share: request context, domains, standard triggers, state machines and the core tables.');

create function core.as_jsonb(value text) returns jsonb
  language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if pg_input_is_valid(value, 'jsonb') then
    return value::jsonb;
  end if;
  return null;
end $$;

create function core.as_uuid(value text) returns uuid
  language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if pg_input_is_valid(value, 'uuid') then
    return value::uuid;
  end if;
  return null;
end $$;

create function core.as_inet(value text) returns inet
  language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if pg_input_is_valid(value, 'inet') then
    return value::inet;
  end if;
  return null;
end $$;

create function core.verify_claims(raw text) returns jsonb
  language sql stable parallel safe
  return case jsonb_typeof(core.as_jsonb(raw)) when 'object' then core.as_jsonb(raw) else '{}' end;

create function core.claims() returns jsonb
  language sql stable parallel safe
  return core.verify_claims(current_setting('request.jwt.claims', true));

create function core.headers() returns jsonb
  language sql stable parallel safe
  return coalesce(core.as_jsonb(current_setting('request.headers', true)), '{}');

create function core.current_user_id() returns uuid
  language sql stable parallel safe
  return core.as_uuid(core.claims() ->> 'sub');

create function core.current_session_id() returns uuid
  language sql stable parallel safe
  return core.as_uuid(core.claims() ->> 'sid');

create function core.auth_level() returns text
  language sql stable parallel safe
  return case core.claims() ->> 'aal' when 'aal2' then 'aal2' else 'aal1' end;

create function core.request_role() returns text
  language sql stable parallel safe
  return case
    when current_setting('role') in ('none', 'hc_owner', 'hc_worker')
      and (current_setting('role') <> 'none' or current_setting('is_superuser') = 'on')
      and to_regrole(quote_ident(core.claims() ->> 'role')) is not null
    then core.claims() ->> 'role'
    when current_setting('role') = 'none' then session_user
    else current_setting('role') end;

create function core.has_role(role text) returns boolean
  language sql stable parallel safe
  return coalesce(pg_has_role(to_regrole(quote_ident(core.request_role())), to_regrole(quote_ident(role)), 'usage'), false);

create function core.request_id() returns text
  language sql stable parallel safe
  return core.headers() ->> 'x-request-id';

create function core.client_ip() returns inet
  language sql stable parallel restricted
  return coalesce(core.as_inet(core.headers() ->> 'x-real-ip'), inet_client_addr());

create function core.present_claims(claims jsonb) returns void
  language sql
begin atomic
  select set_config('request.jwt.claims', claims::text, true);
end;

create function core.act_as(actor uuid, role text default 'hc_member', extra jsonb default '{}') returns void
  language sql security definer
begin atomic
  select core.present_claims(jsonb_strip_nulls(extra || jsonb_build_object('sub', actor, 'role', role)));
end;

comment on function core.as_inet is 'The text as inet, null when it is no address.';
comment on function core.verify_claims is 'Verifier slot of core.claims(): the claims a raw text proves, {} when it proves none. Unsigned here; BUILD_0442 replaces it by the signature check.';
comment on function core.claims is 'Verified claims of the request, {} when there are none. The only reader of request.jwt.claims; wrap in (select ...) in policies.';
comment on function core.headers is 'Request headers as the gateway passes them (request.headers, lower-case names), {} when there are none.';
comment on function core.as_jsonb is 'The text as jsonb, null when it is not JSON. PL/pgSQL, as CASE in SQL does not keep the planner from folding the cast.';
comment on function core.as_uuid is 'The text as uuid, null when it is not one.';
comment on function core.current_user_id is 'Who is asking (claim sub), null when nobody is signed in. In policies: (select core.current_user_id()).';
comment on function core.current_session_id is 'Session of the request (claim sid), or null.';
comment on function core.auth_level is 'aal2 after a second factor (claim aal), else aal1.';
comment on function core.request_role is 'Database role the request acts in. Only hc_owner, hc_worker and superusers may act for another: for them the role claim counts.';
comment on function core.has_role is 'True when the role of the request is, or inherits, the database role named; false for unknown ones.';
comment on function core.request_id is 'Id of the request as the gateway gave it (header x-request-id), or null.';
comment on function core.client_ip is 'Address of the caller: what the gateway states (header x-real-ip), else the peer of the connection. Parallel restricted, as it asks the connection.';
comment on function core.present_claims is 'Signer slot of core.act_as(): makes claims those of this transaction. Unsigned here; BUILD_0442 replaces it to sign them.';
comment on function core.act_as is 'Acts as actor in role until the transaction ends; extra adds claims (sid, aal, ...). For tests and workers. Security definer: the signing key is closed to callers.';

grant usage on schema core to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;
grant execute on function core.as_jsonb, core.as_uuid, core.as_inet, core.verify_claims, core.claims, core.headers, core.current_user_id, core.current_session_id, core.auth_level,
    core.request_role, core.has_role, core.request_id, core.client_ip
  to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;
grant execute on function core.act_as to hc_worker;

-- verify
select core.current_user_id() is null, core.current_session_id() is null, core.claims() = '{}', core.auth_level() = 'aal1', core.request_id() is null;
select core.act_as('00000000-0000-7000-8000-000000000012', 'hc_moderator', '{"sid": "00000000-0000-7000-8000-000000000013", "aal": "aal2"}');
select core.current_user_id() = '00000000-0000-7000-8000-000000000012', core.current_session_id() = '00000000-0000-7000-8000-000000000013',
  core.auth_level() = 'aal2', core.claims() ->> 'role' = 'hc_moderator', core.request_role() = 'hc_moderator',
  core.has_role('hc_moderator'), core.has_role('hc_member'), not core.has_role('hc_admin'), not core.has_role('hc_nobody');
set local role hc_member;
select core.request_role() = 'hc_member', not core.has_role('hc_moderator');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000000012', 'hc_member');
set local role hc_member;
select core.current_user_id() = '00000000-0000-7000-8000-000000000012', core.has_role('hc_anon'), blueprint.raises($$ select core.act_as(null, 'hc_admin') $$, '42501', 'act_as');
set local role hc_worker;
select core.act_as(null, 'hc_anon');
select core.current_user_id() is null, core.has_role('hc_anon'), not core.has_role('hc_worker'),
  blueprint.raises($$ select core.present_claims('{}') $$, '42501', 'present_claims');
set local role hc_owner;
select core.verify_claims('{"sub": ') = '{}', core.verify_claims('[1]') = '{}', core.verify_claims('') = '{}', core.verify_claims(null) = '{}',
  core.as_jsonb('{') is null, core.as_uuid('me') is null, core.as_inet('::1') = '::1', core.as_inet('home') is null, core.as_uuid('00000000-0000-7000-8000-000000000012') is not null;
set local request.headers = '{"x-request-id": "r-1", "x-real-ip": "2001:db8::7"}';
select core.headers() ? 'x-real-ip', core.request_id() = 'r-1', core.client_ip() = '2001:db8::7';
set local request.headers = 'garbage';
select core.request_id() is null, core.client_ip() is not distinct from inet_client_addr();
select role, has_schema_privilege(role, 'core', 'usage'), bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_schema_privilege(role, 'core', 'create')
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor']) role,
  unnest(array['core.as_jsonb(text)', 'core.as_uuid(text)', 'core.as_inet(text)', 'core.verify_claims(text)', 'core.claims()', 'core.headers()', 'core.current_user_id()', 'core.current_session_id()',
    'core.auth_level()', 'core.request_role()', 'core.has_role(text)', 'core.request_id()', 'core.client_ip()']) f
group by role;
select schema_name = 'core' and contract ? 'provides' from blueprint.rooms where schema_name = 'core';

-- revert
drop function core.act_as, core.present_claims, core.client_ip, core.request_id, core.has_role, core.request_role, core.auth_level,
  core.current_session_id, core.current_user_id, core.headers, core.claims, core.verify_claims, core.as_inet, core.as_uuid, core.as_jsonb;
select blueprint.close_room('core');
