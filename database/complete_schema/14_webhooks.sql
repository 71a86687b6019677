-- Core table webhooks: hooks in both directions. Outbound ones send events to an address their owner proved to control, inbound ones take events at a path token of
-- which only the digest is kept. Signing secrets live in room automation; owners write the harmless columns, counters and states belong to functions.

-- task: BUILD_0791 create_table critical
-- title: Create core.webhooks, the registry of outbound and inbound hooks, with policies
-- does: One row per hook of an owner, outbound or inbound. Owners see and describe their own, hc_admin and audit see all; the token digest is granted to nobody.
-- proves: A sees the own hooks and not B's, the digest of a token is refused (42501), a hook of somebody else cannot be made, anon reads nothing.
-- needs: BUILD_0005, BUILD_0013, BUILD_0661
create table core.webhooks (
  id uuid default uuidv7() constraint webhooks_id_pk primary key,
  owner_id uuid not null constraint webhooks_owner_id_fk references core.users (id),
  direction text not null default 'outbound',
  name text not null,
  target_url core.http_url,
  provider text,
  path_token_sha256 core.sha256,
  status text not null default 'pending_verification',
  event_patterns text[] not null default '{}',
  filter jsonb not null default '{}' constraint webhooks_filter_check check (jsonb_typeof(filter) = 'object'),
  api_version text not null default '2026-01',
  max_in_flight int not null default 5,
  timeout_ms int not null default 10000,
  failure_count int not null default 0,
  opened_until timestamptz,
  disabled_reason text,
  headers jsonb not null default '{}' constraint webhooks_headers_check check (jsonb_typeof(headers) = 'object'),
  verified_at timestamptz,
  last_success_at timestamptz,
  metadata jsonb not null default '{}' constraint webhooks_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index webhooks_owner_id_idx on core.webhooks (owner_id);

create policy webhooks_own_select on core.webhooks for select to hc_member using (owner_id = (select core.current_user_id()));

create policy webhooks_own_insert on core.webhooks for insert to hc_member with check (owner_id = (select core.current_user_id()));

create policy webhooks_own_update on core.webhooks for update to hc_member using (owner_id = (select core.current_user_id()));

create policy webhooks_staff_select on core.webhooks for select to hc_admin, hc_auditor using (true);

grant select (id, owner_id, direction, name, target_url, provider, status, event_patterns, filter, api_version, max_in_flight, timeout_ms, failure_count, opened_until,
    disabled_reason, headers, verified_at, last_success_at, metadata, created_at, updated_at) on core.webhooks to hc_member, hc_auditor;

grant insert (owner_id, direction, name, target_url, provider, event_patterns, filter, api_version, max_in_flight, timeout_ms, headers) on core.webhooks to hc_member;

grant update (name, target_url, status, event_patterns, filter, api_version, max_in_flight, timeout_ms, headers) on core.webhooks to hc_member;

comment on table core.webhooks is 'Hooks in both directions: where events go and where they come in. No secrets: those are in automation.signing_keys. @wix own @distribution reference';
comment on column core.webhooks.id is 'Version 7 UUID.';
comment on column core.webhooks.owner_id is 'Whose hook it is.';
comment on column core.webhooks.direction is 'outbound (we call) or inbound (we are called).';
comment on column core.webhooks.name is 'Name its owner knows it by. @wix write';
comment on column core.webhooks.target_url is 'Address an outbound hook calls; changing it asks for a new proof of control.';
comment on column core.webhooks.provider is 'Who calls an inbound hook, as stripe or nowpayments: tells how its signatures are checked.';
comment on column core.webhooks.path_token_sha256 is 'Digest of the token in the path of an inbound hook. @secret';
comment on column core.webhooks.status is 'State machine webhook: pending_verification, active, paused, disabled. @wix write';
comment on column core.webhooks.event_patterns is 'Which events an outbound hook wants, as donation.* or !donation.test. @wix write';
comment on column core.webhooks.filter is 'Further condition on the payload: {"path": "$.amount_usd > 100"}. @wix never';
comment on column core.webhooks.api_version is 'Version of the payloads its receiver understands. @wix never';
comment on column core.webhooks.max_in_flight is 'Deliveries under way at a time. @wix never';
comment on column core.webhooks.timeout_ms is 'How long a delivery may take. @wix never';
comment on column core.webhooks.failure_count is 'Failures in a row, as the breaker counts them. @wix never';
comment on column core.webhooks.opened_until is 'The breaker is open: nothing is sent before this time. @wix never';
comment on column core.webhooks.disabled_reason is 'Why it was disabled.';
comment on column core.webhooks.headers is 'Further headers to send; no secrets. @wix never';
comment on column core.webhooks.verified_at is 'When its owner last proved to control the address.';
comment on column core.webhooks.last_success_at is 'Last delivery that was accepted.';
comment on column core.webhooks.metadata is 'Notes of the platform. @wix never';
comment on column core.webhooks.created_at is 'When it was made.';
comment on column core.webhooks.updated_at is 'When the row last really changed.';
comment on index core.webhooks_owner_id_idx is 'Hooks of an owner; and the foreign key.';
comment on policy webhooks_own_select on core.webhooks is 'Owners see their hooks.';
comment on policy webhooks_own_insert on core.webhooks is 'People make hooks of their own.';
comment on policy webhooks_own_update on core.webhooks is 'Owners describe and pause their hooks, as far as column grants allow.';
comment on policy webhooks_staff_select on core.webhooks is 'Administration and audit see every hook.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000791001', 'ada-0791'), ('00000000-0000-7000-8000-000000791002', 'bob-0791');
insert into core.webhooks (id, owner_id, name, target_url) values
  ('00000000-0000-7000-8000-000000791011', '00000000-0000-7000-8000-000000791001', 'a-0791', 'https://example.org/a'), ('00000000-0000-7000-8000-000000791012', '00000000-0000-7000-8000-000000791002', 'b-0791', 'https://example.org/b');
select core.act_as('00000000-0000-7000-8000-000000791001');
set local role hc_member;
insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000791001', 'c-0791', 'https://example.org/c')
returning id is not null and direction = 'outbound' and status = 'pending_verification' and event_patterns = '{}' and filter = '{}' and api_version = '2026-01' and max_in_flight = 5 and timeout_ms = 10000
  and failure_count = 0 and headers = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
select count(*) = 2 and bool_and(owner_id = '00000000-0000-7000-8000-000000791001') from core.webhooks where name like '%-0791';
with changed as (update core.webhooks set name = 'mine-0791' where id = '00000000-0000-7000-8000-000000791012' returning 1) select count(*) = 0 from changed;
with changed as (update core.webhooks set name = 'd-0791', timeout_ms = 9000 where id = '00000000-0000-7000-8000-000000791011' returning 1) select count(*) = 1 from changed;
select sql, blueprint.raises(sql, '42501') from unnest(array['select path_token_sha256 from core.webhooks', 'update core.webhooks set failure_count = 0', 'update core.webhooks set verified_at = now()', 'delete from core.webhooks',
  $$ insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000791002', 'e-0791', 'https://example.org/e') $$]) sql;
update core.webhooks set timeout_ms = 8000;
set local role hc_admin;
select count(*) = 3 and bool_and((timeout_ms = 8000) = (owner_id = '00000000-0000-7000-8000-000000791001')) from core.webhooks where name like '%-0791';
set local role hc_auditor;
select count(*) = 3, blueprint.raises('select path_token_sha256 from core.webhooks', '42501') from core.webhooks where name like '%-0791';
set local role hc_anon;
select blueprint.raises('select from core.webhooks', '42501');
set local role hc_owner;
select cols, blueprint.raises(format($$ insert into core.webhooks (target_url, %s) values ('https://example.org/x', %s) $$, cols, vals), state, rule) from (values
  ('name, owner_id, id', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '00000000-0000-7000-8000-000000791011' $$, '23505', 'webhooks_id_pk'),
  ('name, owner_id', $$ 'x-0791', '00000000-0000-7000-8000-00000079100f' $$, '23503', 'webhooks_owner_id_fk'),
  ('name, owner_id, filter', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_filter_check'),
  ('name, owner_id, headers', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_headers_check'),
  ('name, owner_id, metadata', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_metadata_check')) v(cols, vals, state, rule);
select bool_or(blueprint.plan_uses($$ select from core.webhooks where owner_id = '00000000-0000-7000-8000-000000791001' $$, index))  -- the key of names (0793) serves, too
from unnest(array['webhooks_owner_id_idx', 'webhooks_name_owner_id_key']) index;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.webhooks'::regclass;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'select') and has_column_privilege('hc_auditor', 'core.webhooks', c, 'select') from unnest(string_to_array('id,owner_id,direction,name,target_url,provider,'
  'status,event_patterns,filter,api_version,max_in_flight,timeout_ms,failure_count,opened_until,disabled_reason,headers,verified_at,last_success_at,metadata,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'update') from unnest(string_to_array('name,target_url,status,event_patterns,filter,api_version,max_in_flight,timeout_ms,headers', ',')) c;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'insert') from unnest(string_to_array('owner_id,direction,name,target_url,provider,event_patterns,filter,api_version,max_in_flight,timeout_ms,headers', ',')) c;

-- task: BUILD_0792 create_table_indexes
-- title: Index webhooks by owner, pattern, provider and state
-- does: Inbound calls find their hook by the digest of the token, events their candidates by pattern, operators hooks by direction and state, by provider and by open breaker
--   (the owner's index came with the table).
-- proves: each query can be served by the index made for it, and no two hooks share a token.
-- needs: BUILD_0791
create index webhooks_event_patterns_idx on core.webhooks using gin (event_patterns);
create index webhooks_direction_status_idx on core.webhooks (direction, status);
create unique index webhooks_path_token_sha256_key on core.webhooks (path_token_sha256) where path_token_sha256 is not null;
create index webhooks_provider_idx on core.webhooks (provider) where direction = 'inbound';
create index webhooks_opened_until_idx on core.webhooks (opened_until) where opened_until is not null;

comment on index core.webhooks_event_patterns_idx is 'Hooks that may want an event (core.webhooks_for).';
comment on index core.webhooks_direction_status_idx is 'Hooks of a direction in a state, for operators.';
comment on index core.webhooks_path_token_sha256_key is 'The hook of an inbound call; one hook a token.';
comment on index core.webhooks_provider_idx is 'Inbound hooks of a provider.';
comment on index core.webhooks_opened_until_idx is 'Hooks whose breaker is open.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.webhooks where path_token_sha256 = sha256('x') $$, 'webhooks_path_token_sha256_key'),
  ($$ select from core.webhooks where event_patterns && '{donation.*,donation.confirmed}' $$, 'webhooks_event_patterns_idx'),
  ($$ select from core.webhooks where direction = 'outbound' and status = 'disabled' $$, 'webhooks_direction_status_idx'),
  ($$ select from core.webhooks where direction = 'inbound' and provider = 'stripe' $$, 'webhooks_provider_idx'),
  ($$ select from core.webhooks where opened_until > now() $$, 'webhooks_opened_until_idx')) v(sql, index);
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000792001', 'ada-0792');
insert into core.webhooks (owner_id, direction, name, provider, path_token_sha256) values ('00000000-0000-7000-8000-000000792001', 'inbound', 'a-0792', 'stripe', sha256('0792'));
select blueprint.raises($$ insert into core.webhooks (owner_id, direction, name, provider, path_token_sha256) values ('00000000-0000-7000-8000-000000792001', 'inbound', 'b-0792', 'stripe', sha256('0792')) $$, '23505', 'webhooks_path_token_sha256_key');

-- task: BUILD_0793 create_table_constraints critical
-- title: Constrain webhooks: direction shape, URL, patterns, header hygiene
-- does: Outbound hooks have an https address and no token, inbound ones a provider and, once they are open, a token digest; patterns, headers and filters are well formed,
--   limits have bounds, a disabled hook says why, names are unique per owner.
-- proves: each rule refuses the row that breaks it, by name.
-- needs: BUILD_0005, BUILD_0791
create function core.are_event_patterns(patterns text[]) returns boolean
  language sql immutable parallel safe
  return cardinality(patterns) <= 20 and (select coalesce(bool_and(coalesce(length(p) <= 100 and p ~ '^!?([a-z_]+|\*\*?)(\.([a-z_]+|\*\*?))*$' and p !~ '\*\*\.', false)), true) from unnest(patterns) p);

create function core.are_plain_headers(headers jsonb) returns boolean
  language sql immutable parallel safe
  return jsonb_typeof(headers) = 'object' and (
    select count(*) <= 20 and coalesce(bool_and(h.name ~ '^[a-z0-9-]{1,64}$' and h.value ->> 0 !~ '[\r\n]' and length(h.value ->> 0) <= 1024 and jsonb_typeof(h.value -> 0) = 'string'
      and h.name !~ '^(proxy-.*|.*authori[sz]ation|.*cookie.*|webhook-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade|host|content-length)$'), true)
    from (select e.key as name, jsonb_build_array(e.value) as value from jsonb_each(case jsonb_typeof(headers) when 'object' then headers else '{}' end) e) h);

alter table core.webhooks
  add constraint webhooks_direction_check check (direction in ('outbound', 'inbound')),
  add constraint webhooks_status_check check (status in ('pending_verification', 'active', 'paused', 'disabled')),
  add constraint webhooks_outbound_shape_check check (direction <> 'outbound' or target_url is not null and target_url::text ~ '^https://' and path_token_sha256 is null),
  add constraint webhooks_inbound_shape_check check (direction <> 'inbound' or provider is not null and target_url is null and (path_token_sha256 is not null or status in ('pending_verification', 'disabled'))),
  add constraint webhooks_provider_check check (provider ~ '^[a-z][a-z0-9_-]{1,39}$'),
  add constraint webhooks_event_patterns_check check (core.are_event_patterns(event_patterns)),
  add constraint webhooks_plain_headers_check check (core.are_plain_headers(headers)),
  add constraint webhooks_filter_path_check check (not filter ? 'path' or pg_input_is_valid(filter ->> 'path', 'jsonpath') and length(filter ->> 'path') <= 1000),
  add constraint webhooks_timeout_ms_check check (timeout_ms >= 500 and timeout_ms <= 30000),
  add constraint webhooks_max_in_flight_check check (max_in_flight >= 1 and max_in_flight <= 50),
  add constraint webhooks_failure_count_check check (failure_count >= 0),
  add constraint webhooks_api_version_check check (api_version ~ '^\d{4}-\d{2}$'),
  add constraint webhooks_disabled_reason_check check (status <> 'disabled' or disabled_reason is not null),
  add constraint webhooks_name_check check (length(name) >= 1 and length(name) <= 80),
  add constraint webhooks_name_owner_id_key unique (name, owner_id);

comment on function core.are_event_patterns is 'True for at most twenty patterns of dotted words, each word or * (any one) with ** (any number) at the end alone; ! in front excludes.';
comment on function core.are_plain_headers is 'True for at most twenty headers, names in lower case, that carry no credentials, no line breaks and nothing that belongs to the connection or the signature.';

grant execute on function core.are_event_patterns, core.are_plain_headers to hc_member, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000793001', 'ada-0793');
insert into core.webhooks (id, owner_id, name, target_url, event_patterns, headers, filter) values ('00000000-0000-7000-8000-000000793011', '00000000-0000-7000-8000-000000793001', 'a-0793', 'https://example.org/a',
  '{donation.*,!donation.test,*.failed,order.**}', '{"x-team": "hinges"}', '{"path": "$.amount_usd > 100"}');
insert into core.webhooks (id, owner_id, direction, name, provider) values ('00000000-0000-7000-8000-000000793012', '00000000-0000-7000-8000-000000793001', 'inbound', 'b-0793', 'stripe');
select change, blueprint.raises(format($$ update core.webhooks set %s where name = 'a-0793' $$, change), '23514', rule) from (values
  ($$ status = 'broken' $$, 'webhooks_status_check'), ($$ target_url = 'http://example.org' $$, 'webhooks_outbound_shape_check'),
  ($$ path_token_sha256 = sha256('x') $$, 'webhooks_outbound_shape_check'), ($$ provider = 'Not one' $$, 'webhooks_provider_check'), ($$ event_patterns = '{Donation}' $$, 'webhooks_event_patterns_check'),
  ($$ event_patterns = '{**.failed}' $$, 'webhooks_event_patterns_check'), ($$ event_patterns = array_fill('a'::text, '{21}') $$, 'webhooks_event_patterns_check'), ($$ event_patterns = '{a,null}' $$, 'webhooks_event_patterns_check'),
  ($$ headers = '{"Authorization": "Bearer x"}' $$, 'webhooks_plain_headers_check'), ($$ headers = '{"authorization": "Bearer x"}' $$, 'webhooks_plain_headers_check'), ($$ headers = '{"transfer-encoding": "chunked"}' $$, 'webhooks_plain_headers_check'),
  ($$ headers = '{"x-a": "b\r\nc: d"}' $$, 'webhooks_plain_headers_check'), ($$ headers = '{"x-a": 1}' $$, 'webhooks_plain_headers_check'), ($$ headers = '{"set-cookie": "a"}' $$, 'webhooks_plain_headers_check'),
  ($$ filter = '{"path": "$.a >"}' $$, 'webhooks_filter_path_check'), ($$ timeout_ms = 499 $$, 'webhooks_timeout_ms_check'), ($$ max_in_flight = 51 $$, 'webhooks_max_in_flight_check'),
  ($$ failure_count = -1 $$, 'webhooks_failure_count_check'), ($$ api_version = 'v1' $$, 'webhooks_api_version_check'), ($$ status = 'disabled' $$, 'webhooks_disabled_reason_check'), ($$ name = '' $$, 'webhooks_name_check')) v(change, rule);
select change, blueprint.raises(format($$ update core.webhooks set %s where name = 'b-0793' $$, change), '23514', 'webhooks_inbound_shape_check') from unnest(array[
  $$ target_url = 'https://example.org' $$, 'provider = null', $$ status = 'active' $$]) change;
select blueprint.raises($$ insert into core.webhooks (owner_id, direction, name) values ('00000000-0000-7000-8000-000000793001', 'both', 'c-0793') $$, '23514', 'webhooks_direction_check');
select blueprint.raises($$ update core.webhooks set name = 'a-0793' where name = 'b-0793' $$, '23505', 'webhooks_name_owner_id_key');
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute')
from unnest(array['core.are_event_patterns(text[])', 'core.are_plain_headers(jsonb)']) f;

-- task: BUILD_0794 create_table_triggers critical
-- title: Attach webhook triggers: status machine 'webhook', re-verification on URL change
-- does: A hook follows machine webhook: pending_verification, active, paused, disabled for good. A changed address must be proved again and starts with clean counters; owners may
--   only pause and resume; hooks of an account that is no longer active are paused.
-- proves: a changed URL makes an active hook pending, an owner can neither activate nor count (42501), disabled to active raises, a suspension pauses.
-- needs: BUILD_0014, BUILD_0020, BUILD_0664, BUILD_0793
create function core.guard_webhook() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.target_url is distinct from old.target_url and old.status <> 'disabled' then
    new.status := 'pending_verification';
    new.failure_count := 0;
    new.opened_until := null;
    new.verified_at := null;
  elsif new.status <> old.status and not pg_has_role(current_user, 'hc_owner', 'usage')
      and (old.status, new.status) not in (('active', 'paused'), ('paused', 'active')) then
    raise exception using errcode = '42501', message = format('a hook goes from %s to %s by verification only', old.status, new.status), hint = 'Owners pause and resume.';
  end if;
  return new;
end $$;

create function core.pause_webhooks() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  update core.webhooks w set status = 'paused' where w.owner_id = new.id and w.status = 'active';
  return null;
end $$;

create trigger webhooks_a_guard before update on core.webhooks for each row
  when (new.target_url::text is distinct from old.target_url::text or new.status is distinct from old.status) execute function core.guard_webhook();

select core.attach_standard('core.webhooks', 'std', 'owner_id', 'direction');

select core.define_machine('webhook', '{
  "pending_verification": ["active", "disabled"],
  "active": ["paused", "pending_verification", "disabled"],
  "paused": ["active", "pending_verification", "disabled"]}');

create trigger webhooks_status_machine after update on core.webhooks for each row when (new.status is distinct from old.status) execute function core.enforce_transition('webhook');

create trigger users_pause_webhooks after update of status on core.users for each row
  when (new.status in ('suspended', 'deactivated', 'erased')) execute function core.pause_webhooks();

comment on function core.guard_webhook is 'Trigger of core.webhooks: a changed address is to be proved again; others than functions of the platform only pause and resume.';
comment on function core.pause_webhooks is 'Trigger of core.users: pauses the active hooks of an account that ends.';
comment on trigger webhooks_a_guard on core.webhooks is 'Runs before the other triggers (by name).';
comment on trigger webhooks_status_machine on core.webhooks is 'Status changes follow machine webhook, also those the guard makes, and are logged.';
comment on trigger users_pause_webhooks on core.users is 'Nothing is sent for an account that is not active.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000794001', 'ada-0794', 'ada-0794@example.org', 'active');
insert into core.webhooks (owner_id, name, target_url, status, failure_count, opened_until, verified_at) values
  ('00000000-0000-7000-8000-000000794001', 'a-0794', 'https://example.org/a', 'active', 3, now(), now()), ('00000000-0000-7000-8000-000000794001', 'b-0794', 'https://example.org/b', 'active', 0, null, now());
insert into core.webhooks (owner_id, name, target_url, status, disabled_reason) values ('00000000-0000-7000-8000-000000794001', 'c-0794', 'https://example.org/c', 'disabled', 'gone');
select core.act_as('00000000-0000-7000-8000-000000794001');
set local role hc_member;
update core.webhooks set target_url = 'https://example.org/new' where name = 'a-0794' returning status = 'pending_verification' and failure_count = 0 and opened_until is null and verified_at is null;
select sql, blueprint.raises(sql, '42501') from unnest(array[$$ update core.webhooks set status = 'active' where name = 'a-0794' $$, $$ update core.webhooks set status = 'disabled' where name = 'b-0794' $$,
  $$ update core.webhooks set failure_count = 0 where name = 'b-0794' $$, $$ update core.webhooks set status = 'active' where name = 'c-0794' $$]) sql;
update core.webhooks set status = 'paused' where name = 'b-0794' returning status = 'paused';
update core.webhooks set status = 'active' where name = 'b-0794' returning status = 'active';
set local role hc_owner;
select count(*) = 1 from core.status_changes where machine = 'webhook' and to_status = 'pending_verification' and entity_id = (select id from core.webhooks where name = 'a-0794');
select blueprint.raises($$ update core.webhooks set status = 'active' where name = 'c-0794' $$, '23514', 'disabled -> active'), blueprint.raises($$ update core.webhooks set direction = 'inbound' where name = 'a-0794' $$, '55006', 'direction');
update core.webhooks set updated_at = now() - interval '1 day' where name = 'b-0794';
update core.webhooks set timeout_ms = 5000 where name = 'b-0794' returning updated_at >= now();
update core.users set status = 'deactivated' where handle = 'ada-0794';
select status = 'paused' from core.webhooks where name = 'b-0794';
select not has_function_privilege('hc_member', 'core.guard_webhook()', 'execute'), not has_function_privilege('hc_member', 'core.pause_webhooks()', 'execute');

-- revert
drop trigger users_pause_webhooks on core.users;
drop trigger webhooks_status_machine on core.webhooks;
select core.define_machine('webhook', '{}');
select core.detach_standard('core.webhooks');
drop trigger webhooks_a_guard on core.webhooks;
drop function core.pause_webhooks, core.guard_webhook;

-- task: BUILD_0795 create_jsonb_indexes
-- title: Index filter and header JSONB for operators
-- does: A hook's filter lists the fields it reads (filled in from its path), and two GIN indexes answer which hooks filter on a field that is to be renamed
--   and which still get a header that is to go.
-- proves: two of three hooks filter on amount_usd, one has the header, and both functions are served by their indexes.
-- needs: BUILD_0005, BUILD_0793
create function core.list_filter_fields() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.filter := new.filter - 'fields' || coalesce((
    select jsonb_build_object('fields', jsonb_agg(distinct f.name[1] order by f.name[1]))
    from regexp_matches(new.filter ->> 'path', '\.\s*"?([A-Za-z_][A-Za-z0-9_]*)"?(?!\s*\(|[A-Za-z0-9_])', 'g') f(name)
    having count(*) > 0), '{}');
  return new;
end $$;

create trigger webhooks_filter_fields before insert or update of filter on core.webhooks for each row when (new.filter ? 'path') execute function core.list_filter_fields();

create index webhooks_filter_idx on core.webhooks using gin (filter jsonb_path_ops);
create index webhooks_headers_idx on core.webhooks using gin (headers);

create function core.webhooks_filtering_on(field text) returns table (webhook_id uuid, owner_id uuid, path text)
  language sql stable security definer
begin atomic
  select w.id, w.owner_id, w.filter ->> 'path' from core.webhooks w where w.filter @> jsonb_build_object('fields', jsonb_build_array(field)) order by w.id;
end;

create function core.webhooks_with_header(name text) returns table (webhook_id uuid, owner_id uuid)
  language sql stable security definer
begin atomic
  select w.id, w.owner_id from core.webhooks w where w.headers ? lower(webhooks_with_header.name) order by w.id;
end;

comment on function core.list_filter_fields is 'Trigger of core.webhooks: filter.fields names what filter.path reads.';
comment on trigger webhooks_filter_fields on core.webhooks is 'The list of fields follows the path.';
comment on index core.webhooks_filter_idx is 'Hooks by a field of their filter (core.webhooks_filtering_on).';
comment on index core.webhooks_headers_idx is 'Hooks by a header (core.webhooks_with_header); the default operator class, which knows keys.';
comment on function core.webhooks_filtering_on is 'Hooks whose filter reads a field: whom renaming it would break. Security definer: hooks are granted to their owners.';
comment on function core.webhooks_with_header is 'Hooks that get a header, for its deprecation. Security definer: hooks are granted to their owners.';

grant execute on function core.webhooks_filtering_on, core.webhooks_with_header to hc_admin, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000795001', 'ada-0795');
insert into core.webhooks (id, owner_id, name, target_url, filter, headers) values
  ('00000000-0000-7000-8000-000000795011', '00000000-0000-7000-8000-000000795001', 'a-0795', 'https://example.org', '{"path": "$.amount_usd > 100 && $.donor.country == \"DE\""}', '{"x-probe-0795": "1"}'),
  ('00000000-0000-7000-8000-000000795012', '00000000-0000-7000-8000-000000795001', 'b-0795', 'https://example.org', '{"path": "$.lines[*] ? (@.amount_usd.double() > 1)"}', '{}'),
  ('00000000-0000-7000-8000-000000795013', '00000000-0000-7000-8000-000000795001', 'c-0795', 'https://example.org', '{"path": "$.amount == 1"}', '{}');
select filter -> 'fields' = case name when 'a-0795' then '["amount_usd", "country", "donor"]' when 'b-0795' then '["amount_usd", "lines"]' else '["amount"]' end::jsonb from core.webhooks where name like '%-0795';
update core.webhooks set filter = '{"path": "$.total > 1"}' where name = 'c-0795' returning filter -> 'fields' = '["total"]';
set local role hc_admin;
select count(*) = 2 and bool_and(path like '%amount_usd%') from core.webhooks_filtering_on('amount_usd') where owner_id = '00000000-0000-7000-8000-000000795001';
select count(*) = 1 and bool_and(webhook_id = '00000000-0000-7000-8000-000000795011') from core.webhooks_with_header('X-Probe-0795');
set local role hc_worker;
select count(*) = 1 from core.webhooks_with_header('X-Probe-0795');
select count(*) = 2 from core.webhooks_filtering_on('amount_usd') where owner_id = '00000000-0000-7000-8000-000000795001';
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select * from core.webhooks where filter @> '{"fields": ["amount_usd"]}' $$, 'webhooks_filter_idx'), ($$ select * from core.webhooks where headers ? 'x-old' $$, 'webhooks_headers_idx')) v(sql, index);
select f, has_function_privilege('hc_admin', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['core.webhooks_filtering_on(text)', 'core.webhooks_with_header(text)']) f;
select not has_function_privilege('hc_member', 'core.list_filter_fields()', 'execute');

-- task: BUILD_0796 add_wix_columns
-- title: Add Wix columns to core.webhooks (owner = owner_id)
-- does: Four virtual columns that cannot disagree with the real ones; owners edit name, patterns and pause through Wix and read the address.
-- proves: the columns follow their sources after a pause, cannot be written (428C9), wix_columns() leaves digest, filter and counters out.
-- needs: BUILD_0010, BUILD_0666, BUILD_0791
alter table core.webhooks
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (owner_id::text) virtual;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.webhooks to hc_member, hc_auditor;

comment on column core.webhooks."_id" is 'The id, as Wix names it. @wix read';
comment on column core.webhooks."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.webhooks."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.webhooks."_owner" is 'Whose hook it is, as Wix names it. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000796001', 'ada-0796');
insert into core.webhooks (owner_id, name, target_url, status) values ('00000000-0000-7000-8000-000000796001', 'a-0796', 'https://example.org', 'active');
update core.webhooks set status = 'paused', updated_at = created_at + interval '1 hour' where name = 'a-0796';
select "_id" = id::text and "_owner" = owner_id::text and "_createdDate" = created_at and "_updatedDate" = updated_at from core.webhooks where name = 'a-0796';
select c, blueprint.raises(format('update core.webhooks set %I = null', c), '428C9') and has_column_privilege('hc_member', 'core.webhooks', c, 'select') and has_column_privilege('hc_auditor', 'core.webhooks', c, 'select')
from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.webhooks'), count(*) filter (where column_name in ('path_token_sha256', 'filter', 'headers', 'failure_count', 'opened_until', 'metadata')) = 0,
  count(*) filter (where access = 'write' and column_name in ('name', 'event_patterns', 'status')) = 3, count(*) filter (where access = 'write') = 3, bool_or(column_name = 'target_url' and access = 'read')
from core.wix_columns('core.webhooks');

-- task: BUILD_0797 implement_table_feature critical
-- title: Refuse unsafe targets: core.check_webhook_url(url) against SSRF
-- does: An address is normalised or refused with the reason: other schemes, user info, fragments, odd ports, numeric hosts in any notation, names of the own network and
--   addresses that are not of the public internet. The table takes no other; check_resolved_ips() is asked again with what the name resolved to when something is sent.
-- proves: 44 samples are judged right, a resolved private address fails, a hook with such an address is refused (23514).
-- needs: BUILD_0793
create function core.is_public_ip(ip inet) returns boolean
  language sql immutable strict parallel safe
  return case family(ip)
    when 4 then not ip <<= any ('{0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/3}'::inet[])
    else ip <<= '2000::/3'::inet and not ip <<= any ('{2001::/23,2001:db8::/32,2002::/16,3fff::/20}'::inet[]) end;

create function core.check_webhook_url(url text, out normalised text, out reason text) returns record
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  part constant text[] := regexp_match(url, '^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(#.*)?$');
  place text[];
  host text;
begin
  if part is null or url ~ '[[:space:][:cntrl:]\\]' or length(url) > 2048 then
    reason := 'no address';
  elsif lower(part[1]) <> 'https' then
    reason := 'not https';
  elsif part[2] like '%@%' then
    reason := 'user info';
  elsif part[4] is not null then
    reason := 'fragment';
  else
    place := coalesce(regexp_match(lower(part[2]), '^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$'), regexp_match(lower(part[2]), '^([a-z0-9.-]+?)\.?(?::(\d{1,5}))?$'));
    host := place[1];
    if host is null then
      reason := 'host';
    elsif place[2] is not null and place[2]::int not in (443, 8443) then
      reason := 'port';
    elsif part[2] like '[%' or host ~ '^((\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.){3}(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$' then
      if not pg_input_is_valid(host, 'inet') or not core.is_public_ip(host::inet) then
        reason := 'not a public address';
      elsif part[2] like '[%' then
        host := '[' || host(host::inet) || ']';
      end if;
    elsif host ~ '(^|\.)(\d+|0x[0-9a-f]*)$' then
      reason := 'numeric host';
    elsif host !~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$' then
      reason := 'host';
    elsif host ~ '(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|test|invalid|onion|home\.arpa|in-addr\.arpa|ip6\.arpa)$' then
      reason := 'name of a private network';
    end if;
  end if;
  if reason is null then
    normalised := 'https://' || host || case when place[2] = '8443' then ':8443' else '' end || case when part[3] like '/%' then part[3] else '/' || part[3] end;
  end if;
end $$;

create function core.check_resolved_ips(url text, ips inet[]) returns text
  language sql immutable parallel safe
  return coalesce((core.check_webhook_url(url)).reason,
    case when coalesce(cardinality(ips), 0) = 0 then 'does not resolve' when (select bool_and(coalesce(core.is_public_ip(ip), false)) from unnest(ips) ip) then 'ok' else 'resolves to an address that is not public' end);

create function core.is_safe_webhook_url(url text) returns boolean
  language sql immutable parallel safe
  return url is null or (core.check_webhook_url(url)).reason is null;

alter table core.webhooks add constraint webhooks_target_url_check check (core.is_safe_webhook_url(target_url::text));

comment on function core.is_public_ip is 'True for addresses of the public internet: outside the IANA special-purpose registries (RFC 6890), multicast and reserved ranges; IPv6 only global unicast, without mapped, 6to4, Teredo and documentation ones.';
comment on function core.check_webhook_url is 'The address as it will be called, or the reason why it will not be.';
comment on function core.check_resolved_ips is 'ok, or why nothing may be sent: the address itself, or one of the addresses its name resolves to now. The worker connects to exactly these addresses.';
comment on function core.is_safe_webhook_url is 'True when core.check_webhook_url() has no objection; null is none either.';

grant execute on function core.check_webhook_url, core.is_safe_webhook_url, core.is_public_ip to hc_member, hc_worker;
grant execute on function core.check_resolved_ips to hc_worker;

-- verify
select url, (core.check_webhook_url(url)).normalised = normalised from (values
  ('https://Example.ORG', 'https://example.org/'), ('https://example.org:443/a?b=c', 'https://example.org/a?b=c'), ('https://example.org:8443?x', 'https://example.org:8443/?x'), ('https://example.org./', 'https://example.org/'),
  ('https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example/'), ('https://8.8.8.8/hook', 'https://8.8.8.8/hook'), ('https://[2606:4700:4700:0::1111]/', 'https://[2606:4700:4700::1111]/'), ('https://172.32.0.1/', 'https://172.32.0.1/'),
  ('https://locals.example.org/', 'https://locals.example.org/')) v(url, normalised);
select url, (core.check_webhook_url(url)).reason = reason and (core.check_webhook_url(url)).normalised is null from (values
  ('http://example.org', 'not https'), ('ftp://example.org', 'not https'), ('https://user@example.org', 'user info'), ('https://a:' || 'b@example.org', 'user info'), ('https://example.org#x', 'fragment'),
  ('https://example.org:80/', 'port'), ('https://example.org:22', 'port'), ('https://2130706433/', 'numeric host'), ('https://0x7f000001/', 'numeric host'), ('https://0177.0.0.1/', 'numeric host'), ('https://127.1/', 'numeric host'),
  ('https://127.0.0.1/', 'not a public address'), ('https://10.1.2.3', 'not a public address'), ('https://172.16.0.1', 'not a public address'), ('https://192.168.1.1', 'not a public address'),
  ('https://169.254.169.254/latest/meta-data', 'not a public address'), ('https://100.64.0.1', 'not a public address'), ('https://224.0.0.1', 'not a public address'), ('https://255.255.255.255', 'not a public address'),
  ('https://0.0.0.0', 'not a public address'), ('https://[::1]', 'not a public address'), ('https://[::ffff:10.0.0.1]', 'not a public address'), ('https://[::ffff:8.8.8.8]', 'not a public address'),
  ('https://[fe80::1]', 'not a public address'), ('https://[fd00::1]', 'not a public address'), ('https://[64:ff9b::a00:1]', 'not a public address'), ('https://localhost', 'host'), ('https://a.localhost', 'name of a private network'),
  ('https://a.b.internal', 'name of a private network'), ('https://metadata.google.internal', 'name of a private network'), ('https://nas.local', 'name of a private network'), ('https://router.home.arpa', 'name of a private network'),
  ('https://exa%6dple.org', 'host'), (U&'https://ex\00E4mple.org', 'host'), ('https://example.org\@evil.org', 'no address')) v(url, reason);
select core.check_resolved_ips('https://example.org', '{93.184.215.14,2606:4700::1}') = 'ok', core.check_resolved_ips('https://example.org', '{93.184.215.14,10.0.0.1}') like '%not public',
  core.check_resolved_ips('https://example.org', '{}') = 'does not resolve', core.check_resolved_ips('http://example.org', '{8.8.8.8}') = 'not https';
select core.is_safe_webhook_url('https://example.org') and core.is_safe_webhook_url(null) and not core.is_safe_webhook_url('https://10.0.0.1');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000797001', 'ada-0797');
select blueprint.raises($$ insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000797001', 'a-0797', 'https://169.254.169.254/') $$, '23514', 'webhooks_target_url_check');
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_member', f, 'execute') = (f not like '%resolved%') and not has_function_privilege('hc_analyst', f, 'execute')
from unnest(array['core.check_webhook_url(text)', 'core.is_safe_webhook_url(text)', 'core.is_public_ip(inet)', 'core.check_resolved_ips(text, inet[])']) f;

-- task: BUILD_0798 implement_table_feature
-- title: Match events to hooks: core.webhook_matches(webhook, event_type, payload)
-- does: core.event_patterns_of() lists every pattern an event answers to, so that matching is one overlap of arrays, which the GIN index serves. Negated patterns exclude, the JSONPath
--   filter must hold (an error is no match and is counted), and hooks of an older API do not get newer events. Owners can ask for an explanation.
-- proves: donation.* gets donation.confirmed and not donation.refund.failed, !donation.test excludes, a text amount is no match and counted, webhooks_for() reads the index.
-- needs: BUILD_0005, BUILD_0792, BUILD_0793
alter table core.webhooks add column filter_warnings bigint not null default 0;

grant select (filter_warnings) on core.webhooks to hc_member, hc_auditor;

create function core.event_patterns_of(event_type text) returns text[]
  language sql immutable strict parallel safe
begin atomic
  with recursive word as (
    select w.word, w.n from string_to_table(event_type, '.') with ordinality w(word, n)),
  prefix (pattern, n) as (
    select o.option, 1::bigint from word w, lateral (values (w.word), ('*'::text)) o(option) where w.n = 1
    union all
    select p.pattern || '.' || o.option, p.n + 1 from prefix p join word w on w.n = p.n + 1, lateral (values (w.word), ('*'::text)) o(option))
  select array_agg(p.pattern) from (
    select f.pattern from prefix f where f.n = (select max(w.n) from word w)
    union all
    select f.pattern || '.**' as pattern from prefix f where f.n < (select max(w.n) from word w)
    union all
    select '**'::text as pattern) p;
end;

create function core.webhook_explain(webhook uuid, event_type text, payload jsonb, since text default null, out matches boolean, out matched text[], out excluded text[], out filter_result text, out version_ok boolean) returns record
  language plpgsql stable security definer set search_path = ''
as $$
declare
  hook core.webhooks;
  wanted constant text[] := core.event_patterns_of(event_type);
begin
  select w.* into hook from core.webhooks w where w.id = webhook
    and (w.owner_id = core.current_user_id() or core.request_role() in ('hc_worker', 'hc_owner') or core.has_role('hc_admin'));
  if hook.id is null then
    raise exception using errcode = '42501', message = 'there is no such hook of yours';
  end if;
  matched := array(select p from unnest(hook.event_patterns) p where p = any (wanted));
  excluded := array(select p from unnest(hook.event_patterns) p where p like '!%' and substr(p, 2) = any (wanted));
  version_ok := since is null or hook.api_version >= since;
  filter_result := case when not hook.filter ? 'path' then 'none' else
    coalesce((select case jsonb_typeof(r) when 'null' then 'error' when 'boolean' then r #>> '{}' else 'true' end
      from jsonb_path_query_first(payload, (hook.filter ->> 'path')::jsonpath, '{}', true) r where r is not null), 'false') end;
  matches := hook.direction = 'outbound' and hook.status = 'active' and matched <> '{}' and excluded = '{}' and version_ok and filter_result in ('none', 'true');
end $$;

create function core.webhook_matches(webhook uuid, event_type text, payload jsonb, since text default null) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  verdict record;
begin
  select * into verdict from core.webhook_explain(webhook, event_type, payload, since);
  if verdict.filter_result = 'error' and verdict.matched <> '{}' and verdict.excluded = '{}' then
    update core.webhooks w set filter_warnings = w.filter_warnings + 1 where w.id = webhook;
  end if;
  return verdict.matches;
end $$;

create function core.webhooks_for(event_type text, payload jsonb, since text default null) returns setof uuid
  language sql security definer set search_path = ''
as $$
  select c.id from (
    select w.id from core.webhooks w
    where w.event_patterns && core.event_patterns_of(event_type) and w.direction = 'outbound' and w.status = 'active' order by w.id) c
  where core.webhook_matches(c.id, event_type, payload, since)
$$;

comment on column core.webhooks.filter_warnings is 'Events at which the filter could not be worked out, as a comparison of text with a number. @wix never';
comment on function core.event_patterns_of is 'Every pattern that matches the event: each word or *, and ** for what is left.';
comment on function core.webhook_explain is 'Why a hook gets an event or not: patterns that match and exclude, the result of the filter (none, true, false, error), the version. Owners ask for their hooks. Security definer: asks for the worker, too, who reads no hook.';
comment on function core.webhook_matches is 'Whether an active hook gets the event; an error of its filter is no match and counts as a warning. Security definer: writes the count.';
comment on function core.webhooks_for is 'Active outbound hooks that get the event. Security definer: the worker reads no hook.';

grant execute on function core.webhook_explain to hc_member, hc_worker;
grant execute on function core.webhook_matches, core.webhooks_for to hc_worker;

-- verify
select event, pattern, pattern = any (core.event_patterns_of(event)) = expected from (values
  ('donation.confirmed', 'donation.*', true), ('donation.refund.failed', 'donation.*', false), ('donation.refund.failed', 'donation.**', true), ('donation.refund.failed', '*.*.failed', true), ('order.failed', '*.failed', true),
  ('order.failed', '**', true), ('order', 'order.**', false), ('order', '*', true), ('order.failed', 'order', false), ('order.failed', 'orders.failed', false)) v(event, pattern, expected);
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000798001', 'ada-0798'), ('00000000-0000-7000-8000-000000798002', 'bob-0798');
insert into core.webhooks (id, owner_id, name, target_url, status, event_patterns, filter, api_version) values
  ('00000000-0000-7000-8000-000000798011', '00000000-0000-7000-8000-000000798001', 'a-0798', 'https://example.org', 'active', '{donation.*,!donation.test}', '{}', '2026-01'),
  ('00000000-0000-7000-8000-000000798012', '00000000-0000-7000-8000-000000798001', 'b-0798', 'https://example.org', 'active', '{**}', '{"path": "$.amount_usd > 100"}', '2026-06'),
  ('00000000-0000-7000-8000-000000798013', '00000000-0000-7000-8000-000000798001', 'c-0798', 'https://example.org', 'paused', '{**}', '{}', '2026-01');
create function pg_temp.hooks_0798(event text, payload jsonb, since text default null) returns text language sql
  return (select coalesce(string_agg(right(f::text, 1), '' order by f), '') from core.webhooks_for(event, payload, since) f where f::text like '%-000000798%');
grant execute on function pg_temp.hooks_0798 to hc_worker;
set local role hc_worker;
select core.webhook_matches('00000000-0000-7000-8000-000000798011', 'donation.confirmed', '{}'), not core.webhook_matches('00000000-0000-7000-8000-000000798011', 'donation.refund.failed', '{}'),
  not core.webhook_matches('00000000-0000-7000-8000-000000798011', 'donation.test', '{}'), not core.webhook_matches('00000000-0000-7000-8000-000000798012', 'donation.confirmed', '{"amount_usd": "150"}'),
  not core.webhook_matches('00000000-0000-7000-8000-000000798013', 'donation.confirmed', '{}');
select pg_temp.hooks_0798('donation.confirmed', '{"amount_usd": 150}') = '12', pg_temp.hooks_0798('donation.confirmed', '{"amount_usd": 50}') = '1', pg_temp.hooks_0798('donation.confirmed', '{"amount_usd": 150}', '2026-03') = '2';
set local role hc_owner;
select filter_warnings = 1, has_column_privilege('hc_member', 'core.webhooks', 'filter_warnings', 'select'), has_column_privilege('hc_auditor', 'core.webhooks', 'filter_warnings', 'select') from core.webhooks where name = 'b-0798';
insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000798001', 'd-0798', 'https://example.org') returning filter_warnings = 0;
select blueprint.plan_uses($$ select from core.webhooks w where w.event_patterns && core.event_patterns_of('donation.confirmed') $$, 'webhooks_event_patterns_idx');
select core.act_as('00000000-0000-7000-8000-000000798001');
set local role hc_member;
select not matches and matched = '{donation.*}' and excluded = '{!donation.test}' and filter_result = 'none' and version_ok from core.webhook_explain('00000000-0000-7000-8000-000000798011', 'donation.test', '{}');
select not matches and filter_result = 'error' from core.webhook_explain('00000000-0000-7000-8000-000000798012', 'donation.x', '{"amount_usd": "150"}');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000798002');
set local role hc_member;
select blueprint.raises($$ select core.webhook_explain('00000000-0000-7000-8000-000000798011', 'donation.test', '{}') $$, '42501', 'hook of yours');
set local role hc_owner;
select f, has_function_privilege('hc_worker', f, 'execute') = (f not like '%patterns_of%') and has_function_privilege('hc_member', f, 'execute') = (f like '%explain%') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['core.webhook_explain(uuid, text, jsonb, text)',
  'core.webhook_matches(uuid, text, jsonb, text)', 'core.webhooks_for(text, jsonb, text)', 'core.event_patterns_of(text)']) f;

-- task: BUILD_0799 implement_table_feature critical
-- title: Circuit breaker per hook: core.webhook_record_result(webhook, ok, code, latency)
-- does: Results of deliveries move a breaker under the hook's row lock: five failures in a row, or more than half of the last twenty, open it for a minute, then twice as long each time
--   up to six hours; after that one probe is let through and its success closes it. A hook that stays open for seven days is disabled with the reason.
-- proves: the fifth failure opens, webhook_ready() is false before the time and lets one probe through after it, a success closes, ten of nineteen does not open and eleven of twenty does, seven days disable.
-- needs: BUILD_0005, BUILD_0794
create table core.webhook_health (
  webhook_id uuid constraint webhook_health_webhook_id_pk primary key constraint webhook_health_webhook_id_fk references core.webhooks (id) on delete cascade,
  outcomes boolean[] not null default '{}' constraint webhook_health_outcomes_check check (cardinality(outcomes) <= 20),
  times_opened int not null default 0,
  open_since timestamptz,
  probe_until timestamptz,
  latency_ewma_ms numeric(10, 1),
  last_code int
);

create function core.webhook_record_result(webhook uuid, ok boolean, code int default null, latency_ms int default null, at timestamptz default clock_timestamp()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  hook core.webhooks;
  health core.webhook_health;
  was_open boolean;
begin
  select w.* into hook from core.webhooks w where w.id = webhook for update;
  if hook.id is null then
    raise exception using errcode = '22023', message = 'there is no such hook';
  end if;
  insert into core.webhook_health as h (webhook_id) values (webhook) on conflict (webhook_id) do nothing;
  select h.* into health from core.webhook_health h where h.webhook_id = webhook;
  was_open := health.times_opened > 0;
  health.outcomes := (health.outcomes || ok)[greatest(cardinality(health.outcomes) - 18, 1):];
  health.last_code := code;
  health.latency_ewma_ms := round(coalesce(health.latency_ewma_ms + 0.2 * (latency_ms - health.latency_ewma_ms), latency_ms, health.latency_ewma_ms), 1);
  if ok then
    hook.failure_count := 0;
    hook.opened_until := null;
    hook.last_success_at := at;
    if was_open then
      health.outcomes := '{true}';
    end if;
    health.times_opened := 0;
    health.open_since := null;
    health.probe_until := null;
  else
    hook.failure_count := hook.failure_count + 1;
    if coalesce(hook.opened_until <= at, true)
        and (was_open or hook.failure_count >= 5 or cardinality(health.outcomes) = 20 and cardinality(array_positions(health.outcomes, false)) > 10) then
      health.times_opened := health.times_opened + 1;
      hook.opened_until := at + least(interval '1 minute' * 2 ^ least(health.times_opened - 1, 20), interval '6 hours');
      health.open_since := coalesce(health.open_since, at);
      health.probe_until := null;
    end if;
    if health.open_since <= at - interval '7 days' and hook.status in ('active', 'paused', 'pending_verification') then
      hook.status := 'disabled';
      hook.disabled_reason := format('no delivery accepted since %s', to_char(health.open_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
    end if;
  end if;
  update core.webhook_health h
  set outcomes = health.outcomes, times_opened = health.times_opened, open_since = health.open_since, probe_until = health.probe_until, latency_ewma_ms = health.latency_ewma_ms, last_code = health.last_code
  where h.webhook_id = webhook;
  update core.webhooks w
  set failure_count = hook.failure_count, opened_until = hook.opened_until, last_success_at = hook.last_success_at, status = hook.status, disabled_reason = hook.disabled_reason
  where w.id = webhook;
  return case when hook.status = 'disabled' then 'disabled' when hook.opened_until is not null then 'open' else 'closed' end;
end $$;

create function core.webhook_ready(webhook uuid, at timestamptz default clock_timestamp()) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  hook core.webhooks;
begin
  select w.* into hook from core.webhooks w where w.id = webhook;
  if hook.status is distinct from 'active' or hook.opened_until > at then
    return false;
  elsif hook.opened_until is null then
    return true;
  end if;
  update core.webhook_health h set probe_until = at + interval '1 minute' where h.webhook_id = webhook and (h.probe_until is null or h.probe_until <= at);
  return found;
end $$;

comment on table core.webhook_health is 'What the breaker of a hook remembers; reached through functions alone. @distribution reference';
comment on column core.webhook_health.webhook_id is 'The hook.';
comment on column core.webhook_health.outcomes is 'Last twenty results, oldest first.';
comment on column core.webhook_health.times_opened is 'How often it opened since the last success: the time doubles with it.';
comment on column core.webhook_health.open_since is 'First opening since the last success.';
comment on column core.webhook_health.probe_until is 'A probe is under way until then.';
comment on column core.webhook_health.latency_ewma_ms is 'Moving average of latencies, newest weighs a fifth.';
comment on column core.webhook_health.last_code is 'Last HTTP status.';
comment on function core.webhook_record_result is 'Notes the result of a delivery: closed, open or disabled (then tell the owner). Security definer: the worker writes no hook.';
comment on function core.webhook_ready is 'Whether something may be sent now. When the pause of the breaker is over, the first caller gets true for a probe, and nobody else for a minute. Security definer: the worker writes no hook.';

grant execute on function core.webhook_record_result, core.webhook_ready to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000799001', 'ada-0799');
insert into core.webhooks (id, owner_id, name, target_url, status) values
  ('00000000-0000-7000-8000-000000799011', '00000000-0000-7000-8000-000000799001', 'a-0799', 'https://example.org', 'active'), ('00000000-0000-7000-8000-000000799012', '00000000-0000-7000-8000-000000799001', 'b-0799', 'https://example.org', 'active');
set local role hc_worker;
select core.webhook_ready('00000000-0000-7000-8000-000000799011');
select array_agg(core.webhook_record_result('00000000-0000-7000-8000-000000799011', false, 500, 100, '2026-01-01 00:00+00') order by i) = '{closed,closed,closed,closed,open}' from generate_series(1, 5) i;
select not core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:00:59+00'), core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:01:00+00');
select not core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:01:30+00');
select core.webhook_record_result('00000000-0000-7000-8000-000000799011', false, 500, 100, '2026-01-01 00:01:31+00') = 'open';
select not core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:03:30+00'), core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:03:31+00');
select core.webhook_record_result('00000000-0000-7000-8000-000000799011', true, 200, 200, '2026-01-01 00:03:32+00') = 'closed';
select core.webhook_ready('00000000-0000-7000-8000-000000799011', '2026-01-01 00:03:33+00');
set local role hc_owner;
select w.failure_count = 0 and w.opened_until is null and w.last_success_at = '2026-01-01 00:03:32+00' and h.outcomes = '{t}' and h.latency_ewma_ms = 120 and h.last_code = 200 and h.times_opened = 0
from core.webhooks w join core.webhook_health h on h.webhook_id = w.id where w.name = 'a-0799';
set local role hc_worker;
select count(*) filter (where r = 'open') = 0 from (select core.webhook_record_result('00000000-0000-7000-8000-000000799012', i % 2 = 0, 500, null, '2026-01-01 00:00+00') as r from generate_series(1, 19) i) t;
select core.webhook_record_result('00000000-0000-7000-8000-000000799012', false, 500, null, '2026-01-01 00:00+00') = 'open';
select count(*) filter (where core.webhook_record_result('00000000-0000-7000-8000-000000799012', false, 500, null, '2026-01-01 00:00+00'::timestamptz + i * interval '12 hours') = 'disabled') = 1 from generate_series(1, 14) i;
set local role hc_owner;
select status = 'disabled' and disabled_reason = 'no delivery accepted since 2026-01-01 00:00 UTC' and opened_until = '2026-01-08 06:00+00' from core.webhooks where name = 'b-0799';
select sql, blueprint.raises(sql, state, rule) from (values ($$ select core.webhook_record_result('00000000-0000-7000-8000-00000079901f', true) $$, '22023', 'no such hook'),
  ($$ update core.webhook_health set outcomes = array_fill(true, '{21}') $$, '23514', 'webhook_health_outcomes_check'), ($$ insert into core.webhook_health (webhook_id) values ('00000000-0000-7000-8000-000000799011') $$, '23505', 'webhook_health_webhook_id_pk'),
  ($$ insert into core.webhook_health (webhook_id) values ('00000000-0000-7000-8000-00000079901f') $$, '23503', 'webhook_health_webhook_id_fk')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.webhook_health'::regclass;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.webhook_record_result(uuid, boolean, int, int, timestamptz)', 'core.webhook_ready(uuid, timestamptz)']) f;

-- task: BUILD_0800 implement_table_feature critical
-- title: Prove endpoint control: verification handshake and rotating inbound tokens
-- does: The worker sends a challenge to the address and hands in what came back: within 15 minutes and five attempts it activates the hook; hooks older than a year are due again. Owners
--   issue the path token of an inbound hook, shown once; a new one leaves the old valid for a day, revoking ends both.
-- proves: the right echo activates, five wrong ones disable, a late one does not count; an old token works during the overlap and not after; no column holds a token.
-- needs: BUILD_0033, BUILD_0034, BUILD_0794
create table core.webhook_challenges (
  webhook_id uuid constraint webhook_challenges_webhook_id_pk primary key constraint webhook_challenges_webhook_id_fk references core.webhooks (id) on delete cascade,
  challenge_sha256 core.sha256 not null,
  attempts int not null default 0 constraint webhook_challenges_attempts_check check (attempts >= 0 and attempts <= 5),
  expires_at timestamptz not null
);

create table core.webhook_old_tokens (
  token_sha256 core.sha256 constraint webhook_old_tokens_token_sha256_pk primary key,
  webhook_id uuid not null constraint webhook_old_tokens_webhook_id_fk references core.webhooks (id) on delete cascade,
  valid_until timestamptz not null
);

create index webhook_old_tokens_webhook_id_idx on core.webhook_old_tokens (webhook_id);

create function core.begin_webhook_verification(webhook uuid, at timestamptz default now()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  minted record := core.mint_token('echo');
begin
  if not exists (select from core.webhooks w where w.id = webhook and w.direction = 'outbound' and w.status <> 'disabled') then
    raise exception using errcode = '55000', message = 'only an outbound hook that is not disabled is verified';
  end if;
  insert into core.webhook_challenges as c (webhook_id, challenge_sha256, expires_at) values (webhook, minted.digest, at + interval '15 minutes')
  on conflict (webhook_id) do update set challenge_sha256 = excluded.challenge_sha256, expires_at = excluded.expires_at, attempts = case when c.expires_at > at then c.attempts else 0 end;
  return minted.token;
end $$;

create function core.confirm_webhook_verification(webhook uuid, echoed text, at timestamptz default now()) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  challenge core.webhook_challenges;
begin
  select c.* into challenge from core.webhook_challenges c where c.webhook_id = webhook for update;
  if challenge.webhook_id is null or challenge.expires_at <= at then
    return false;
  elsif core.same_digest(core.token_digest(echoed), challenge.challenge_sha256) then
    delete from core.webhook_challenges c where c.webhook_id = webhook;
    update core.webhooks w set status = case w.status when 'pending_verification' then 'active' else w.status end, verified_at = at where w.id = webhook and w.status <> 'disabled';
    return found;
  end if;
  update core.webhook_challenges c set attempts = c.attempts + 1 where c.webhook_id = webhook;
  if challenge.attempts + 1 >= 5 then
    update core.webhooks w set status = 'disabled', disabled_reason = 'verification failed five times' where w.id = webhook and w.status <> 'disabled';
    delete from core.webhook_challenges c where c.webhook_id = webhook;
  end if;
  return false;
end $$;

create function core.webhooks_due_verification(at timestamptz default now()) returns setof uuid
  language sql stable security definer
begin atomic
  select w.id from core.webhooks w where w.direction = 'outbound' and (w.status = 'pending_verification' or w.status = 'active' and w.verified_at <= at - interval '1 year') order by w.verified_at nulls first, w.id;
end;

create function core.issue_inbound_token(webhook uuid, at timestamptz default now()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  hook core.webhooks;
  minted record := core.mint_token('in');
begin
  select w.* into hook from core.webhooks w where w.id = webhook and w.direction = 'inbound' and w.status <> 'disabled'
    and (w.owner_id = core.current_user_id() or core.has_role('hc_admin') or core.request_role() = 'hc_owner') for update;
  if hook.id is null then
    raise exception using errcode = '42501', message = 'there is no such inbound hook of yours';
  end if;
  delete from core.webhook_old_tokens o where o.webhook_id = webhook and o.valid_until <= at;
  if hook.path_token_sha256 is not null then
    insert into core.webhook_old_tokens (token_sha256, webhook_id, valid_until) values (hook.path_token_sha256, webhook, at + interval '24 hours');
  end if;
  update core.webhooks w set path_token_sha256 = minted.digest, verified_at = at, status = case w.status when 'pending_verification' then 'active' else w.status end where w.id = webhook;
  return minted.token;
end $$;

create function core.revoke_inbound_tokens(webhook uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.webhooks w set path_token_sha256 = null, status = 'pending_verification'
  where w.id = webhook and w.direction = 'inbound' and w.status <> 'disabled' and (w.owner_id = core.current_user_id() or core.has_role('hc_admin') or core.request_role() = 'hc_owner');
  if not found then
    raise exception using errcode = '42501', message = 'there is no such inbound hook of yours';
  end if;
  delete from core.webhook_old_tokens o where o.webhook_id = webhook;
end $$;

create function core.webhook_by_token(token text, at timestamptz default now()) returns uuid
  language sql stable security definer set search_path = ''
as $$
  select w.id from core.webhooks w
  where w.direction = 'inbound' and w.status = 'active'
    and (w.path_token_sha256 = core.token_digest(token) or w.id = (select o.webhook_id from core.webhook_old_tokens o where o.token_sha256 = core.token_digest(token) and o.valid_until > at))
$$;

comment on table core.webhook_challenges is 'Challenges sent to addresses, one a hook, digests only; reached through functions alone. @distribution reference';
comment on column core.webhook_challenges.webhook_id is 'The hook.';
comment on column core.webhook_challenges.challenge_sha256 is 'Digest of the challenge. @secret';
comment on column core.webhook_challenges.attempts is 'Wrong echoes so far; a new challenge within the time does not forgive them.';
comment on column core.webhook_challenges.expires_at is 'Fifteen minutes later.';
comment on table core.webhook_old_tokens is 'Path tokens that were replaced and still work for a day, digests only; reached through functions alone. @distribution reference';
comment on column core.webhook_old_tokens.token_sha256 is 'Digest of the token. @secret';
comment on column core.webhook_old_tokens.webhook_id is 'Its hook.';
comment on column core.webhook_old_tokens.valid_until is 'When it stops working.';
comment on index core.webhook_old_tokens_webhook_id_idx is 'Old tokens of a hook; and the foreign key.';
comment on function core.begin_webhook_verification is 'A challenge to send to the address, shown to the worker alone: who knew it could confirm a foreign address. Security definer: the worker writes no hook.';
comment on function core.confirm_webhook_verification is 'Takes what the address answered: true activates, the fifth wrong answer disables. Security definer: the worker writes no hook.';
comment on function core.webhooks_due_verification is 'Hooks to be verified: new ones, and after a year again. Security definer: the worker reads no hook.';
comment on function core.issue_inbound_token is 'A new path token of an own inbound hook, shown once; the one before works for 24 hours more. The first opens the hook. Security definer: members may not write digests.';
comment on function core.revoke_inbound_tokens is 'Ends all path tokens of an own inbound hook at once; the next token opens it again. Security definer: members may not write digests.';
comment on function core.webhook_by_token is 'The active inbound hook of a path token. It is looked up by the digest of a random value, so time tells nothing about tokens. Security definer: the worker reads no hook.';

grant execute on function core.begin_webhook_verification, core.confirm_webhook_verification, core.webhooks_due_verification, core.webhook_by_token to hc_worker;
grant execute on function core.issue_inbound_token, core.revoke_inbound_tokens to hc_member;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000800001', 'ada-0800'), ('00000000-0000-7000-8000-000000800002', 'bob-0800');
insert into core.webhooks (id, owner_id, name, target_url) values ('00000000-0000-7000-8000-000000800011', '00000000-0000-7000-8000-000000800001', 'a-0800', 'https://example.org'), ('00000000-0000-7000-8000-000000800012', '00000000-0000-7000-8000-000000800001', 'b-0800', 'https://example.org');
insert into core.webhooks (id, owner_id, direction, name, provider) values ('00000000-0000-7000-8000-000000800013', '00000000-0000-7000-8000-000000800001', 'inbound', 'c-0800', 'stripe');
create temporary table token_0800 (n int, token text) on commit drop;
grant all on pg_temp.token_0800 to hc_worker, hc_member;
set local role hc_worker;
select count(*) = 2 from core.webhooks_due_verification() id where id::text like '%-000000800%';
insert into pg_temp.token_0800 select 1, core.begin_webhook_verification('00000000-0000-7000-8000-000000800011');
select not core.confirm_webhook_verification('00000000-0000-7000-8000-000000800011', token, now() + interval '15 minutes'), not core.confirm_webhook_verification('00000000-0000-7000-8000-000000800011', 'wrong'),
  core.confirm_webhook_verification('00000000-0000-7000-8000-000000800011', token) from pg_temp.token_0800 where n = 1;
select not core.confirm_webhook_verification('00000000-0000-7000-8000-000000800011', token) from pg_temp.token_0800 where n = 1;
select array_agg(id) = '{00000000-0000-7000-8000-000000800011}' from core.webhooks_due_verification(now() + interval '1 year') id where id::text like '%-000000800011';
select core.looks_like_token(core.begin_webhook_verification('00000000-0000-7000-8000-000000800012'));
select count(*) filter (where core.confirm_webhook_verification('00000000-0000-7000-8000-000000800012', 'wrong')) = 0 from generate_series(1, 3);
select core.looks_like_token(core.begin_webhook_verification('00000000-0000-7000-8000-000000800012'));
select count(*) filter (where core.confirm_webhook_verification('00000000-0000-7000-8000-000000800012', 'wrong')) = 0 from generate_series(1, 2);
select blueprint.raises($$ select core.begin_webhook_verification('00000000-0000-7000-8000-000000800012') $$, '55000'), blueprint.raises($$ select core.begin_webhook_verification('00000000-0000-7000-8000-000000800013') $$, '55000');
set local role hc_owner;
select array_agg(status || coalesce(' ' || disabled_reason, '') order by name) = '{active,disabled verification failed five times,pending_verification}', bool_and((verified_at is not null) = (name = 'a-0800')) from core.webhooks where name like '%-0800';
select core.act_as('00000000-0000-7000-8000-000000800002');
set local role hc_member;
select blueprint.raises($$ select core.issue_inbound_token('00000000-0000-7000-8000-000000800013') $$, '42501', 'of yours'), blueprint.raises($$ select core.revoke_inbound_tokens('00000000-0000-7000-8000-000000800013') $$, '42501', 'of yours');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000800001');
set local role hc_member;
insert into pg_temp.token_0800 select 2, core.issue_inbound_token('00000000-0000-7000-8000-000000800013');
insert into pg_temp.token_0800 select 3, core.issue_inbound_token('00000000-0000-7000-8000-000000800013');
set local role hc_worker;
select bool_and(core.webhook_by_token(token, now() + interval '23 hours') = '00000000-0000-7000-8000-000000800013') and bool_and((core.webhook_by_token(token, now() + interval '24 hours') is not null) = (n = 3)) from pg_temp.token_0800 where n > 1;
select core.webhook_by_token('wrong') is null;
set local role hc_owner;
select count(*) = 0 from pg_temp.token_0800 t, (select to_jsonb(w)::text as row from core.webhooks w where name = 'c-0800' union all select to_jsonb(o)::text from core.webhook_old_tokens o) r where strpos(r.row, t.token) > 0;
select count(*) = 1 from core.webhook_old_tokens where webhook_id = '00000000-0000-7000-8000-000000800013';
set local role hc_member;
select core.revoke_inbound_tokens('00000000-0000-7000-8000-000000800013');
set local role hc_worker;
select bool_and(core.webhook_by_token(token) is null) from pg_temp.token_0800;
insert into pg_temp.token_0800 select 4, core.begin_webhook_verification('00000000-0000-7000-8000-000000800011');
set local role hc_owner;
insert into core.webhook_old_tokens values (sha256('0800'), '00000000-0000-7000-8000-000000800011', now());
select sql, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.webhook_challenges (webhook_id, challenge_sha256, expires_at) values ('00000000-0000-7000-8000-000000800011', sha256('x'), now()) $$, '23505', 'webhook_challenges_webhook_id_pk'),
  ($$ insert into core.webhook_challenges (webhook_id, challenge_sha256, expires_at) values ('00000000-0000-7000-8000-00000080001f', sha256('x'), now()) $$, '23503', 'webhook_challenges_webhook_id_fk'),
  ($$ update core.webhook_challenges set attempts = 6 where webhook_id = '00000000-0000-7000-8000-000000800011' $$, '23514', 'webhook_challenges_attempts_check'),
  ($$ insert into core.webhook_old_tokens values (sha256('0800'), '00000000-0000-7000-8000-000000800011', now()) $$, '23505', 'webhook_old_tokens_token_sha256_pk'),
  ($$ insert into core.webhook_old_tokens values (sha256('x'), '00000000-0000-7000-8000-00000080001f', now()) $$, '23503', 'webhook_old_tokens_webhook_id_fk')) v(sql, state, rule);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.webhook_challenges'::regclass, 'core.webhook_old_tokens'::regclass);
select blueprint.plan_uses($$ select from core.webhook_old_tokens where webhook_id = '00000000-0000-7000-8000-000000800011' $$, 'webhook_old_tokens_webhook_id_idx');
select f, has_function_privilege(role, f, 'execute') and not has_function_privilege(other, f, 'execute') from (values ('core.begin_webhook_verification(uuid, timestamptz)', 'hc_worker', 'hc_member'), ('core.confirm_webhook_verification(uuid, text, timestamptz)', 'hc_worker', 'hc_member'),
  ('core.webhooks_due_verification(timestamptz)', 'hc_worker', 'hc_member'), ('core.webhook_by_token(text, timestamptz)', 'hc_worker', 'hc_member'), ('core.issue_inbound_token(uuid, timestamptz)', 'hc_member', 'hc_worker'), ('core.revoke_inbound_tokens(uuid)', 'hc_member', 'hc_worker')) v(f, role, other);
