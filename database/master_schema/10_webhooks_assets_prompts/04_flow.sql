-- Room automation, flow: what happens in the core tables becomes events, what providers send is checked and taken once, and files pass their jobs in order.

-- task: BUILD_0206 create_triggers critical
-- title: Automation triggers: domain events from core tables, queue wake-ups, immutability
-- does: Every status change that has an event type emits it in the same transaction, through core.status_changes, so no table needs a trigger of its own; an uploaded file gets its scan job; workers are woken once per transaction;
--   attempts and approved prompt versions do not change.
-- proves: confirming a donation writes exactly one donation.confirmed and undoing it none, one wake-up stands for 100 events, an upload queues one scan, an approved version and an attempt refuse changes.
-- needs: BUILD_0014, BUILD_0020, BUILD_0205, BUILD_0694, BUILD_0704, BUILD_0794
create unique index asset_jobs_asset_id_step_profile_key on automation.asset_jobs (asset_id, step, profile) where state in ('waiting', 'queued', 'running');

create function automation.emit_status_changes() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload)
  select t.name, n.machine, n.entity_id, jsonb_strip_nulls(jsonb_build_object('id', n.entity_id, 'status', n.to_status, 'previous', n.from_status,
    'amount_usd', d.amount_usd, 'currency', d.currency, 'fund_code', d.fund_code, 'reason', w.disabled_reason))
  from new_rows n join automation.event_types t on t.name = n.machine || '.' || n.to_status
  left join core.donations d on n.machine = 'donation' and d.id = n.entity_id
  left join core.webhooks w on n.machine = 'webhook' and w.id = n.entity_id
  order by n.machine, n.entity_id, n.occurred_at;  -- whoever emits for the same things locks their numbers in the same order
  return null;
end $$;

create function automation.queue_scan() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into automation.asset_jobs (asset_id, step, priority) values (new.id, 'scan', 10) on conflict (asset_id, step, profile) where state in ('waiting', 'queued', 'running') do nothing;
  return null;
end $$;

create function automation.wake_workers() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if current_setting('automation.woken', true) is distinct from pg_current_xact_id()::text then
    perform pg_notify('hc_outbox', ''), set_config('automation.woken', pg_current_xact_id()::text, true);
  end if;
  return null;
end $$;

create trigger status_changes_emit after insert on core.status_changes referencing new table as new_rows for each statement execute function automation.emit_status_changes();

create trigger assets_queue_scan after update of status on core.assets for each row when (new.status = 'uploaded') execute function automation.queue_scan();

create trigger outbox_wake after insert on automation.outbox for each statement execute function automation.wake_workers();

create trigger prompt_versions_keep before update on automation.prompt_versions for each row
  when (old.status <> 'draft' and (new.prompt_id is distinct from old.prompt_id or new.number is distinct from old.number or new.template is distinct from old.template or new.variables is distinct from old.variables or new.model_prefs is distinct from old.model_prefs or new.author_id is distinct from old.author_id))
  execute function core.forbid_change();

create trigger delivery_attempts_append_only before update on automation.delivery_attempts for each row execute function core.forbid_change();

select core.attach_standard('automation.signing_keys', 'std', 'webhook_id', 'key_id'), core.attach_standard('automation.asset_jobs', 'std', 'asset_id'), core.attach_standard('automation.prompts', 'std', 'key'),
  core.attach_standard('automation.eval_cases', 'std', 'prompt_id'), core.attach_standard('automation.evaluations', 'std');

comment on index automation.asset_jobs_asset_id_step_profile_key is 'One open job per file, step and profile.';
comment on function automation.emit_status_changes is 'Trigger of core.status_changes, once a statement: emits what has an event type. Security definer: whoever changes a status may not write the queue.';
comment on function automation.queue_scan is 'Trigger of core.assets: an uploaded file is scanned first. Security definer: whoever uploads may not write jobs.';
comment on function automation.wake_workers is 'Trigger of automation.outbox: NOTIFY hc_outbox, once a transaction; workers that listen look at once.';
comment on trigger status_changes_emit on core.status_changes is 'Status changes become events of automation.outbox, in the same transaction.';
comment on trigger assets_queue_scan on core.assets is 'An uploaded file is scanned.';
comment on trigger outbox_wake on automation.outbox is 'Workers need not poll.';
comment on trigger prompt_versions_keep on automation.prompt_versions is 'What was approved stays as it was approved.';
comment on trigger delivery_attempts_append_only on automation.delivery_attempts is 'What was tried stays as it was; months go by retention.';

-- verify
insert into core.donations (id, chain, currency, amount_usd, required_confirmations) values ('00000000-0000-7000-8000-000000206001', 'fiat', 'USD', 50, 1);
update core.donations set status = 'pending' where id = '00000000-0000-7000-8000-000000206001';
select blueprint.raises($$ update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now() where id = '00000000-0000-7000-8000-000000206001'; do 'begin raise sqlstate ''HC206''; end' $$, 'HC206');
select count(*) = 0 from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000206001' and event_type = 'donation.confirmed';
update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now() where id = '00000000-0000-7000-8000-000000206001';
select count(*) = 1 and bool_and(payload = '{"id": "00000000-0000-7000-8000-000000206001", "status": "confirmed", "previous": "pending", "amount_usd": 50.00, "currency": "USD", "fund_code": "general"}' and aggregate_kind = 'donation') from automation.outbox
where aggregate_id = '00000000-0000-7000-8000-000000206001' and event_type = 'donation.confirmed';
select current_setting('automation.woken') = pg_current_xact_id()::text;
select set_config('automation.woken', '', true) = '';
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) select 'webhook.test', 'webhook', '00000000-0000-7000-8000-000000206002', '{"id": "00000000-0000-7000-8000-000000206002"}' from generate_series(1, 100);
select current_setting('automation.woken') = pg_current_xact_id()::text;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000206003', 'ada-0206');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, storage_key) values ('00000000-0000-7000-8000-000000206004', '00000000-0000-7000-8000-000000206003', 'a.png', 'image/png', 1, sha256('0206'), 'sha256/0206');
update core.assets set status = 'uploaded' where id = '00000000-0000-7000-8000-000000206004';
select count(*) = 1 from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000206004' and step = 'scan' and state = 'queued';
select blueprint.raises($$ insert into automation.asset_jobs (asset_id, step) values ('00000000-0000-7000-8000-000000206004', 'scan') $$, '23505', 'asset_jobs_asset_id_step_profile_key');
insert into core.webhooks (id, owner_id, name, target_url) values ('00000000-0000-7000-8000-000000206002', '00000000-0000-7000-8000-000000206003', 'a-0206', 'https://example.org');
update core.webhooks set status = 'disabled', disabled_reason = 'probe' where id = '00000000-0000-7000-8000-000000206002';
select payload ->> 'reason' = 'probe' from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000206002' and event_type = 'webhook.disabled';
insert into automation.signing_keys (webhook_id, key_id, secret_sealed) values ('00000000-0000-7000-8000-000000206002', 'k-0206', repeat('x', 32)::bytea);
insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no) values ('00000000-0000-7000-8000-000000206002', '00000000-0000-7000-8000-000000206005', 1);
insert into automation.prompts (id, key, title) values ('00000000-0000-7000-8000-000000206006', 'probe-0206', 'Probe');
insert into automation.prompt_versions (id, prompt_id, number, template) values ('00000000-0000-7000-8000-000000206007', '00000000-0000-7000-8000-000000206006', 1, 'x');
insert into automation.eval_cases (id, prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000206008', '00000000-0000-7000-8000-000000206006', 'x', '[]');
insert into automation.evaluations (id, prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000206009', '00000000-0000-7000-8000-000000206007', '00000000-0000-7000-8000-000000206008', 'contains', 'm', 1, true);
update automation.prompt_versions set template = 'y' where id = '00000000-0000-7000-8000-000000206007' returning template = 'y';
update automation.prompt_versions set status = 'approved', approved_at = now() where id = '00000000-0000-7000-8000-000000206007' returning status = 'approved';
select sql, blueprint.raises(sql, '55006') from unnest(array[$$ update automation.prompt_versions set template = 'z' where id = '00000000-0000-7000-8000-000000206007' $$, $$ update automation.delivery_attempts set attempt_no = 2 where webhook_id = '00000000-0000-7000-8000-000000206002' $$,
  $$ update automation.signing_keys set webhook_id = uuidv7() where key_id = 'k-0206' $$, $$ update automation.asset_jobs set asset_id = uuidv7() where asset_id = '00000000-0000-7000-8000-000000206004' $$, $$ update automation.prompts set key = 'other' where key = 'probe-0206' $$,
  $$ update automation.eval_cases set prompt_id = uuidv7() where id = '00000000-0000-7000-8000-000000206008' $$, $$ update automation.evaluations set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000206009' $$]) sql;
update automation.signing_keys set algorithm = 'ed25519', updated_at = now() - interval '1 day' where key_id = 'k-0206' returning updated_at > now();
update automation.asset_jobs set priority = 11, updated_at = now() - interval '1 day' where asset_id = '00000000-0000-7000-8000-000000206004' returning updated_at > now();
update automation.prompts set title = 'y', updated_at = now() - interval '1 day' where key = 'probe-0206' returning updated_at > now();
update automation.eval_cases set name = 'y', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000206008' returning updated_at > now();
update automation.evaluations set notes = 'y', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000206009' returning updated_at > now();
grant update on core.assets to hc_worker;
grant select on core.assets to hc_worker;
grant insert on core.status_changes to hc_worker;
create policy probe_0206 on core.assets to hc_worker using (true);
create policy probe_0206 on core.status_changes to hc_worker with check (true);
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, storage_key) values ('00000000-0000-7000-8000-00000020600a', '00000000-0000-7000-8000-000000206003', 'b.png', 'image/png', 1, sha256('0206b'), 'sha256/0206b');
set local role hc_worker;
update core.assets set status = 'uploaded' where id = '00000000-0000-7000-8000-00000020600a';
insert into core.status_changes (machine, entity_id, from_status, to_status) values ('webhook', '00000000-0000-7000-8000-000000206002', 'pending_verification', 'active');
set local role hc_owner;
select count(*) = 1 from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-00000020600a';
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['automation.emit_status_changes()', 'automation.queue_scan()', 'automation.wake_workers()']) f;

-- revert
select core.detach_standard('automation.signing_keys'), core.detach_standard('automation.asset_jobs'), core.detach_standard('automation.prompts'), core.detach_standard('automation.eval_cases'), core.detach_standard('automation.evaluations');
drop trigger delivery_attempts_append_only on automation.delivery_attempts;
drop trigger prompt_versions_keep on automation.prompt_versions;
drop trigger outbox_wake on automation.outbox;
drop trigger assets_queue_scan on core.assets;
drop trigger status_changes_emit on core.status_changes;
drop function automation.wake_workers, automation.queue_scan, automation.emit_status_changes;
drop index automation.asset_jobs_asset_id_step_profile_key;

-- task: BUILD_0217 implement_feature critical
-- title: Inbound events: verify, deduplicate, order and process once
-- does: receive() finds the hook by its path token, checks the signature by the provider's scheme (Standard Webhooks, Stripe, NOWPayments, shared token), keeps what came as it came and knows what came before for 90 days. process_inbound() gives each
--   event to the function registered for its provider, in order, in a savepoint of its own: what fails is tried again with growing pauses and set aside after five times.
-- proves: three posts of one event are processed once, a bad signature is kept as failed and not processed, all four schemes check, an old Stripe time fails, a poisoned event does not hold up the next.
-- needs: BUILD_0205, BUILD_0209, BUILD_0216, BUILD_0800
create table automation.inbound_keys (
  webhook_id uuid constraint inbound_keys_webhook_id_fk references core.webhooks (id) on delete cascade,
  provider_event_id text,
  seen_at timestamptz not null default now(),
  constraint inbound_keys_webhook_id_provider_event_id_pk primary key (webhook_id, provider_event_id)
);

create table automation.inbound_handlers (
  provider text constraint inbound_handlers_provider_pk primary key,
  handler text not null constraint inbound_handlers_handler_check check (handler ~ '^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$')
);

create function automation.sorted_json(doc jsonb) returns text
  language sql immutable strict parallel safe set search_path = ''
as $$
  select case jsonb_typeof(doc)
    when 'object' then '{' || coalesce((select string_agg(to_json(e.key)::text || ':' || automation.sorted_json(e.value), ',' order by e.key collate "C") from jsonb_each(doc) e), '') || '}'
    when 'array' then '[' || coalesce((select string_agg(automation.sorted_json(e.value), ',' order by e.n) from jsonb_array_elements(doc) with ordinality e(value, n)), '') || ']'
    when 'number' then trim_scale(doc::text::numeric)::text
    else doc::text end
$$;

create function automation.check_inbound(webhook uuid, scheme text, headers jsonb, body text, at timestamptz default now()) returns boolean
  language plpgsql volatile set search_path = ''
as $$
declare
  secret bytea;
  stamp text;
  given text;
begin
  if scheme not in ('stripe', 'nowpayments', 'shared') then
    return automation.verify_signature(webhook, headers, body, at => at);
  end if;
  for secret in select automation.unseal(k.secret_sealed, k.key_id) from automation.signing_keys k where k.webhook_id = webhook and k.during @> at loop
    if scheme = 'stripe' then
      stamp := substring(headers ->> 'stripe-signature', '(?:^|,)\s*t=(\d{1,12})');
      continue when stamp is null or abs(extract(epoch from at) - stamp::bigint) > 300;
      for given in select m[1] from regexp_matches(headers ->> 'stripe-signature', '(?:^|,)\s*v1=([0-9a-f]{64})', 'g') m loop
        if core.same_digest(decode(given, 'hex'), extensions.hmac(convert_to(stamp || '.' || body, 'UTF8'), secret, 'sha256')) then
          return true;
        end if;
      end loop;
    elsif scheme = 'nowpayments' then
      if core.same_digest(convert_to(lower(headers ->> 'x-nowpayments-sig'), 'UTF8'), convert_to(encode(extensions.hmac(convert_to(automation.sorted_json(core.as_jsonb(body)), 'UTF8'), secret, 'sha512'), 'hex'), 'UTF8')) then
        return true;
      end if;
    elsif core.same_digest(convert_to(headers ->> 'x-webhook-token', 'UTF8'), secret) then
      return true;
    end if;
  end loop;
  return false;
end $$;

create function automation.receive(path_token text, headers jsonb, body text, at timestamptz default now(), out event_id uuid, out status text) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  hook constant uuid := core.webhook_by_token(path_token, at);
  scheme text;
  doc constant jsonb := core.as_jsonb(body);
  given jsonb;
  key text;
  right_signature boolean;
begin
  if hook is null then
    raise exception using errcode = '28000', message = 'there is no hook at this address';
  end if;
  select w.provider into scheme from core.webhooks w where w.id = hook;
  given := (select coalesce(jsonb_object_agg(lower(h.key), h.value), '{}') from jsonb_each(headers) h);
  right_signature := automation.check_inbound(hook, scheme, given, body, at);
  key := coalesce(given ->> 'webhook-id', given ->> 'svix-id', doc ->> 'id', case when scheme = 'nowpayments' then concat_ws(':', doc ->> 'payment_id', doc ->> 'payment_status') end, encode(sha256(convert_to(body, 'UTF8')), 'hex'));
  status := 'failed';
  if right_signature and doc is not null then
    insert into automation.inbound_keys as k (webhook_id, provider_event_id, seen_at) values (hook, key, at)
    on conflict (webhook_id, provider_event_id) do update set seen_at = excluded.seen_at where k.seen_at < excluded.seen_at - interval '90 days';
    status := case when found then 'received' else 'duplicate' end;
  end if;
  insert into automation.inbound_events (webhook_id, provider_event_id, headers, payload, signature_ok, status, error)
  values (hook, key, given - '{authorization,cookie,x-webhook-token}'::text[], case when status <> 'duplicate' then coalesce(doc, to_jsonb(left(body, 10000))) end, right_signature, receive.status,
    case when not right_signature then 'signature' when doc is null then 'no JSON' end)
  returning id into event_id;
end $$;

create function automation.process_inbound(n int default 10, at timestamptz default now()) returns table (event_id uuid, outcome text)
  language plpgsql security definer set search_path = ''
as $$
declare
  event automation.inbound_events;
  work text;
  problem text;
begin
  for event in
    select i.* from automation.inbound_events i where i.status = 'received' and i.next_attempt_at <= at order by i.next_attempt_at, i.id limit least(n, 100) for update skip locked
  loop
    problem := null;
    select h.handler into work from core.webhooks w join automation.inbound_handlers h on h.provider = w.provider where w.id = event.webhook_id;
    if work is null then
      outcome := 'ignored';
    else
      begin
        execute format('select %I.%I($1)', split_part(work, '.', 1), split_part(work, '.', 2)) using to_jsonb(event);
        outcome := 'processed';
      exception when others then
        get stacked diagnostics problem = message_text;
        outcome := case when event.attempt_count + 1 >= 5 then 'failed' else 'received' end;
      end;
    end if;
    update automation.inbound_events i
    set status = outcome, attempt_count = i.attempt_count + 1, error = problem, processed_at = case when outcome = 'processed' then at end, next_attempt_at = at + interval '30 seconds' * 4 ^ event.attempt_count
    where i.id = event.id and i.occurred_at = event.occurred_at and i.webhook_id = event.webhook_id;
    event_id := event.id;
    return next;
  end loop;
end $$;

comment on table automation.inbound_keys is 'Which provider events came in, for 90 days. @distribution local @retention 90 days';
comment on column automation.inbound_keys.webhook_id is 'The hook.';
comment on column automation.inbound_keys.provider_event_id is 'Id of the event at the provider.';
comment on column automation.inbound_keys.seen_at is 'When it first came.';
comment on table automation.inbound_handlers is 'Which function takes the events of a provider: one that takes the event as jsonb. @distribution local';
comment on column automation.inbound_handlers.provider is 'As core.webhooks.provider.';
comment on column automation.inbound_handlers.handler is 'schema.function, of hc_owner.';
comment on function automation.sorted_json is 'Compact JSON with keys in order, as JSON.stringify of sorted keys writes it: what NOWPayments signs.';
comment on function automation.check_inbound is 'Whether a call is signed right, by scheme: stripe (t and v1, five minutes), nowpayments (HMAC-SHA512 over sorted JSON), shared (a token), else Standard Webhooks. For automation.receive().';
comment on function automation.receive is 'Takes an inbound call: id and received, duplicate or failed (signature). 28000 for an unknown address. Only signed events occupy an id. Security definer: the gateway writes no table.';
comment on function automation.process_inbound is 'Processes waiting events, oldest first; one that fails does not hold up the others and is set aside as failed after five attempts. Security definer: handlers belong to the owner.';

grant execute on function automation.receive, automation.process_inbound to hc_worker;

-- verify
select core.load_key('webhook', repeat('w', 32)::bytea) > 0;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000217001', 'ada-0217');
insert into core.webhooks (id, owner_id, direction, name, provider, status, path_token_sha256) select format('00000000-0000-7000-8000-00000021701%s', n)::uuid, '00000000-0000-7000-8000-000000217001', 'inbound', 'h-0217-' || n, p, 'active', core.token_digest('t-0217-' || n)
from (values (1, 'probe0217'), (2, 'stripe'), (3, 'nowpayments'), (4, 'shared')) v(n, p);
select bool_and(automation.add_key(id, convert_to('secret-0217', 'UTF8'), '2026-01-01+00') is not null) from core.webhooks where name like 'h-0217-%';
create function automation.probe_0217(event jsonb) returns void language plpgsql as $$ begin if event -> 'payload' ? 'poison' then raise exception 'poisoned'; end if; perform automation.emit('webhook.test', 'webhook', (event ->> 'webhook_id')::uuid, jsonb_build_object('note', event -> 'payload' ->> 'id')); end $$;
insert into automation.inbound_handlers values ('probe0217', 'automation.probe_0217');
create function pg_temp.post_0217(id text, body text, at bigint default 1780000000, secret text default 'secret-0217') returns text language sql as
  $$ select (automation.receive('t-0217-1', jsonb_build_object('Webhook-Id', id, 'webhook-timestamp', at::text, 'webhook-signature', 'v1,' || encode(extensions.hmac(convert_to(id || '.' || at || '.' || body, 'UTF8'), convert_to(secret, 'UTF8'), 'sha256'), 'base64'), 'authorization', 'x'), body, to_timestamp(at))).status $$;
grant execute on function pg_temp.post_0217 to hc_worker;
grant usage on schema extensions to hc_worker;
set local role hc_worker;
select array_agg(pg_temp.post_0217('m1', '{"id": "m1"}') order by n) = '{received,duplicate,duplicate}' from generate_series(1, 3) n;
select pg_temp.post_0217('m2', '{"id": "m2", "poison": true}') = 'received', pg_temp.post_0217('m3', '{"id": "m3"}') = 'received', pg_temp.post_0217('m4', '{"id": "m4"}', secret => 'wrong') = 'failed', pg_temp.post_0217('m4', '{"id": "m4"}') = 'received', pg_temp.post_0217('m5', 'no json') = 'failed';
select blueprint.raises($$ select automation.receive('unknown', '{}', '{}') $$, '28000', 'no hook');
select what, (automation.receive(token, headers, body, to_timestamp(1780000000))).status = expected from (
  select 'stripe' as what, 't-0217-2' as token, jsonb_build_object('Stripe-Signature', 't=1779999900,v1=' || repeat('0', 64) || ',v1=' || encode(extensions.hmac('1779999900.{"id": "evt_1"}', 'secret-0217', 'sha256'), 'hex')) as headers, '{"id": "evt_1"}' as body, 'received' as expected
  union all select 'stripe, old', 't-0217-2', jsonb_build_object('stripe-signature', 't=1779999600,v1=' || encode(extensions.hmac('1779999600.{"id": "evt_2"}', 'secret-0217', 'sha256'), 'hex')), '{"id": "evt_2"}', 'failed'
  union all select 'nowpayments', 't-0217-3', jsonb_build_object('x-nowpayments-sig', encode(extensions.hmac('{"a":{"x":[1,"y"],"z":null},"payment_id":5,"price":1.5}', 'secret-0217', 'sha512'), 'hex')), '{"price": 1.50, "payment_id": 5, "a": {"z": null, "x": [1, "y"]}}', 'received'
  union all select 'nowpayments, altered', 't-0217-3', jsonb_build_object('x-nowpayments-sig', encode(extensions.hmac('{"payment_id":5}', 'secret-0217', 'sha512'), 'hex')), '{"payment_id": 6}', 'failed'
  union all select 'shared', 't-0217-4', '{"x-webhook-token": "secret-0217"}', '{"id": "s1"}', 'received'
  union all select 'shared, wrong', 't-0217-4', '{"x-webhook-token": "secret-0218"}', '{"id": "s2"}', 'failed') v;
select count(*) >= 6 from automation.process_inbound(100);
select count(*) = 0 from automation.process_inbound(100) where outcome <> 'ignored';
set local role hc_owner;
select array_agg(payload ->> 'note' order by payload ->> 'note') = '{m1,m3,m4}' from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000217011' and event_type = 'webhook.test';
select array_agg(concat_ws(' ', provider_event_id, status, error) order by id) = array['m1 processed', 'm1 duplicate', 'm1 duplicate', 'm2 received poisoned', 'm3 processed', 'm4 failed signature', 'm4 processed', 'm5 failed no JSON'] and bool_and(not headers ? 'authorization') from automation.inbound_events where webhook_id = '00000000-0000-7000-8000-000000217011';
set local role hc_worker;
select count(*) filter (where outcome = 'received') = 1 from automation.process_inbound(100, now() + interval '31 seconds');
select count(*) filter (where outcome = 'failed') = 1 from generate_series(1, 3) n, automation.process_inbound(100, now() + n * interval '1 day');
set local role hc_owner;
update automation.inbound_keys set seen_at = to_timestamp(1780000000) - interval '91 days' where provider_event_id = 'm1';
set local role hc_worker;
select pg_temp.post_0217('m1', '{"id": "m1"}') = 'received';
set local role hc_owner;
select sql, blueprint.raises(sql, state, rule) from (values ($$ insert into automation.inbound_keys values ('00000000-0000-7000-8000-000000217011', 'm1') $$, '23505', 'inbound_keys_webhook_id_provider_event_id_pk'), ($$ insert into automation.inbound_keys values ('00000000-0000-7000-8000-00000021701f', 'm1') $$, '23503', 'inbound_keys_webhook_id_fk'),
  ($$ insert into automation.inbound_handlers values ('probe0217', 'a.b') $$, '23505', 'inbound_handlers_provider_pk'), ($$ insert into automation.inbound_handlers values ('x', 'drop table') $$, '23514', 'inbound_handlers_handler_check')) v(sql, state, rule);
insert into automation.inbound_keys (webhook_id, provider_event_id) values ('00000000-0000-7000-8000-000000217011', 'probe') returning seen_at = now();
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('automation.inbound_keys'::regclass, 'automation.inbound_handlers'::regclass);
delete from automation.inbound_events where webhook_id = '00000000-0000-7000-8000-000000217014';
delete from core.webhooks where id = '00000000-0000-7000-8000-000000217014';
select not exists (select from automation.inbound_keys where webhook_id = '00000000-0000-7000-8000-000000217014');
select f, has_function_privilege('hc_worker', f, 'execute') = granted and not has_function_privilege('hc_member', f, 'execute') from (values ('automation.receive(text, jsonb, text, timestamptz)', true), ('automation.process_inbound(int, timestamptz)', true), ('automation.check_inbound(uuid, text, jsonb, text, timestamptz)', false), ('automation.sorted_json(jsonb)', false)) v(f, granted);

-- task: BUILD_0218 implement_feature critical
-- title: Asset pipeline: scan, thumbnail, mesh statistics and renditions as a job DAG
-- does: plan_asset() adds the steps of a file by its media type behind its scan; claim_asset_jobs() leases what may run; complete_asset_job() takes results under the current token: a clean scan lets the next steps go, an infected file is
--   quarantined and its steps are cancelled, the last step makes it ready. Renditions are known by the digest of bytes and recipe, and used again without a job.
-- proves: a thumbnail is not claimable before the scan passed, an infected result quarantines and cancels, all done is ready, the same recipe on equal bytes makes no new job, an old token raises 40001.
-- needs: BUILD_0206, BUILD_0209, BUILD_0697
create function automation.recipe(bytes bytea, profile text, params jsonb default '{}') returns bytea
  language sql immutable parallel safe
  return extensions.digest(bytes || extensions.digest(profile || chr(10) || params::text, 'sha256'), 'sha256');

create function automation.plan_asset(asset uuid) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  file core.assets;
  steps record;
  known automation.renditions;
  made int := 0;
begin
  select a.* into file from core.assets a where a.id = asset and a.status in ('uploaded', 'scanned') for update;
  if file.id is null then
    raise exception using errcode = '55000', message = 'only an uploaded file is planned';
  end if;
  insert into automation.asset_jobs (asset_id, step, priority) select asset, 'scan', 10 where file.status = 'uploaded'
  on conflict (asset_id, step, profile) where state in ('waiting', 'queued', 'running') do nothing;
  for steps in
    select * from (values ('^image/', 'thumbnail', 'thumb-256', 50), ('^image/', 'thumbnail', 'thumb-1024', 60), ('^model/', 'mesh_stats', '', 40), ('^model/', 'thumbnail', 'thumb-256', 50), ('^video/', 'transcode', 'h264-720', 200), ('^application/pdf$', 'ocr', '', 150)) v(media, step, profile, priority)
    where file.media_type ~ v.media
  loop
    if steps.step in ('thumbnail', 'transcode') then
      select r.* into known from automation.renditions r where r.recipe_sha256 = automation.recipe(file.sha256, steps.profile) and r.status = 'ready' and r.rendition_asset_id <> asset limit 1;
      insert into automation.renditions as r (asset_id, profile, recipe_sha256, status, rendition_asset_id, produced_at)
      values (asset, steps.profile, automation.recipe(file.sha256, steps.profile), case when known.asset_id is null then 'pending' else 'ready' end, known.rendition_asset_id, known.produced_at)
      on conflict (asset_id, profile) do nothing;
      continue when known.asset_id is not null;
    end if;
    insert into automation.asset_jobs (asset_id, step, profile, priority, state) values (asset, steps.step, steps.profile, steps.priority, case file.status when 'scanned' then 'queued' else 'waiting' end)
    on conflict (asset_id, step, profile) where state in ('waiting', 'queued', 'running') do nothing;
    made := made + 1;
  end loop;
  return made;
end $$;

create function automation.claim_asset_jobs(worker text, n int default 1, lease interval default '10 minutes', at timestamptz default now()) returns table (job_id uuid, asset_id uuid, step text, profile text, fence bigint, storage_key text, media_type text)
  language sql security definer set search_path = ''
as $$
  select j.id, j.asset_id, j.step, j.profile, j.fence, a.storage_key, a.media_type from automation.lease_asset_jobs(worker, n, lease, at) j join core.assets a on a.id = j.asset_id
$$;

create function automation.complete_asset_job(job uuid, fence bigint, result jsonb, rendition uuid default null) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  j automation.asset_jobs;
begin
  perform from core.assets a join automation.asset_jobs k on k.asset_id = a.id where k.id = job for update of a;
  select k.* into j from automation.asset_jobs k where k.id = job for update;
  if j.id is null or j.state <> 'running' or j.fence <> complete_asset_job.fence then
    raise exception using errcode = '40001', message = 'the job is no longer yours: its lease went to somebody else or it is done';
  elsif j.step = 'scan' and coalesce(result ->> 'verdict', '') not in ('clean', 'infected') then
    raise exception using errcode = '22023', message = 'a scan ends with verdict clean or infected';
  elsif j.step in ('thumbnail', 'transcode') and rendition is null then
    raise exception using errcode = '22023', message = 'a rendition names the file it made';
  end if;
  update automation.asset_jobs k set state = 'done', result = complete_asset_job.result, lease_by = null, lease_until = null where k.id = job;
  if j.step = 'scan' and result ->> 'verdict' = 'infected' then
    update automation.asset_jobs k set state = 'cancelled', lease_by = null, lease_until = null where k.asset_id = j.asset_id and k.state in ('waiting', 'queued', 'running');
    update core.assets a set status = 'quarantined', technical = a.technical || jsonb_build_object('scan', result, 'scanned_at', now()) where a.id = j.asset_id;
    return 'quarantined';
  elsif j.step = 'scan' then
    update automation.asset_jobs k set state = 'queued' where k.asset_id = j.asset_id and k.state = 'waiting';
    update core.assets a set status = 'scanned', technical = a.technical || jsonb_build_object('scan', result, 'scanned_at', now()) where a.id = j.asset_id and a.status = 'uploaded';
  elsif j.step in ('thumbnail', 'transcode') then
    update automation.renditions r set status = 'ready', rendition_asset_id = rendition, produced_at = now() where r.asset_id = j.asset_id and r.profile = j.profile;
  else
    update core.assets a set technical = a.technical || result where a.id = j.asset_id;
  end if;
  if not exists (select from automation.asset_jobs k where k.asset_id = j.asset_id and k.state in ('waiting', 'queued', 'running')) then
    update core.assets a set status = 'ready' where a.id = j.asset_id and a.status = 'scanned';
    return 'ready';
  end if;
  return 'open';
end $$;

comment on function automation.recipe is 'Digest of bytes, profile and parameters: equal ones have the same rendition.';
comment on function automation.plan_asset is 'Queues the steps of an uploaded file behind its scan and returns how many; renditions that exist for equal bytes are taken over without a job. Security definer: the worker writes no table.';
comment on function automation.claim_asset_jobs is 'Leases jobs that may run, most urgent first, with what is needed to do them. Security definer: the worker reads no table.';
comment on function automation.complete_asset_job is 'Takes a result under the current token (else 40001): quarantined, ready or open. Security definer: the worker writes no table.';

grant execute on function automation.plan_asset, automation.claim_asset_jobs, automation.complete_asset_job to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000218001', 'ada-0218'), ('00000000-0000-7000-8000-000000218002', 'bob-0218');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, storage_key) select format('00000000-0000-7000-8000-00000021801%s', n)::uuid, format('00000000-0000-7000-8000-00000021800%s', o)::uuid, n || '.png', m, 1, sha256(convert_to('0218' || b, 'UTF8')), 'sha256/0218-' || n
from (values (1, 1, 'image/png', 'a'), (2, 2, 'image/png', 'a'), (3, 1, 'model/stl', 'c'), (4, 1, 'image/webp', 'd'), (5, 1, 'image/webp', 'e')) v(n, o, m, b);
select blueprint.raises($$ select automation.plan_asset('00000000-0000-7000-8000-000000218011') $$, '55000');
update core.assets set status = 'uploaded' where id::text like '00000000-0000-7000-8000-00000021801_';
update automation.asset_jobs set priority = -100 where asset_id::text like '00000000-0000-7000-8000-00000021801_' and step = 'scan';
create temporary table jobs (job uuid, asset text, step text, profile text, fence bigint, key text, media text) on commit drop;
grant all on pg_temp.jobs to hc_worker;
set local role hc_worker;
select automation.plan_asset('00000000-0000-7000-8000-000000218011') = 2, automation.plan_asset('00000000-0000-7000-8000-000000218013') = 2;
insert into pg_temp.jobs select job_id, right(asset_id::text, 1), step, profile, fence, storage_key, media_type from automation.claim_asset_jobs('w', 5) where asset_id::text like '00000000-0000-7000-8000-00000021801_';
select count(*) = 5 and bool_and(step = 'scan' and key = 'sha256/0218-' || asset) from pg_temp.jobs;
set local role hc_owner;
select count(*) = 4 and bool_and(state = 'waiting') from automation.asset_jobs where asset_id::text like '00000000-0000-7000-8000-00000021801_' and step <> 'scan';
set local role hc_worker;
select blueprint.raises(format('select automation.complete_asset_job(%L, 9, %L)', job, '{"verdict": "clean"}'), '40001', 'no longer yours'), blueprint.raises(format('select automation.complete_asset_job(%L, %s, %L)', job, fence, '{}'), '22023', 'verdict') from pg_temp.jobs where asset = '1';
select automation.complete_asset_job(job, fence, case asset when '3' then '{"verdict": "infected", "name": "Eicar"}' else '{"verdict": "clean"}' end::jsonb) = case asset when '3' then 'quarantined' when '1' then 'open' else 'ready' end from pg_temp.jobs where asset in ('1', '3', '4', '5') order by asset;
set local role hc_owner;
select array_agg(status order by id) = '{scanned,uploaded,quarantined,ready,ready}' from core.assets where id::text like '00000000-0000-7000-8000-00000021801_';
select bool_and(state = 'cancelled') from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000218013' and step <> 'scan';
update automation.asset_jobs set priority = -100 where asset_id = '00000000-0000-7000-8000-000000218011' and state = 'queued';
set local role hc_worker;
delete from pg_temp.jobs where asset = '1';
insert into pg_temp.jobs select job_id, right(asset_id::text, 1), step, profile, fence, storage_key, media_type from automation.claim_asset_jobs('w', 2);
select array_agg(profile order by profile) = '{thumb-1024,thumb-256}' from pg_temp.jobs where asset = '1';
select blueprint.raises(format('select automation.complete_asset_job(%L, %s, %L)', job, fence, '{}'), '22023', 'names the file') from pg_temp.jobs where asset = '1' limit 1;
select automation.complete_asset_job(job, fence, '{}', case profile when 'thumb-256' then '00000000-0000-7000-8000-000000218014' else '00000000-0000-7000-8000-000000218015' end::uuid) = case profile when 'thumb-1024' then 'open' else 'ready' end from (select * from pg_temp.jobs where asset = '1' order by profile) j;
select automation.plan_asset('00000000-0000-7000-8000-000000218012') = 0;
select automation.complete_asset_job(job, fence, '{"verdict": "clean"}') = 'ready' from pg_temp.jobs where asset = '2';
set local role hc_owner;
select count(*) = 2 and bool_and(status = 'ready' and produced_at is not null) and array_agg(right(rendition_asset_id::text, 1) order by profile) = '{5,4}' from automation.renditions where asset_id = '00000000-0000-7000-8000-000000218012';
select count(*) = 1 from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000218012';
select status = 'ready' and technical ? 'scanned_at' and technical -> 'scan' ->> 'verdict' = 'clean' from core.assets where id = '00000000-0000-7000-8000-000000218011';
select automation.recipe('\x01', 'a') <> automation.recipe('\x01', 'b'), automation.recipe('\x01', 'a') = automation.recipe('\x01', 'a', '{}');
select f, has_function_privilege('hc_worker', f, 'execute') = granted and not has_function_privilege('hc_member', f, 'execute') from (values ('automation.plan_asset(uuid)', true), ('automation.claim_asset_jobs(text, int, interval, timestamptz)', true), ('automation.complete_asset_job(uuid, bigint, jsonb, uuid)', true), ('automation.recipe(bytea, text, jsonb)', false)) v(f, granted);
