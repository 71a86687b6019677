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

grant usage on schema blueprint to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator;
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
revoke usage on schema blueprint from hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor, hc_replicator;
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
select count(*) = 0 from blueprint.open_to_public('core', 'as_jsonb', 'as_uuid', 'as_inet', 'verify_claims', 'claims', 'headers', 'current_user_id',
  'current_session_id', 'auth_level', 'request_role', 'has_role', 'request_id', 'client_ip', 'present_claims', 'act_as');
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

-- task: BUILD_0013 implement_feature critical
-- title: Create shared domains for email, handle, slug, money, hashes, URLs, locale and country
-- does: Fifteen domains in core, each with one named CHECK and a comment that shows a value it takes and one it refuses.
-- proves: every sample of the accept list casts, every sample of the reject list is refused by its domain (23514), mails compare without case.
-- needs: BUILD_0012, BUILD_0021
create function core.is_weekly_hours(hours jsonb) returns boolean
  language sql immutable parallel safe
begin atomic
  select jsonb_typeof(hours) = 'object' and coalesce(bool_and(coalesce(
      day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun') and span = jsonb_build_array(opens, closes)
      and opens ~ '^([01]\d|2[0-3]):[0-5]\d$' and (closes ~ '^([01]\d|2[0-3]):[0-5]\d$' or closes = '24:00')
      and opens < closes and coalesce(closed_before <= opens, true), false)), true)
  from (
    select day, span, span ->> 0 as opens, span ->> 1 as closes, lag(span ->> 1) over (partition by day order by span ->> 0) as closed_before
    from jsonb_each(case jsonb_typeof(hours) when 'object' then hours else '{}' end) d(day, spans),
      jsonb_array_elements(case when spans = '[]' then '[["00:00", "24:00"]]' when jsonb_typeof(spans) = 'array' then spans else '[0]' end) span
  ) s;
end;

create domain core.email as extensions.citext
  constraint email_check check (length(value::text) <= 254 and value::text ~ '^[^\s@"(),:;<>\[\]\\]{1,64}@([^\s@.]+\.)+[^\s@.]{2,}$');

create domain core.handle as extensions.citext
  constraint handle_check check (value::text ~* '^[a-z0-9][a-z0-9_-]{1,28}[a-z0-9]$');

create domain core.slug as text
  constraint slug_check check (length(value) <= 100 and value ~ '^[a-z0-9]+(-[a-z0-9]+)*$');

create domain core.crypto_amount as numeric(38, 18)
  constraint crypto_amount_check check (value >= 0 and value <> 'NaN');

create domain core.signed_crypto as numeric(38, 18)
  constraint signed_crypto_check check (value <> 'NaN');

create domain core.fiat_amount as numeric(20, 2)
  constraint fiat_amount_check check (value <> 'NaN');

create domain core.currency_code as text
  constraint currency_code_check check (value ~ '^[A-Z][A-Z0-9]{1,11}(-[a-z][a-z0-9]{1,15})?$');

create domain core.country_code as text
  constraint country_code_check check (value ~ '^[A-Z]{2}$');

create domain core.sha256 as bytea
  constraint sha256_check check (length(value) = 32);

create domain core.http_url as text
  constraint http_url_check check (length(value) <= 2048
    and value ~* '^https?://(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?([/?#]\S*)?$');

create domain core.locale_tag as text
  constraint locale_tag_check check (value ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$');

create domain core.unit_code as text
  constraint unit_code_check check (value ~ '^[A-Za-z%][A-Za-z0-9%/^*.-]{0,15}$');

create domain core.semver as text
  constraint semver_check check (value ~ '^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$');

create domain core.percent as numeric(6, 3)
  constraint percent_check check (value between 0 and 100);

create domain core.weekly_hours as jsonb
  constraint weekly_hours_check check (core.is_weekly_hours(value));

comment on function core.is_weekly_hours is 'True for {"mon": [["08:00", "12:00"], ["13:00", "24:00"]], ...}: days mon to sun, spans from 00:00 to 24:00 that do not overlap; a day without spans is closed all day.';
comment on domain core.email is 'Mail address, compared without case: ada@example.org, not ada@localhost. With an empty search_path compare by operator(extensions.=): plain = falls back to text.';
comment on domain core.handle is 'Public name of a user, 3 to 30 letters, digits, _ and -, compared without case as core.email is: ada_l, not _ada.';
comment on domain core.slug is 'Part of a URL: living-hinge-2, not Living Hinge.';
comment on domain core.crypto_amount is 'Amount of a crypto currency, never negative: 0.000000000000000001, not -1.';
comment on domain core.signed_crypto is 'Movement of a crypto currency, either sign: -0.5, not NaN.';
comment on domain core.fiat_amount is 'Amount of money in cents precision, either sign: 12.34, not NaN.';
comment on domain core.currency_code is 'Code in core.currencies: USD or USDC-solana, not usd.';
comment on domain core.country_code is 'ISO 3166-1 alpha-2 shape: DE, not DEU.';
comment on domain core.sha256 is 'SHA-256 digest of 32 bytes, not its hexadecimal text.';
comment on domain core.http_url is 'http or https address without user name: https://example.org/a, not javascript:alert(1).';
comment on domain core.locale_tag is 'BCP 47 language, script, region: pt-BR or zh-Hant-TW, not en_US.';
comment on domain core.unit_code is 'Unit in UCUM spelling: kg/m3 or degC, not "kilo gram".';
comment on domain core.semver is 'Semantic version 2.0: 1.2.0-rc.1, not v1.2.';
comment on domain core.percent is 'Share from 0 to 100: 12.5, not 101.';
comment on domain core.weekly_hours is 'Opening hours: {"mon": [["08:00", "12:00"]], "tue": []}, not {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}.';

grant execute on function core.is_weekly_hours to hc_anon, hc_agent, hc_worker;

-- verify
select count(*) = 0 from blueprint.open_to_public('core', 'is_weekly_hours', 'email', 'handle', 'slug', 'crypto_amount', 'signed_crypto',
  'fiat_amount', 'currency_code', 'country_code', 'sha256', 'http_url', 'locale_tag', 'unit_code', 'semver', 'percent', 'weekly_hours');
select type, sample, pg_input_is_valid(sample, 'core.' || type) from (values
  ('email', 'ada@example.org'), ('email', 'a.b+c@xn--bcher-kva.example'), ('handle', 'Ada_L'), ('handle', 'a1b'), ('slug', 'living-hinge-2'),
  ('crypto_amount', '0.000000000000000001'), ('signed_crypto', '-0.5'), ('fiat_amount', '-12.34'), ('currency_code', 'USD'), ('currency_code', 'USDC-solana'),
  ('country_code', 'DE'), ('sha256', '\x' || repeat('ab', 32)), ('http_url', 'https://example.org'), ('http_url', 'http://[::1]:8080/a?b#c'),
  ('locale_tag', 'en'), ('locale_tag', 'zh-Hant-TW'), ('locale_tag', 'es-419'), ('unit_code', 'kg/m3'), ('unit_code', '%'), ('semver', '1.2.0-rc.1+build.5'),
  ('percent', '100'), ('weekly_hours', '{"mon": [["13:00", "24:00"], ["00:00", "13:00"]], "sun": []}'), ('weekly_hours', '{}')) v(type, sample);
select type, sample, error.sql_error_code = '23514' and error.message like '%' || type || '_check%' from (values
  ('email', 'ada@localhost'), ('email', 'ada@@example.org'), ('email', 'ada @example.org'), ('email', repeat('a', 250) || '@b.org'), ('handle', '_ada'), ('handle', 'ab'),
  ('handle', repeat('a', 31)), ('slug', 'Living Hinge'), ('slug', 'a--b'), ('slug', repeat('a', 101)), ('crypto_amount', '-1'), ('crypto_amount', 'NaN'), ('signed_crypto', 'NaN'),
  ('fiat_amount', 'NaN'), ('currency_code', 'usd'), ('currency_code', 'USDC-'), ('country_code', 'DEU'), ('sha256', '\xab'), ('http_url', 'javascript:alert(1)'),
  ('http_url', 'https://user@example.org'), ('http_url', 'https://exa mple.org'), ('locale_tag', 'en_US'), ('unit_code', 'kilo gram'), ('semver', 'v1.2'), ('semver', '1.02.3'),
  ('percent', '101'), ('percent', '-0.001'), ('weekly_hours', '{"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}'), ('weekly_hours', '{"mo": []}'), ('weekly_hours', '{"mon": [["24:00", "24:00"]]}'),
  ('weekly_hours', '{"mon": [["8:00", "12:00"]]}'), ('weekly_hours', '{"mon": [["08:00", "12:00", "x"]]}'), ('weekly_hours', '{"mon": 8}'), ('weekly_hours', '[1]'), ('weekly_hours', '8')
) v(type, sample), pg_input_error_info(sample, 'core.' || type) error;
select 'A@X.org'::core.email operator(extensions.=) 'a@x.org'::core.email, 'Ada'::core.handle operator(extensions.=) 'ada'::core.handle;
set local role hc_member;
select core.is_weekly_hours('{}') and not core.is_weekly_hours('[]');
set local role hc_agent;
select core.is_weekly_hours('{}');
set local role hc_worker;
select core.is_weekly_hours('{}');

-- task: BUILD_0016 implement_feature high
-- title: Add UUIDv7 time helpers: uuidv7_floor, uuidv7_ceil, uuid_time and keyset cursors
-- does: The smallest and largest version 7 id of a millisecond make "ids since T" an index range on the primary key; uuid_time gives the time back,
--   null for other versions; encode_cursor and decode_cursor pass a place in a list through a client as opaque base64url text with a checksum.
-- proves: 1,000 fresh ids lie between floor and ceiling of their instants, a random id has no time, a cursor comes back to the microsecond and a tampered one raises 22023.
-- needs: BUILD_0012
create function core.uuidv7_floor(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;

create function core.uuidv7_ceil(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7fffbfffffffffffffff')::uuid;

create function core.uuid_time(id uuid) returns timestamptz
  language sql immutable parallel safe
  return case uuid_extract_version(id) when 7 then uuid_extract_timestamp(id) end;

create function core.encode_cursor(at timestamptz, id uuid) returns text
  language sql immutable strict parallel safe
begin atomic
  select translate(encode(place || crc32c(place)::int8::bytea, 'base64'), e'+/=\n', '-_')
  from (select (extract(epoch from at) * 1000000)::bigint::bytea || uuid_send(id) as place) p;
end;

create function core.decode_cursor(cursor text, out at timestamptz, out id uuid) returns record
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  raw bytea;
begin
  if cursor !~ '^[A-Za-z0-9_-]{43}$' then
    raise exception using errcode = '22023', message = 'this is not a cursor of ours', hint = 'Pass the cursor exactly as it was given, or none to start again.';
  end if;
  raw := decode(translate(cursor, '-_', '+/') || '=', 'base64');
  if length(raw) <> 32 or crc32c(substring(raw, 1, 24)) <> substring(raw, 25)::bigint then
    raise exception using errcode = '22023', message = 'this cursor was altered', hint = 'Pass the cursor exactly as it was given, or none to start again.';
  end if;
  at := timestamptz 'epoch' + substring(raw, 1, 8)::bigint * interval '1 microsecond';
  id := encode(substring(raw, 9, 16), 'hex')::uuid;
end $$;

comment on function core.uuidv7_floor is 'Smallest version 7 UUID of the millisecond of at (RFC 9562): ids since a time are an index range on the primary key.';
comment on function core.uuidv7_ceil is 'Largest version 7 UUID of the millisecond of at (RFC 9562): ids up to a time are an index range on the primary key.';
comment on function core.uuid_time is 'Time inside a version 7 UUID to the millisecond, null for other versions.';
comment on function core.encode_cursor is 'Opaque keyset cursor for a list ordered by (at, id): 43 characters base64url with a CRC-32C against typing, not against forgery.';
comment on function core.decode_cursor is 'Place of a keyset cursor, to the microsecond; 22023 when it was altered, nulls for null (the first page).';

grant execute on function core.uuidv7_floor, core.uuidv7_ceil, core.uuid_time, core.encode_cursor, core.decode_cursor
  to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;

-- verify
select count(*) = 0 from blueprint.open_to_public('core', 'uuidv7_floor', 'uuidv7_ceil', 'uuid_time', 'encode_cursor', 'decode_cursor');
select core.uuid_time(core.uuidv7_floor(at)) = at, core.uuid_time(core.uuidv7_ceil(at)) = at, core.uuidv7_floor(at) < core.uuidv7_ceil(at),
  core.uuidv7_ceil(at) < core.uuidv7_floor(at + interval '1 millisecond')
from (values (timestamptz '2026-01-02 03:04:05.678+00'), ('1970-01-01 00:00:00+00'), ('2999-12-31 23:59:59.999+00')) v(at);
select count(*) = 1000, bool_and(id between core.uuidv7_floor(core.uuid_time(id)) and core.uuidv7_ceil(core.uuid_time(id))),
  bool_and(core.uuid_time(id) between transaction_timestamp() - interval '1 second' and clock_timestamp() + interval '1 second')
from (select uuidv7() as id from generate_series(1, 1000)) ids;
select core.uuid_time(gen_random_uuid()) is null;
select (core.decode_cursor(core.encode_cursor(at, id))).at = at, (core.decode_cursor(core.encode_cursor(at, id))).id = id, core.encode_cursor(at, id) ~ '^[\w-]{43}$'
from (values (timestamptz '2026-01-02 03:04:05.678901+00', uuid '019b0000-0000-7000-8000-00000000ffff'), ('0044-03-15 12:00:00+00 BC', gen_random_uuid())) v(at, id);
select (core.decode_cursor(null)).id is null;
select bool_and(blueprint.raises(format('select core.decode_cursor(%L)', overlay(cursor placing case substr(cursor, n, 1) when 'A' then 'B' else 'A' end from n for 1)), '22023', 'altered'))
from core.encode_cursor('2026-01-02 03:04:05.678901+00', '019b0000-0000-7000-8000-00000000ffff') cursor, generate_series(1, 41, 8) n;
select blueprint.raises($$ select core.decode_cursor('not one') $$, '22023', 'not a cursor');
select role, bool_and(has_function_privilege(role, f::regprocedure, 'execute'))
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor']) role,
  unnest(array['core.uuidv7_floor(timestamptz)', 'core.uuidv7_ceil(timestamptz)', 'core.uuid_time(uuid)', 'core.encode_cursor(timestamptz, uuid)', 'core.decode_cursor(text)']) f
group by role;
