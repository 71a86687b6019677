-- Core table consents: which text somebody accepted or withdrew, when and how, and core.legal_documents, the texts themselves.
-- A text in force never changes and a decision is never overwritten: the next one supersedes it, so every state of the past can be told.

-- task: BUILD_0671 create_table critical
-- title: Create core.legal_documents and append-only core.consents with row policies
-- does: Texts by kind, language and version, each in force for a period, and the log of decisions on them. Everybody reads the texts, people see their own decisions,
--   compliance and audit see all; nobody writes either table directly.
-- proves: A sees the own acceptance only, anon reads the current privacy text and no consent, an insert in the name of another raises 42501.
-- needs: BUILD_0661
create table core.legal_documents (
  id uuid default uuidv7() constraint legal_documents_id_pk primary key,
  kind text not null,
  version int not null default 1,
  locale core.locale_tag not null default 'en',
  title text not null,
  body text not null,
  body_sha256 core.sha256 not null,
  is_required boolean not null default true,
  grace interval not null default '30 days',
  effective tstzrange not null,
  metadata jsonb not null default '{}' constraint legal_documents_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table core.consents (
  id uuid default uuidv7() constraint consents_id_pk primary key,
  user_id uuid not null,
  document_id uuid not null,
  decision text not null default 'granted',
  occurred_at timestamptz not null default clock_timestamp(),
  recorded_at timestamptz not null default clock_timestamp(),
  channel text not null,
  ip inet,
  user_agent text,
  evidence_sha256 core.sha256 not null,
  proof jsonb not null default '{}' constraint consents_proof_check check (jsonb_typeof(proof) = 'object'),
  supersedes_id uuid,
  reduced_at timestamptz
);

create policy legal_documents_select on core.legal_documents for select to hc_anon, hc_agent, hc_auditor using (true);

create policy consents_own_select on core.consents for select to hc_member using (user_id = (select core.current_user_id()));

create policy consents_staff_select on core.consents for select to hc_compliance, hc_auditor using (true);

grant select on core.legal_documents to hc_anon, hc_agent, hc_auditor;
grant select on core.consents to hc_member, hc_auditor;

comment on table core.legal_documents is 'Legal texts in their versions and languages; one of a kind and language is in force at a time. @distribution reference';
comment on column core.legal_documents.id is 'Version 7 UUID.';
comment on column core.legal_documents.kind is 'tos, privacy, charter_pledge, marketing, ...';
comment on column core.legal_documents.version is 'Counts up per kind; translations of one version share it.';
comment on column core.legal_documents.locale is 'Language of the text.';
comment on column core.legal_documents.title is 'Title as shown.';
comment on column core.legal_documents.body is 'The text, as shown.';
comment on column core.legal_documents.body_sha256 is 'SHA-256 of the text in UTF-8: what a form states to have shown.';
comment on column core.legal_documents.is_required is 'Whoever accepted an older version has to accept this one.';
comment on column core.legal_documents.grace is 'How long the older acceptance still counts after this version came into force.';
comment on column core.legal_documents.effective is 'Period in which it is in force.';
comment on column core.legal_documents.metadata is 'Notes of the platform.';
comment on column core.legal_documents.created_at is 'When the row was made.';
comment on column core.legal_documents.updated_at is 'When the row last really changed.';
comment on table core.consents is 'Decisions of people on legal texts; append-only, the latest counts. @distribution local';
comment on column core.consents.id is 'Version 7 UUID.';
comment on column core.consents.user_id is 'Who decided.';
comment on column core.consents.document_id is 'On which text.';
comment on column core.consents.decision is 'granted or withdrawn.';
comment on column core.consents.occurred_at is 'When; paper and imports may lie before recorded_at.';
comment on column core.consents.recorded_at is 'When it was written down here.';
comment on column core.consents.channel is 'web, api, wix or paper.';
comment on column core.consents.ip is 'Address it came from, required on the web. @pii';
comment on column core.consents.user_agent is 'Browser it came from. @pii';
comment on column core.consents.evidence_sha256 is 'Digest over person, decision, text, time and proof (core.verify_consent).';
comment on column core.consents.proof is 'What shows it: form, revision, wording of the button, scan of the paper.';
comment on column core.consents.supersedes_id is 'The decision before on the same kind of text.';
comment on column core.consents.reduced_at is 'When an erasure took address and browser away.';
comment on policy legal_documents_select on core.legal_documents is 'Legal texts are public, announced ones too.';
comment on policy consents_own_select on core.consents is 'People see what they decided.';
comment on policy consents_staff_select on core.consents is 'Compliance and audit see every decision.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000671001', 'ada-0671'), ('00000000-0000-7000-8000-000000671002', 'bob-0671');
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values
  ('00000000-0000-7000-8000-000000671011', 'probe_0671', 'Privacy', 'We keep little.', sha256('We keep little.'), tstzrange(now() - interval '1 day', null))
returning version = 1 and locale = 'en' and is_required and grace = interval '30 days' and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.legal_documents (kind, locale, title, body, body_sha256, effective) values ('probe_0671', 'de', 'Datenschutz', 'Wenig.', sha256('Wenig.'), tstzrange(now() - interval '1 day', null)) returning id is not null;
insert into core.consents (id, user_id, document_id, channel, evidence_sha256) values
  ('00000000-0000-7000-8000-000000671021', '00000000-0000-7000-8000-000000671001', '00000000-0000-7000-8000-000000671011', 'api', sha256('1'))
returning decision = 'granted' and occurred_at >= now() and recorded_at >= now() and proof = '{}' and supersedes_id is null;
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000671002', '00000000-0000-7000-8000-000000671011', 'paper', sha256('2')) returning id is not null;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.legal_documents (id, kind, locale, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000671011', 'probe_0671', 'fr', 'x', 'x', sha256('x'), tstzrange(now(), null)) $$, '23505', 'legal_documents_id_pk'),
  ($$ insert into core.legal_documents (kind, locale, title, body, body_sha256, effective, metadata) values ('probe_0671', 'fr', 'x', 'x', sha256('x'), tstzrange(now(), null), '[]') $$, '23514', 'legal_documents_metadata_check'),
  ($$ insert into core.consents (id, user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000671021', '00000000-0000-7000-8000-000000671001', '00000000-0000-7000-8000-000000671011', 'api', sha256('1')) $$, '23505', 'consents_id_pk'),
  ($$ insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000671001', '00000000-0000-7000-8000-000000671011', 'api', '\x01') $$, '23514', 'sha256_check'),
  ($$ insert into core.consents (user_id, document_id, channel, evidence_sha256, proof) values ('00000000-0000-7000-8000-000000671001', '00000000-0000-7000-8000-000000671011', 'api', sha256('1'), '[]') $$, '23514', 'consents_proof_check')) v(sql, state, rule);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.legal_documents'::regclass, 'core.consents'::regclass);
set local role hc_anon;
select body = 'We keep little.', blueprint.raises('select from core.consents', '42501') from core.legal_documents where kind = 'probe_0671' and locale = 'en' and effective @> now();
set local role hc_agent;
select count(*) = 2 from core.legal_documents where kind = 'probe_0671';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000671001');
set local role hc_member;
select count(*) = 1 and bool_and(user_id = '00000000-0000-7000-8000-000000671001') from core.consents;
select sql, blueprint.raises(sql, '42501') from (values
  ($$ insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000671002', '00000000-0000-7000-8000-000000671011', 'api', sha256('3')) $$),
  ($$ update core.consents set decision = 'withdrawn' $$), ($$ delete from core.consents $$), ($$ update core.legal_documents set body = 'x' $$)) v(sql);
set local role hc_compliance;
select count(*) = 2 from core.consents where document_id = '00000000-0000-7000-8000-000000671011';
set local role hc_auditor;
select count(*) = 2, (select count(*) from core.legal_documents where kind = 'probe_0671') = 2 from core.consents where document_id = '00000000-0000-7000-8000-000000671011';

-- task: BUILD_0672 create_table_indexes
-- title: Index consents by user and document, documents by digest
-- does: One index answers what somebody last decided on a text without reading the table, one who decided on it when, a BRIN the decisions of a period; a text is found by
--   its digest. The text in force now is found by the key of BUILD_0673.
-- proves: each of the queries can be served by the index made for it.
-- needs: BUILD_0005, BUILD_0671
create index consents_user_id_document_id_occurred_at_idx on core.consents (user_id, document_id, occurred_at desc, id desc) include (decision);
create index consents_document_id_occurred_at_idx on core.consents (document_id, occurred_at);
create index consents_occurred_at_brin_idx on core.consents using brin (occurred_at);
create index legal_documents_body_sha256_idx on core.legal_documents (body_sha256);

comment on index core.consents_user_id_document_id_occurred_at_idx is 'Latest decision of a person on each text (core.has_consent), from the index alone.';
comment on index core.consents_document_id_occurred_at_idx is 'Who decided on a text, in order of time; and the foreign key.';
comment on index core.consents_occurred_at_brin_idx is 'Decisions of a period, for reports over the whole table.';
comment on index core.legal_documents_body_sha256_idx is 'The text somebody was shown, by its digest.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select distinct on (document_id) decision from core.consents where user_id = '00000000-0000-7000-8000-000000672001' order by document_id, occurred_at desc, id desc $$, 'consents_user_id_document_id_occurred_at_idx'),
  ($$ select from core.consents where document_id = '00000000-0000-7000-8000-000000672001' order by occurred_at $$, 'consents_document_id_occurred_at_idx'),
  ($$ select from core.legal_documents where body_sha256 = sha256('x') $$, 'legal_documents_body_sha256_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.consents_occurred_at_brin_idx'::regclass;

-- task: BUILD_0673 create_table_constraints critical
-- title: Constrain consents and documents: one text in force, honest evidence
-- does: One text of a kind and language at a time, each version once, its digest is that of its body; a decision comes from a known channel, on the web with its address,
--   not from the future, and who withdraws has granted before.
-- proves: an overlapping version (23P01), a wrong digest, a web decision without address, a withdrawal of nothing and each other breach are refused by name.
-- needs: BUILD_0021, BUILD_0672
alter table core.legal_documents
  add constraint legal_documents_kind_locale_effective_key unique (kind, locale, effective without overlaps),
  add constraint legal_documents_kind_locale_version_key unique (kind, locale, version),
  add constraint legal_documents_kind_check check (kind ~ '^[a-z][a-z0-9_]{1,39}$'),
  add constraint legal_documents_version_check check (version > 0),
  add constraint legal_documents_title_check check (length(title) between 1 and 200),
  add constraint legal_documents_body_sha256_check check (body_sha256 = sha256(convert_to(body, 'UTF8'))),
  add constraint legal_documents_grace_check check (grace >= '00:00:00'::interval),
  add constraint legal_documents_effective_check check (not lower_inf(effective) and lower_inc(effective));

alter table core.consents
  add constraint consents_user_id_fk foreign key (user_id) references core.users (id),
  add constraint consents_document_id_fk foreign key (document_id) references core.legal_documents (id),
  add constraint consents_supersedes_id_fk foreign key (supersedes_id) references core.consents (id),
  add constraint consents_decision_check check (decision in ('granted', 'withdrawn')),
  add constraint consents_channel_check check (channel in ('web', 'api', 'wix', 'paper')),
  add constraint consents_web_has_ip_check check (channel <> 'web' or ip is not null or reduced_at is not null),
  add constraint consents_reduced_at_check check (reduced_at is null or num_nonnulls(ip, user_agent) = 0),
  add constraint consents_occurred_at_check check (occurred_at <= recorded_at + '00:05:00'::interval),
  add constraint consents_withdrawal_supersedes_check check (decision <> 'withdrawn' or supersedes_id is not null);

create index consents_supersedes_id_idx on core.consents (supersedes_id) where supersedes_id is not null;

comment on index core.consents_supersedes_id_idx is 'Foreign key: what came after a decision.';
comment on constraint legal_documents_kind_locale_effective_key on core.legal_documents is 'One text of a kind and language in force at a time; its index finds it.';
comment on constraint consents_web_has_ip_check on core.consents is 'A click on the web comes from somewhere, until an erasure reduces it.';
comment on constraint consents_withdrawal_supersedes_check on core.consents is 'Only what was granted can be withdrawn.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000673001', 'ada-0673');
insert into core.legal_documents (id, kind, version, title, body, body_sha256, effective) values
  ('00000000-0000-7000-8000-000000673011', 'probe_0673', 1, 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange('2026-01-01+00', '2026-07-01+00'));
insert into core.consents (id, user_id, document_id, channel, ip, evidence_sha256) values ('00000000-0000-7000-8000-000000673021', '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'web', '::1', sha256('1'));
insert into core.consents (user_id, document_id, decision, channel, evidence_sha256, supersedes_id) values ('00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'withdrawn', 'paper', sha256('2'), '00000000-0000-7000-8000-000000673021')
returning supersedes_id = '00000000-0000-7000-8000-000000673021';
select rule, blueprint.raises(format($$ insert into core.legal_documents (kind, locale, version, title, body, body_sha256, effective, grace)
  select (d ->> 0), 'en', (d ->> 1)::int, (d ->> 2), 'Be kind.', sha256(convert_to(d ->> 3, 'UTF8')), (d ->> 4)::tstzrange, (d ->> 5)::interval from (values (%L::jsonb)) v(d) $$, row), state, rule)
from (values
  ('["probe_0673", 2, "T", "Be kind.", "[2026-06-01, 2026-12-01)", "1 day"]', '23P01', 'legal_documents_kind_locale_effective_key'),
  ('["probe_0673", 1, "T", "Be kind.", "[2027-06-01, 2027-12-01)", "1 day"]', '23505', 'legal_documents_kind_locale_version_key'),
  ('["Probe 0673", 1, "T", "Be kind.", "[2027-06-01, 2027-12-01)", "1 day"]', '23514', 'legal_documents_kind_check'),
  ('["probe_0673", 0, "T", "Be kind.", "[2027-06-01, 2027-12-01)", "1 day"]', '23514', 'legal_documents_version_check'),
  ('["probe_0673", 2, "", "Be kind.", "[2027-06-01, 2027-12-01)", "1 day"]', '23514', 'legal_documents_title_check'),
  ('["probe_0673", 2, "T", "Be rude.", "[2027-06-01, 2027-12-01)", "1 day"]', '23514', 'legal_documents_body_sha256_check'),
  ('["probe_0673", 2, "T", "Be kind.", "[2027-06-01, 2027-12-01)", "-1 day"]', '23514', 'legal_documents_grace_check'),
  ('["probe_0673", 2, "T", "Be kind.", "(, 2025-12-01)", "1 day"]', '23514', 'legal_documents_effective_check')) v(row, state, rule);
select rule, blueprint.raises(format($$ insert into core.consents (user_id, document_id, channel, evidence_sha256, %s) values (%s) $$, cols, vals), state, rule) from (values
  ('decision', $$ '00000000-0000-7000-8000-00000067300f', '00000000-0000-7000-8000-000000673011', 'api', sha256('3'), 'granted' $$, '23503', 'consents_user_id_fk'),
  ('decision', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-00000067300f', 'api', sha256('3'), 'granted' $$, '23503', 'consents_document_id_fk'),
  ('decision', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'api', sha256('3'), 'shrugged' $$, '23514', 'consents_decision_check'),
  ('decision', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'phone', sha256('3'), 'granted' $$, '23514', 'consents_channel_check'),
  ('decision', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'web', sha256('3'), 'granted' $$, '23514', 'consents_web_has_ip_check'),
  ('ip, reduced_at', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'web', sha256('3'), '::1', now() $$, '23514', 'consents_reduced_at_check'),
  ('occurred_at', $$ '00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673011', 'api', sha256('3'), now() + interval '1 hour' $$, '23514', 'consents_occurred_at_check')) v(cols, vals, state, rule);
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000673012', 'probe_0673_b', 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange('2026-01-01+00', null));
select blueprint.raises($$ insert into core.consents (user_id, document_id, decision, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000673001', '00000000-0000-7000-8000-000000673012', 'withdrawn', 'api', sha256('4')) $$, '23514', 'consents_withdrawal_supersedes_check');
select convalidated and confrelid = 'core.consents'::regclass from pg_constraint where conname = 'consents_supersedes_id_fk';
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.legal_documents where kind = 'privacy' and locale = 'en' and effective @> now() $$, 'legal_documents_kind_locale_effective_key'),
  ($$ select from core.consents where supersedes_id = '00000000-0000-7000-8000-000000673021' $$, 'consents_supersedes_id_idx')) v(sql, index);

-- task: BUILD_0674 create_table_triggers critical
-- title: Attach consent triggers: append-only, frozen texts, automatic supersession
-- does: A decision keeps what was written (an erasure may only take address and browser away), points to the one before it on the same kind, and a withdrawal follows a grant.
--   A text in force is frozen but for the end of its period; a new version ends the one before. core.publish_document() writes the next version (hc_compliance).
-- proves: UPDATE and DELETE of a consent raise, a second grant points to the first, a second withdrawal raises, an erasure reduces; a text in force cannot be edited, a future one
--   can, and publishing closes the running version at the start of the new one.
-- needs: BUILD_0014, BUILD_0040, BUILD_0668, BUILD_0673
create function core.link_consent() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  before record;
begin
  select c.id, c.decision into before
  from core.consents c join core.legal_documents d on d.id = c.document_id
  where c.user_id = new.user_id and c.occurred_at <= new.occurred_at and d.kind = (select n.kind from core.legal_documents n where n.id = new.document_id)
  order by c.occurred_at desc, c.id desc limit 1;
  if new.decision = 'withdrawn' and before.decision = 'withdrawn' then
    raise exception using errcode = '23514', table = 'consents', constraint = 'consents_withdrawal_supersedes_check', message = 'this consent was withdrawn already';
  end if;
  new.supersedes_id := before.id;
  return new;
end $$;

create function core.reduce_consent() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if (new.ip is null or new.ip = old.ip) and (new.user_agent is null or new.user_agent = old.user_agent)
      and to_jsonb(new) - array['ip', 'user_agent'] = to_jsonb(old) - array['ip', 'user_agent'] then
    new.ip := null;
    new.user_agent := null;
    new.reduced_at := coalesce(old.reduced_at, now());
    return new;
  end if;
  raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name,
    message = 'core.consents keeps what was written: update is refused', hint = 'A new decision supersedes an old one.';
end $$;

create function core.freeze_document() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and lower(new.effective) = lower(old.effective)
      and to_jsonb(new) - array['effective', 'metadata', 'updated_at'] = to_jsonb(old) - array['effective', 'metadata', 'updated_at'] then
    return new;
  end if;
  raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name,
    message = format('%s version %s is in force: %s is refused', old.kind, old.version, lower(tg_op)), hint = 'Publish a new version.';
end $$;

create function core.end_previous_document() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  perform core.close_period('core.legal_documents', d.id, lower(new.effective), 'effective')
  from core.legal_documents d
  where d.kind = new.kind and d.locale = new.locale and upper_inf(d.effective) and lower(d.effective) < lower(new.effective);
  return new;
end $$;

create trigger consents_a_link before insert on core.consents for each row execute function core.link_consent();

create trigger consents_reduce before update on core.consents for each row execute function core.reduce_consent();

create trigger consents_no_delete before delete on core.consents for each row execute function core.forbid_change();

create trigger consents_no_truncate before truncate on core.consents for each statement execute function core.forbid_change();

create trigger legal_documents_a_end_previous before insert on core.legal_documents for each row execute function core.end_previous_document();

create trigger legal_documents_in_force before update or delete on core.legal_documents for each row
  when (lower(old.effective) <= now()) execute function core.freeze_document();

select core.attach_standard('core.legal_documents', 'std', 'kind', 'locale');

create function core.publish_document(kind text, locale text, title text, body text, since timestamptz default now(), is_required boolean default true, grace interval default '30 days', version int default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  published uuid;
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'publishing a legal text takes hc_compliance';
  end if;
  insert into core.legal_documents (kind, version, locale, title, body, body_sha256, is_required, grace, effective)
  values (publish_document.kind,
    coalesce(publish_document.version, (select coalesce(max(d.version), 0) + 1 from core.legal_documents d where d.kind = publish_document.kind and d.locale = publish_document.locale)),
    publish_document.locale, publish_document.title, publish_document.body, sha256(convert_to(publish_document.body, 'UTF8')), publish_document.is_required, publish_document.grace, core.period(since))
  returning id into published;
  return published;
end $$;

grant execute on function core.publish_document to hc_compliance, hc_worker;

comment on function core.link_consent is 'Trigger of core.consents: supersedes_id is the decision before on the same kind; a withdrawal needs a grant there.';
comment on function core.reduce_consent is 'Trigger of core.consents: an update may only take address and browser away (both go), as core.erase_user() does.';
comment on function core.freeze_document is 'Trigger of core.legal_documents: of a text whose period began, only the end of the period and the notes may change.';
comment on function core.end_previous_document is 'Trigger of core.legal_documents: the running version ends where the new one begins.';
comment on function core.publish_document is 'Writes the next version of a text, in force from since on; a translation names the version it shares. Security definer: nobody writes the table but this.';
comment on trigger consents_a_link on core.consents is 'Each decision points to the one before.';
comment on trigger consents_reduce on core.consents is 'Append-only, but for erasure.';
comment on trigger consents_no_delete on core.consents is 'Append-only.';
comment on trigger consents_no_truncate on core.consents is 'Append-only.';
comment on trigger legal_documents_a_end_previous on core.legal_documents is 'A new version ends the one before.';
comment on trigger legal_documents_in_force on core.legal_documents is 'What people accepted stays as they saw it.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000674001', 'ada-0674'), ('00000000-0000-7000-8000-000000674002', 'com-0674');
select core.act_as('00000000-0000-7000-8000-000000674002', 'hc_compliance');
set local role hc_compliance;
select core.publish_document('probe_0674', 'en', 'Terms', 'One.', now() - interval '10 days') is not null, core.publish_document('probe_0674', 'de', 'AGB', 'Eins.', version => 1) is not null;
set local role hc_owner;
insert into core.consents (id, user_id, document_id, channel, ip, user_agent, evidence_sha256, reduced_at)
select '00000000-0000-7000-8000-000000674021', '00000000-0000-7000-8000-000000674001', id, 'web', '::1', 'Probe/1', sha256('1'), null from core.legal_documents where kind = 'probe_0674' and locale = 'en';
select core.act_as('00000000-0000-7000-8000-000000674002', 'hc_compliance');
select core.publish_document('probe_0674', 'en', 'Terms', 'Two.') is not null, core.publish_document('probe_0674', 'en', 'Terms', 'Three.', now() + interval '10 days') is not null;
select array_agg(version order by effective) = '{1,2,3}' and array_agg(upper(effective) order by effective) = array[now(), now() + interval '10 days', null] and bool_and(body_sha256 = sha256(body::bytea) and is_required and grace = '30 days')
from core.legal_documents where kind = 'probe_0674' and locale = 'en';
select count(*) = 1 from core.legal_documents where kind = 'probe_0674' and locale = 'de' and upper_inf(effective);
insert into core.consents (user_id, document_id, channel, evidence_sha256) select '00000000-0000-7000-8000-000000674001', id, 'api', sha256('2') from core.legal_documents where kind = 'probe_0674' and version = 2
returning supersedes_id = '00000000-0000-7000-8000-000000674021';
insert into core.consents (user_id, document_id, decision, channel, evidence_sha256) select '00000000-0000-7000-8000-000000674001', id, 'withdrawn', 'api', sha256('3') from core.legal_documents where kind = 'probe_0674' and version = 2
returning supersedes_id <> '00000000-0000-7000-8000-000000674021';
select sql, blueprint.raises(sql, state, why) from (values
  ($$ insert into core.consents (user_id, document_id, decision, channel, evidence_sha256) select '00000000-0000-7000-8000-000000674001', id, 'withdrawn', 'api', sha256('4') from core.legal_documents where kind = 'probe_0674' and version = 2 $$, '23514', 'withdrawn already'),
  ($$ update core.consents set decision = 'withdrawn' where id = '00000000-0000-7000-8000-000000674021' $$, '55006', 'update is refused'),
  ($$ update core.consents set ip = '::2' where id = '00000000-0000-7000-8000-000000674021' $$, '55006', 'update is refused'),
  ($$ delete from core.consents where id = '00000000-0000-7000-8000-000000674021' $$, '55006', 'delete is refused'),
  ($$ truncate core.consents $$, '55006', 'truncate is refused'),
  ($$ update core.legal_documents set body = 'Eins!', body_sha256 = sha256('Eins!') where kind = 'probe_0674' and locale = 'de' $$, '55006', 'is in force'),
  ($$ update core.legal_documents set effective = tstzrange(now() - interval '1 year', null) where kind = 'probe_0674' and locale = 'de' $$, '55006', 'is in force'),
  ($$ delete from core.legal_documents where kind = 'probe_0674' and locale = 'de' $$, '55006', 'delete is refused'),
  ($$ update core.legal_documents set kind = 'other' where kind = 'probe_0674' and version = 3 $$, '55006', 'kind'),
  ($$ update core.legal_documents set locale = 'fr' where kind = 'probe_0674' and version = 3 $$, '55006', 'locale')) v(sql, state, why);
update core.legal_documents set body = 'Three!', body_sha256 = sha256('Three!') where kind = 'probe_0674' and version = 3 returning body = 'Three!' and updated_at > now();
select core.act_as('00000000-0000-7000-8000-000000674001');
select (core.erase_user('00000000-0000-7000-8000-000000674001', 'my wish') -> 'changes') @> '[{"table": "core.consents", "column": "ip", "rows": 1}]';
select ip is null and user_agent is null and reduced_at = now() and channel = 'web' from core.consents where id = '00000000-0000-7000-8000-000000674021';
select blueprint.raises($$ select core.publish_document('probe_0674', 'en', 'x', 'x') $$, '42501', 'takes hc_compliance');
select f, has_function_privilege('hc_compliance', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from (values ('core.publish_document(text, text, text, text, timestamptz, boolean, interval, int)')) v(f);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.link_consent()', 'core.reduce_consent()', 'core.freeze_document()', 'core.end_previous_document()']) f;

-- revert
drop function core.publish_document;
select core.detach_standard('core.legal_documents');
drop trigger legal_documents_in_force on core.legal_documents;
drop trigger legal_documents_a_end_previous on core.legal_documents;
drop trigger consents_no_truncate on core.consents;
drop trigger consents_no_delete on core.consents;
drop trigger consents_reduce on core.consents;
drop trigger consents_a_link on core.consents;
drop function core.end_previous_document, core.freeze_document, core.reduce_consent, core.link_consent;

-- task: BUILD_0675 create_jsonb_indexes
-- title: Index consent proof JSONB for form and campaign evidence
-- does: core.consents_from(evidence) finds all grants collected in one way, say by a form in one revision, with text, version and digest: for audits and for the recall of a faulty form.
-- proves: a form and revision gives exactly its two grants through the GIN index; members may not ask.
-- needs: BUILD_0005, BUILD_0671
create index consents_proof_idx on core.consents using gin (proof jsonb_path_ops);

comment on index core.consents_proof_idx is 'Decisions by what shows them (core.consents_from).';

create function core.consents_from(evidence jsonb) returns table (consent_id uuid, user_id uuid, document_id uuid, kind text, version int, occurred_at timestamptz, evidence_sha256 core.sha256)
  language sql stable security definer
begin atomic
  select c.id, c.user_id, c.document_id, d.kind, d.version, c.occurred_at, c.evidence_sha256
  from core.consents c join core.legal_documents d on d.id = c.document_id
  where c.proof @> evidence and c.decision = 'granted'
  order by c.occurred_at, c.id;
end;

comment on function core.consents_from is 'Grants whose proof contains the given object, as {"form": "wix_signup", "revision": 3}, oldest first. Security definer: row security would disable the GIN index; it is granted to staff who read every consent, and to the worker.';

grant execute on function core.consents_from to hc_compliance, hc_auditor, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000675001', 'ada-0675'), ('00000000-0000-7000-8000-000000675002', 'bob-0675');
insert into core.legal_documents (id, kind, version, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000675011', 'probe_0675', 4, 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange(now(), null));
insert into core.consents (user_id, document_id, channel, evidence_sha256, proof) values
  ('00000000-0000-7000-8000-000000675001', '00000000-0000-7000-8000-000000675011', 'wix', sha256('1'), '{"form": "probe_0675", "revision": 3, "button": "I agree"}'),
  ('00000000-0000-7000-8000-000000675002', '00000000-0000-7000-8000-000000675011', 'wix', sha256('2'), '{"form": "probe_0675", "revision": 3}'),
  ('00000000-0000-7000-8000-000000675002', '00000000-0000-7000-8000-000000675011', 'wix', sha256('3'), '{"form": "probe_0675", "revision": 2}');
insert into core.consents (user_id, document_id, decision, channel, evidence_sha256, proof, supersedes_id)
select user_id, document_id, 'withdrawn', 'wix', sha256('4'), '{"form": "probe_0675", "revision": 3}', id from core.consents where evidence_sha256 = sha256('1');
set local role hc_worker;
select array_agg(user_id order by user_id) = '{00000000-0000-7000-8000-000000675001,00000000-0000-7000-8000-000000675002}', bool_and(version = 4 and kind = 'probe_0675' and evidence_sha256 in (sha256('1'), sha256('2')))
from core.consents_from('{"form": "probe_0675", "revision": 3}');
set local role hc_owner;
select blueprint.plan_uses($$ select from core.consents where proof @> '{"form": "wix_signup", "revision": 3}' $$, 'consents_proof_idx');
select role, has_function_privilege(role, 'core.consents_from(jsonb)', 'execute') and not has_function_privilege('hc_member', 'core.consents_from(jsonb)', 'execute') from unnest(array['hc_compliance', 'hc_auditor', 'hc_worker']) role;

-- task: BUILD_0676 add_wix_columns
-- title: Add Wix columns to core.consents (updated = occurred, owner = the consenting user)
-- does: Four virtual columns; as a decision never changes, it was created and updated when it occurred. The table carries the mark @wix read, so that a save is refused
--   with a sentence instead of being lost.
-- proves: a grant shows all four with the user's id as owner, writing one raises 428C9, members may read them, the table is marked read-only.
-- needs: BUILD_0010, BUILD_0666, BUILD_0671
alter table core.consents
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (occurred_at) virtual,
  add column "_updatedDate" timestamptz generated always as (occurred_at) virtual,
  add column "_owner" text generated always as (user_id::text) virtual;

comment on table core.consents is 'Decisions of people on legal texts; append-only, the latest counts. @distribution local @wix read';
comment on column core.consents."_id" is 'The id, as Wix names it. @wix read';
comment on column core.consents."_createdDate" is 'occurred_at, as Wix names it. @wix read';
comment on column core.consents."_updatedDate" is 'occurred_at, as a decision never changes. @wix read';
comment on column core.consents."_owner" is 'Who decided, as Wix names it. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000676001', 'ada-0676');
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000676011', 'probe_0676', 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange(now(), null));
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000676001', '00000000-0000-7000-8000-000000676011', 'wix', sha256('1'));
select "_id" = id::text and "_owner" = user_id::text and "_createdDate" = occurred_at and "_updatedDate" = "_createdDate" from core.consents where user_id = '00000000-0000-7000-8000-000000676001';
select c, blueprint.raises(format('update core.consents set %I = null', c), '428C9') and has_column_privilege('hc_member', 'core.consents', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.consents'), (select value from blueprint.annotations('core.consents') where column_name is null and tag = 'wix') = 'read',
  (select count(*) filter (where column_name in ('ip', 'user_agent')) = 0 and count(*) filter (where column_name in ('_id', '_owner')) = 2 from core.wix_columns('core.consents'));

-- task: BUILD_0677 implement_table_feature critical
-- title: Resolve the current consent state: view current_consents and has_consent(user, kind, at)
-- does: core.current_consents shows the latest decision per person and kind and whether its text is still the one in force. core.has_consent() says whether a consent holds at
--   an instant: granted last, some text of the kind in force, and no newer required version whose days of grace are over.
-- proves: grant v1, withdraw, grant v2 gives true, false, true at three instants and one row with v2; a required v2 ends a consent to v1 after its grace, an optional one does not;
--   before the text came into force and after it ended there is none.
-- needs: BUILD_0672, BUILD_0674
create view core.current_consents with (security_invoker) as
  select distinct on (c.user_id, d.kind) c.user_id, d.kind, c.decision, c.id as consent_id, c.document_id, d.version, d.locale, c.occurred_at, d.effective @> now() as is_in_force
  from core.consents c join core.legal_documents d on d.id = c.document_id
  order by c.user_id, d.kind, c.occurred_at desc, c.id desc;

create function core.has_consent(person uuid, kind text, at timestamptz default clock_timestamp()) returns boolean
  language sql stable
begin atomic
  select coalesce((
    select c.decision = 'granted'
      and exists (select from core.legal_documents f where f.kind = has_consent.kind and f.effective @> has_consent.at)
      and not exists (
        select from core.legal_documents n
        where n.kind = has_consent.kind and n.locale = d.locale and n.version > d.version and n.is_required and lower(n.effective) + n.grace <= has_consent.at)
    from core.consents c join core.legal_documents d on d.id = c.document_id
    where c.user_id = person and d.kind = has_consent.kind and c.occurred_at <= has_consent.at
    order by c.occurred_at desc, c.id desc limit 1), false);
end;

grant select on core.current_consents to hc_member, hc_auditor;
grant execute on function core.has_consent to hc_member, hc_auditor;

comment on view core.current_consents is 'Latest decision per person and kind of text; each reader sees what row security of core.consents shows.';
comment on column core.current_consents.user_id is 'Who decided.';
comment on column core.current_consents.kind is 'Kind of text.';
comment on column core.current_consents.decision is 'granted or withdrawn.';
comment on column core.current_consents.consent_id is 'The row of core.consents.';
comment on column core.current_consents.document_id is 'The text decided on.';
comment on column core.current_consents.version is 'Its version.';
comment on column core.current_consents.locale is 'Its language.';
comment on column core.current_consents.occurred_at is 'When it was decided.';
comment on column core.current_consents.is_in_force is 'Whether that text is in force now.';
comment on function core.has_consent is 'Whether a person''s consent of a kind holds at an instant. Runs as its caller: members learn about themselves, functions of hc_owner about everybody.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000677001', 'ada-0677'), ('00000000-0000-7000-8000-000000677002', 'bob-0677');
insert into core.legal_documents (id, kind, version, title, body, body_sha256, effective, is_required, grace) values
  ('00000000-0000-7000-8000-000000677011', 'probe_0677', 1, 'Terms', 'One.', sha256('One.'), tstzrange('2026-01-01+00', '2026-03-01+00'), true, '30 days'),
  ('00000000-0000-7000-8000-000000677012', 'probe_0677', 2, 'Terms', 'Two.', sha256('Two.'), tstzrange('2026-03-01+00', '2026-06-01+00'), true, '30 days'),
  ('00000000-0000-7000-8000-000000677013', 'probe_0677', 3, 'Terms', 'Three.', sha256('Three.'), tstzrange('2026-06-01+00', '2026-07-01+00'), false, '30 days');
insert into core.consents (user_id, document_id, channel, evidence_sha256, occurred_at) values
  ('00000000-0000-7000-8000-000000677001', '00000000-0000-7000-8000-000000677011', 'paper', sha256('1'), '2026-01-10+00'), ('00000000-0000-7000-8000-000000677002', '00000000-0000-7000-8000-000000677011', 'paper', sha256('4'), '2026-01-10+00');
insert into core.consents (user_id, document_id, decision, channel, evidence_sha256, occurred_at, supersedes_id)
select user_id, document_id, 'withdrawn', 'paper', sha256('2'), '2026-02-01+00', id from core.consents where evidence_sha256 = sha256('1') and user_id = '00000000-0000-7000-8000-000000677001';
insert into core.consents (user_id, document_id, channel, evidence_sha256, occurred_at) values ('00000000-0000-7000-8000-000000677001', '00000000-0000-7000-8000-000000677012', 'paper', sha256('3'), '2026-03-10+00');
select at, core.has_consent(person, 'probe_0677', at::timestamptz) = holds from (values
  (uuid '00000000-0000-7000-8000-000000677001', '2026-01-09+00', false), ('00000000-0000-7000-8000-000000677001', '2026-01-20+00', true), ('00000000-0000-7000-8000-000000677001', '2026-02-20+00', false),
  ('00000000-0000-7000-8000-000000677001', '2026-03-20+00', true), ('00000000-0000-7000-8000-000000677001', '2026-06-20+00', true), ('00000000-0000-7000-8000-000000677001', '2026-07-01+00', false),
  ('00000000-0000-7000-8000-000000677002', '2026-03-20+00', true), ('00000000-0000-7000-8000-000000677002', '2026-03-31+00', false)) v(person, at, holds);
select not core.has_consent('00000000-0000-7000-8000-000000677001', 'probe_0677'), not core.has_consent('00000000-0000-7000-8000-00000067700f', 'probe_0677');
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000677014', 'probe_0677_b', 'Terms', 'Now.', sha256('Now.'), tstzrange(now() - interval '1 day', null));
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000677001', '00000000-0000-7000-8000-000000677014', 'api', sha256('5'));
select core.has_consent('00000000-0000-7000-8000-000000677001', 'probe_0677_b');
select blueprint.plan_uses($$ select core.has_consent('00000000-0000-7000-8000-000000677001', 'probe_0677') from core.consents c where user_id = '00000000-0000-7000-8000-000000677001' $$, 'consents_user_id_document_id_occurred_at_idx');
select core.act_as('00000000-0000-7000-8000-000000677001');
set local role hc_member;
select array_agg(concat_ws(' ', kind, version, decision, is_in_force) order by kind) = '{probe_0677 2 granted f,probe_0677_b 1 granted t}' from core.current_consents where kind like 'probe_0677%';
select core.has_consent('00000000-0000-7000-8000-000000677001', 'probe_0677_b'), not core.has_consent('00000000-0000-7000-8000-000000677002', 'probe_0677', '2026-01-20+00');
set local role hc_auditor;
select count(*) = 3 from core.current_consents where kind like 'probe_0677%';
select has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.has_consent(uuid, text, timestamptz)')) v(f);

-- task: BUILD_0678 implement_table_feature critical
-- title: Record and withdraw consent with tamper-evident evidence
-- does: core.record_consent() accepts the text in force for the current person, if the digest shown is its digest, and stores a digest over person, decision, text, time and proof;
--   twice within ten seconds gives the first row. core.withdraw_consent() ends it, core.verify_consent() computes the digest anew.
-- proves: a stale digest raises and stores nothing, a double submit yields one row, verify_consent() is true and turns false when the owner tampers with the proof; a race of two
--   submits yields one row (isolation spec).
-- needs: BUILD_0674
create function core.consent_evidence(person uuid, decision text, body_sha256 bytea, at timestamptz, proof jsonb) returns bytea
  language sql stable
  return sha256(convert_to(concat_ws('|', 'consent/1', person, decision, encode(body_sha256, 'hex'), to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), proof), 'UTF8'));

create function core.add_consent(person uuid, document uuid, decision text, channel text, proof jsonb) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  added uuid;
  at constant timestamptz := clock_timestamp();
begin
  insert into core.consents (user_id, document_id, decision, occurred_at, channel, ip, user_agent, proof, evidence_sha256)
  select person, d.id, add_consent.decision, at, add_consent.channel, core.client_ip(), core.headers() ->> 'user-agent', add_consent.proof,
    core.consent_evidence(person, add_consent.decision, d.body_sha256, at, add_consent.proof)
  from core.legal_documents d where d.id = document
  returning id into added;
  return added;
end $$;

create function core.record_consent(kind text, locale text, channel text, shown_sha256 bytea, proof jsonb default '{}') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  shown core.legal_documents;
  last core.consents;
begin
  if person is null then
    raise exception using errcode = '42501', message = 'a consent is given by somebody who is signed in';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('core.consents ' || record_consent.kind, hashtextextended(person::text, 0)));
  select * into shown from core.legal_documents d where d.kind = record_consent.kind and d.locale = record_consent.locale and d.effective @> clock_timestamp();
  if shown.id is null then
    raise exception using errcode = '22023', message = format('no text of kind %s is in force in %s', record_consent.kind, record_consent.locale);
  elsif shown.body_sha256 is distinct from shown_sha256 then
    raise exception using errcode = '22023', message = format('the %s shown is not the one in force', record_consent.kind), hint = 'Load the text again, show it, and send its body_sha256.';
  end if;
  select c.* into last from core.consents c join core.legal_documents d on d.id = c.document_id
  where c.user_id = person and d.kind = record_consent.kind order by c.occurred_at desc, c.id desc limit 1;
  if last.document_id = shown.id and last.decision = 'granted' and last.recorded_at > clock_timestamp() - interval '10 seconds' then
    return last.id;
  end if;
  return core.add_consent(person, shown.id, 'granted', record_consent.channel, record_consent.proof);
end $$;

create function core.withdraw_consent(kind text, reason text default null, channel text default 'web') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  last core.consents;
begin
  perform pg_advisory_xact_lock(hashtextextended('core.consents ' || withdraw_consent.kind, hashtextextended(person::text, 0)));
  select c.* into last from core.consents c join core.legal_documents d on d.id = c.document_id
  where c.user_id = person and d.kind = withdraw_consent.kind order by c.occurred_at desc, c.id desc limit 1;
  if last.decision is distinct from 'granted' then
    raise exception using errcode = '55000', message = format('there is no consent of kind %s to withdraw', withdraw_consent.kind);
  end if;
  return core.add_consent(person, last.document_id, 'withdrawn', withdraw_consent.channel, jsonb_strip_nulls(jsonb_build_object('reason', reason)));
end $$;

create function core.verify_consent(consent uuid) returns boolean
  language sql stable
begin atomic
  select c.evidence_sha256 = core.consent_evidence(c.user_id, c.decision, d.body_sha256, c.occurred_at, c.proof) and d.body_sha256 = sha256(convert_to(d.body, 'UTF8'))
  from core.consents c join core.legal_documents d on d.id = c.document_id where c.id = consent;
end;

grant execute on function core.record_consent, core.withdraw_consent to hc_member, hc_worker;
grant execute on function core.verify_consent, core.consent_evidence to hc_member, hc_auditor;

comment on function core.consent_evidence is 'SHA-256 over consent/1, person, decision, digest of the text, UTC time and proof, joined by bars.';
comment on function core.add_consent is 'Appends a decision with its evidence, address and browser of the request. For owner functions.';
comment on function core.record_consent is 'The current person accepts the text in force; returns the row. Security definer: nobody inserts consents but these functions.';
comment on function core.withdraw_consent is 'The current person takes a consent back; returns the row. Security definer: nobody inserts consents but these functions.';
comment on function core.verify_consent is 'Whether a decision is as it was recorded: evidence and digest of the text computed anew. Null for a row that the caller may not see.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000678001', 'ada-0678');
insert into core.legal_documents (kind, title, body, body_sha256, effective) values ('probe_0678', 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange(now() - interval '1 day', null));
select core.act_as('00000000-0000-7000-8000-000000678001');
set local request.headers = '{"x-real-ip": "2001:db8::7", "user-agent": "Probe/1"}';
create temporary table given (id uuid) on commit drop;
grant all on pg_temp.given to hc_member;
set local role hc_member;
select sql, blueprint.raises(sql, state, why) from (values
  ($$ select core.record_consent('probe_0678', 'en', 'web', sha256('Be rude.')) $$, '22023', 'not the one in force'),
  ($$ select core.record_consent('probe_0678', 'en', 'web', null) $$, '22023', 'not the one in force'),
  ($$ select core.record_consent('probe_0678', 'fr', 'web', sha256('Be kind.')) $$, '22023', 'in force in fr'),
  ($$ select core.withdraw_consent('probe_0678') $$, '55000', 'no consent')) v(sql, state, why);
insert into pg_temp.given select core.record_consent('probe_0678', 'en', 'web', sha256('Be kind.'), '{"form": "probe"}');
select core.record_consent('probe_0678', 'en', 'web', sha256('Be kind.'), '{"form": "again"}') = id from pg_temp.given;
select count(*) = 1, bool_and(core.verify_consent(id) and ip = '2001:db8::7' and user_agent = 'Probe/1' and proof = '{"form": "probe"}' and channel = 'web') from core.consents;
select core.withdraw_consent('probe_0678', 'too many mails') is not null;
select blueprint.raises($$ select core.withdraw_consent('probe_0678') $$, '55000');
select array_agg(decision order by occurred_at) = '{granted,withdrawn}' and bool_and(core.verify_consent(id)) and bool_or(proof = '{"reason": "too many mails"}') from core.consents;
select core.record_consent('probe_0678', 'en', 'api', sha256('Be kind.')) <> id from pg_temp.given;
set local role hc_owner;
alter table core.consents disable trigger consents_reduce;
update core.consents set proof = '{"form": "forged"}' from pg_temp.given g where consents.id = g.id;
select not core.verify_consent(id) from pg_temp.given;
update core.consents set proof = '{"form": "probe"}' from pg_temp.given g where consents.id = g.id;
select core.verify_consent(id) from pg_temp.given;
update core.consents set decision = 'withdrawn', supersedes_id = g.id from pg_temp.given g where consents.id = g.id;
select not core.verify_consent(id) from pg_temp.given;
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select core.record_consent('probe_0678', 'en', 'web', sha256('Be kind.')) $$, '42501', 'signed in');
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['core.record_consent(text, text, text, bytea, jsonb)', 'core.withdraw_consent(text, text, text)']) f;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['core.verify_consent(uuid)', 'core.consent_evidence(uuid, text, bytea, timestamptz, jsonb)']) f;
select not has_function_privilege('hc_member', 'core.add_consent(uuid, uuid, text, text, jsonb)', 'execute');

-- task: BUILD_0679 implement_table_feature
-- title: Re-consent campaigns: who must accept what after a new version
-- does: core.consents_due(kind) lists active people whose last grant is older than the required text in force, with their deadline; core.consent_coverage(kind) gives shares of
--   accepted, pending, declined and expired; core.consent_state(user) is 'limited' once a deadline is over or a required text was withdrawn, for the claims of the API.
-- proves: v2 puts three people of v1 on the list, one who accepts leaves it and coverage is 33.3 %, after the deadline the others are limited and expired.
-- needs: BUILD_0663, BUILD_0677
create view core.consent_progress with (security_invoker) as
  select c.user_id, c.kind, c.locale, c.version as accepted_version, c.decision, n.id as due_document_id, n.version as due_version, n.is_required, lower(n.effective) + n.grace as deadline
  from core.current_consents c
  join core.users u on u.id = c.user_id and u.status = 'active'
  left join lateral (
    select d.* from core.legal_documents d
    where d.kind = c.kind and d.locale = c.locale and d.version > c.version and d.is_required and lower(d.effective) <= now()
    order by lower(d.effective) + d.grace, d.version limit 1) n on true;

create function core.consents_due(kind text, at timestamptz default now()) returns table (user_id uuid, accepted_version int, due_version int, deadline timestamptz, is_over boolean)
  language sql stable security definer
begin atomic
  select p.user_id, p.accepted_version, p.due_version, p.deadline, p.deadline <= at
  from core.consent_progress p where p.kind = consents_due.kind and p.decision = 'granted' and p.due_version is not null
  order by p.deadline, p.user_id;
end;

create function core.consent_coverage(kind text, at timestamptz default now()) returns table (state text, people bigint, pct numeric)
  language sql stable security definer
begin atomic
  select s.state, count(p.user_id), round(100.0 * count(p.user_id) / greatest(sum(count(p.user_id)) over (), 1), 1)
  from (values ('accepted'), ('pending'), ('declined'), ('expired')) s(state)
  left join core.consent_progress p on p.kind = consent_coverage.kind
    and s.state = case when p.decision = 'withdrawn' then 'declined' when p.due_version is null then 'accepted' when p.deadline <= at then 'expired' else 'pending' end
  group by s.state order by s.state;
end;

create function core.consent_state(person uuid, at timestamptz default now()) returns text
  language sql stable security definer
begin atomic
  select case when bool_or(c.decision = 'withdrawn' and f.is_required or n.deadline <= at) then 'limited' when bool_or(n.deadline > at) then 'due' else 'ok' end
  from core.current_consents c
  left join core.legal_documents f on f.kind = c.kind and f.locale = c.locale and f.effective @> at
  left join lateral (
    select min(lower(d.effective) + d.grace) as deadline from core.legal_documents d
    where c.decision = 'granted' and d.kind = c.kind and d.locale = c.locale and d.version > c.version and d.is_required and lower(d.effective) <= at) n on true
  where c.user_id = person;
end;

grant execute on function core.consents_due, core.consent_coverage to hc_compliance, hc_worker;
grant execute on function core.consent_state to hc_worker;

comment on view core.consent_progress is 'Latest decision of each active person per kind, and the first required version that came after it. For the functions below.';
comment on column core.consent_progress.user_id is 'Who decided.';
comment on column core.consent_progress.kind is 'Kind of text.';
comment on column core.consent_progress.locale is 'Language of the text decided on.';
comment on column core.consent_progress.accepted_version is 'Version decided on.';
comment on column core.consent_progress.decision is 'granted or withdrawn.';
comment on column core.consent_progress.due_document_id is 'Newer required text, null when there is none.';
comment on column core.consent_progress.due_version is 'Its version.';
comment on column core.consent_progress.is_required is 'Whether it is required; null when there is none.';
comment on column core.consent_progress.deadline is 'When its days of grace are over.';
comment on function core.consents_due is 'Who has to accept a newer version of a kind, and until when, most urgent first. Security definer: the worker that writes to them reads no consent.';
comment on function core.consent_coverage is 'How far a campaign is: active people who ever decided on a kind, by state, with shares in percent. Security definer: counts what its callers may not read.';
comment on function core.consent_state is 'ok, due (a newer version waits) or limited (its deadline is over, or a required text was withdrawn) for the claims of a person. Security definer: sign-in runs before anybody is somebody.';

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000067900' || n)::uuid, 'p' || n || '-0679', 'p' || n || '-0679@example.org', 'active' from generate_series(1, 3) n;
insert into core.legal_documents (id, kind, version, title, body, body_sha256, effective) values
  ('00000000-0000-7000-8000-000000679011', 'probe_0679', 1, 'Terms', 'One.', sha256('One.'), tstzrange('2025-01-01+00', now() - interval '10 days')), ('00000000-0000-7000-8000-000000679012', 'probe_0679', 2, 'Terms', 'Two.', sha256('Two.'), tstzrange(now() - interval '10 days', null));
insert into core.consents (user_id, document_id, channel, evidence_sha256, occurred_at) select id, '00000000-0000-7000-8000-000000679011', 'paper', sha256(handle::text::bytea), '2025-02-01+00' from core.users where handle like 'p_-0679';
set local role hc_worker;
select count(*) = 3 and bool_and(accepted_version = 1 and due_version = 2 and deadline = now() + interval '20 days' and not is_over) from core.consents_due('probe_0679');
set local role hc_owner;
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000679001', '00000000-0000-7000-8000-000000679012', 'api', sha256('2'));
set local role hc_compliance;
select array_agg(user_id order by user_id) = '{00000000-0000-7000-8000-000000679002,00000000-0000-7000-8000-000000679003}' from core.consents_due('probe_0679');
select array_agg(concat_ws(' ', state, people, pct)) = '{accepted 1 33.3,declined 0 0.0,expired 0 0.0,pending 2 66.7}' from core.consent_coverage('probe_0679');
select array_agg(concat_ws(' ', state, people, pct)) = '{accepted 1 33.3,declined 0 0.0,expired 2 66.7,pending 0 0.0}' from core.consent_coverage('probe_0679', now() + interval '20 days');
select bool_and(is_over) from core.consents_due('probe_0679', now() + interval '20 days');
set local role hc_worker;
select core.consent_state('00000000-0000-7000-8000-000000679001') = 'ok', core.consent_state('00000000-0000-7000-8000-000000679002') = 'due', core.consent_state('00000000-0000-7000-8000-000000679002', now() + interval '20 days') = 'limited',
  core.consent_state('00000000-0000-7000-8000-00000067900f') = 'ok';
set local role hc_owner;
insert into core.consents (user_id, document_id, decision, channel, evidence_sha256, supersedes_id) select user_id, document_id, 'withdrawn', 'api', sha256('3'), id from core.consents where evidence_sha256 = sha256('2') and user_id = '00000000-0000-7000-8000-000000679001';
select core.consent_state('00000000-0000-7000-8000-000000679001') = 'limited';
select count(*) = 3 from core.consent_progress where kind = 'probe_0679';
select people = 1 from core.consent_coverage('probe_0679') where state = 'declined';
update core.users set status = 'deactivated' where id = '00000000-0000-7000-8000-000000679003';
select count(*) = 1 from core.consents_due('probe_0679');
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_compliance', f, 'execute') = expected and not has_function_privilege('hc_member', f, 'execute')
from (values ('core.consents_due(text, timestamptz)', true), ('core.consent_coverage(text, timestamptz)', true), ('core.consent_state(uuid, timestamptz)', false)) v(f, expected);

-- task: BUILD_0680 implement_table_feature critical
-- title: Legal gate core.require_consent(kinds) for actions that need acceptance, and consent export
-- does: Trigger core.require_consent('tos', ...) on any table lets a write pass only if the current person's consents hold, else 42501 with what is missing. core.export_consents(user) gives
--   the record of all decisions in the shape of ISO/IEC TS 27560, with the digests of the texts.
-- proves: a gated probe table refuses a person without tos, names it, and takes the row after acceptance; jobs pass, strangers do not; the export lists both events with digests and
--   nobody exports somebody else's.
-- needs: BUILD_0677
create function core.require_consent() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  missing constant text[] := array(select k from unnest(tg_argv) k where not core.has_consent(person, k));
begin
  if missing <> '{}' and (person is not null or core.request_role() = 'hc_anon') then
    raise exception using errcode = '42501', schema = tg_table_schema, table = tg_table_name, message = 'this takes a consent that was not given',
      detail = to_jsonb(missing)::text, hint = 'Accept first: ' || array_to_string(missing, ', ') || '.';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;

create function core.export_consents(person uuid) returns jsonb
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if person is distinct from core.current_user_id() and not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'consents are exported for the person they belong to, or by hc_compliance';
  end if;
  return jsonb_build_object('schema', 'ISO/IEC TS 27560:2023', 'pii_principal_id', person, 'records', coalesce((
    select jsonb_agg(jsonb_build_object(
        'record_id', c.id,
        'notice', jsonb_build_object('id', d.id, 'purpose', d.kind, 'title', d.title, 'version', d.version, 'language', d.locale, 'sha256', encode(d.body_sha256, 'hex')),
        'event', jsonb_build_object('state', c.decision, 'time', c.occurred_at, 'method', c.channel, 'replaces', c.supersedes_id),
        'evidence', c.proof, 'evidence_sha256', encode(c.evidence_sha256, 'hex')) order by c.occurred_at, c.id)
    from core.consents c join core.legal_documents d on d.id = c.document_id where c.user_id = person), '[]'));
end $$;

grant execute on function core.export_consents to hc_member, hc_worker;

comment on function core.require_consent is 'Trigger for any table: require_consent(kind, ...). Asks for the consents of the current person; jobs of the platform, which act for nobody, pass. Security definer: who writes may not read consents.';
comment on function core.export_consents is 'All decisions of a person as consent records (ISO/IEC TS 27560:2023) with the digests of the texts. Security definer: it also serves hc_compliance and the worker of subject requests.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000680001', 'ada-0680');
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000680011', 'probe_0680', 'Terms', 'Be kind.', sha256('Be kind.'), tstzrange(now() - interval '1 day', null));
create table core.probe_0680 (note text);
create trigger probe_0680_consent before insert or delete on core.probe_0680 for each row execute function core.require_consent('probe_0680', 'probe_0680_b');
create policy probe_0680_all on core.probe_0680 to hc_member, hc_worker using (true);
grant insert, delete, select on core.probe_0680 to hc_member, hc_worker;
insert into core.probe_0680 values ('a job');
select core.act_as('00000000-0000-7000-8000-000000680001');
set local role hc_member;
select blueprint.raises($$ insert into core.probe_0680 values ('x') $$, '42501', '["probe_0680", "probe_0680_b"]');
set local role hc_owner;
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000680001', '00000000-0000-7000-8000-000000680011', 'api', sha256('1'));
insert into core.legal_documents (id, kind, title, body, body_sha256, effective) values ('00000000-0000-7000-8000-000000680012', 'probe_0680_b', 'Pledge', 'Be fair.', sha256('Be fair.'), tstzrange(now() - interval '1 day', null));
select blueprint.raises($$ insert into core.probe_0680 values ('x') $$, '42501', '["probe_0680_b"]');
insert into core.consents (user_id, document_id, channel, evidence_sha256) values ('00000000-0000-7000-8000-000000680001', '00000000-0000-7000-8000-000000680012', 'api', sha256('2'));
set local role hc_member;
insert into core.probe_0680 values ('accepted') returning note = 'accepted';
set local role hc_worker;
insert into core.probe_0680 values ('for her') returning note = 'for her';
select jsonb_array_length(core.export_consents('00000000-0000-7000-8000-000000680001') -> 'records') = 2;
set local role hc_member;
with gone as (delete from core.probe_0680 where note = 'a job' returning 1) select count(*) = 1 from gone;
select jsonb_array_length(records) = 2 and records #>> '{0,notice,sha256}' = encode(sha256('Be kind.'), 'hex') and records #>> '{1,notice,purpose}' = 'probe_0680_b' and records #>> '{1,event,state}' = 'granted'
  and records #>> '{1,evidence_sha256}' = encode(sha256('2'), 'hex')
from core.export_consents('00000000-0000-7000-8000-000000680001') x, lateral (select x -> 'records') r(records);
select blueprint.raises($$ select core.export_consents('00000000-0000-7000-8000-00000068000f') $$, '42501', 'belong to');
set local role hc_owner;
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ insert into core.probe_0680 values ('x') $$, '42501', 'probe_0680');
select core.act_as('00000000-0000-7000-8000-00000068000f', 'hc_compliance');
select core.export_consents('00000000-0000-7000-8000-000000680001') ->> 'pii_principal_id' = '00000000-0000-7000-8000-000000680001';
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.export_consents(uuid)')) v(f);
select not has_function_privilege('hc_member', 'core.require_consent()', 'execute');
