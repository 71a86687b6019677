-- Room automation, delivery: events checked and numbered on the way into the outbox, fanned out to who may have them, leased fairly and in order, tried again with growing pauses, and signed.

-- task: BUILD_0212 implement_feature critical
-- title: Transactional outbox with schema validation, ordering and safe watermark
-- does: Every event is checked against its type's schema, numbered without gaps within its aggregate (in order of commit: the counter's row is locked until then), kept under 64 KiB and freed of personal fields unless its type
--   allows them. publishable() hands out events of finished transactions only, so that none is skipped.
-- proves: a payload without a required key raises 23514 with its path, numbers run 1 to n per aggregate, an event of the running transaction is withheld, mail is taken out, a large payload is refused; race: the isolation spec.
-- needs: BUILD_0205, BUILD_0209, BUILD_0701
create table automation.aggregate_heads (
  aggregate_kind text,
  aggregate_id uuid,
  last_seq bigint not null constraint aggregate_heads_last_seq_check check (last_seq > 0),
  constraint aggregate_heads_aggregate_kind_aggregate_id_pk primary key (aggregate_kind, aggregate_id)
);

create function automation.schema_problems(schema jsonb, doc jsonb, path text default '$') returns setof text
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  actual constant text := case when jsonb_typeof(doc) = 'number' and schema ->> 'type' = 'integer' and doc::text !~ '\.\d*[1-9]' then 'integer' else jsonb_typeof(doc) end;
  item record;
begin
  if schema ? 'type' and not to_jsonb(actual) <@ (case jsonb_typeof(schema -> 'type') when 'array' then schema -> 'type' else jsonb_build_array(schema -> 'type') end) then
    return next format('%s is %s, not %s', path, actual, schema ->> 'type');
    return;
  end if;
  if schema ? 'enum' and not schema -> 'enum' @> jsonb_build_array(doc) then
    return next format('%s is none of %s', path, schema ->> 'enum');
  end if;
  if actual = 'string' then
    if doc #>> '{}' !~ (schema ->> 'pattern') then
      return next format('%s does not match %s', path, schema ->> 'pattern');
    elsif length(doc #>> '{}') > (schema ->> 'maxLength')::int or length(doc #>> '{}') < (schema ->> 'minLength')::int then
      return next format('%s is too long or too short', path);
    end if;
  elsif actual in ('number', 'integer') and (doc::text::numeric < (schema ->> 'minimum')::numeric or doc::text::numeric > (schema ->> 'maximum')::numeric) then
    return next format('%s lies out of bounds', path);
  elsif actual = 'array' and schema ? 'items' then
    for item in select e.value, e.n from jsonb_array_elements(doc) with ordinality e(value, n) loop
      return query select automation.schema_problems(schema -> 'items', item.value, format('%s[%s]', path, item.n - 1));
    end loop;
  elsif actual = 'object' then
    return query select format('%s.%s is missing', path, r) from jsonb_array_elements_text(coalesce(schema -> 'required', '[]')) r where not doc ? r;
    for item in select e.key, e.value from jsonb_each(doc) e loop
      if schema -> 'properties' ? item.key then
        return query select automation.schema_problems(schema -> 'properties' -> item.key, item.value, path || '.' || item.key);
      elsif schema -> 'additionalProperties' = 'false' then
        return next format('%s.%s is unknown', path, item.key);
      end if;
    end loop;
  end if;
end $$;

create function automation.check_event() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  kind automation.event_types;
  relation constant regclass := to_regclass('core.' || quote_ident(new.aggregate_kind || 's'));
  problem text;
begin
  select t.* into kind from automation.event_types t where t.name = new.event_type;
  if kind.name is null then
    return new;
  end if;
  if not kind.allows_pii and relation is not null and jsonb_typeof(new.payload) = 'object' then  -- of the few columns it names; blueprint.annotations() reads all
    new.payload := new.payload - array(
      select k from jsonb_object_keys(new.payload) k
      where pg_catalog.col_description(relation, (select a.attnum from pg_catalog.pg_attribute a where a.attrelid = relation and a.attname = k)) ~ '(^|\s)@(pii|secret)\M');
  end if;
  problem := (select string_agg(p, '; ') from (select p from automation.schema_problems(kind.json_schema, new.payload) p limit 5) s);
  if problem is not null then
    raise exception using errcode = '23514', schema = 'automation', table = 'outbox', constraint = 'outbox_payload_schema_check', message = format('%s: %s', new.event_type, problem);
  elsif pg_column_size(new.payload) > 65536 then
    raise exception using errcode = '54000', message = format('the payload of %s has more than 64 KiB', new.event_type), hint = 'Register it as an asset and send its asset_id.';
  end if;
  insert into automation.aggregate_heads as h (aggregate_kind, aggregate_id, last_seq) values (new.aggregate_kind, new.aggregate_id, 1)
  on conflict (aggregate_kind, aggregate_id) do update set last_seq = h.last_seq + 1 returning h.last_seq into new.aggregate_seq;
  return new;
end $$;

create trigger outbox_check before insert on automation.outbox for each row execute function automation.check_event();

create function automation.publishable(most int default 100) returns setof automation.outbox
  language sql stable security definer set search_path = ''
as $$
  select o.* from automation.outbox o where o.published_at is null and o.xid < pg_snapshot_xmin(pg_current_snapshot()) order by o.id limit least(most, 1000)
$$;

comment on table automation.aggregate_heads is 'Last number of each aggregate''s events; its row lock makes numbers follow commits. @distribution local';
comment on column automation.aggregate_heads.aggregate_kind is 'As donation.';
comment on column automation.aggregate_heads.aggregate_id is 'Which one.';
comment on column automation.aggregate_heads.last_seq is 'Its last number.';
comment on function automation.schema_problems is 'What breaks a JSON Schema, with paths; nothing for a sound document. Knows type, enum, pattern, minLength, maxLength, minimum, maximum, required, properties, additionalProperties false and items.';
comment on function automation.check_event is 'Trigger of automation.outbox: takes personal columns of the core table out, checks the schema, numbers.';
comment on function automation.publishable is 'Events that may be fanned out: unpublished, of transactions that ended before any that still runs. Security definer: the worker reads no table.';
comment on trigger outbox_check on automation.outbox is 'Nothing leaves that its type does not describe.';

grant execute on function automation.publishable to hc_worker;
grant execute on function automation.schema_problems to hc_worker, hc_agent;

-- verify
select doc, coalesce((select string_agg(p, '; ') from automation.schema_problems('{"type": "object", "required": ["a"], "additionalProperties": false, "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 9}, "b": {"type": ["string", "null"], "pattern": "^x", "maxLength": 3},
    "c": {"type": "array", "items": {"enum": [1, 2]}}}}', doc::jsonb) p), '') = problem from (values
  ('{"a": 1, "b": null, "c": [1, 2]}', ''), ('{}', '$.a is missing'), ('{"a": "x"}', '$.a is string, not integer'), ('{"a": 1.5}', '$.a is number, not integer'), ('{"a": 0}', '$.a lies out of bounds'), ('{"a": 10}', '$.a lies out of bounds'),
  ('{"a": 1, "b": "y"}', '$.b does not match ^x'), ('{"a": 1, "b": "xxxx"}', '$.b is too long or too short'), ('{"a": 1, "c": [1, 3]}', '$.c[1] is none of [1, 2]'), ('{"a": 1, "d": 1}', '$.d is unknown'), ('[]', '$ is array, not object')) v(doc, problem);
set local role hc_worker;
select automation.emit('donation.created', 'donation', '00000000-0000-7000-8000-000000212001', '{"amount_usd": 5, "donor_email": "a@example.org"}') is not null from generate_series(1, 3);
select automation.emit('webhook.test', 'webhook', '00000000-0000-7000-8000-000000212002') is not null;
select sql, blueprint.raises(sql, state, why) from (values ($$ select automation.emit('donation.confirmed', 'donation', '00000000-0000-7000-8000-000000212001') $$, '23514', '$.status is missing'),
  ($$ select automation.emit('donation.created', 'donation', '00000000-0000-7000-8000-000000212001', '{"amount_usd": -1}') $$, '23514', '$.amount_usd lies out of bounds'),
  ($$ select automation.emit('webhook.test', 'webhook', '00000000-0000-7000-8000-000000212002', jsonb_build_object('blob', repeat('x', 70000))) $$, '54000', '64 KiB'),
  ($$ select automation.emit('probe.unknown', 'probe', '00000000-0000-7000-8000-000000212002') $$, '23503', 'outbox_event_type_fk')) v(sql, state, why);
select count(*) = 0 from automation.publishable(1000) where aggregate_id in ('00000000-0000-7000-8000-000000212001', '00000000-0000-7000-8000-000000212002');
set local role hc_owner;
select array_agg(aggregate_seq order by id) = '{1,2,3}' and bool_and(payload = '{"id": "00000000-0000-7000-8000-000000212001", "amount_usd": 5}') from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000212001';
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload, xid) values ('webhook.test', 'webhook', '00000000-0000-7000-8000-000000212002', '{"id": "00000000-0000-7000-8000-000000212002"}', '3') returning aggregate_seq = 2;
set local role hc_worker;
select count(*) = 1 from automation.publishable(1000) where aggregate_id = '00000000-0000-7000-8000-000000212002';
set local role hc_owner;
select sql, blueprint.raises(sql, state, rule) from (values ($$ insert into automation.aggregate_heads values ('donation', '00000000-0000-7000-8000-000000212001', 1) $$, '23505', 'aggregate_heads_aggregate_kind_aggregate_id_pk'),
  ($$ insert into automation.aggregate_heads values ('donation', '00000000-0000-7000-8000-00000021200f', 0) $$, '23514', 'aggregate_heads_last_seq_check')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'automation.aggregate_heads'::regclass;
select has_function_privilege('hc_agent', 'automation.schema_problems(jsonb, jsonb, text)', 'execute') and has_function_privilege('hc_worker', 'automation.schema_problems(jsonb, jsonb, text)', 'execute'),
  not has_function_privilege('hc_member', 'automation.schema_problems(jsonb, jsonb, text)', 'execute'), not has_function_privilege('hc_member', 'automation.check_event()', 'execute'), not has_function_privilege('hc_member', 'automation.publishable(int)', 'execute');

-- task: BUILD_0213 implement_feature critical
-- title: Fan-out by wildcard pattern and payload filter
-- does: fan_out() gives each publishable event to the active hooks whose patterns and filter (or one of their subscriptions) want it and whose owner may have it: owners get events about what is theirs, staff all, everybody those
--   meant for everyone. One delivery per event and hook, whoever runs it how often. payload_for() leaves out what is newer than the hook's API version.
-- proves: donation.* gets donation.confirmed and not design.released, a filter drops 50, a stranger gets no private event, a second run makes nothing; race: the isolation spec.
-- needs: BUILD_0042, BUILD_0212, BUILD_0798
create function automation.aggregate_owner(kind text, id uuid) returns uuid
  language plpgsql stable set search_path = ''
as $$
declare
  relation constant regclass := coalesce(to_regclass('core.' || quote_ident(kind || 's')), to_regclass('core.' || quote_ident(kind)), to_regclass('production.' || quote_ident(kind || 's')));
  field constant text := (
    select a.attname from unnest('{owner_id,donor_id,customer_id,author_id,operator_id,user_id}'::text[]) with ordinality c(name, n) join pg_catalog.pg_attribute a on a.attrelid = relation and a.attname = c.name and not a.attisdropped order by c.n limit 1);
  owner uuid;
begin
  if kind = 'user' then
    return id;
  elsif field is not null then
    execute format('select t.%I from %s t where t.id = $1', field, relation) into owner using id;
  end if;
  return owner;
end $$;

create function automation.may_have(person uuid, event automation.outbox) returns boolean
  language sql stable
begin atomic
  select coalesce((select t.audience = 'everyone' from automation.event_types t where t.name = event.event_type), false)
    or coalesce(automation.aggregate_owner(event.aggregate_kind, event.aggregate_id) = person, false)
    or exists (select from identity.user_roles r join identity.roles d on d.code = r.role_code where r.user_id = person and r.during @> now() and d.db_role in ('hc_admin', 'hc_finance'));
end;

create function automation.fan_out(most int default 100) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  event automation.outbox;
  hooks uuid[];
  made bigint := 0;
begin
  for event in select o.* from automation.publishable(most) o loop
    perform from automation.outbox o where o.id = event.id and o.occurred_at = event.occurred_at and o.published_at is null for update skip locked;
    continue when not found;
    hooks := array(
      select w.id from core.webhooks w
      where w.id in (
          select core.webhooks_for(event.event_type, event.payload)
          union
          select s.webhook_id from automation.subscriptions s
          where s.event_pattern = any (core.event_patterns_of(event.event_type))
            and (not s.filter ? 'path' or coalesce(jsonb_path_query_first(event.payload, (s.filter ->> 'path')::jsonpath, '{}', true) not in ('false', 'null'), false)))
        and w.direction = 'outbound' and w.status = 'active' and automation.may_have(w.owner_id, event));
    made := made + automation.enqueue_deliveries(event.id, hooks);
  end loop;
  return made;
end $$;

create function automation.payload_for(event uuid, hook uuid) returns jsonb
  language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('type', o.event_type, 'timestamp', o.occurred_at, 'sequence', o.aggregate_seq, 'data', o.payload - array(
    select p.key from automation.event_types t, jsonb_each(t.json_schema -> 'properties') p where t.name = o.event_type and p.value ->> 'since' > w.api_version))
  from automation.outbox o, core.webhooks w where o.id = event and w.id = hook
$$;

comment on function automation.aggregate_owner is 'Whose something is, by its table''s owner column; null when nobody''s.';
comment on function automation.may_have is 'Whether a hook of this person may get an event: meant for everyone, about what is his, or he is staff.';
comment on function automation.fan_out is 'Turns publishable events into deliveries; returns how many. May run in any number of sessions: an event is taken by one. Security definer: the worker reads no table.';
comment on function automation.payload_for is 'Body of a delivery: type, timestamp, sequence and data, without fields that are newer than the hook''s API version. Security definer: the worker reads no table.';

grant execute on function automation.fan_out, automation.payload_for to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000213001', 'ada-0213'), ('00000000-0000-7000-8000-000000213002', 'bob-0213'), ('00000000-0000-7000-8000-000000213003', 'eve-0213');
insert into identity.user_roles (user_id, role_code) select '00000000-0000-7000-8000-000000213003', code from identity.roles where db_role = 'hc_admin' limit 1;
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000213009', '00000000-0000-7000-8000-000000213001', 'a.png', 'image/png', 1);
insert into core.webhooks (id, owner_id, name, target_url, status, event_patterns, filter) select format('00000000-0000-7000-8000-00000021301%s', n)::uuid, format('00000000-0000-7000-8000-00000021300%s', person)::uuid, 'h-0213-' || n, 'https://example.org', 'active', patterns::text[], filter::jsonb
from (values (1, 3, '{donation.*}', '{}'), (2, 3, '{donation.*}', '{"path": "$.amount_usd > 100"}'), (3, 2, '{**}', '{}'), (4, 1, '{}', '{}'), (5, 1, '{asset.*}', '{}')) v(n, person, patterns, filter);
insert into automation.subscriptions (webhook_id, event_pattern, filter) values ('00000000-0000-7000-8000-000000213014', 'asset.**', '{}'), ('00000000-0000-7000-8000-000000213014', 'design.*', '{"path": "$.title == \"probe\""}');
insert into automation.outbox (id, event_type, aggregate_kind, aggregate_id, payload, xid) select format('00000000-0000-0000-0000-00000021302%s', n)::uuid, event, kind, id::uuid, jsonb_build_object('id', id) || extra::jsonb, '3' from (values
  (1, 'donation.confirmed', 'donation', '00000000-0000-7000-8000-000000213031', '{"status": "confirmed", "amount_usd": 50}'), (2, 'donation.confirmed', 'donation', '00000000-0000-7000-8000-000000213032', '{"status": "confirmed", "amount_usd": 150}'),
  (3, 'design.released', 'design', '00000000-0000-7000-8000-000000213033', '{"status": "released", "title": "probe"}'), (4, 'asset.ready', 'asset', '00000000-0000-7000-8000-000000213009', '{"status": "ready"}')) v(n, event, kind, id, extra);
set local role hc_worker;
select automation.fan_out(1000) >= 7;
set local role hc_owner;
select array_agg(concat_ws(' ', right(event_id::text, 1), right(webhook_id::text, 1)) order by event_id, webhook_id) = array['1 1', '2 1', '2 2', '3 3', '3 4', '4 4', '4 5'] from automation.deliveries where webhook_id::text like '00000000-0000-7000-8000-00000021301_';
select bool_and(published_at is not null) from automation.outbox where id::text like '00000000-0000-0000-0000-00000021302_';
set local role hc_worker;
select automation.fan_out(1000) = 0;
select automation.payload_for('00000000-0000-0000-0000-000000213023', '00000000-0000-7000-8000-000000213014') @> '{"type": "design.released", "sequence": 1, "data": {"title": "probe"}}';
set local role hc_owner;
select count(*) = 7 from automation.deliveries where webhook_id::text like '00000000-0000-7000-8000-00000021301_';
update automation.event_types set json_schema = jsonb_set(json_schema, '{properties,title,since}', '"2099-01"') where name = 'design.released';
select not automation.payload_for('00000000-0000-0000-0000-000000213023', '00000000-0000-7000-8000-000000213014') -> 'data' ? 'title';
select automation.aggregate_owner('asset', '00000000-0000-7000-8000-000000213009') = '00000000-0000-7000-8000-000000213001', automation.aggregate_owner('user', '00000000-0000-7000-8000-000000213001') = '00000000-0000-7000-8000-000000213001', automation.aggregate_owner('moon', uuidv7()) is null;
select not automation.may_have('00000000-0000-7000-8000-000000213002', o) and automation.may_have('00000000-0000-7000-8000-000000213001', o) and automation.may_have('00000000-0000-7000-8000-000000213003', o) from automation.outbox o where id = '00000000-0000-0000-0000-000000213024';
select f, has_function_privilege('hc_worker', f, 'execute') = granted and not has_function_privilege('hc_member', f, 'execute') from (values ('automation.fan_out(int)', true), ('automation.payload_for(uuid, uuid)', true), ('automation.aggregate_owner(text, uuid)', false), ('automation.may_have(uuid, automation.outbox)', false)) v(f, granted);

-- task: BUILD_0214 implement_feature critical
-- title: Claim deliveries with leases, per-key ordering and fairness
-- does: claim_deliveries() takes due deliveries turn by turn over the hooks, never more of a hook than it allows in flight, never one whose ordering key has an earlier one that is not finished; leases that ran out come back under a new
--   token. complete_delivery() takes the current token only and tells the breaker.
-- proves: of twelve deliveries of two hooks the claim alternates, keeps to the cap and to the first of each key; a finished one frees the next, an old token raises 40001; race: the isolation spec.
-- needs: BUILD_0205, BUILD_0209, BUILD_0799
create function automation.claim_deliveries(worker text, n int default 10, lease interval default '1 minute', at timestamptz default now())
    returns table (delivery_id uuid, webhook_id uuid, event_id uuid, fence bigint, attempt_no int, ordering_key text)
  language plpgsql security definer set search_path = ''
as $$
declare
  hook record;
  mine uuid[] := '{}';
  probes uuid[] := '{}';
  chosen uuid[];
begin
  for hook in
    select w.id, w.opened_until from core.webhooks w
    where w.status = 'active' and (w.opened_until is null or w.opened_until <= at) and exists (
      select from automation.deliveries d where d.webhook_id = w.id and (d.status in ('pending', 'failed') and d.next_attempt_at <= at or d.status = 'in_flight' and d.lease_until <= at))
  loop
    if pg_try_advisory_xact_lock(hashtext('automation.claim_deliveries'), hashtext(hook.id::text)) then
      if hook.opened_until is null then
        mine := mine || hook.id;
      elsif core.webhook_ready(hook.id, at) then
        mine := mine || hook.id;
        probes := probes || hook.id;
      end if;
    end if;
  end loop;
  chosen := array(
    select e.id
    from (
      select o.id, o.next_attempt_at, row_number() over (partition by o.webhook_id order by o.next_attempt_at, o.event_at, o.id) as turn,
        case when w.id = any (probes) then 1 else w.max_in_flight - (select count(*) from automation.deliveries f where f.webhook_id = w.id and f.status = 'in_flight' and f.lease_until > at) end as room
      from (
        select d.*, row_number() over (partition by d.webhook_id, coalesce(d.ordering_key, d.id::text) order by d.event_seq, d.event_at, d.id) as place
        from automation.deliveries d where d.webhook_id = any (mine) and d.status in ('pending', 'failed', 'in_flight')) o
      join core.webhooks w on w.id = o.webhook_id
      where o.place = 1 and (o.status in ('pending', 'failed') and o.next_attempt_at <= at or o.status = 'in_flight' and o.lease_until <= at)) e
    where e.turn <= e.room order by e.turn, e.next_attempt_at, e.id limit least(n, 500));
  return query select l.id, l.webhook_id, l.event_id, l.fence, l.attempt_count, l.ordering_key from automation.lease_deliveries(chosen, worker, lease, at) l;
end $$;

create function automation.complete_delivery(delivery uuid, fence bigint, code int, latency_ms int default null, excerpt text default null, at timestamptz default clock_timestamp()) returns text
  language plpgsql set search_path = ''
as $$
declare
  d automation.deliveries;
begin
  d := automation.settle_delivery(delivery, complete_delivery.fence, 'succeeded', code, complete_delivery.latency_ms, excerpt);
  perform core.webhook_record_result(d.webhook_id, true, code, complete_delivery.latency_ms, at);
  return d.status;
end $$;

comment on function automation.claim_deliveries is 'Leases up to n due deliveries to a worker. Claims of a hook follow each other (advisory lock until commit; a hook that another worker claims right now is passed over), so cap and order hold however many workers there are. Commit at once. Security definer: the worker writes no table.';
comment on function automation.complete_delivery is 'The endpoint accepted: settles with the current token (else 40001) and closes the breaker, as of a time.';

grant execute on function automation.claim_deliveries, automation.complete_delivery to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000214001', 'ada-0214');
insert into core.webhooks (id, owner_id, name, target_url, status, max_in_flight) values ('00000000-0000-7000-8000-000000214011', '00000000-0000-7000-8000-000000214001', 'a-0214', 'https://example.org', 'active', 2), ('00000000-0000-7000-8000-000000214012', '00000000-0000-7000-8000-000000214001', 'b-0214', 'https://example.org', 'active', 9),
  ('00000000-0000-7000-8000-000000214013', '00000000-0000-7000-8000-000000214001', 'c-0214', 'https://example.org', 'paused', 9);
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_seq, event_type, ordering_key, next_attempt_at) select format('00000000-0000-7000-8000-0000002140%s', 20 + h * 10 + i)::uuid, format('00000000-0000-7000-8000-00000021401%s', h)::uuid, uuidv7(), '2026-01-01+00', i, 'webhook.test', 'k' || i % 3, '2026-01-01+00'
from generate_series(1, 3) h, generate_series(1, 6) i;
create temporary table claimed (round int, id text, hook text, fence bigint) on commit drop;
grant all on pg_temp.claimed to hc_worker;
set local role hc_worker;
insert into pg_temp.claimed select 1, right(delivery_id::text, 2), right(webhook_id::text, 1), fence from automation.claim_deliveries('w1', 3, '1 minute', '2026-01-01 00:01+00');
insert into pg_temp.claimed select 2, right(delivery_id::text, 2), right(webhook_id::text, 1), fence from automation.claim_deliveries('w2', 9, '1 minute', '2026-01-01 00:01+00');
select string_agg(hook, '' order by hook) in ('112', '122') from pg_temp.claimed where round = 1;
select array_agg(id order by id) = '{31,32,41,42,43}' and bool_and(fence = 1) from pg_temp.claimed;
select count(*) = 0 from automation.claim_deliveries('w3', 9, '1 minute', '2026-01-01 00:01:59+00');
select automation.complete_delivery('00000000-0000-7000-8000-000000214041', 1, 200, 5, 'ok', '2026-01-01 00:01:30+00') = 'succeeded';
select array_agg(right(delivery_id::text, 2)) = '{44}' from automation.claim_deliveries('w3', 9, '1 minute', '2026-01-01 00:01:59+00');
select array_agg(right(delivery_id::text, 2) order by delivery_id) = '{31,32,42,43}' and bool_and(fence = 2 and attempt_no = 2) from automation.claim_deliveries('w4', 9, '1 minute', '2026-01-01 00:02+00');
select blueprint.raises($$ select automation.complete_delivery('00000000-0000-7000-8000-000000214031', 1, 200) $$, '40001', 'no longer yours');
select automation.complete_delivery('00000000-0000-7000-8000-000000214031', 2, 204) = 'succeeded';
set local role hc_owner;
update core.webhooks set opened_until = '2026-01-01 00:03+00' where name = 'b-0214';
insert into core.webhook_health (webhook_id, times_opened) values ('00000000-0000-7000-8000-000000214012', 1) on conflict (webhook_id) do update set times_opened = 1, probe_until = null;
set local role hc_worker;
select count(*) filter (where webhook_id = '00000000-0000-7000-8000-000000214012') = 0 from automation.claim_deliveries('w5', 9, '1 minute', '2026-01-01 00:02:59+00');
select count(*) filter (where webhook_id = '00000000-0000-7000-8000-000000214012') = 1 from automation.claim_deliveries('w5', 9, '1 minute', '2026-01-01 00:04+00');
set local role hc_owner;
select count(*) = 6 and bool_and(status = 'pending') from automation.deliveries where webhook_id = '00000000-0000-7000-8000-000000214013';
select last_success_at = '2026-01-01 00:01:30+00' from core.webhooks where name = 'b-0214';
select count(*) = 1 and bool_and(response_status = 200 and latency_ms = 5 and response_excerpt = 'ok') from automation.delivery_attempts where delivery_id = '00000000-0000-7000-8000-000000214041';
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['automation.claim_deliveries(text, int, interval, timestamptz)', 'automation.complete_delivery(uuid, bigint, int, int, text, timestamptz)']) f;

-- task: BUILD_0215 implement_feature critical
-- title: Retries with exponential backoff, jitter, dead letter and replay
-- does: fail_delivery() plans the next of fifteen attempts, 5 seconds to 24 hours later with a jitter that the delivery's id decides, later where the endpoint asks for it; 410 disables the hook, other client errors (not 408, 425, 429) are dead at
--   once. dead_letters shows what is left, replay() sends it again under the same event ids.
-- proves: the pauses grow within their bounds and repeat exactly, Retry-After counts, 410 disables, 404 is dead at once, the fifteenth failure is dead, three dead ones replayed are three pending.
-- needs: BUILD_0214, BUILD_0799
create function automation.retry_delay(attempt int, delivery uuid) returns interval
  language sql immutable strict parallel safe
  return make_interval(secs => least(86400, 5 * power(2.117::double precision, least(attempt, 15) - 1)) * (1 - 0.2 * (hashtextextended(delivery::text, attempt) & 65535) / 65536.0));

create function automation.fail_delivery(delivery uuid, fence bigint, error_class text, code int default null, latency_ms int default null, excerpt text default null, retry_after interval default null, at timestamptz default now()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  d automation.deliveries;
  outcome text;
begin
  select c.* into d from automation.deliveries c where c.id = delivery;
  outcome := case when code = 410 or code >= 400 and code < 500 and code not in (408, 425, 429) or d.attempt_count >= 15 then 'dead' else 'failed' end;
  d := automation.settle_delivery(delivery, fail_delivery.fence, outcome, code, fail_delivery.latency_ms, excerpt, fail_delivery.error_class,
    at + least(greatest(automation.retry_delay(greatest(d.attempt_count, 1), delivery), coalesce(retry_after, '0')), interval '24 hours'));
  perform core.webhook_record_result(d.webhook_id, false, code, fail_delivery.latency_ms, at);
  if code = 410 then
    update core.webhooks w set status = 'disabled', disabled_reason = 'the endpoint is gone (410)' where w.id = d.webhook_id and w.status <> 'disabled';
  end if;
  return outcome;
end $$;

create view automation.dead_letters with (security_invoker = true) as
  select d.id as delivery_id, d.webhook_id, d.event_id, d.event_type, d.occurred_at, d.attempt_count, d.last_status_code,
    (select a.error_class from automation.delivery_attempts a where a.delivery_id = d.id order by a.attempt_no desc limit 1) as last_error,
    exists (select from automation.deliveries r where r.replay_of = d.id and r.webhook_id = d.webhook_id and r.event_id = d.event_id) as is_replayed
  from automation.deliveries d where d.status = 'dead';

create function automation.replay(webhook uuid, from_at timestamptz default '-infinity', to_at timestamptz default 'infinity', ids uuid[] default null) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  made bigint;
begin
  if not exists (
      select from core.webhooks w where w.id = webhook and w.status <> 'disabled'
        and (w.owner_id = core.current_user_id() or core.has_role('hc_admin') or core.request_role() in ('hc_worker', 'hc_owner'))) then
    raise exception using errcode = '42501', message = 'there is no such hook of yours, or it is disabled';
  end if;
  insert into automation.deliveries (webhook_id, event_id, event_at, event_seq, event_type, ordering_key, replay_of)
  select d.webhook_id, d.event_id, d.event_at, d.event_seq, d.event_type, d.ordering_key, d.id from automation.deliveries d
  where d.webhook_id = webhook and d.status = 'dead' and d.occurred_at >= from_at and d.occurred_at < to_at and (ids is null or d.id = any (ids))
    and not exists (select from automation.deliveries r where r.event_id = d.event_id and r.webhook_id = d.webhook_id and r.replay_of = d.id)
  order by d.event_at, d.id limit 1000;
  get diagnostics made = row_count;
  return made;
end $$;

grant select on automation.dead_letters to hc_member, hc_auditor;

comment on function automation.retry_delay is 'Pause after an attempt: 5 s, growing by 2.117 to 24 h, less up to a fifth that id and attempt decide: the same again and again, and spread over deliveries.';
comment on function automation.fail_delivery is 'The endpoint did not accept: failed (tried again) or dead. Settles with the current token, else 40001. Security definer: the worker writes no table.';
comment on view automation.dead_letters is 'Deliveries given up, of the reader''s hooks, and whether they were replayed.';
comment on function automation.replay is 'Sends dead deliveries of an own hook again, by time or by id, each once, at most 1000 at a time; event ids stay, so receivers know them. Returns how many. Security definer: members write no queue.';

grant execute on function automation.fail_delivery to hc_worker;
grant execute on function automation.replay to hc_member, hc_worker;

-- verify
select bool_and(delay > lag_delay or lag_delay is null), min(delay) between interval '4 seconds' and interval '5 seconds', max(delay) between interval '19 hours' and interval '24 hours'
from (select i, n, automation.retry_delay(n, i) as delay, lag(automation.retry_delay(n, i)) over (partition by i order by n) as lag_delay from unnest('{00000000-0000-7000-8000-000000215021,00000000-0000-7000-8000-000000215022,00000000-0000-7000-8000-000000215023}'::uuid[]) i, generate_series(1, 14) n) d;
select automation.retry_delay(3, '00000000-0000-7000-8000-000000215021') = automation.retry_delay(3, '00000000-0000-7000-8000-000000215021'), automation.retry_delay(3, '00000000-0000-7000-8000-000000215021') <> automation.retry_delay(3, '00000000-0000-7000-8000-000000215022');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000215001', 'ada-0215'), ('00000000-0000-7000-8000-000000215002', 'bob-0215');
insert into core.webhooks (id, owner_id, name, target_url, status) select format('00000000-0000-7000-8000-00000021501%s', n)::uuid, '00000000-0000-7000-8000-000000215001', 'h-0215-' || n, 'https://example.org', 'active' from generate_series(1, 2) n;
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_type, status, attempt_count, lease_by, lease_until, fence) select format('00000000-0000-7000-8000-00000021502%s', n)::uuid, case when n < 6 then '00000000-0000-7000-8000-000000215011' else '00000000-0000-7000-8000-000000215012' end::uuid,
  format('00000000-0000-7000-8000-00000021503%s', n)::uuid, now(), 'webhook.test', 'in_flight', case n when 3 then 15 else 1 end, 'w', now(), 1 from generate_series(1, 6) n;
set local role hc_worker;
select automation.fail_delivery('00000000-0000-7000-8000-000000215021', 1, 'timeout') = 'failed', automation.fail_delivery('00000000-0000-7000-8000-000000215022', 1, 'http', 429, 9, 'slow down', '2 hours') = 'failed',
  automation.fail_delivery('00000000-0000-7000-8000-000000215023', 1, 'http', 503) = 'dead', automation.fail_delivery('00000000-0000-7000-8000-000000215024', 1, 'http', 404) = 'dead', automation.fail_delivery('00000000-0000-7000-8000-000000215025', 1, 'http', 400) = 'dead',
  automation.fail_delivery('00000000-0000-7000-8000-000000215026', 1, 'http', 410) = 'dead', blueprint.raises($$ select automation.fail_delivery('00000000-0000-7000-8000-000000215021', 1, 'timeout') $$, '40001');
set local role hc_owner;
select array_agg(next_attempt_at - now() order by id) = array[automation.retry_delay(1, '00000000-0000-7000-8000-000000215021'), interval '2 hours'] from automation.deliveries where id in ('00000000-0000-7000-8000-000000215021', '00000000-0000-7000-8000-000000215022');
select status = 'disabled' and disabled_reason like '%410%' from core.webhooks where id = '00000000-0000-7000-8000-000000215012';
select failure_count = 5 and opened_until = now() + interval '1 minute' from core.webhooks where id = '00000000-0000-7000-8000-000000215011';
select count(*) = 3 and bool_and(not is_replayed and last_error = 'http') from automation.dead_letters where webhook_id = '00000000-0000-7000-8000-000000215011';
select error_class = 'http' and response_status = 429 and latency_ms = 9 and response_excerpt = 'slow down' from automation.delivery_attempts where delivery_id = '00000000-0000-7000-8000-000000215022';
select core.act_as('00000000-0000-7000-8000-000000215002');
set local role hc_member;
select blueprint.raises($$ select automation.replay('00000000-0000-7000-8000-000000215011') $$, '42501', 'of yours');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000215001');
set local role hc_member;
select automation.replay('00000000-0000-7000-8000-000000215011', ids => '{00000000-0000-7000-8000-000000215024}') = 1;
select automation.replay('00000000-0000-7000-8000-000000215011') = 2;
select automation.replay('00000000-0000-7000-8000-000000215011') = 0, blueprint.raises($$ select automation.replay('00000000-0000-7000-8000-000000215012') $$, '42501', 'disabled');
set local role hc_owner;
select array_agg(right(event_id::text, 1) order by event_id) = '{3,4,5}' and bool_and(attempt_count = 0) from automation.deliveries where webhook_id = '00000000-0000-7000-8000-000000215011' and status = 'pending' and replay_of is not null;
select bool_and(is_replayed) from automation.dead_letters where webhook_id = '00000000-0000-7000-8000-000000215011';
select bool_and(reloptions @> '{security_invoker=true}'), has_table_privilege('hc_member', 'automation.dead_letters', 'select') and has_table_privilege('hc_auditor', 'automation.dead_letters', 'select') from pg_class where oid = 'automation.dead_letters'::regclass;
select f, has_function_privilege('hc_worker', f, 'execute') = worker and has_function_privilege('hc_member', f, 'execute') = member and not has_function_privilege('hc_analyst', f, 'execute') from (values ('automation.fail_delivery(uuid, bigint, text, int, int, text, interval, timestamptz)', true, false), ('automation.replay(uuid, timestamptz, timestamptz, uuid[])', true, true),
  ('automation.retry_delay(int, uuid)', false, false)) v(f, worker, member);

-- task: BUILD_0216 implement_feature critical
-- title: Sign payloads per Standard Webhooks and rotate keys without downtime
-- does: sign() makes the v1 signatures of Standard Webhooks over id.timestamp.body with every live key of a hook; rotate_key() mints a whsec_ secret, shown once, while the old one goes on for the overlap; expire_key() ends one at once;
--   verify_signature() checks inbound calls of the same scheme. Secrets lie encrypted (AES-256-CBC, then MAC, under keys derived from the keyring) and are opened inside these functions only.
-- proves: the published test vector matches, two signatures during the overlap and one after it, a six minutes old timestamp and an altered body fail, a sealed secret that was touched does not open, owners rotate and nobody reads.
-- needs: BUILD_0032, BUILD_0033, BUILD_0209
create function automation.seal(secret bytea, context text) returns bytea
  language sql volatile
  return (
    select s.body || core.keyed_mac(s.body, 'webhook:mac:' || context)
    from (select set_byte('\x00', 0, core.key_version('webhook')) || iv || extensions.encrypt_iv(secret, core.keyed_mac('seal', 'webhook:' || context), iv, 'aes-cbc/pad:pkcs') as body from extensions.gen_random_bytes(16) iv) s);

create function automation.unseal(sealed bytea, context text) returns bytea
  language plpgsql volatile set search_path = ''
as $$
declare
  body constant bytea := substr(sealed, 1, length(sealed) - 32);
  version constant int := get_byte(sealed, 0);
begin
  if not core.same_digest(substr(sealed, length(sealed) - 31), core.keyed_mac(body, 'webhook:mac:' || context, version)) then
    raise exception using errcode = '22023', message = 'a sealed secret does not open: it was altered, or its key is not in the keyring';
  end if;
  return extensions.decrypt_iv(substr(body, 18), core.keyed_mac('seal', 'webhook:' || context, version), substr(body, 2, 16), 'aes-cbc/pad:pkcs');
end $$;

create function automation.add_key(webhook uuid, secret bytea, from_at timestamptz default now(), algorithm text default 'hmac-sha256') returns text
  language sql set search_path = ''
as $$
  insert into automation.signing_keys (webhook_id, key_id, secret_sealed, during, algorithm) select webhook, k.key_id, automation.seal(secret, k.key_id), tstzrange(from_at, null), add_key.algorithm
  from (select 'wk_' || encode(extensions.gen_random_bytes(9), 'hex') as key_id) k returning key_id
$$;

create function automation.rotate_key(webhook uuid, overlap interval default '24 hours', at timestamptz default now(), out key_id text, out secret text) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  fresh constant bytea := extensions.gen_random_bytes(24);
begin
  perform from core.webhooks w where w.id = webhook and w.status <> 'disabled' and (w.owner_id = core.current_user_id() or core.has_role('hc_admin') or core.request_role() in ('hc_worker', 'hc_owner')) for update;
  if not found then
    raise exception using errcode = '42501', message = 'there is no such hook of yours, or it is disabled';
  elsif overlap not between interval '0' and interval '7 days' then
    raise exception using errcode = '22023', message = 'old and new key overlap for seven days at most';
  end if;
  update automation.signing_keys k set during = tstzrange(lower(k.during), at)
  where k.webhook_id = webhook and k.during @> at and lower(k.during) < at and k.id <> (select n.id from automation.signing_keys n where n.webhook_id = webhook and n.during @> at order by lower(n.during) desc, n.id desc limit 1);
  update automation.signing_keys k set during = tstzrange(lower(k.during), greatest(at, lower(k.during)) + overlap, '[]')
  where k.webhook_id = webhook and upper_inf(k.during);
  key_id := automation.add_key(webhook, fresh, at);
  secret := 'whsec_' || encode(fresh, 'base64');
end $$;

create function automation.expire_key(key_id text, at timestamptz default now()) returns boolean
  language sql security definer set search_path = ''
as $$
  with expired as (
    update automation.signing_keys k set during = tstzrange(lower(k.during), greatest(at, lower(k.during)), '[]')
    from core.webhooks w
    where k.key_id = expire_key.key_id and w.id = k.webhook_id and (upper_inf(k.during) or upper(k.during) > at)
      and (w.owner_id = core.current_user_id() or core.has_role('hc_admin') or core.request_role() in ('hc_worker', 'hc_owner')) returning 1)
  select exists (select from expired)
$$;

create function automation.sign(webhook uuid, msg_id text, signed_at bigint, body text) returns text
  language sql volatile security definer set search_path = ''
as $$
  select string_agg('v1,' || encode(extensions.hmac(convert_to(msg_id || '.' || signed_at || '.' || body, 'UTF8'), automation.unseal(k.secret_sealed, k.key_id), 'sha256'), 'base64'), ' ' order by lower(k.during) desc, k.id desc)
  from automation.signing_keys k where k.webhook_id = webhook and k.algorithm = 'hmac-sha256' and k.during @> to_timestamp(signed_at)
$$;

create function automation.verify_signature(webhook uuid, headers jsonb, body text, tolerance interval default '5 minutes', at timestamptz default now()) returns boolean
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  stamp constant text := coalesce(headers ->> 'webhook-timestamp', headers ->> 'svix-timestamp');
begin
  if stamp !~ '^\d{1,12}$' or abs(extract(epoch from at) - stamp::bigint) > extract(epoch from tolerance) then
    return false;
  end if;
  return coalesce((
    select bool_or(core.same_digest(convert_to(given, 'UTF8'), convert_to(own, 'UTF8')))
    from string_to_table(coalesce(headers ->> 'webhook-signature', headers ->> 'svix-signature'), ' ') given,
      string_to_table(automation.sign(webhook, coalesce(headers ->> 'webhook-id', headers ->> 'svix-id'), stamp::bigint, body), ' ') own), false);
end $$;

comment on function automation.seal is 'Encrypts a secret for its key id: version of key webhook, IV, AES-256-CBC, then an HMAC over all of it. For owner functions; pgcrypto has no GCM.';
comment on function automation.unseal is 'Opens what automation.seal() made, 22023 when it was altered or belongs to another key id. For owner functions.';
comment on function automation.add_key is 'Puts a given secret under a new key id. For owner functions and set-up.';
comment on function automation.rotate_key is 'A new key of an own hook: its id and secret, shown once. The one before goes on for the overlap, anything older ends now. Security definer: nobody writes keys.';
comment on function automation.expire_key is 'Ends a key of an own hook at once. Security definer: nobody writes keys.';
comment on function automation.sign is 'Header webhook-signature of Standard Webhooks: v1 signatures by every key that was live at signed_at (epoch seconds), newest first; null without a key. Security definer: secrets are opened here only.';
comment on function automation.verify_signature is 'Whether a call carries a right Standard Webhooks signature of this hook, no older or newer than the tolerance. Security definer: secrets are opened here only.';

grant execute on function automation.sign, automation.verify_signature to hc_worker;
grant execute on function automation.rotate_key, automation.expire_key to hc_member, hc_worker;

-- verify
select core.load_key('webhook', repeat('w', 32)::bytea) > 0;
select automation.unseal(automation.seal('a secret', 'k'), 'k') = 'a secret', automation.seal('a secret', 'k') <> automation.seal('a secret', 'k'), blueprint.raises($$ select automation.unseal(automation.seal('a secret', 'k'), 'l') $$, '22023', 'does not open'),
  blueprint.raises($$ select automation.unseal(set_byte(s, 20, get_byte(s, 20) # 1), 'k') from automation.seal('a secret', 'k') s $$, '22023', 'does not open');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000216001', 'ada-0216'), ('00000000-0000-7000-8000-000000216002', 'bob-0216');
insert into core.webhooks (id, owner_id, name, target_url, status) select format('00000000-0000-7000-8000-00000021601%s', n)::uuid, '00000000-0000-7000-8000-000000216001', 'h-0216-' || n, 'https://example.org', 'active' from generate_series(1, 2) n;
select automation.add_key('00000000-0000-7000-8000-000000216011', decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'), '2020-01-01+00') ~ '^wk_[0-9a-f]{18}$';
set local role hc_worker;
select automation.sign('00000000-0000-7000-8000-000000216011', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}') = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
select what, automation.verify_signature('00000000-0000-7000-8000-000000216011', '{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}'::jsonb || extra::jsonb, body, '5 minutes', to_timestamp(1614265330 + late)) = holds
from (values ('right', '{}', '{"test": 2432232314}', 60, true), ('altered body', '{}', '{"test": 2432232315}', 60, false), ('old', '{}', '{"test": 2432232314}', 360, false), ('ahead', '{}', '{"test": 2432232314}', -360, false), ('other id', '{"webhook-id": "msg_x"}', '{"test": 2432232314}', 60, false),
  ('other time', '{"webhook-timestamp": "1614265331"}', '{"test": 2432232314}', 60, false), ('no time', '{"webhook-timestamp": "soon"}', '{"test": 2432232314}', 60, false), ('no signature', '{"webhook-signature": ""}', '{"test": 2432232314}', 60, false)) v(what, extra, body, late, holds);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000216001');
create temporary table minted (n int, key_id text, secret text) on commit drop;
grant all on pg_temp.minted to hc_member;
set local role hc_member;
insert into pg_temp.minted select 1, r.* from automation.rotate_key('00000000-0000-7000-8000-000000216012', '1 hour', '2026-01-01 00:00+00') r;
insert into pg_temp.minted select 2, r.* from automation.rotate_key('00000000-0000-7000-8000-000000216012', '1 hour', '2026-01-02 00:00+00') r;
select bool_and(secret ~ '^whsec_[A-Za-z0-9+/]{32}$') from pg_temp.minted;
set local role hc_owner;
select array_length(string_to_array(automation.sign('00000000-0000-7000-8000-000000216012', 'm', extract(epoch from at::timestamptz)::bigint, 'b'), ' '), 1) = n from (values ('2026-01-01 12:00+00', 1), ('2026-01-02 00:30+00', 2), ('2026-01-02 02:00+00', 1)) v(at, n);
select automation.sign('00000000-0000-7000-8000-000000216012', 'm', 1767319200, 'b') = 'v1,' || encode(extensions.hmac('m.1767319200.b', decode(substr(secret, 7), 'base64'), 'sha256'), 'base64') from pg_temp.minted where n = 2;
select automation.verify_signature('00000000-0000-7000-8000-000000216012', jsonb_build_object('webhook-id', 'm', 'webhook-timestamp', extract(epoch from at::timestamptz)::bigint, 'webhook-signature', 'v1,' || encode(extensions.hmac(convert_to('m.' || extract(epoch from at::timestamptz)::bigint || '.b', 'UTF8'), decode(substr(secret, 7), 'base64'), 'sha256'), 'base64')), 'b', '5 minutes', at::timestamptz) = holds
from pg_temp.minted, (values ('2026-01-02 00:30+00', true), ('2026-01-02 02:00+00', false)) v(at, holds) where n = 1;
set local role hc_member;
select automation.expire_key(key_id, '2026-01-03+00'), not automation.expire_key(key_id, '2026-01-04+00') from pg_temp.minted where n = 2;
select blueprint.raises($$ select automation.rotate_key('00000000-0000-7000-8000-000000216012', '8 days') $$, '22023', 'seven days'), blueprint.raises('select secret_sealed from automation.signing_keys', '42501');
set local role hc_owner;
select automation.sign('00000000-0000-7000-8000-000000216012', 'm', extract(epoch from timestamptz '2026-01-03 01:00+00')::bigint, 'b') is null;
select count(*) = 0 from pg_temp.minted m, automation.signing_keys k where strpos(encode(k.secret_sealed, 'hex'), encode(decode(substr(m.secret, 7), 'base64'), 'hex')) > 0;
select core.act_as('00000000-0000-7000-8000-000000216002');
set local role hc_member;
select blueprint.raises($$ select automation.rotate_key('00000000-0000-7000-8000-000000216012') $$, '42501', 'of yours'), not automation.expire_key(key_id, '2026-01-02+00') from pg_temp.minted where n = 1;
set local role hc_owner;
select f, has_function_privilege('hc_worker', f, 'execute') = worker and has_function_privilege('hc_member', f, 'execute') = member and not has_function_privilege('hc_analyst', f, 'execute') from (values ('automation.seal(bytea, text)', false, false), ('automation.unseal(bytea, text)', false, false), ('automation.add_key(uuid, bytea, timestamptz, text)', false, false),
  ('automation.rotate_key(uuid, interval, timestamptz)', true, true), ('automation.expire_key(text, timestamptz)', true, true), ('automation.sign(uuid, text, bigint, text)', true, false), ('automation.verify_signature(uuid, jsonb, text, interval, timestamptz)', true, false)) v(f, worker, member);
