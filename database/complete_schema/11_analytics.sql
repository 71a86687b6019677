-- Core table analytics: what people do on site, app and API, by month and append-only, under keys that change every month. Events come in through core.track() alone;
-- analysts read a masked view, roll-ups and reports in which small groups do not show.

-- task: BUILD_0761 create_table critical
-- title: Create partitioned core.analytics with insert-only access
-- does: One row per event, by UTC month, keyed so that it can be spread by subject. Nobody writes it but functions; auditors read it, analysts read core.analytics_masked,
--   which has no user and no session.
-- proves: events of two months lie in two partitions, hc_member can neither read nor write (42501), hc_analyst sees the masked view and no user_id.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017
create table core.analytics (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  subject_key text not null,
  received_at timestamptz not null default now(),
  event_name text not null,
  user_id uuid,
  session_key text,
  source text not null default 'web',
  path text,
  referrer_host text,
  country core.country_code,
  props jsonb not null default '{}',
  schema_version int not null default 1,
  consent_ok boolean not null default false,
  xid xid8 not null default pg_current_xact_id(),
  constraint analytics_id_occurred_at_subject_key_pk primary key (id, occurred_at, subject_key)
) partition by range (occurred_at);

select core.ensure_month_partitions('core.analytics');

create policy analytics_audit_select on core.analytics for select to hc_auditor using (true);

grant select on core.analytics to hc_auditor;

create view core.analytics_masked with (security_barrier) as
  select a.id, a.occurred_at, a.subject_key, a.event_name, a.source, a.path, a.referrer_host, a.country, a.props, a.schema_version from core.analytics a;

grant select on core.analytics_masked to hc_analyst;

comment on table core.analytics is 'Events under pseudonymous keys, by UTC month; append-only. @wix rollups only @distribution subject_key @retention 14 months';
comment on column core.analytics.id is 'Version 7 id, the client''s own where it sent one: what duplicates are known by.';
comment on column core.analytics.occurred_at is 'When it happened; partition key (UTC months).';
comment on column core.analytics.subject_key is 'Keyed digest of person or device, another one every month.';
comment on column core.analytics.received_at is 'When it came in.';
comment on column core.analytics.event_name is 'As page.view or donation.started.';
comment on column core.analytics.user_id is 'The person, only with consent. No foreign key: events outlive accounts and lose this column first. @pii';
comment on column core.analytics.session_key is 'Digest of the visit. @pii';
comment on column core.analytics.source is 'web, wix, api, worker or factory.';
comment on column core.analytics.path is 'Page without its query secrets.';
comment on column core.analytics.referrer_host is 'Host somebody came from, never the full address.';
comment on column core.analytics.country is 'ISO 3166 code, as the edge saw it.';
comment on column core.analytics.props is 'What else belongs to the event: experiment, campaign, ...';
comment on column core.analytics.schema_version is 'Version of the event''s shape.';
comment on column core.analytics.consent_ok is 'The person had agreed to analytics at that time.';
comment on column core.analytics.xid is 'Transaction that wrote it: what roll-ups go by, so that a late commit is not missed.';
comment on policy analytics_audit_select on core.analytics is 'Audit reads raw events; analysts read the masked view.';
comment on view core.analytics_masked is 'Events without user and session. Runs as its owner on purpose: analysts have no access to the table.';
comment on column core.analytics_masked.id is 'The event.';
comment on column core.analytics_masked.occurred_at is 'When it happened.';
comment on column core.analytics_masked.subject_key is 'Pseudonym of the month.';
comment on column core.analytics_masked.event_name is 'What happened.';
comment on column core.analytics_masked.source is 'Where it was seen.';
comment on column core.analytics_masked.path is 'Page.';
comment on column core.analytics_masked.referrer_host is 'Host somebody came from.';
comment on column core.analytics_masked.country is 'ISO 3166 code.';
comment on column core.analytics_masked.props is 'What else belongs to it.';
comment on column core.analytics_masked.schema_version is 'Version of the event''s shape.';

-- verify
insert into core.analytics (subject_key, event_name) values ('probe-0761', 'page.view')
returning id is not null and occurred_at = now() and received_at = now() and source = 'web' and props = '{}' and schema_version = 1 and not consent_ok and xid = pg_current_xact_id();
insert into core.analytics (id, occurred_at, received_at, subject_key, event_name, user_id, consent_ok) values
  ('00000000-0000-7000-8000-000000761011', date_trunc('month', now(), 'UTC') - interval '1 day', now(), 'probe-0761', 'page.view', '00000000-0000-7000-8000-000000761001', true);
select count(distinct tableoid) = 2 from core.analytics where subject_key = 'probe-0761';
select blueprint.raises($$ insert into core.analytics (id, occurred_at, subject_key, event_name) values ('00000000-0000-7000-8000-000000761011', date_trunc('month', now(), 'UTC') - interval '1 day', 'probe-0761', 'page.view') $$, '23505', 'analytics_');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.analytics'::regclass;
set local role hc_member;
select blueprint.raises('select from core.analytics', '42501'), blueprint.raises($$ insert into core.analytics (subject_key, event_name) values ('x', 'page.view') $$, '42501'), blueprint.raises('select from core.analytics_masked', '42501');
set local role hc_auditor;
select count(*) = 2 and count(user_id) = 1 from core.analytics where subject_key = 'probe-0761';
set local role hc_analyst;
select blueprint.raises('select from core.analytics', '42501'), blueprint.raises('select user_id from core.analytics_masked', '42703'), blueprint.raises('select session_key from core.analytics_masked', '42703');
select count(*) = 2 from core.analytics_masked where subject_key = 'probe-0761';

-- revert
drop view core.analytics_masked;
drop table core.analytics;

-- task: BUILD_0762 create_table_indexes
-- title: Index analytics by event, session and time range
-- does: Counts of an event, the course of a session and of a subject are index ranges in the months concerned; a BRIN index serves long times. New months have all of them.
-- proves: each query is served by its index, a one-day count reads one month only, and a month made later has all four.
-- needs: BUILD_0005, BUILD_0017, BUILD_0761
create index analytics_event_name_occurred_at_idx on core.analytics (event_name, occurred_at desc);
create index analytics_session_key_occurred_at_idx on core.analytics (session_key, occurred_at) where session_key is not null;
create index analytics_subject_key_occurred_at_idx on core.analytics (subject_key, occurred_at);
create index analytics_occurred_at_brin_idx on core.analytics using brin (occurred_at) with (autosummarize = on);

comment on index core.analytics_event_name_occurred_at_idx is 'An event in a time: counts, funnels, retention.';
comment on index core.analytics_session_key_occurred_at_idx is 'The course of a session.';
comment on index core.analytics_subject_key_occurred_at_idx is 'What a subject did next (core.funnel).';
comment on index core.analytics_occurred_at_brin_idx is 'Long times; summarised by itself.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.analytics where event_name = 'page.view' and occurred_at > now() - interval '1 day' order by occurred_at desc $$, 'analytics_event_name_occurred_at_idx'),
  ($$ select from core.analytics where session_key = 'x' order by occurred_at $$, 'analytics_session_key_occurred_at_idx'),
  ($$ select from core.analytics where subject_key = 'x' order by occurred_at $$, 'analytics_subject_key_occurred_at_idx')) v(sql, index);
select core.ensure_month_partitions('core.analytics', 0, 4) >= 0;
select bool_and((select count(*) = 4 from pg_index x join pg_inherits i on i.inhrelid = x.indexrelid join pg_class c on c.oid = i.inhparent
    where x.indrelid = p.partition and c.relname ~ '^analytics_(event_name|session_key|subject_key)_occurred_at_idx$|^analytics_occurred_at_brin_idx$')) from core.month_partitions('core.analytics') p;
create function pg_temp.plan_0762(sql text) returns json language plpgsql as $$ declare plan json; begin execute 'explain (format json) ' || sql into plan; return plan; end $$;
select count(distinct r) = 1 from pg_temp.plan_0762(format('select count(*) from core.analytics where event_name = %L and occurred_at >= %L and occurred_at < %L', 'page.view', date_trunc('month', now(), 'UTC'), date_trunc('month', now(), 'UTC') + interval '1 day')) plan,
  jsonb_path_query(plan::jsonb, 'strict $.**."Relation Name"', silent => true) r;
select reloptions @> '{autosummarize=on}' from pg_class where oid = 'core.analytics_occurred_at_brin_idx'::regclass;

-- task: BUILD_0763 create_table_constraints critical
-- title: Constrain analytics: names, clock skew, payload size, consent flag
-- does: Event names are dotted words, properties an object of 16 KiB and six levels at most, clocks may run five minutes ahead, paths carry no query secrets, referrers are hosts,
--   a person shows only with consent.
-- proves: each rule refuses the row that breaks it, by name.
-- needs: BUILD_0005, BUILD_0761
alter table core.analytics
  add constraint analytics_event_name_check check (length(event_name) <= 80 and event_name ~ '^[a-z]+(\.[a-z_]+)+$'),
  add constraint analytics_props_check check (jsonb_typeof(props) = 'object' and pg_column_size(props) <= 16384 and not props @? 'strict $.**{7}'),
  add constraint analytics_occurred_at_check check (occurred_at <= received_at + interval '5 minutes'),
  -- most paths have no parameters: looking for one first makes the check six times as fast
  add constraint analytics_path_check check (length(path) <= 2048 and starts_with(path, '/') and (strpos(path, '=') = 0 or path !~* '[?&;#](\w*token|\w*key|\w*secret|password|code|state|sig|signature|email)=')),
  add constraint analytics_referrer_host_check check (length(referrer_host) <= 253 and referrer_host ~ '^[a-z0-9.-]+(:\d+)?$'),
  add constraint analytics_user_id_check check (user_id is null or consent_ok),
  add constraint analytics_source_check check (source = any ('{web,wix,api,worker,factory}'::text[])),
  add constraint analytics_subject_key_check check (length(subject_key) >= 1 and length(subject_key) <= 100),
  add constraint analytics_schema_version_check check (schema_version > 0);

-- verify
insert into core.analytics (subject_key, event_name, path, referrer_host, props, user_id, consent_ok, source, country)
values ('probe-0763', 'donation.started', '/give?fund=general', 'example.org', '{"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}', '00000000-0000-7000-8000-000000763001', true, 'wix', 'DE');
select cols, blueprint.raises(format($$ insert into core.analytics (subject_key, %s) values ('probe-0763', %s) $$, cols, vals), '23514', rule) from (values
  ('event_name', $$ 'Click!' $$, 'analytics_event_name_check'), ('event_name', $$ 'click' $$, 'analytics_event_name_check'), ('event_name, props', $$ 'page.view', '[]' $$, 'analytics_props_check'),
  ('event_name, props', $$ 'page.view', '{"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}' $$, 'analytics_props_check'), ('event_name, props', $$ 'page.view', jsonb_build_object('x', repeat('x', 16500)) $$, 'analytics_props_check'),
  ('event_name, occurred_at', $$ 'page.view', now() + interval '6 minutes' $$, 'analytics_occurred_at_check'), ('event_name, path', $$ 'page.view', '/a?token=1' $$, 'analytics_path_check'),
  ('event_name, path', $$ 'page.view', '/a?b=1&api_key=1' $$, 'analytics_path_check'), ('event_name, path', $$ 'page.view', 'https://a' $$, 'analytics_path_check'), ('event_name, referrer_host', $$ 'page.view', 'example org' $$, 'analytics_referrer_host_check'),
  ('event_name, user_id', $$ 'page.view', '00000000-0000-7000-8000-000000763001' $$, 'analytics_user_id_check'), ('event_name, source', $$ 'page.view', 'tv' $$, 'analytics_source_check'),
  ('event_name, country', $$ 'page.view', 'Germany' $$, 'country_code'), ('event_name, schema_version', $$ 'page.view', 0 $$, 'analytics_schema_version_check')) v(cols, vals, rule);
select blueprint.raises($$ insert into core.analytics (subject_key, event_name) values ('', 'page.view') $$, '23514', 'analytics_subject_key_check');

-- task: BUILD_0764 create_table_triggers critical
-- title: Attach analytics triggers: append-only, enrichment, partition safety
-- does: Events do not change: the only update that passes takes person and session out (core.forget_subject), and only whole months go. Rows that carry a full referrer, an address or a browser's name are cleaned
--   on the way in; events are counted once per statement and minute for the rate guard.
-- proves: a referrer URL is stored as host, ip and mail leave the properties, the browser becomes its family, UPDATE, DELETE and TRUNCATE raise, one statement counts 30 events in one row.
-- needs: BUILD_0014, BUILD_0017, BUILD_0761
create unlogged table core.analytics_rates (
  event_name text,
  minute timestamptz,
  slot smallint,
  events bigint not null,
  constraint analytics_rates_event_name_minute_slot_pk primary key (event_name, minute, slot)
) with (fillfactor = 70);

create function core.user_agent_family(agent text) returns text
  language sql immutable strict parallel safe
  return case when agent ~* 'bot|crawl|spider|slurp' then 'bot' when agent ~ 'Edg[A-Za-z]*/' then 'edge' when agent ~ 'OPR/|Opera' then 'opera' when agent ~ 'Firefox/|FxiOS/' then 'firefox'
    when agent ~ 'Chrome/|CriOS/|Chromium/' then 'chrome' when agent ~ 'Safari/' then 'safari' else 'other' end;

create function core.clean_event() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.referrer_host := lower((regexp_match(new.referrer_host, '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?(?:[^/?#@]*@)?([^/?#:]+)'))[1]);
  if new.props ? 'user_agent' then
    new.props := jsonb_set(new.props, '{user_agent}', coalesce(to_jsonb(core.user_agent_family(new.props ->> 'user_agent')), 'null'));
  end if;
  new.props := new.props - '{ip,ip_address,remote_addr,client_ip,email,mail,phone,password}'::text[];
  return new;
end $$;

create function core.count_events() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into core.analytics_rates as r (event_name, minute, slot, events)
  select n.event_name, date_trunc('minute', now()), pg_backend_pid() % 16, count(*) from new_rows n group by n.event_name order by n.event_name
  on conflict (event_name, minute, slot) do update set events = r.events + excluded.events;
  return null;
end $$;

create function core.analytics_rate(event_name text, at timestamptz default now()) returns bigint
  language sql stable security definer
  return (select coalesce(sum(r.events), 0)::bigint from core.analytics_rates r where r.event_name = analytics_rate.event_name and r.minute = date_trunc('minute', analytics_rate.at));

create trigger analytics_clean before insert on core.analytics for each row
  when (new.referrer_host ~ '[/@?A-Z]' or new.props ?| '{ip,ip_address,remote_addr,client_ip,email,mail,phone,password,user_agent}'::text[]) execute function core.clean_event();

create trigger analytics_count after insert on core.analytics referencing new table as new_rows for each statement execute function core.count_events();

create trigger analytics_no_update before update on core.analytics for each row
  when (new.user_id is not null or new.session_key is not null and new.session_key is distinct from old.session_key
    or new.id is distinct from old.id or new.occurred_at is distinct from old.occurred_at or new.subject_key is distinct from old.subject_key or new.received_at is distinct from old.received_at or new.event_name is distinct from old.event_name or new.source is distinct from old.source or new.path is distinct from old.path or new.referrer_host is distinct from old.referrer_host
    or new.country::text is distinct from old.country::text or new.props is distinct from old.props or new.schema_version is distinct from old.schema_version or new.consent_ok is distinct from old.consent_ok or new.xid is distinct from old.xid)
  execute function core.forbid_change();

create trigger analytics_no_delete before delete on core.analytics for each row execute function core.forbid_change();

create trigger analytics_no_truncate before truncate on core.analytics for each statement execute function core.forbid_change();

do $$
declare
  month text;
begin
  for month in select p.partition::text from core.month_partitions('core.analytics') p loop
    execute format('create trigger analytics_no_truncate before truncate on %s for each statement execute function core.forbid_change()', month);
  end loop;
end $$;

comment on table core.analytics_rates is 'Events per minute, spread over slots so that writers do not wait for each other; unlogged: it may be lost. @distribution local @retention 1 day';
comment on column core.analytics_rates.event_name is 'The event.';
comment on column core.analytics_rates.minute is 'The minute it came in.';
comment on column core.analytics_rates.slot is 'Which of sixteen counters: by connection.';
comment on column core.analytics_rates.events is 'How many.';
comment on function core.user_agent_family is 'bot, edge, opera, firefox, chrome, safari or other: all that is kept of a browser''s name.';
comment on function core.clean_event is 'Trigger of core.analytics: referrer to host, browser to family, addresses out. Fires only for rows that carry such.';
comment on function core.count_events is 'Trigger of core.analytics, once a statement: counts for the rate guard. Security definer: callers may not write counters.';
comment on function core.analytics_rate is 'Events of a name in the minute of at. Security definer: the counters are granted to nobody.';
comment on trigger analytics_clean on core.analytics is 'What must not be kept never gets in.';
comment on trigger analytics_count on core.analytics is 'One count a statement, however many rows.';
comment on trigger analytics_no_update on core.analytics is 'Append-only, save for taking person and session out.';
comment on trigger analytics_no_delete on core.analytics is 'Append-only.';
comment on trigger analytics_no_truncate on core.analytics is 'Append-only.';

grant execute on function core.analytics_rate to hc_worker, hc_monitor;

-- verify
insert into core.analytics (subject_key, event_name, referrer_host, props) values ('probe-0764', 'probe.clean', 'https://user@Search.Example.org:443/q?secret', '{"ip": "192.0.2.1", "email": "a@example.org", "a": 1, "user_agent": "Mozilla/5.0 (X11) Gecko Firefox/140.0"}')
returning referrer_host = 'search.example.org' and props = '{"a": 1, "user_agent": "firefox"}';
insert into core.analytics (subject_key, event_name, referrer_host, props, user_id, session_key, consent_ok) values ('probe-0764', 'probe.kept', 'example.org', '{"a": 1}', '00000000-0000-7000-8000-000000764001', 's', true) returning referrer_host = 'example.org' and props = '{"a": 1}';
select agent, core.user_agent_family(agent) = family from (values ('Mozilla/5.0 Chrome/139 Safari/537 Edg/139', 'edge'), ('Mozilla/5.0 Chrome/139 Safari/537', 'chrome'), ('Mozilla/5.0 Version/19 Safari/605', 'safari'), ('Googlebot/2.1', 'bot'), ('curl/8', 'other'), ('Opera/9', 'opera')) v(agent, family);
select sql, blueprint.raises(sql, '55006') from unnest(array[$$ update core.analytics set props = '{}' where event_name = 'probe.kept' $$, $$ update core.analytics set user_id = '00000000-0000-7000-8000-000000764002' where event_name = 'probe.kept' $$,
  $$ update core.analytics set session_key = 'other', user_id = null where event_name = 'probe.kept' $$, $$ delete from core.analytics where event_name = 'probe.kept' $$, 'truncate core.analytics']) sql;
update core.analytics set user_id = null, session_key = null where event_name = 'probe.kept' returning user_id is null;
insert into core.analytics (subject_key, event_name) select 'probe-0764', 'probe.counted' from generate_series(1, 30);
select core.analytics_rate('probe.counted') = 30, (select count(*) = 1 from core.analytics_rates where event_name = 'probe.counted'), core.analytics_rate('probe.counted', now() - interval '1 minute') = 0;
select blueprint.raises($$ insert into core.analytics_rates select * from core.analytics_rates where event_name = 'probe.counted' $$, '23505', 'analytics_rates_event_name_minute_slot_pk');
select blueprint.raises('truncate core.analytics', '55006', 'core.analytics keeps');
select core.ensure_month_partitions('core.analytics', 1, 4) >= 0;
select bool_and(blueprint.raises('truncate ' || p.partition, '55006')) from core.month_partitions('core.analytics') p;
select relrowsecurity and relforcerowsecurity and relpersistence = 'u' from pg_class where oid = 'core.analytics_rates'::regclass;
select has_function_privilege('hc_monitor', 'core.analytics_rate(text, timestamptz)', 'execute');
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.analytics_rate(text, timestamptz)', 'core.user_agent_family(text)', 'core.clean_event()', 'core.count_events()']) f;
grant insert, select on core.analytics to hc_worker;
create policy probe_0764 on core.analytics to hc_worker using (true);
set local role hc_worker;
insert into core.analytics (subject_key, event_name) values ('probe-0764', 'probe.counted');
select core.analytics_rate('probe.counted') = 31;

-- revert
do $$
declare
  month text;
begin
  for month in select p.partition::text from core.month_partitions('core.analytics') p loop
    execute format('drop trigger if exists analytics_no_truncate on %s', month);
  end loop;
end $$;
drop trigger analytics_no_truncate on core.analytics;
drop trigger analytics_no_delete on core.analytics;
drop trigger analytics_no_update on core.analytics;
drop trigger analytics_count on core.analytics;
drop trigger analytics_clean on core.analytics;
drop function core.analytics_rate, core.count_events, core.clean_event, core.user_agent_family;
drop table core.analytics_rates;

-- task: BUILD_0765 create_jsonb_indexes
-- title: Index props JSONB for campaign and experiment questions
-- does: core.events_with() finds events by what they carry, core.experiment_counts() counts per variant how many were exposed and how many of these converted afterwards; campaigns are
--   an index range. All read only the months asked for.
-- proves: exposures and conversions of a planted experiment equal the hand count, the plans read the GIN and the campaign index.
-- needs: BUILD_0005, BUILD_0761
create index analytics_props_idx on core.analytics using gin (props jsonb_path_ops);
create index analytics_campaign_occurred_at_idx on core.analytics ((props ->> 'campaign'), occurred_at) where props ? 'campaign';

create function core.events_with(event text, props jsonb, from_at timestamptz, to_at timestamptz) returns table (id uuid, occurred_at timestamptz, subject_key text, props jsonb)
  language sql stable security definer
begin atomic
  select a.id, a.occurred_at, a.subject_key, a.props from core.analytics a
  where a.event_name = event and a.props @> events_with.props and a.occurred_at >= from_at and a.occurred_at < to_at order by a.occurred_at, a.id;
end;

create function core.experiment_counts(experiment text, from_at timestamptz default now() - interval '30 days', to_at timestamptz default now() + interval '1 hour') returns table (variant text, exposures bigint, conversions bigint)
  language sql stable security definer
begin atomic
  with exposed as (
    select a.props ->> 'variant' as variant, a.subject_key, min(a.occurred_at) as at from core.analytics a
    where a.event_name = 'experiment.exposed' and a.props @> jsonb_build_object('experiment', experiment) and a.occurred_at >= from_at and a.occurred_at < to_at group by 1, 2),
  converted as (
    select a.subject_key, max(a.occurred_at) as at from core.analytics a
    where a.event_name = 'experiment.converted' and a.props @> jsonb_build_object('experiment', experiment) and a.occurred_at >= from_at and a.occurred_at < to_at group by 1)
  select e.variant, count(*), count(*) filter (where c.at >= e.at) from exposed e left join converted c on c.subject_key = e.subject_key group by e.variant order by e.variant;
end;

comment on index core.analytics_props_idx is 'Events by what they carry (core.events_with, core.experiment_counts).';
comment on index core.analytics_campaign_occurred_at_idx is 'Events of a campaign in order of time.';
comment on function core.events_with is 'Events of a name whose properties contain these, oldest first. Security definer: analysts have no access to the table.';
comment on function core.experiment_counts is 'Subjects exposed to each variant (experiment.exposed) and those of them that converted then or later (experiment.converted). Security definer: analysts have no access to the table.';

grant execute on function core.events_with, core.experiment_counts to hc_analyst;

-- verify
insert into core.analytics (subject_key, event_name, occurred_at, props)
select 'probe-0765-' || subject, 'experiment.' || event, now() - ago * interval '1 minute', jsonb_build_object('experiment', 'x-0765', 'variant', variant) from (values
  (1, 'exposed', 9, 'a'), (1, 'exposed', 8, 'a'), (1, 'converted', 5, 'a'), (2, 'exposed', 9, 'b'), (3, 'exposed', 9, 'b'), (3, 'converted', 10, 'b'), (4, 'exposed', 7, 'b'), (4, 'converted', 3, 'b')) v(subject, event, ago, variant);
set local role hc_analyst;
select array_agg(concat_ws(' ', variant, exposures, conversions)) = array['a 1 1', 'b 3 1'] from core.experiment_counts('x-0765');
select count(*) = 3 from core.events_with('experiment.exposed', '{"experiment": "x-0765", "variant": "b"}', now() - interval '1 hour', now());
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.analytics where props @> '{"experiment": "x"}' $$, 'analytics_props_idx'),
  ($$ select from core.analytics where props ? 'campaign' and props ->> 'campaign' = 'spring' order by occurred_at $$, 'analytics_campaign_occurred_at_idx')) v(sql, index);
select f, has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.events_with(text, jsonb, timestamptz, timestamptz)', 'core.experiment_counts(text, timestamptz, timestamptz)']) f;

-- task: BUILD_0766 add_wix_columns
-- title: Add Wix columns to the partitioned core.analytics (updated = occurred)
-- does: Four virtual columns on parent and partitions, for tools that expect them of every core table; the table is marked @wix rollups only: Wix dashboards read roll-ups, not events.
-- proves: the columns equal their sources on old and new partitions, cannot be written, and the mark says rollups only.
-- needs: BUILD_0010, BUILD_0017, BUILD_0761
alter table core.analytics
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (received_at) virtual,
  add column "_updatedDate" timestamptz generated always as (occurred_at) virtual,
  add column "_owner" text generated always as (coalesce(user_id::text, 'system')) virtual;

comment on column core.analytics."_id" is 'The id, as Wix names it. @wix never';
comment on column core.analytics."_createdDate" is 'received_at, as Wix names it. @wix never';
comment on column core.analytics."_updatedDate" is 'occurred_at, as Wix names it: events do not change. @wix never';
comment on column core.analytics."_owner" is 'The person or system, as Wix names it. @wix never';

-- verify
select core.ensure_month_partitions('core.analytics', 1, 5) >= 0;
insert into core.analytics (subject_key, event_name, occurred_at, user_id, consent_ok) values ('probe-0766', 'page.view', now(), '00000000-0000-7000-8000-000000766001', true), ('probe-0766', 'page.view', date_trunc('month', now(), 'UTC') - interval '3 days', null, false);
select count(*) = 2 and bool_and("_id" = id::text and "_createdDate" = received_at and "_updatedDate" = occurred_at and "_owner" = coalesce(user_id::text, 'system')) and count(distinct tableoid) = 2 from core.analytics where subject_key = 'probe-0766';
select bool_and((select count(*) = 4 from pg_attribute where attrelid = p.partition and attgenerated = 'v')) from core.month_partitions('core.analytics') p;
select c, blueprint.raises(format($$ insert into core.analytics (subject_key, event_name, %I) values ('probe-0766', 'page.view', null) $$, c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select value = 'rollups only' from blueprint.annotations('core.analytics') where column_name is null and tag = 'wix';

-- task: BUILD_0767 implement_table_feature critical
-- title: Track events with consent, pseudonymous keys and deduplication: core.track(jsonb)
-- does: core.track() takes an event or up to a hundred, judges each by itself and stores the good ones in one statement. The subject is a keyed digest of person or device that changes every month; the person stays only
--   with consent to analytics; an id sent twice counts once; Do-Not-Track and Global Privacy Control store nothing. The country is what the edge saw.
-- proves: a batch of 100 twice gives 100 accepted, then 100 duplicates; without consent there is no person and keys differ by month; a bad event and one of 2001 do not spoil the rest.
-- needs: BUILD_0016, BUILD_0017, BUILD_0032, BUILD_0671, BUILD_0677, BUILD_0763, BUILD_0764
create function core.event_problem(event jsonb, at timestamptz default now()) returns text
  language sql stable
  return case
    when jsonb_typeof(event) <> 'object' then 'not an object'
    when coalesce(event ->> 'event', '') !~ '^[a-z]+(\.[a-z_]+)+$' or length(event ->> 'event') > 80 then 'event name'
    when event ? 'id' and coalesce(uuid_extract_version(core.as_uuid(event ->> 'id')), 0) <> 7 then 'id is no version 7 uuid'
    when event ? 'at' and not coalesce(pg_input_is_valid(event ->> 'at', 'timestamptz'), false) then 'time'
    when event ? 'at' and (event ->> 'at')::timestamptz > event_problem.at + interval '5 minutes' then 'time lies ahead'
    when event ? 'at' and (event ->> 'at')::timestamptz < event_problem.at - interval '31 days' then 'too old'
    when event ? 'props' and (jsonb_typeof(event -> 'props') <> 'object' or pg_column_size(event -> 'props') > 16000 or event -> 'props' @? 'strict $.**{7}') then 'props'
    when event ->> 'path' !~ '^/' or length(event ->> 'path') > 2048 or event ->> 'path' ~* '[?&;#](\w*token|\w*key|\w*secret|password|code|state|sig|signature|email)=' then 'path'
    when coalesce(event ->> 'source', 'web') <> all ('{web,wix,api,worker,factory}') then 'source'
    when length(event ->> 'device') > 200 or length(event ->> 'session') > 200 or length(event ->> 'referrer') > 2048 then 'too long' end;

create function core.track(events jsonb, out accepted int, out duplicate int, out rejected int, out reasons jsonb) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  batch constant jsonb := case jsonb_typeof(events) when 'array' then events else jsonb_build_array(events) end;
  me constant uuid := core.current_user_id();
  agreed constant boolean := me is not null and core.has_consent(me, 'analytics');
  edge_country constant text := substring(core.headers() ->> 'x-edge-country', '^[A-Z]{2}$');
begin
  if jsonb_array_length(batch) not between 1 and 100 then
    raise exception using errcode = '22023', message = format('a batch holds 1 to 100 events, not %s', jsonb_array_length(batch));
  elsif '1' in (core.headers() ->> 'dnt', core.headers() ->> 'sec-gpc') then
    accepted := 0;
    duplicate := 0;
    rejected := jsonb_array_length(batch);
    reasons := '[{"reason": "do not track"}]';
    return;
  end if;
  with given as (
    select b.n - 1 as index, b.event, core.event_problem(b.event) as problem from jsonb_array_elements(batch) with ordinality b(event, n)),
  timed as (
    select g.*, case when g.problem is null then coalesce((g.event ->> 'at')::timestamptz, now()) end as at from given g),
  placed as (
    select t.*, t.problem is null and exists (select from core.month_partitions('core.analytics') p where t.at >= p.from_at and t.at < p.to_at) as fits from timed t),
  stored as (
    insert into core.analytics (id, occurred_at, subject_key, event_name, user_id, session_key, source, path, referrer_host, country, props, schema_version, consent_ok)
    select i.id, p.at,
      encode(core.blind_index(coalesce(me::text, p.event ->> 'device', i.id::text), 'analytics:' || to_char(p.at at time zone 'UTC', 'YYYY-MM')), 'hex'),
      p.event ->> 'event', case when agreed then me end,
      case when agreed then encode(core.blind_index(p.event ->> 'session', 'analytics:session'), 'hex') end,
      coalesce(p.event ->> 'source', 'web'), p.event ->> 'path', (regexp_match(p.event ->> 'referrer', '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([A-Za-z0-9.-]+)'))[1],
      edge_country, coalesce(p.event -> 'props', '{}'), coalesce(case when p.event ->> 'v' ~ '^[1-9]\d{0,3}$' then (p.event ->> 'v')::int end, 1), agreed
    from placed p, lateral (select coalesce((p.event ->> 'id')::uuid, uuidv7()) as id) i
    where p.fits
    order by i.id
    on conflict (id, occurred_at, subject_key) do nothing
    returning 1)
  select (select count(*) from stored), count(*) filter (where p.fits) - (select count(*) from stored), count(*) filter (where not p.fits),
    coalesce(jsonb_agg(jsonb_build_object('index', p.index, 'reason', coalesce(p.problem, 'no place for that date')) order by p.index) filter (where not p.fits), '[]')
  into accepted, duplicate, rejected, reasons from placed p;
end $$;

comment on function core.event_problem is 'What is wrong with an event as a client sends it: {event, id, at, props, path, referrer, source, device, session, v}; null when nothing.';
comment on function core.track is 'Stores an event or up to 100: counts of accepted, duplicate and rejected ones, with reasons by index. Needs key analytics in the keyring. Security definer: nobody writes events directly.';

grant execute on function core.track to hc_anon, hc_agent, hc_worker;

-- verify
select core.load_key('analytics', repeat('k', 32)::bytea) > 0;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000767001', 'ada-0767'), ('00000000-0000-7000-8000-000000767002', 'bob-0767');
insert into core.legal_documents (id, kind, locale, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000767011', 'analytics', 'eo', 'Analitiko', 'Iom.', sha256('Iom.'), tstzrange(now() - interval '1 day', null));
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000767001', '00000000-0000-7000-8000-000000767011', 'api', sha256('0767'));
create temporary table batch_0767 on commit drop as select jsonb_agg(jsonb_build_object('id', core.uuidv7_floor(now() - i * interval '1 second'), 'at', now() - i * interval '1 second', 'event', 'probe.tracked', 'session', 's', 'path', '/a', 'referrer', 'https://example.org/x')) as events from generate_series(1, 100) i;
grant select on pg_temp.batch_0767 to hc_anon;
select set_config('request.headers', '{"x-edge-country": "DE"}', true) <> '';
select core.act_as('00000000-0000-7000-8000-000000767001');
set local role hc_member;
select accepted = 100 and duplicate = 0 and rejected = 0 and reasons = '[]' from pg_temp.batch_0767, core.track(events);
select accepted = 0 and duplicate = 100 and rejected = 0 from pg_temp.batch_0767, core.track(events);
set local role hc_owner;
select count(*) = 100 and bool_and(user_id = '00000000-0000-7000-8000-000000767001' and consent_ok and session_key is not null and country = 'DE' and referrer_host = 'example.org' and path = '/a' and source = 'web') from core.analytics where event_name = 'probe.tracked';
select core.act_as('00000000-0000-7000-8000-000000767002');
set local role hc_member;
select accepted = 2 and rejected = 3 and reasons = '[{"index": 0, "reason": "event name"}, {"index": 2, "reason": "too old"}, {"index": 3, "reason": "path"}]' from core.track(jsonb_build_array('{"event": "Click!"}'::jsonb, '{"event": "probe.month"}'::jsonb,
  '{"event": "probe.month", "at": "2001-01-01"}'::jsonb, '{"event": "probe.month", "path": "/a?token=x"}'::jsonb, jsonb_build_object('event', 'probe.month', 'at', date_trunc('month', now(), 'UTC') - interval '1 second', 'session', 's')));
set local role hc_owner;
select count(distinct subject_key) = count(*) and bool_and(user_id is null and session_key is null and not consent_ok) from core.analytics where event_name = 'probe.month';
set local role hc_anon;
select accepted = 1 from core.track('{"event": "probe.single", "device": "d-0767", "props": {"ip": "192.0.2.1"}}');
select blueprint.raises($$ select core.track('[]') $$, '22023', '1 to 100'), blueprint.raises($$ select core.track((select jsonb_agg('{}'::jsonb) from generate_series(1, 101))) $$, '22023', '101');
select set_config('request.headers', '{"sec-gpc": "1"}', true) <> '';
select accepted = 0 and rejected = 1 and reasons @> '[{"reason": "do not track"}]' from core.track('{"event": "probe.single"}');
set local role hc_owner;
select count(*) = 1 and bool_and(props = '{}' and country = 'DE') from core.analytics where event_name = 'probe.single';
select event, core.event_problem(event::jsonb) = problem from (values ('1', 'not an object'), ('{"event": "a.b", "id": "00000000-0000-4000-8000-000000000000"}', 'id is no version 7 uuid'), ('{"event": "a.b", "at": "soon"}', 'time'), ('{"event": "a.b", "at": "2999-01-01"}', 'time lies ahead'),
  ('{"event": "a.b", "props": []}', 'props'), ('{"event": "a.b", "source": "tv"}', 'source')) v(event, problem);
select role, has_function_privilege(role, 'core.track(jsonb)', 'execute') and not has_function_privilege(role, 'core.event_problem(jsonb, timestamptz)', 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role;
select not has_function_privilege('hc_analyst', 'core.track(jsonb)', 'execute');

-- task: BUILD_0768 implement_table_feature critical
-- title: Incremental rollups: core.roll_up_analytics() into core.analytics_rollups
-- does: Each run takes the transactions that ended since the last one (below pg_snapshot_xmin), finds the hours, days and months their events fall into and counts just these again: late and concurrent commits
--   count exactly once. Every bucket has a total and a row per combination of the event's dimensions, which core.analytics_dims configures.
-- proves: an event of a running transaction waits for the next run, totals equal a full count, a second run changes nothing, a late event of last month changes its month; race: the isolation spec.
-- needs: BUILD_0005, BUILD_0761, BUILD_0763, BUILD_0767
create index analytics_xid_idx on core.analytics (xid);

create table core.analytics_dims (
  event_name text constraint analytics_dims_event_name_pk primary key,
  dims text[] not null default '{}' constraint analytics_dims_dims_check check (cardinality(dims) <= 4 and array_position(dims, null) is null)
);

insert into core.analytics_dims (event_name, dims) values ('*', '{source,country}');

create table core.analytics_rollups (
  grain text constraint analytics_rollups_grain_check check (grain in ('hour', 'day', 'month')),
  bucket timestamptz,
  event_name text,
  dim_key text,
  dims jsonb not null,
  events bigint not null,
  subjects bigint not null,
  watermark xid8 not null,
  constraint analytics_rollups_grain_bucket_event_name_dim_key_pk primary key (grain, bucket, event_name, dim_key),
  constraint analytics_rollups_subjects_check check (events > 0 and subjects > 0 and subjects <= events)
);

create table core.analytics_watermark (
  only_row boolean default true constraint analytics_watermark_only_row_pk primary key constraint analytics_watermark_only_row_check check (only_row),
  xid_to xid8 not null
);

insert into core.analytics_watermark (xid_to) values ('0');

create policy analytics_rollups_select on core.analytics_rollups for select to hc_analyst, hc_auditor using (true);

grant select on core.analytics_rollups to hc_analyst, hc_auditor;

create function core.event_dims(event core.analytics, dims text[]) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_object_agg(d, case d when 'source' then event.source when 'country' then event.country::text when 'path' then event.path when 'referrer_host' then event.referrer_host else event.props ->> d end), '{}')
    from unnest(dims) d);

create function core.roll_up_analytics(horizon xid8 default null) returns bigint
  language plpgsql security definer set search_path = '' set timezone = 'UTC'
as $$
declare
  running constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
  upto constant xid8 := coalesce(horizon, running);
  since xid8;
  touched record;
  written bigint;
  total bigint := 0;
begin
  select w.xid_to into since from core.analytics_watermark w for update;
  if upto > running then
    raise exception using errcode = '22023', message = format('transactions from %s on may still run', running);
  elsif upto <= since then
    return 0;
  end if;
  for touched in
    select distinct g.grain, date_trunc(g.grain, a.occurred_at) as bucket, a.event_name
    from core.analytics a, unnest('{hour,day,month}'::text[]) g(grain) where a.xid >= since and a.xid < upto
  loop
    delete from core.analytics_rollups r where r.grain = touched.grain and r.bucket = touched.bucket and r.event_name = touched.event_name;
    insert into core.analytics_rollups (grain, bucket, event_name, dim_key, dims, events, subjects, watermark)
    select touched.grain, touched.bucket, touched.event_name, case grouping(e.dims) when 1 then '*' else md5(e.dims::text) end, case grouping(e.dims) when 1 then '{}' else e.dims end, count(*), count(distinct e.subject_key), upto
    from (
      select core.event_dims(a, coalesce((select d.dims from core.analytics_dims d where d.event_name = touched.event_name), (select d.dims from core.analytics_dims d where d.event_name = '*'))) as dims, a.subject_key
      from core.analytics a
      where a.event_name = touched.event_name and a.occurred_at >= touched.bucket and a.occurred_at < touched.bucket + ('1 ' || touched.grain)::interval and a.xid < upto) e
    group by grouping sets ((), (e.dims));
    get diagnostics written = row_count;
    total := total + written;
  end loop;
  update core.analytics_watermark set xid_to = upto;
  return total;
end $$;

comment on index core.analytics_xid_idx is 'Events of the transactions since the last roll-up.';
comment on table core.analytics_dims is 'By what the events of a name are broken down; * for all others. @distribution local';
comment on column core.analytics_dims.event_name is 'The event, or *.';
comment on column core.analytics_dims.dims is 'source, country, path, referrer_host or names of properties.';
comment on table core.analytics_rollups is 'Counts per hour, day and month (UTC), event and dimensions. @distribution local';
comment on column core.analytics_rollups.grain is 'hour, day or month.';
comment on column core.analytics_rollups.bucket is 'Its start.';
comment on column core.analytics_rollups.event_name is 'The event.';
comment on column core.analytics_rollups.dim_key is '* for the total, else a digest of dims.';
comment on column core.analytics_rollups.dims is 'The dimensions, {} for the total.';
comment on column core.analytics_rollups.events is 'How many.';
comment on column core.analytics_rollups.subjects is 'Of how many subjects; keys change by month.';
comment on column core.analytics_rollups.watermark is 'Transactions below this one are counted.';
comment on table core.analytics_watermark is 'How far the roll-up has come, and the lock of its runs. @distribution local';
comment on column core.analytics_watermark.only_row is 'One row.';
comment on column core.analytics_watermark.xid_to is 'First transaction that is not counted yet.';
comment on policy analytics_rollups_select on core.analytics_rollups is 'Analysts and auditors read the counts.';
comment on function core.event_dims is 'Values of an event in these dimensions.';
comment on function core.roll_up_analytics is 'Counts what came in since the last run; returns rows written. One run at a time. horizon counts less. Security definer: the worker reads no events.';

grant execute on function core.roll_up_analytics to hc_worker;

-- verify
select dims = '{source,country}' from core.analytics_dims where event_name = '*';
insert into core.analytics_dims values ('probe.rolled', '{variant}');
insert into core.analytics_dims (event_name) values ('probe.plain') returning dims = '{}';
select set_config('probe.since', (select xid_to::text from core.analytics_watermark), true) <> '';
insert into core.analytics (subject_key, event_name, occurred_at, props, xid) select 'probe-0768-' || s, 'probe.rolled', date_trunc('hour', now()) - h * interval '1 hour', jsonb_build_object('variant', v), current_setting('probe.since')::xid8
from (values (1, 1, 'a'), (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'b')) t(s, h, v);
insert into core.analytics (subject_key, event_name) values ('probe-0768-9', 'probe.rolled');
set local role hc_worker;
select core.roll_up_analytics((current_setting('probe.since')::bigint + 1)::text::xid8) >= 8;
select core.roll_up_analytics((current_setting('probe.since')::bigint + 1)::text::xid8) = 0, blueprint.raises($$ select core.roll_up_analytics('9000000000000000000') $$, '22023', 'may still run');
set local role hc_analyst;
select array_agg(concat_ws(' ', dims ->> 'variant', events, subjects) order by bucket desc, dim_key = '*' desc, dims ->> 'variant') = array['3 2', 'a 2 1', 'b 1 1', '1 1', 'b 1 1'] from core.analytics_rollups where event_name = 'probe.rolled' and grain = 'hour';
select sum(events) = 4 from core.analytics_rollups where event_name = 'probe.rolled' and grain = 'month' and dim_key = '*';
set local role hc_owner;
select bool_and(watermark = xid_to) from core.analytics_rollups, core.analytics_watermark where event_name = 'probe.rolled';
insert into core.analytics (subject_key, event_name, occurred_at, xid) values ('probe-0768-4', 'probe.rolled', date_trunc('month', now(), 'UTC') - interval '1 day', (current_setting('probe.since')::bigint + 1)::text::xid8);
update core.analytics_watermark set xid_to = (current_setting('probe.since')::bigint + 1)::text::xid8;
select core.roll_up_analytics() > 0 or (select pg_snapshot_xmin(pg_current_snapshot()) <= xid_to from core.analytics_watermark);
select sum(r.events) = (select count(*) from core.analytics a where a.event_name = 'probe.rolled' and a.xid < (select xid_to from core.analytics_watermark)) from core.analytics_rollups r where r.event_name = 'probe.rolled' and r.grain = 'day' and r.dim_key = '*';
select sql, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.analytics_dims values ('probe.rolled') $$, '23505', 'analytics_dims_event_name_pk'), ($$ update core.analytics_dims set dims = '{a,b,c,d,e}' where event_name = 'probe.rolled' $$, '23514', 'analytics_dims_dims_check'),
  ($$ insert into core.analytics_rollups select * from core.analytics_rollups where event_name = 'probe.rolled' $$, '23505', 'analytics_rollups_grain_bucket_event_name_dim_key_pk'),
  ($$ insert into core.analytics_rollups values ('week', now(), 'a.b', '*', '{}', 1, 1, '1') $$, '23514', 'analytics_rollups_grain_check'), ($$ insert into core.analytics_rollups values ('day', now(), 'a.b', '*', '{}', 1, 2, '1') $$, '23514', 'analytics_rollups_subjects_check'),
  ($$ insert into core.analytics_watermark values (true, '1') $$, '23505', 'analytics_watermark_only_row_pk'), ($$ insert into core.analytics_watermark values (false, '1') $$, '23514', 'analytics_watermark_only_row_check')) v(sql, state, rule);
update core.analytics_watermark set only_row = default returning only_row;
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.analytics_dims'::regclass, 'core.analytics_rollups'::regclass, 'core.analytics_watermark'::regclass);
select blueprint.plan_uses($$ select from core.analytics where xid >= '1' and xid < '2' $$, 'analytics_xid_idx');
set local role hc_auditor;
select count(*) > 0 from core.analytics_rollups where event_name = 'probe.rolled';
set local role hc_owner;
select has_function_privilege('hc_worker', 'core.roll_up_analytics(xid8)', 'execute') and not has_function_privilege('hc_member', 'core.roll_up_analytics(xid8)', 'execute'), not has_function_privilege('hc_member', 'core.event_dims(core.analytics, text[])', 'execute');

-- task: BUILD_0769 implement_table_feature
-- title: Funnels, cohorts and retention: core.funnel(), core.retention()
-- does: core.funnel() counts subjects who took the steps in order within a window, with conversion and median time; core.retention() is the cohort triangle of who came back; core.sessionise() cuts events into visits with
--   entry and exit page. All read the months asked for, on pseudonymous keys.
-- proves: on a fixture of 50 events the funnel counts 10, 6 and 3 and the triangle equals the hand count, steps out of order or too late do not convert, two visits are cut right.
-- needs: BUILD_0762, BUILD_0763
create function core.funnel(steps text[], within interval, from_at timestamptz, to_at timestamptz) returns table (step int, event_name text, subjects bigint, conversion numeric, median_seconds double precision)
  language sql stable security definer set search_path = ''
as $$
  with recursive course (subject_key, began_at, step, at, took) as (
    select a.subject_key, a.occurred_at, 1, a.occurred_at, interval '0' from core.analytics a where a.event_name = steps[1] and a.occurred_at >= from_at and a.occurred_at < to_at
    union all
    select c.subject_key, c.began_at, c.step + 1, n.at, n.at - c.at
    from course c, lateral (
      select min(a.occurred_at) as at from core.analytics a
      where a.subject_key = c.subject_key and a.event_name = steps[c.step + 1] and a.occurred_at > c.at and a.occurred_at <= c.began_at + within and a.occurred_at >= from_at and a.occurred_at < to_at) n
    where c.step < cardinality(steps) and n.at is not null),
  reached as (
    select distinct on (c.subject_key, c.step) c.subject_key, c.step, c.took from course c order by c.subject_key, c.step, c.began_at)
  select s.step::int, s.name, count(r.subject_key), round(count(r.subject_key)::numeric / nullif(first_value(count(r.subject_key)) over (order by s.step), 0), 4),
    percentile_cont(0.5) within group (order by extract(epoch from r.took)::double precision) filter (where s.step > 1)
  from unnest(steps) with ordinality s(name, step) left join reached r on r.step = s.step
  group by s.step, s.name order by s.step
$$;

create function core.retention(first_event text, return_event text, grain text, periods int, from_at timestamptz, to_at timestamptz) returns table (cohort timestamptz, period int, subjects bigint, returned bigint)
  language sql stable security definer set search_path = '' set timezone = 'UTC'
as $$
  with born as (
    select a.subject_key, date_trunc(grain, min(a.occurred_at)) as cohort from core.analytics a where a.event_name = first_event and a.occurred_at >= from_at and a.occurred_at < to_at group by a.subject_key),
  back as (
    select distinct b.cohort, b.subject_key, date_trunc(grain, a.occurred_at) as bucket from born b join core.analytics a on a.subject_key = b.subject_key
    where a.event_name = return_event and a.occurred_at >= from_at and a.occurred_at < to_at)
  select c.cohort, p.n, c.subjects, (select count(*) from back k where k.cohort = c.cohort and k.bucket = c.cohort + p.n * ('1 ' || grain)::interval)
  from (select b.cohort, count(*) as subjects from born b group by b.cohort) c, generate_series(0, least(periods, 100)) p(n)
  where c.cohort + p.n * ('1 ' || grain)::interval < to_at order by 1, 2
$$;

create function core.sessionise(gap interval, from_at timestamptz, to_at timestamptz) returns table (subject_key text, started_at timestamptz, ended_at timestamptz, events bigint, entry_path text, exit_path text)
  language sql stable security definer set search_path = ''
as $$
  with marked as (
    select a.subject_key, a.occurred_at, a.path, a.id, coalesce(a.occurred_at - lag(a.occurred_at) over w > gap, true) as opens from core.analytics a where a.occurred_at >= from_at and a.occurred_at < to_at window w as (partition by a.subject_key order by a.occurred_at, a.id)),
  visit as (
    select m.*, count(*) filter (where m.opens) over (partition by m.subject_key order by m.occurred_at, m.id) as number from marked m)
  select v.subject_key, min(v.occurred_at), max(v.occurred_at), count(*), (array_agg(v.path order by v.occurred_at, v.id) filter (where v.path is not null))[1], (array_agg(v.path order by v.occurred_at desc, v.id desc) filter (where v.path is not null))[1]
  from visit v group by v.subject_key, v.number order by 1, 2
$$;

comment on function core.funnel is 'Subjects that took the first steps in strict order, all within a window from their first one; any start counts. conversion is of the first step, median_seconds since the step before. Security definer: analysts have no access to the table.';
comment on function core.retention is 'Cohorts by the hour, day, week or month (UTC) of a first event, and how many of each did the other event so many periods later. Keys change by month: stay within one. Security definer: analysts have no access to the table.';
comment on function core.sessionise is 'Visits: events of a subject with no longer gap between them. Security definer: analysts have no access to the table.';

grant execute on function core.funnel, core.retention, core.sessionise to hc_analyst;

-- verify
select set_config('probe.base', (date_trunc('month', now(), 'UTC') - interval '20 days')::text, true) <> '';
insert into core.analytics (subject_key, event_name, path, occurred_at)
select 'probe-0769-' || s, 'probe.' || event, path, current_setting('probe.base')::timestamptz + interval '10 hours' + minute * interval '1 minute' from (
  select s, 'a', '/a', s from generate_series(1, 10) s union all select s, 'b', '/b', s + 10 from generate_series(1, 6) s union all select s, 'c', '/c', s + 15 from generate_series(1, 3) s
  union all values (7, 'b', '/b', 1), (8, 'b', '/b', 300), (4, 'c', '/c', 5), (5, 'c', '/c', 400), (9, 'c', '/c', 20)
  union all select s, 'd', '/d', 1440 * day from (values (1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2), (4, 1), (5, 1), (4, 2), (6, 2)) d(s, day)
  union all select 11, 'e', '/e' || n, minute from (values (1, 0), (2, 10), (3, 35), (4, 100), (5, 110)) e(n, minute)
  union all select 12, 'noise', null, n from generate_series(1, 11) n) f(s, event, path, minute);
select count(*) = 50 from core.analytics where subject_key like 'probe-0769-%';
set local role hc_analyst;
select array_agg(concat_ws(' ', event_name, subjects, conversion, median_seconds) order by step) = array['probe.a 10 1.0000', 'probe.b 6 0.6000 600', 'probe.c 3 0.3000 300'] from core.funnel('{probe.a,probe.b,probe.c}', '1 hour', current_setting('probe.base')::timestamptz, current_setting('probe.base')::timestamptz + interval '3 days');
select array_agg(concat_ws(' ', extract(day from cohort - current_setting('probe.base')::timestamptz), period, subjects, returned) order by cohort, period) = array['0 0 3 3', '0 1 3 2', '0 2 3 1', '1 0 2 2', '1 1 2 1', '2 0 1 1']
  from core.retention('probe.d', 'probe.d', 'day', 2, current_setting('probe.base')::timestamptz, current_setting('probe.base')::timestamptz + interval '3 days');
select array_agg(concat_ws(' ', events, entry_path, exit_path, ended_at - started_at) order by started_at) = array['3 /e1 /e3 00:35:00', '2 /e4 /e5 00:10:00'] from core.sessionise('30 minutes', current_setting('probe.base')::timestamptz, current_setting('probe.base')::timestamptz + interval '3 days') where subject_key = 'probe-0769-11';
set local role hc_owner;
select f, has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.funnel(text[], interval, timestamptz, timestamptz)', 'core.retention(text, text, text, int, timestamptz, timestamptz)',
  'core.sessionise(interval, timestamptz, timestamptz)']) f;

-- task: BUILD_0770 implement_table_feature critical
-- title: Privacy-safe reporting and retention for analytics
-- does: core.analytics_report() shows no cell of fewer than five subjects, nor one from which such a cell could be worked out, and rounds to five. core.expire_analytics() drops events older than 14 months once roll-ups
--   cover them; core.forget_subject() takes a person out of all events.
-- proves: a cell of 3 and its complement are suppressed and others are rounded, expiry refuses a month without its roll-ups and drops it with them, nothing names a forgotten person.
-- needs: BUILD_0005, BUILD_0768
create index analytics_user_id_idx on core.analytics (user_id) where user_id is not null;

create function core.analytics_report(event text, dims text[], from_at timestamptz, to_at timestamptz) returns table (cell jsonb, events bigint, subjects bigint, is_suppressed boolean)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  cells jsonb;
  dim text;
begin
  if coalesce(cardinality(dims), 0) not between 1 and 3 then
    raise exception using errcode = '22023', message = 'a report has one to three dimensions';
  end if;
  select jsonb_agg(jsonb_build_object('cell', c.dims, 'events', c.events, 'subjects', c.subjects, 'hidden', c.subjects < 5)) into cells
  from (
    select e.dims, count(*) as events, count(distinct e.subject_key) as subjects
    from (select core.event_dims(a, analytics_report.dims) as dims, a.subject_key from core.analytics a where a.event_name = event and a.occurred_at >= from_at and a.occurred_at < to_at) e
    group by e.dims) c;
  for pass in 1 .. cardinality(dims) loop
    foreach dim in array dims loop
      select jsonb_agg(jsonb_build_object('cell', p.cell, 'events', p.events, 'subjects', p.subjects, 'hidden', p.hidden or p.hidden_in_line = 1 and p.place = 2)) into cells
      from (
        select r.*, count(*) filter (where r.hidden) over (partition by r.cell - dim) as hidden_in_line, row_number() over (partition by r.cell - dim order by r.hidden desc, r.subjects, r.cell) as place
        from jsonb_to_recordset(cells) r(cell jsonb, events bigint, subjects bigint, hidden boolean)) p;
    end loop;
  end loop;
  return query
  select r.cell, case when not r.hidden then (round(r.events / 5.0) * 5)::bigint end, case when not r.hidden then (round(r.subjects / 5.0) * 5)::bigint end, r.hidden
  from jsonb_to_recordset(cells) r(cell jsonb, events bigint, subjects bigint, hidden boolean) order by r.cell;
end $$;

create function core.expire_analytics(at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  cutoff constant timestamptz := date_trunc('month', at, 'UTC') - interval '14 months';
  gap record;
begin
  select p.partition, a.event_name into gap
  from core.month_partitions('core.analytics') p, lateral (
    select e.event_name, count(*) as events from core.analytics e where e.occurred_at >= p.from_at and e.occurred_at < p.to_at group by e.event_name) a
  where p.to_at <= cutoff and not exists (
    select from core.analytics_rollups r where r.grain = 'month' and r.bucket = p.from_at and r.event_name = a.event_name and r.dim_key = '*' and r.events = a.events)
  limit 1;
  if gap.partition is not null then
    raise exception using errcode = '55000', message = format('%s is kept: its roll-up of %s is not complete', gap.partition, gap.event_name), hint = 'Run core.roll_up_analytics() first.';
  end if;
  delete from core.analytics_rates r where r.minute < at - interval '1 day';
  return core.drop_month_partitions('core.analytics', cutoff);
end $$;

create function core.forget_subject(person uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  forgotten bigint;
begin
  update core.analytics a set user_id = null, session_key = null where a.user_id = person;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

comment on index core.analytics_user_id_idx is 'Events that name a person (core.forget_subject).';
comment on function core.analytics_report is 'Counts of an event by one to three dimensions, fit to be passed on: cells under five subjects are hidden, with the next smallest where one alone in its line could be worked out from a total; the rest is rounded to five. Security definer: analysts have no access to the table.';
comment on function core.expire_analytics is 'Drops months of events that ended 14 months ago; 55000 when roll-ups do not cover one. Returns how many. Security definer: the worker owns no table.';
comment on function core.forget_subject is 'Takes a person and the sessions out of all events; counts stay. Security definer: nobody changes events directly.';

grant execute on function core.analytics_report to hc_analyst;
grant execute on function core.expire_analytics, core.forget_subject to hc_worker;

-- verify
insert into core.analytics (subject_key, event_name, country, props, user_id, consent_ok)
select 'probe-0770-' || country || i, 'probe.reported', country, '{"tier": "x"}', case when i = 1 then '00000000-0000-7000-8000-000000770001'::uuid end, i = 1 from (values ('DE', 12), ('FR', 3), ('IT', 6), ('ES', 9)) v(country, n), generate_series(1, n) i;
insert into core.analytics (subject_key, event_name, country, props) select 'probe-0770-ES1', 'probe.reported', 'ES', '{"tier": "x"}' from generate_series(1, 4);
set local role hc_analyst;
select array_agg(concat_ws(' ', cell ->> 'country', events, subjects, is_suppressed) order by cell ->> 'country') = array['DE 10 10 f', 'ES 15 10 f', 'FR t', 'IT t'] from core.analytics_report('probe.reported', '{country}', now() - interval '1 hour', now() + interval '1 hour');
select count(*) filter (where is_suppressed) = 2 from core.analytics_report('probe.reported', '{tier,country}', now() - interval '1 hour', now() + interval '1 hour');
select blueprint.raises($$ select core.analytics_report('probe.reported', '{}', now(), now()) $$, '22023', 'one to three');
set local role hc_worker;
select core.forget_subject('00000000-0000-7000-8000-000000770001') = 4;
set local role hc_owner;
select count(*) = 0 from core.analytics where user_id = '00000000-0000-7000-8000-000000770001';
insert into core.analytics (subject_key, event_name, occurred_at) values ('probe-0770', 'probe.expired', date_trunc('month', now(), 'UTC') - interval '1 day');
insert into core.analytics_rates values ('probe.expired', now(), 99, 1);
set local role hc_worker;
select blueprint.raises($$ select core.expire_analytics(now() + interval '14 months') $$, '55000', 'not complete');
set local role hc_owner;
delete from core.analytics_rollups where bucket < date_trunc('month', now(), 'UTC') and grain = 'month';
insert into core.analytics_rollups select 'month', date_trunc('month', occurred_at, 'UTC'), event_name, '*', '{}', count(*), count(distinct subject_key), '1' from core.analytics where occurred_at < date_trunc('month', now(), 'UTC') group by 2, 3;
set local role hc_worker;
select core.expire_analytics(date_trunc('month', now(), 'UTC') + interval '14 months') >= 1;
set local role hc_owner;
select min(from_at) = date_trunc('month', now(), 'UTC') from core.month_partitions('core.analytics');
select not exists (select from core.analytics where event_name = 'probe.expired'), not exists (select from core.analytics_rates where event_name = 'probe.expired');
select blueprint.plan_uses($$ select from core.analytics where user_id = '00000000-0000-7000-8000-000000770001' $$, 'analytics_user_id_idx');
select f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from (values ('core.analytics_report(text, text[], timestamptz, timestamptz)', 'hc_analyst'), ('core.expire_analytics(timestamptz)', 'hc_worker'), ('core.forget_subject(uuid)', 'hc_worker')) v(f, role);
