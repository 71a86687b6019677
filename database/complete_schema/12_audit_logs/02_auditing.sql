-- Core table audit_logs, what it is for: auditing any table through one trigger, the chain of seals (each holds the root of an RFC 9162 hash tree over the
-- rows of finished transactions and the digest of the seal before), proofs that a row is among the sealed, and reading it back.

-- task: BUILD_0777 implement_table_feature critical
-- title: Audit any table in one call: core.enable_audit(regclass, redact text[], keep text[])
-- does: Statement triggers with transition tables log minimal diffs {fields, old, new} with actor, request and reason: one statement, one insert, however many rows. Redacted columns and all that are marked
--   @secret appear as keyed digests, generated columns and updated_at do not count. disable_audit() takes them off, audit_coverage() lists tables with and without.
-- proves: an update of two of ten columns logs these two, a secret only as digest, a no-op nothing, 1,000 rows in one statement 1,000 entries, a huge change its hashes, keep limits what is looked at.
-- needs: BUILD_0005, BUILD_0010, BUILD_0015, BUILD_0032, BUILD_0771, BUILD_0773, BUILD_0774
create function core.audit_columns(relation regclass, redact text[], keep text[], out skipped text[], out hidden text[]) returns record
  language sql stable
begin atomic
  select coalesce(array_agg(a.attname::text) filter (where a.attgenerated <> '' or a.attname = 'updated_at' or keep <> '{}' and a.attname <> all (keep)), '{}'),
    coalesce(array_agg(a.attname::text) filter (where a.attname = any (redact) or d.description ~ '(^|\s)@secret'), '{}')
  from pg_catalog.pg_attribute a
  left join pg_catalog.pg_description d on d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = a.attrelid and d.objsubid = a.attnum
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped;
end;

create function core.audit_key(entity jsonb, key_columns text[]) returns text
  language sql immutable parallel safe
  return (select string_agg(entity ->> k.name, ',' order by k.n) from unnest(key_columns) with ordinality k(name, n));

create function core.audit_digest(value jsonb, context text) returns jsonb
  language sql stable
  return case when value is null or value = 'null' then value
    when exists (select from core.keyring k where k.purpose = 'audit' and k.is_active) then to_jsonb('hmac:' || encode(core.keyed_mac(convert_to(value::text, 'UTF8'), 'audit:' || context), 'hex'))
    else '"redacted"' end;

create function core.audit_diff(old jsonb, new jsonb, skipped text[], hidden text[], context text) returns jsonb
  language plpgsql stable set search_path = ''
as $$
declare
  fields text[];
  before jsonb;
  after jsonb;
  diff jsonb;
begin
  select array_agg(e.key order by e.key),
    jsonb_object_agg(e.key, case when e.key = any (hidden) then core.audit_digest(old -> e.key, context || '.' || e.key) else old -> e.key end),
    jsonb_object_agg(e.key, case when e.key = any (hidden) then core.audit_digest(new -> e.key, context || '.' || e.key) else new -> e.key end)
  into fields, before, after
  from jsonb_each(coalesce(new, old)) e
  where e.key <> all (skipped) and case when old is null or new is null then e.value <> 'null' else e.value is distinct from old -> e.key end;
  if fields is null and old is not null and new is not null then
    return null;
  end if;
  fields := coalesce(fields, '{}');
  diff := jsonb_build_object('fields', to_jsonb(fields)) || case when old is null then '{}' else jsonb_build_object('old', coalesce(before, '{}')) end
    || case when new is null then '{}' else jsonb_build_object('new', coalesce(after, '{}')) end;
  if pg_column_size(diff) > 65536 then
    diff := jsonb_strip_nulls(jsonb_build_object('fields', to_jsonb(fields), 'old_sha256', encode(sha256(convert_to(before::text, 'UTF8')), 'hex'), 'new_sha256', encode(sha256(convert_to(after::text, 'UTF8')), 'hex')));
  end if;
  return diff;
end $$;

create function core.audit_rows() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  columns constant record := core.audit_columns(tg_relid, tg_argv[0]::text[], tg_argv[1]::text[]);
  keys constant text[] := tg_argv[2]::text[];
  context constant text := tg_table_schema || '.' || tg_table_name;
begin
  if tg_op = 'INSERT' then
    insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed)
    select 'insert', tg_table_schema, tg_table_name, core.audit_key(to_jsonb(n), keys), core.audit_diff(null, to_jsonb(n), columns.skipped, columns.hidden, context) from new_rows n;
  elsif tg_op = 'DELETE' then
    insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed)
    select 'delete', tg_table_schema, tg_table_name, core.audit_key(to_jsonb(o), keys), core.audit_diff(to_jsonb(o), null, columns.skipped, columns.hidden, context) from old_rows o;
  elsif tg_op = 'UPDATE' then
    insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed)
    select d.action, tg_table_schema, tg_table_name, d.key, d.changed
    from (
      select case when o.key is null then 'insert' when n.key is null then 'delete' else 'update' end as action, coalesce(o.key, n.key) as key,
        core.audit_diff(o.entity, n.entity, columns.skipped, columns.hidden, context) as changed
      from (select core.audit_key(to_jsonb(r), keys) as key, to_jsonb(r) as entity from old_rows r) o
      full join (select core.audit_key(to_jsonb(r), keys) as key, to_jsonb(r) as entity from new_rows r) n on n.key = o.key) d
    where d.changed is not null;
  else
    insert into core.audit_logs (action, entity_schema, entity_table, entity_id) values ('truncate', tg_table_schema, tg_table_name, '*');
  end if;
  return null;
end $$;

create function core.disable_audit(relation regclass) returns void
  language plpgsql set search_path = ''
as $$
declare
  name text;
begin
  for name in select t.tgname from pg_catalog.pg_trigger t where t.tgrelid = relation and t.tgparentid = 0 and t.tgfoid = 'core.audit_rows'::regproc loop
    execute format('drop trigger %I on %s', name, relation);
  end loop;
end $$;

create function core.enable_audit(relation regclass, redact text[] default '{}', keep text[] default '{}') returns void
  language plpgsql set search_path = ''
as $$
declare
  base constant text := (select c.relname from pg_catalog.pg_class c where c.oid = relation);
  keys constant text[] := (
    select array_agg(a.attname::text order by k.n) from pg_catalog.pg_index i, unnest(i.indkey) with ordinality k(attnum, n)
    join pg_catalog.pg_attribute a on a.attnum = k.attnum where i.indrelid = relation and i.indisprimary and a.attrelid = relation);
  unknown constant text := (
    select c from unnest(redact || keep) c where not exists (select from pg_catalog.pg_attribute a where a.attrelid = relation and a.attname = c and not a.attisdropped) limit 1);
  made record;
begin
  if keys is null then
    raise exception using errcode = '22023', message = format('%s has no primary key: its rows could not be told apart in the log', relation);
  elsif unknown is not null then
    raise exception using errcode = '22023', message = format('%s has no column %I', relation, unknown);
  end if;
  perform core.disable_audit(relation);
  for made in
    select * from (values ('insert', 'referencing new table as new_rows'), ('update', 'referencing old table as old_rows new table as new_rows'), ('delete', 'referencing old table as old_rows'), ('truncate', '')) v(event, tables)
  loop
    execute format('create trigger %I after %s on %s %s for each statement execute function core.audit_rows(%L, %L, %L)', base || '_audit_' || made.event, made.event, relation, made.tables, redact::text, keep::text, keys::text);
    execute format('comment on trigger %I on %s is %L', base || '_audit_' || made.event, relation, 'Goes into the audit log (core.enable_audit).');
  end loop;
end $$;

create function core.audit_coverage() returns table (relation regclass, is_audited boolean, is_append_only boolean)
  language sql stable
begin atomic
  select c.oid::regclass,
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'core.audit_rows'::regproc and t.tgenabled <> 'D'),
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'core.forbid_change'::regproc and t.tgenabled <> 'D')
  from blueprint.rooms r join pg_catalog.pg_class c on c.relnamespace = to_regnamespace(quote_ident(r.schema_name)) and c.relkind in ('r', 'p') and not c.relispartition
  order by c.oid::regclass::text;
end;

comment on function core.audit_columns is 'Columns of a table that a diff leaves out (generated, updated_at, not in keep) and those it shows as digests (redact, @secret). Read at every statement: a column marked later is safe at once.';
comment on function core.audit_key is 'Key of a row as the log names it: columns joined by a comma.';
comment on function core.audit_digest is 'Keyed digest of a hidden value: equal values of a column show as equal, none can be guessed; "redacted" as long as no key audit is loaded.';
comment on function core.audit_diff is 'What changed: {fields, old, new}; null for nothing; over 64 KiB the digests of old and new instead.';
comment on function core.audit_rows is 'Statement trigger: audit_rows(redact, keep, key columns) logs what the statement did. Security definer: callers may not write the log.';
comment on function core.disable_audit is 'Takes a table out of the audit: the revert of core.enable_audit().';
comment on function core.enable_audit is 'Logs every change of a table from now on; redact names columns to hide beyond those marked @secret, keep the only ones to look at. Again: replaces. On a partitioned table changes made directly on a partition are not seen.';
comment on function core.audit_coverage is 'Tables of the rooms: whether they are audited, and whether they are append-only, which need no audit.';

grant execute on function core.audit_coverage to hc_auditor, hc_compliance, hc_monitor;

-- verify
select blueprint.open_room('probe_0777');
create table probe_0777.things (id int primary key, a text, b text, c text, d text, e text, f int, g int, pin text, updated_at timestamptz default now(), doubled int generated always as (f * 2));
comment on column probe_0777.things.pin is 'A secret. @secret';
select core.load_key('audit', repeat('k', 32)::bytea) > 0;
select core.enable_audit('probe_0777.things', '{e}'), core.enable_audit('probe_0777.things', '{e}');
select core.give_reason('probing');
insert into probe_0777.things values (1, 'a', 'b', 'c', 'd', 'secret e', 1, 1, 'secret pin');
update probe_0777.things set a = 'A', f = null, updated_at = now() + interval '1 day' where id = 1;
update probe_0777.things set a = 'A', updated_at = now() where id = 1;
update probe_0777.things set pin = 'other pin', e = 'other e' where id = 1;
update probe_0777.things set id = 2 where id = 1;
delete from probe_0777.things where id = 2;
truncate probe_0777.things;
select array_agg(action || ' ' || entity_id || ' ' || coalesce(changed ->> 'fields', '-') order by action, entity_id, changed ->> 'fields') = array['delete 1 ["a", "b", "c", "d", "e", "g", "id", "pin"]', 'delete 2 ["a", "b", "c", "d", "e", "g", "id", "pin"]',
    'insert 1 ["a", "b", "c", "d", "e", "f", "g", "id", "pin"]', 'insert 2 ["a", "b", "c", "d", "e", "g", "id", "pin"]', 'truncate * -', 'update 1 ["a", "f"]', 'update 1 ["e", "pin"]'], bool_and(reason = 'probing') from core.audit_logs where entity_schema = 'probe_0777';
select changed = '{"fields": ["a", "f"], "old": {"a": "a", "f": 1}, "new": {"a": "A", "f": null}}' from core.audit_logs where entity_schema = 'probe_0777' and action = 'update' and changed @> '{"fields": ["a"]}';
select count(*) = 0 from core.audit_logs where entity_schema = 'probe_0777' and (changed::text like '%secret%' or changed::text like '%other%');
select changed -> 'new' ->> 'pin' = 'hmac:' || encode(core.keyed_mac('"other pin"', 'audit:probe_0777.things.pin'), 'hex') from core.audit_logs where entity_schema = 'probe_0777' and changed @> '{"fields": ["e", "pin"]}' and action = 'update';
select core.disable_audit('probe_0777.things');
insert into probe_0777.things (id, a, b) select i, 'a', 'b' from generate_series(1, 1000) i;
select core.enable_audit('probe_0777.things', keep => '{a}');
update probe_0777.things set b = 'B' where id < 3;
update probe_0777.things set a = 'B';
select count(*) = 1000 and bool_and(changed ->> 'fields' = '["a"]') from core.audit_logs where entity_schema = 'probe_0777' and action = 'update' and changed @> '{"new": {"a": "B"}}';
select count(*) = 1 from pg_trigger where tgrelid = 'probe_0777.things'::regclass and tgname = 'things_audit_update' and tgtype & 1 = 0;
update probe_0777.things set a = repeat('x', 70000) where id = 1;
select changed ? 'new_sha256' and changed ? 'old_sha256' and not changed ? 'new' from core.audit_logs where entity_schema = 'probe_0777' and entity_id = '1' and changed ? 'new_sha256';
create table probe_0777.pairs (a int, b int, v int, primary key (b, a));
create table probe_0777.heap (a int);
select core.enable_audit('probe_0777.pairs');
select blueprint.raises($$ select core.enable_audit('probe_0777.heap') $$, '22023', 'primary key'), blueprint.raises($$ select core.enable_audit('probe_0777.pairs', '{x}') $$, '22023', 'no column x');
grant usage on schema probe_0777 to hc_member;
grant all on probe_0777.pairs to hc_member;
create policy pairs_all on probe_0777.pairs to hc_member using (true);
select core.act_as('00000000-0000-7000-8000-000000777001');
set local role hc_member;
insert into probe_0777.pairs values (1, 2, 3);
set local role hc_owner;
select entity_id = '2,1' and actor_id = '00000000-0000-7000-8000-000000777001' and actor_role = 'hc_member' from core.audit_logs where entity_schema = 'probe_0777' and entity_table = 'pairs';
select bool_and(is_audited = (relation::text <> 'probe_0777.heap')) from core.audit_coverage() where relation::text like 'probe_0777.%';
select is_append_only from core.audit_coverage() where relation = 'core.audit_logs'::regclass;
select core.disable_audit('probe_0777.pairs');
insert into probe_0777.pairs values (4, 5, 6);
select count(*) = 1 from core.audit_logs where entity_schema = 'probe_0777' and entity_table = 'pairs';
select core.audit_digest('null', 'x') = 'null', core.audit_digest(null, 'x') is null;
select has_function_privilege(role, 'core.audit_coverage()', 'execute') from unnest(array['hc_auditor', 'hc_compliance', 'hc_monitor']) role;
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.audit_columns(regclass, text[], text[])', 'core.audit_key(jsonb, text[])', 'core.audit_digest(jsonb, text)', 'core.audit_diff(jsonb, jsonb, text[], text[], text)',
  'core.audit_rows()', 'core.disable_audit(regclass)', 'core.enable_audit(regclass, text[], text[])', 'core.audit_coverage()']) f;

-- task: BUILD_0778 implement_table_feature critical
-- title: Seal audit rows in a hash chain: core.seal_audit()
-- does: A seal covers all transactions from the last one up to the oldest that still runs (pg_snapshot_xmin), so nothing can slip in behind it: rows in order (xid, id) are leaves of an RFC 9162 hash
--   tree, its root and the seal before go into the next. One at a time, empty seals hourly at most. anchor_seal() keeps what an outside witness signed, seal_lag() says how far behind it is.
-- proves: the RFC's eight-leaf tree has its published root, a row of the running transaction stays unsealed and an earlier one is sealed once, two seals chain, a horizon ahead is refused; races: the isolation spec.
-- needs: BUILD_0773, BUILD_0774
create table core.audit_leaves (
  seal_no bigint constraint audit_leaves_seal_no_fk references core.audit_seals (seal_no),
  xid xid8,
  month date,
  row_ids uuid[] not null,
  leaves bytea[] not null,
  constraint audit_leaves_seal_no_xid_month_pk primary key (seal_no, xid, month),
  constraint audit_leaves_leaves_check check (cardinality(leaves) = cardinality(row_ids) and cardinality(leaves) > 0)
);

create table core.audit_anchors (
  seal_no bigint constraint audit_anchors_seal_no_fk references core.audit_seals (seal_no),
  anchored_at timestamptz default clock_timestamp(),
  witness jsonb not null constraint audit_anchors_witness_check check (jsonb_typeof(witness) = 'object' and witness <> '{}'),
  constraint audit_anchors_seal_no_anchored_at_pk primary key (seal_no, anchored_at)
);

select core.attach_standard('core.audit_leaves', 'log'), core.attach_standard('core.audit_anchors', 'log');

create policy audit_leaves_select on core.audit_leaves for select to hc_auditor, hc_compliance using (true);

create policy audit_anchors_select on core.audit_anchors for select to hc_auditor, hc_compliance using (true);

grant select on core.audit_leaves, core.audit_anchors to hc_auditor, hc_compliance;

create function core.merkle_root(leaves bytea[]) returns bytea
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  level bytea[] := leaves;
begin
  while cardinality(level) > 1 loop
    level := array(
      select case when p.b is null then p.a else sha256('\x01'::bytea || p.a || p.b) end
      from (select u.node as a, lead(u.node) over (order by u.n) as b, u.n from unnest(level) with ordinality u(node, n)) p
      where p.n % 2 = 1 order by p.n);
  end loop;
  return coalesce(level[1], sha256(''));
end $$;

create function core.audit_canonical(entry core.audit_logs) returns text
  language sql immutable
  return jsonb_build_array('hc-audit-1', entry.id, (extract(epoch from entry.occurred_at) * 1000000)::bigint, entry.xid::text, entry.actor_id, entry.actor_role, entry.session_user_name, entry.request_id,
    entry.action, entry.entity_schema, entry.entity_table, entry.entity_id, entry.changed, host(entry.ip) || '/' || masklen(entry.ip), entry.user_agent, entry.reason)::text;

create function core.audit_leaf(entry core.audit_logs) returns bytea
  language sql immutable
  return sha256('\x00'::bytea || convert_to(core.audit_canonical(entry), 'UTF8'));

create function core.seal_digest(seal core.audit_seals) returns bytea
  language sql immutable
  return sha256(convert_to(jsonb_build_array('hc-seal-1', seal.seal_no, seal.xid_from::text, seal.xid_to::text, (extract(epoch from seal.occurred_from) * 1000000)::bigint,
    (extract(epoch from seal.occurred_to) * 1000000)::bigint, seal.row_count, encode(seal.rows_sha256, 'hex'), encode(seal.prev_seal_sha256, 'hex'), (extract(epoch from seal.sealed_at) * 1000000)::bigint)::text, 'UTF8'));

create function core.seal_audit(horizon xid8 default null) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  running constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
  last core.audit_seals;
  seal core.audit_seals;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('core.seal_audit', 0)) then
    return null;
  end if;
  select s.* into last from core.audit_seals s order by s.seal_no desc limit 1;
  seal.seal_no := coalesce(last.seal_no, 0) + 1;
  seal.xid_from := coalesce(last.xid_to, '0');
  seal.xid_to := coalesce(horizon, running);
  if seal.xid_to > running then
    raise exception using errcode = '22023', message = format('transactions from %s on may still run: nothing beyond is sealed', running);
  elsif seal.xid_to < seal.xid_from then
    raise exception using errcode = '55000', message = format('transaction counter %s lies before the last seal (%s): this is a restored database', seal.xid_to, seal.xid_from),
      hint = 'Advance the counter past the last seal with pg_resetwal -x (and -e) before the platform writes again.';
  end if;
  select count(*), min(l.occurred_at), max(l.occurred_at), core.merkle_root(coalesce(array_agg(core.audit_leaf(l) order by l.xid, l.id), '{}'))
  into seal.row_count, seal.occurred_from, seal.occurred_to, seal.rows_sha256
  from core.audit_logs l where l.xid >= seal.xid_from and l.xid < seal.xid_to;
  if seal.row_count = 0 and last.sealed_at > clock_timestamp() - interval '1 hour' then
    return null;
  end if;
  seal.prev_seal_sha256 := coalesce(last.seal_sha256, decode(repeat('00', 32), 'hex'));
  seal.sealed_at := clock_timestamp();
  seal.seal_sha256 := core.seal_digest(seal);
  insert into core.audit_seals select seal.*;
  insert into core.audit_leaves (seal_no, xid, month, row_ids, leaves)
  select seal.seal_no, l.xid, date_trunc('month', l.occurred_at, 'UTC')::timestamptz at time zone 'UTC', array_agg(l.id order by l.id), array_agg(core.audit_leaf(l) order by l.id)
  from core.audit_logs l where l.xid >= seal.xid_from and l.xid < seal.xid_to
  group by l.xid, 3;
  return seal.seal_no;
end $$;

create function core.anchor_seal(seal bigint, witness jsonb) returns void
  language sql security definer
begin atomic
  insert into core.audit_anchors (seal_no, witness) values (seal, anchor_seal.witness);
end;

create function core.seal_lag() returns interval
  language sql stable security definer
  return (
    select coalesce(clock_timestamp() - min(l.occurred_at), '0') from core.audit_logs l
    where l.xid >= coalesce((select s.xid_to from core.audit_seals s order by s.seal_no desc limit 1), '0'));

comment on table core.audit_leaves is 'Leaves of the hash trees under the seals, a row per seal, transaction and month: what tells which rows were touched, also of archived months. @distribution local';
comment on column core.audit_leaves.seal_no is 'The seal.';
comment on column core.audit_leaves.xid is 'The transaction.';
comment on column core.audit_leaves.month is 'First day of the UTC month of its rows.';
comment on column core.audit_leaves.row_ids is 'Its rows in order.';
comment on column core.audit_leaves.leaves is 'SHA-256(0x00 || canonical row) of each.';
comment on table core.audit_anchors is 'What witnesses outside said of a seal: whoever could rewrite the whole chain cannot rewrite these. @distribution local';
comment on column core.audit_anchors.seal_no is 'The seal.';
comment on column core.audit_anchors.anchored_at is 'When.';
comment on column core.audit_anchors.witness is 'Who and what, as {"kind": "rfc3161", "token": "..."}.';
comment on policy audit_leaves_select on core.audit_leaves is 'Audit and compliance check the log.';
comment on policy audit_anchors_select on core.audit_anchors is 'Audit and compliance check the log.';
comment on function core.merkle_root is 'Root of the RFC 9162 (2.1.1) tree over leaf hashes in order; SHA-256 of nothing for none. Pairs level by level, an odd node goes up unchanged: the same tree as the RFC''s recursion.';
comment on function core.audit_canonical is 'The text of an entry that is hashed: a JSON array of its columns, times in microseconds since 1970; later columns of the table do not count.';
comment on function core.audit_leaf is 'Leaf hash of an entry: SHA-256(0x00 || canonical text), RFC 9162.';
comment on function core.seal_digest is 'Digest of a seal''s columns, the seal before among them.';
comment on function core.seal_audit is 'Seals what has ended since the last seal; its number, or null when there was nothing to do or somebody else is at it. horizon seals less. Security definer: the worker reads no log.';
comment on function core.anchor_seal is 'Keeps the witness of a seal. Security definer: the worker writes no table.';
comment on function core.seal_lag is 'Age of the oldest entry that no seal covers yet; 0 for none. Security definer: monitoring reads no log.';

grant execute on function core.seal_audit, core.anchor_seal to hc_worker;
grant execute on function core.seal_lag to hc_worker, hc_monitor, hc_auditor;
grant execute on function core.merkle_root to hc_auditor, hc_compliance;

-- verify
select encode(core.merkle_root(array(select sha256('\x00'::bytea || d) from unnest('{"\\x","\\x00","\\x10","\\x2021","\\x3031","\\x40414243","\\x5051525354555657","\\x606162636465666768696a6b6c6d6e6f"}'::bytea[]) d)), 'hex')
  = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328';
select core.merkle_root('{}') = sha256(''), core.merkle_root(array['\xaa'::bytea]) = '\xaa', core.merkle_root(array['\xaa'::bytea, '\xbb', '\xcc']) = sha256('\x01'::bytea || sha256('\x01aabb') || '\xcc');
insert into core.audit_logs (id, action, xid, ip, reason) select format('00000000-0000-7000-8000-00000077800%s', i)::uuid, 'job', coalesce((select max(xid_to) from core.audit_seals), '0'), '192.0.2.0/24', 'probe' from generate_series(1, 3) i;
insert into core.audit_logs (id, action) values ('00000000-0000-7000-8000-000000778009', 'job');
select core.seal_lag() > interval '0';
select set_config('probe.first', (coalesce((select max(seal_no) from core.audit_seals), 0) + 1)::text, true) <> '', set_config('probe.horizon', (coalesce((select max(xid_to) from core.audit_seals), '0')::text::bigint + 1)::text, true) <> '';
set local role hc_worker;
select core.seal_audit(current_setting('probe.horizon')::xid8) = current_setting('probe.first')::bigint;
select core.seal_audit(current_setting('probe.horizon')::xid8) is null;
select coalesce(core.seal_audit(), 0) >= 0, blueprint.raises($$ select core.seal_audit((pg_snapshot_xmin(pg_current_snapshot())::text::bigint + 1)::text::xid8) $$, '22023', 'may still run'),
  blueprint.raises($$ select core.seal_audit((current_setting('probe.horizon')::bigint - 1)::text::xid8) $$, '55000', 'restored') or current_setting('probe.horizon')::bigint = 1;
select core.anchor_seal(current_setting('probe.first')::bigint, '{"kind": "probe"}');
set local role hc_owner;
select s.row_count >= 3 and s.xid_to::text = current_setting('probe.horizon') and s.seal_sha256 = core.seal_digest(s) and s.occurred_to >= s.occurred_from
  and s.rows_sha256 = (select core.merkle_root(array_agg(core.audit_leaf(l) order by l.xid, l.id)) from core.audit_logs l where l.xid >= s.xid_from and l.xid < s.xid_to)
from core.audit_seals s where s.seal_no = current_setting('probe.first')::bigint;
select bool_and(n.prev_seal_sha256 = s.seal_sha256 and n.xid_from = s.xid_to) is not false from core.audit_seals s join core.audit_seals n on n.seal_no = s.seal_no + 1 where s.seal_no >= current_setting('probe.first')::bigint;
select count(*) = 3 and count(distinct seal_no) = 1 from core.audit_leaves l, unnest(l.row_ids) id where l.seal_no >= current_setting('probe.first')::bigint and id::text like '00000000-0000-7000-8000-00000077800_';
select l.month = date_trunc('month', now() at time zone 'UTC')::date from core.audit_leaves l where '00000000-0000-7000-8000-000000778001' = any (l.row_ids) and l.seal_no = current_setting('probe.first')::bigint;
select core.audit_canonical(l) = format('["hc-audit-1", "%s", %s, "%s", null, "hc_owner", %s, null, "job", null, null, null, null, "192.0.2.0/24", null, "probe"]', l.id, (extract(epoch from l.occurred_at) * 1000000)::bigint, l.xid, to_json(l.session_user_name))
from core.audit_logs l where l.id = '00000000-0000-7000-8000-000000778001';
select core.audit_leaf(l) = sha256('\x00'::bytea || convert_to(core.audit_canonical(l), 'UTF8')) from core.audit_logs l where l.id = '00000000-0000-7000-8000-000000778001';
select anchored_at is not null and witness = '{"kind": "probe"}' from core.audit_anchors where seal_no = current_setting('probe.first')::bigint;
select sql, blueprint.raises(sql, state, rule) from (values
  ($$ update core.audit_leaves set month = month $$, '55006', 'audit_leaves'), ($$ delete from core.audit_leaves $$, '55006', 'audit_leaves'), ($$ truncate core.audit_leaves $$, '55006', 'audit_leaves'),
  ($$ update core.audit_anchors set witness = witness $$, '55006', 'audit_anchors'), ($$ truncate core.audit_anchors $$, '55006', 'audit_anchors'),
  ($$ insert into core.audit_leaves values (0, '1', '2026-01-01', '{00000000-0000-7000-8000-000000778001}', '{"\\x01"}') $$, '23503', 'audit_leaves_seal_no_fk'),
  ($$ insert into core.audit_leaves select seal_no, xid, month, row_ids, leaves from core.audit_leaves where seal_no = current_setting('probe.first')::bigint $$, '23505', 'audit_leaves_seal_no_xid_month_pk'),
  ($$ insert into core.audit_leaves values (current_setting('probe.first')::bigint, '1', '2026-01-01', '{}', '{"\\x01"}') $$, '23514', 'audit_leaves_leaves_check'),
  ($$ select core.anchor_seal(0, '{"a": 1}') $$, '23503', 'audit_anchors_seal_no_fk'), ($$ select core.anchor_seal(current_setting('probe.first')::bigint, '{}') $$, '23514', 'audit_anchors_witness_check'),
  ($$ insert into core.audit_anchors select * from core.audit_anchors where seal_no = current_setting('probe.first')::bigint $$, '23505', 'audit_anchors_seal_no_anchored_at_pk')) v(sql, state, rule);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.audit_leaves'::regclass, 'core.audit_anchors'::regclass);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.merkle_root(bytea[])', 'core.audit_canonical(core.audit_logs)', 'core.audit_leaf(core.audit_logs)', 'core.seal_digest(core.audit_seals)', 'core.seal_audit(xid8)',
  'core.anchor_seal(bigint, jsonb)', 'core.seal_lag()']) f;
select role, has_function_privilege(role, 'core.seal_lag()', 'execute') from unnest(array['hc_worker', 'hc_monitor', 'hc_auditor']) role;
set local role hc_monitor;
select core.seal_lag() >= interval '0';
set local role hc_auditor;
select count(*) > 0, (select count(*) = 1 from core.audit_anchors where seal_no = current_setting('probe.first')::bigint), core.merkle_root('{}') is not null from core.audit_leaves where seal_no = current_setting('probe.first')::bigint;
set local role hc_compliance;
select count(*) > 0, (select count(*) = 1 from core.audit_anchors where seal_no = current_setting('probe.first')::bigint), core.merkle_root('{}') is not null from core.audit_leaves where seal_no = current_setting('probe.first')::bigint;

-- revert
drop function core.seal_lag, core.anchor_seal, core.seal_audit, core.seal_digest, core.audit_leaf, core.audit_canonical, core.merkle_root;
drop table core.audit_anchors;
drop table core.audit_leaves;

-- task: BUILD_0779 implement_table_feature critical superuser
-- title: Verify the chain and locate tampering: core.verify_audit(from_seal, to_seal)
-- does: Every seal is worked out again from the rows: ok, rows_changed, row_missing, row_added or chain_broken, with the smallest range of transactions concerned. archive_audit() checks a month that is wholly
--   sealed and lets it go; its leaves keep its place in the tree. audit_proof() hands out what somebody needs to check one entry without this database.
-- proves: with triggers bypassed a changed, a deleted and an inserted row and a forged seal each show on the right seal and transaction, an untouched chain is ok, every proof of trees of 1 to 16 leaves checks and
--   a wrong one does not, an archived month that was dropped is ok.
-- needs: BUILD_0774, BUILD_0778
create function core.merkle_path(leaves bytea[], index bigint) returns bytea[]
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  level bytea[] := leaves;
  place bigint := index;
  path bytea[] := '{}';
begin
  while cardinality(level) > 1 loop
    if level[(place # 1) + 1] is not null then
      path := path || level[(place # 1) + 1];
    end if;
    level := array(
      select case when p.b is null then p.a else sha256('\x01'::bytea || p.a || p.b) end
      from (select u.node as a, lead(u.node) over (order by u.n) as b, u.n from unnest(level) with ordinality u(node, n)) p
      where p.n % 2 = 1 order by p.n);
    place := place >> 1;
  end loop;
  return path;
end $$;

create function core.merkle_climb(leaf bytea, index bigint, size bigint, path bytea[]) returns bytea
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  fn bigint := index;
  sn bigint := size - 1;
  root bytea := leaf;
  node bytea;
begin
  if index < 0 or index >= size then
    return null;
  end if;
  foreach node in array path loop
    if sn = 0 then
      return null;
    elsif fn & 1 = 1 or fn = sn then
      root := sha256('\x01'::bytea || node || root);
      while fn & 1 = 0 and fn <> 0 loop
        fn := fn >> 1;
        sn := sn >> 1;
      end loop;
    else
      root := sha256('\x01'::bytea || root || node);
    end if;
    fn := fn >> 1;
    sn := sn >> 1;
  end loop;
  return case when sn = 0 then root end;
end $$;

create function core.verify_audit(from_seal bigint default 1, to_seal bigint default null) returns table (seal_no bigint, verdict text, xid_from xid8, xid_to xid8, row_id uuid)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  seal core.audit_seals;
  before core.audit_seals;
  verdicts int;
begin
  select s.* into before from core.audit_seals s where s.seal_no = from_seal - 1;
  for seal in select s.* from core.audit_seals s where s.seal_no >= from_seal and (to_seal is null or s.seal_no <= to_seal) order by s.seal_no loop
    return query
    select seal.seal_no, 'chain_broken', seal.xid_from, seal.xid_to, null::uuid
    where seal.seal_sha256 <> core.seal_digest(seal)
      or seal.seal_no <> coalesce(before.seal_no, 0) + 1 or seal.xid_from <> coalesce(before.xid_to, '0')
      or seal.prev_seal_sha256 <> coalesce(before.seal_sha256, decode(repeat('00', 32), 'hex'))
      or not (
        select count(*) = seal.row_count and core.merkle_root(coalesce(array_agg(u.leaf order by l.xid, u.id), '{}')) = seal.rows_sha256
        from core.audit_leaves l, unnest(l.row_ids, l.leaves) u(id, leaf) where l.seal_no = seal.seal_no);
    get diagnostics verdicts = row_count;
    return query
    with sealed as (
      select l.xid, l.month, u.id, u.leaf from core.audit_leaves l, unnest(l.row_ids, l.leaves) u(id, leaf) where l.seal_no = seal.seal_no),
    live as (
      select a.xid, a.id, core.audit_leaf(a) as leaf from core.audit_logs a where a.xid >= seal.xid_from and a.xid < seal.xid_to),
    odd as (
      select case when s.id is null then 'row_added' when v.id is null then 'row_missing' else 'rows_changed' end as verdict, coalesce(s.xid, v.xid) as xid, coalesce(s.id, v.id) as id
      from sealed s full join live v on v.id = s.id
      where s.leaf is distinct from v.leaf
        and not (v.id is null and exists (select from core.audit_archives a where a.from_at = s.month::timestamp at time zone 'UTC')))
    select seal.seal_no, o.verdict, min(o.xid), (max(o.xid)::text::numeric + 1)::text::xid8, (array_agg(o.id order by o.xid, o.id))[1] from odd o group by o.verdict order by o.verdict;
    if not found and verdicts = 0 then
      return query select seal.seal_no, 'ok', seal.xid_from, seal.xid_to, null::uuid;
    end if;
    before := seal;
  end loop;
end $$;

create function core.archive_audit(month regclass) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  bounds record;
  live record;
begin
  select p.from_at, p.to_at into bounds from core.month_partitions('core.audit_logs') p where p.partition = month;
  if bounds.from_at is null then
    raise exception using errcode = '22023', message = format('%s is no month of the audit log', month);
  elsif bounds.to_at > now() then
    raise exception using errcode = '55000', message = format('%s has not ended', month);
  end if;
  select count(*) as row_count, core.merkle_root(coalesce(array_agg(core.audit_leaf(l) order by l.xid, l.id), '{}')) as root into live
  from core.audit_logs l where l.occurred_at >= bounds.from_at and l.occurred_at < bounds.to_at;
  if not (
      select count(*) = live.row_count and core.merkle_root(coalesce(array_agg(u.leaf order by l.xid, u.id), '{}')) = live.root from core.audit_leaves l, unnest(l.row_ids, l.leaves) u(id, leaf) where l.month = (bounds.from_at at time zone 'UTC')::date) then
    raise exception using errcode = '55000', message = format('%s is not wholly sealed, or was altered', month), hint = 'Run core.seal_audit(), then look at core.verify_audit().';
  end if;
  insert into core.audit_archives (partition, from_at, to_at, row_count, rows_sha256)
  select c.relname, bounds.from_at, bounds.to_at, live.row_count, live.root from pg_catalog.pg_class c where c.oid = month;
  return (select c.relname from pg_catalog.pg_class c where c.oid = month);
end $$;

create function core.audit_proof(entry uuid) returns jsonb
  language sql stable security definer set search_path = ''
as $$
  with tree as (
    select l.seal_no, array_agg(u.id order by l.xid, u.id) as ids, array_agg(u.leaf order by l.xid, u.id) as leaves from core.audit_leaves l, unnest(l.row_ids, l.leaves) u(id, leaf)
    where l.seal_no = (select m.seal_no from core.audit_leaves m where entry = any (m.row_ids) order by m.seal_no limit 1) group by l.seal_no)
  select jsonb_build_object('entry', (select core.audit_canonical(a) from core.audit_logs a where a.id = entry), 'leaf', encode(t.leaves[i.place + 1], 'hex'), 'index', i.place, 'size', cardinality(t.leaves),
    'path', (select coalesce(jsonb_agg(encode(p.node, 'hex') order by p.n), '[]') from unnest(core.merkle_path(t.leaves, i.place)) with ordinality p(node, n)), 'root', encode(s.rows_sha256, 'hex'),
    'seal', jsonb_build_object('seal_no', s.seal_no, 'xid_from', s.xid_from::text, 'xid_to', s.xid_to::text, 'prev_seal_sha256', encode(s.prev_seal_sha256, 'hex'), 'seal_sha256', encode(s.seal_sha256, 'hex'), 'sealed_at', s.sealed_at),
    'anchors', (select coalesce(jsonb_agg(a.witness order by a.anchored_at), '[]') from core.audit_anchors a where a.seal_no = s.seal_no))
  from tree t join core.audit_seals s on s.seal_no = t.seal_no, lateral (select array_position(t.ids, entry)::bigint - 1) i(place)
$$;

alter function core.merkle_path(bytea[], bigint) owner to hc_owner;
alter function core.merkle_climb(bytea, bigint, bigint, bytea[]) owner to hc_owner;
alter function core.verify_audit(bigint, bigint) owner to hc_owner;
alter function core.archive_audit(regclass) owner to hc_owner;
alter function core.audit_proof(uuid) owner to hc_owner;
revoke execute on function core.merkle_path, core.merkle_climb, core.verify_audit, core.archive_audit, core.audit_proof from public;

comment on function core.merkle_path is 'Inclusion proof of a leaf (index from 0): the siblings on the way up, RFC 9162 2.1.3.';
comment on function core.merkle_climb is 'Root that a leaf, its index, the size of the tree and a path lead to (RFC 9162 2.1.3.2); null when they do not fit together.';
comment on function core.verify_audit is 'Works out the seals of a range again. One row per seal and finding: ok, rows_changed, row_missing, row_added, chain_broken; transactions [xid_from, xid_to) and the first row concerned. Security definer: reads log and leaves for who may check.';
comment on function core.archive_audit is 'Notes that a month that has ended is wholly sealed and unaltered: from then on it may be detached and dropped. Copy it out first. Security definer: the worker reads no log.';
comment on function core.audit_proof is 'What is needed to check one entry elsewhere: canonical text, leaf, path, root, seal and witnesses; null for an entry without a seal. Security definer: reads log and leaves for who may check.';

grant execute on function core.verify_audit, core.audit_proof, core.merkle_path, core.merkle_climb to hc_auditor, hc_compliance;
grant execute on function core.archive_audit, core.verify_audit to hc_worker;

-- verify
select bool_and(core.merkle_climb(leaves[i + 1], i, n, core.merkle_path(leaves, i)) = core.merkle_root(leaves)), bool_and(core.merkle_climb(leaves[i + 1], (i + 1) % n, n, core.merkle_path(leaves, i)) is distinct from core.merkle_root(leaves) or n = 1),
  bool_and(core.merkle_climb('\xff', i, n, core.merkle_path(leaves, i)) <> core.merkle_root(leaves)), bool_and(core.merkle_climb(leaves[i + 1], n, n, core.merkle_path(leaves, i)) is null)
from generate_series(1, 16) n, lateral (select array_agg(sha256(j::text::bytea) order by j) as leaves from generate_series(1, n) j) t, generate_series(0, n - 1) i;
set local session_replication_role = replica;
delete from core.audit_leaves;
delete from core.audit_anchors;
delete from core.audit_seals;
set local session_replication_role = origin;
set local role hc_owner;
insert into core.audit_logs (id, action, xid, occurred_at, reason) select format('00000000-0000-7000-8000-0000007790%s', i)::uuid, 'job', i::text::xid8, case when i < 20 then date_trunc('month', now(), 'UTC') - interval '1 day' else now() end, 'probe'
from unnest('{11,12,13,21,22,31,32,41,51}'::int[]) i;
select array_agg(core.seal_audit(h::text::xid8) order by h) = '{1,2,3,4,5}' from generate_series(20, 60, 10) h;
set local role hc_auditor;
select array_agg(verdict order by seal_no) = '{ok,ok,ok,ok,ok}' from core.verify_audit();
select p ->> 'index' = '1' and p ->> 'size' = '3' and decode(p ->> 'root', 'hex') = core.merkle_climb(sha256('\x00'::bytea || convert_to(p ->> 'entry', 'UTF8')), 1, 3, array(select decode(n, 'hex') from jsonb_array_elements_text(p -> 'path') n))
  and p -> 'seal' ->> 'seal_no' = '1' and p -> 'anchors' = '[]' from core.audit_proof('00000000-0000-7000-8000-000000779012') p;
select core.audit_proof('00000000-0000-7000-8000-000000779099') is null;
set local role hc_worker;
select blueprint.raises($$ select core.archive_audit('core.audit_logs') $$, '22023', 'no month');
set local role hc_owner;
select blueprint.raises(format('select core.archive_audit(%L)', p.partition), case when p.to_at > now() then '55000' else 'HC000' end, 'not ended') from core.month_partitions('core.audit_logs') p where p.from_at <= now() and p.to_at > now();
set local role none;
set local session_replication_role = replica;
update core.audit_logs set reason = 'forged' where id = '00000000-0000-7000-8000-000000779022';
delete from core.audit_logs where id = '00000000-0000-7000-8000-000000779031';
insert into core.audit_logs (id, action, xid, occurred_at) values ('00000000-0000-7000-8000-000000779045', 'job', '45', now());
update core.audit_seals set row_count = 7 where seal_no = 5;
set local session_replication_role = origin;
set local role hc_worker;
select array_agg(seal_no || ' ' || verdict || ' ' || xid_from || '-' || xid_to || coalesce(' ' || right(row_id::text, 3), '') order by seal_no) = array['1 ok 0-20', '2 rows_changed 22-23 022', '3 row_missing 31-32 031', '4 row_added 45-46 045', '5 chain_broken 50-60'] from core.verify_audit();
select array_agg(seal_no) = '{2,3}' from core.verify_audit(2, 3);
set local role hc_owner;
select set_config('probe.month', p.partition::text, true) <> '' from core.month_partitions('core.audit_logs') p where p.to_at = date_trunc('month', now(), 'UTC');
select (select count(*) = 3 from core.audit_logs where occurred_at < date_trunc('month', now(), 'UTC') and occurred_at >= date_trunc('month', now(), 'UTC') - interval '1 month')
  or blueprint.raises($$ select core.archive_audit(current_setting('probe.month')::regclass) $$, '55000', 'wholly sealed');
set local role none;
set local session_replication_role = replica;
delete from core.audit_logs where occurred_at < date_trunc('month', now(), 'UTC') and occurred_at >= date_trunc('month', now(), 'UTC') - interval '1 month' and id::text not like '00000000-0000-7000-8000-0000007790__';
set local session_replication_role = origin;
set local role hc_owner;
insert into core.audit_logs (id, action, occurred_at) values ('00000000-0000-7000-8000-000000779098', 'job', date_trunc('month', now(), 'UTC') - interval '1 day');
select blueprint.raises($$ select core.archive_audit(current_setting('probe.month')::regclass) $$, '55000', 'wholly sealed');
set local role none;
set local session_replication_role = replica;
delete from core.audit_logs where id = '00000000-0000-7000-8000-000000779098';
set local session_replication_role = origin;
set local role hc_worker;
select core.archive_audit(current_setting('probe.month')::regclass) = split_part(current_setting('probe.month'), '.', 2);
set local role hc_owner;
select row_count = 3 from core.audit_archives where partition = split_part(current_setting('probe.month'), '.', 2);
do $$ begin execute format('alter table core.audit_logs detach partition %1$s; drop table %1$s', current_setting('probe.month')); end $$;
select verdict = 'ok' from core.verify_audit(1, 1);
select f, not has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') = (f not like '%archive%') and has_function_privilege('hc_worker', f, 'execute') = (f ~ 'archive|verify')
  and has_function_privilege('hc_compliance', f, 'execute') = (f not like '%archive%') from unnest(array['core.merkle_path(bytea[], bigint)', 'core.merkle_climb(bytea, bigint, bigint, bytea[])', 'core.verify_audit(bigint, bigint)', 'core.archive_audit(regclass)', 'core.audit_proof(uuid)']) f;
select bool_and(proowner = 'hc_owner'::regrole) from pg_proc where pronamespace = 'core'::regnamespace and proname in ('merkle_path', 'merkle_climb', 'verify_audit', 'archive_audit', 'audit_proof');

-- task: BUILD_0780 implement_table_feature
-- title: Row history and time travel from the log: core.row_history(), core.row_at()
-- does: core.row_history() lists the changes of a row in order; core.row_at() shows it as it was, by undoing diffs from how it is now (or from its deletion); diff_between() compares two instants; undo_preview() lists the
--   statements that would undo a request. Hidden columns appear as digests throughout and are never written back.
-- proves: after an insert, three updates and a delete the row at five instants equals the copies taken then, an undo applied in a savepoint restores the earlier state, a secret stays hidden.
-- needs: BUILD_0005, BUILD_0015, BUILD_0777
create function core.audited(relation regclass, out entity_schema text, out entity_table text, out key_columns text[], out skipped text[], out hidden text[]) returns record
  language plpgsql stable set search_path = ''
as $$
declare
  arguments text[];
begin
  select n.nspname, c.relname, string_to_array(encode(t.tgargs, 'escape'), '\000') into entity_schema, entity_table, arguments
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgfoid = 'core.audit_rows'::regproc and t.tgname like '%_audit_update'
  where c.oid = relation;
  if arguments is null then
    raise exception using errcode = '22023', message = format('%s is not audited', relation), hint = 'core.enable_audit() begins with it.';
  end if;
  key_columns := arguments[3]::text[];
  select a.skipped, a.hidden into skipped, hidden from core.audit_columns(relation, arguments[1]::text[], arguments[2]::text[]) a;
end $$;

create function core.row_history(relation regclass, id text) returns table (occurred_at timestamptz, action text, fields text[], old jsonb, new jsonb, actor_id uuid, actor_role text, request_id text, reason text)
  language sql stable
begin atomic
  select l.occurred_at, l.action, array(select jsonb_array_elements_text(l.changed -> 'fields')), l.changed -> 'old', l.changed -> 'new', l.actor_id, l.actor_role, l.request_id, l.reason
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join core.audit_logs l on l.entity_schema = n.nspname and l.entity_table = c.relname
  where c.oid = relation and l.entity_id = row_history.id
  order by l.occurred_at, l.id;
end;

create function core.row_at(relation regclass, id text, at timestamptz) returns jsonb
  language plpgsql stable security definer set search_path = ''
as $$
declare
  target constant record := core.audited(relation);
  entity jsonb;
  step record;
begin
  execute format('select to_jsonb(t) from %s t where (%s) = %L', relation,
    case cardinality(target.key_columns) when 1 then format('t.%I', target.key_columns[1]) else format('core.audit_key(to_jsonb(t), %L)', target.key_columns) end, id) into entity;
  entity := (
    select jsonb_object_agg(e.key, case when e.key = any (target.hidden) then core.audit_digest(e.value, target.entity_schema || '.' || target.entity_table || '.' || e.key) else e.value end)
    from jsonb_each(entity) e where e.key <> all (target.skipped));
  for step in
    select l.action, l.changed -> 'old' as old from core.audit_logs l
    where l.entity_schema = target.entity_schema and l.entity_table = target.entity_table and l.entity_id = row_at.id and l.occurred_at > row_at.at
    order by l.occurred_at desc, l.id desc
  loop
    entity := case step.action when 'insert' then null when 'delete' then step.old else entity || step.old end;
  end loop;
  return jsonb_strip_nulls(entity);
end $$;

create function core.diff_between(relation regclass, id text, from_at timestamptz, to_at timestamptz) returns table (field text, old jsonb, new jsonb)
  language sql stable
begin atomic
  select coalesce(a.key, b.key), a.value, b.value
  from jsonb_each(coalesce(core.row_at(relation, diff_between.id, from_at), '{}')) a full join jsonb_each(coalesce(core.row_at(relation, diff_between.id, to_at), '{}')) b on b.key = a.key
  where a.value is distinct from b.value order by 1;
end;

create function core.undo_preview(request_id text) returns table (step bigint, statement text)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  entry core.audit_logs;
  target record;
  relation regclass;
  fields text[];
  keys text;
begin
  step := 0;
  for entry in
    select l.* from core.audit_logs l where l.request_id = undo_preview.request_id and l.action in ('insert', 'update', 'delete') and l.changed is not null order by l.occurred_at desc, l.id desc
  loop
    relation := format('%I.%I', entry.entity_schema, entry.entity_table)::regclass;
    select * into target from core.audited(relation);
    step := step + 1;
    fields := array(select f from jsonb_array_elements_text(entry.changed -> 'fields') f where f <> all (target.hidden));
    keys := (select string_agg(format('t.%I = %L', k.name, split_part(entry.entity_id, ',', k.n::int)), ' and ') from unnest(target.key_columns) with ordinality k(name, n));
    statement := case
      when not entry.changed ?| array['old', 'new'] then format('-- %s %s: too large a change, only its digests are kept', relation, entry.entity_id)
      when entry.action = 'insert' then format('delete from %s t where %s', relation, keys)
      when entry.action = 'delete' then format('insert into %s (%s) select %2$s from jsonb_populate_record(null::%1$s, %3$L) r', relation, (select string_agg(format('%I', f), ', ') from unnest(fields) f), entry.changed -> 'old')
      when fields = '{}' then format('-- %s %s: hidden columns only', relation, entry.entity_id)
      else format('update %s t set %s from jsonb_populate_record(null::%s, %L) r where %s', relation, (select string_agg(format('%I = r.%1$I', f), ', ') from unnest(fields) f), relation, entry.changed -> 'old', keys) end;
    return next;
  end loop;
end $$;

comment on function core.audited is 'How a table is audited: its names, key columns, columns left out and hidden; 22023 when it is not.';
comment on function core.row_history is 'Changes of a row, oldest first. With the caller''s rights: for audit and compliance.';
comment on function core.row_at is 'The row as it was, columns that were null and those the audit leaves out missing; null when it did not exist. Security definer: reads any audited table for audit and compliance, hidden columns as digests.';
comment on function core.diff_between is 'Columns of a row that differ between two instants.';
comment on function core.undo_preview is 'Statements that would undo a request, last change first; hidden columns are left as they are. Nothing is run. Security definer: reads the log for audit and compliance.';

grant execute on function core.row_history, core.row_at, core.diff_between, core.undo_preview to hc_auditor, hc_compliance;

-- verify
select blueprint.open_room('probe_0780');
grant usage on schema probe_0780 to hc_auditor;
create table probe_0780.things (id int primary key, a text, b int, pin text);
comment on column probe_0780.things.pin is 'A secret. @secret';
select core.enable_audit('probe_0780.things');
create temporary table copies (n int, at timestamptz, entity jsonb) on commit drop;
insert into probe_0780.things values (1, 'one', 1, 'secret');
insert into pg_temp.copies select 1, clock_timestamp(), jsonb_strip_nulls(to_jsonb(t) - 'pin') from probe_0780.things t;
update probe_0780.things set a = 'two', b = null;
insert into pg_temp.copies select 2, clock_timestamp(), jsonb_strip_nulls(to_jsonb(t) - 'pin') from probe_0780.things t;
update probe_0780.things set b = 3;
insert into pg_temp.copies select 3, clock_timestamp(), jsonb_strip_nulls(to_jsonb(t) - 'pin') from probe_0780.things t;
select set_config('request.headers', '{"x-request-id": "r-0780"}', true) <> '';
update probe_0780.things set a = 'four', pin = 'another';
insert into pg_temp.copies select 4, clock_timestamp(), jsonb_strip_nulls(to_jsonb(t) - 'pin') from probe_0780.things t;
delete from probe_0780.things;
insert into pg_temp.copies values (5, clock_timestamp(), null), (0, now(), null);
grant select on pg_temp.copies to hc_auditor;
set local role hc_auditor;
select bool_and(core.row_at('probe_0780.things', '1', at) - 'pin' is not distinct from entity) from pg_temp.copies;
select bool_and(core.row_at('probe_0780.things', '1', at)::text not like '%secret%' and core.row_at('probe_0780.things', '1', at) ? 'pin') from pg_temp.copies where n between 1 and 4;
select array_agg(action || ' ' || cardinality(fields) order by occurred_at) = '{insert 4,update 2,update 1,update 2,delete 4}' from core.row_history('probe_0780.things', '1');
select array_agg(field order by field) = '{a,b}' from core.diff_between('probe_0780.things', '1', (select at from pg_temp.copies where n = 1), (select at from pg_temp.copies where n = 3));
select count(*) = 2 and bool_and(statement not like '%another%') from core.undo_preview('r-0780');
set local role hc_owner;
create function pg_temp.undo_0780() returns text language plpgsql as $$ declare s text; begin for s in select statement from core.undo_preview('r-0780') order by step loop execute s; end loop; return (select jsonb_strip_nulls(to_jsonb(t) - 'pin') from probe_0780.things t); end $$;
select pg_temp.undo_0780()::jsonb = entity from pg_temp.copies where n = 3;
select core.row_at('probe_0780.things', '1', clock_timestamp()) - 'pin' = entity from pg_temp.copies where n = 3;
select set_config('request.headers', '{"x-request-id": "r-0780-2"}', true) <> '';
insert into probe_0780.things values (2, 'x', 2, 'y');
select array_agg(statement) = array['delete from probe_0780.things t where t.id = ''2'''] from core.undo_preview('r-0780-2');
create table probe_0780.plain (id int primary key);
select blueprint.raises($$ select core.row_at('probe_0780.plain', '1', now()) $$, '22023', 'not audited');
select f, has_function_privilege('hc_auditor', f, 'execute') and has_function_privilege('hc_compliance', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.row_history(regclass, text)', 'core.row_at(regclass, text, timestamptz)',
  'core.diff_between(regclass, text, timestamptz, timestamptz)', 'core.undo_preview(text)']) f;
select not has_function_privilege('hc_auditor', 'core.audited(regclass)', 'execute');
