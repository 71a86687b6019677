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
returning id is not null and occurred_at = now() and received_at = now() and source = 'web' and props = '{}' and schema_version = 1 and not consent_ok;
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
