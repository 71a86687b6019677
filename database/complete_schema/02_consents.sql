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
