-- Room core: the cast, and for each of the 14 tables rows of ada, of bob and of nobody, in the states the policies tell apart.
insert into core.users (id, handle, email, display_name, status, pii_sealed, email_bidx)
select id(name), name, name || '@canary.example', 'Canary ' || name, case name when 'sam' then 'suspended' else 'active' end, digest('pii ' || name), digest('mail ' || name)
from unnest(array['ada', 'bob', 'cal', 'dot', 'eve', 'ivy', 'sam', 'moe', 'fin', 'com', 'adm', 'aud', 'ann']) name;

insert into core.users (id, handle, status, erased_at) values (id('ero'), 'erased-canary', 'erased', now());

insert into core.legal_documents (id, kind, version, title, body, body_sha256, effective) values
  (id('terms in force'), 'canary_terms', 1, 'Terms', 'canary', digest('canary'), tstzrange('2026-01-01', null)),
  (id('terms to come'), 'canary_terms_to_come', 2, 'Terms', 'canary', digest('canary'), tstzrange('2096-01-01', null));

insert into core.consents (id, user_id, document_id, channel, evidence_sha256)
select id('consent ' || name), id(name), id('terms in force'), 'api', digest('consent') from unnest(array['ada', 'bob', 'sam']) name;

insert into core.terms (id, path, kind, labels) values (id('topic'), 'topic.canary', 'topic', '{"en": "Canary"}');

insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, deleted_at)
select id('design ' || name), id(owner), replace(name, ' ', '-'), 'Canary ' || name, visibility, status, 'CC0-1.0', id('version ' || name), now(), case when name like '%thrown%' then now() end
from (values
  ('ada private', 'ada', 'private', 'draft'), ('ada unlisted', 'ada', 'unlisted', 'released'), ('ada community', 'ada', 'community', 'released'),
  ('ada community draft', 'ada', 'community', 'draft'), ('ada public', 'ada', 'public', 'released'), ('ada public draft', 'ada', 'public', 'draft'),
  ('ada public archived', 'ada', 'public', 'archived'), ('ada thrown away', 'ada', 'community', 'released'), ('bob private', 'bob', 'private', 'in_review'),
  ('bob public', 'bob', 'public', 'deprecated'), ('sam private', 'sam', 'private', 'draft')) d(name, owner, visibility, status);

insert into core.design_offers (id, design_id, from_user, to_user) values (id('offer'), id('design ada private'), id('ada'), id('cal'));

insert into core.assets (id, owner_id, sha256, storage_key, filename, media_type, byte_size, classification, status, technical)
select id('asset ' || name), id(owner), digest(name), 'canary/' || owner, 'canary.stl', 'model/stl', 1, classification, status, '{"scanned_at": "canary"}'
from (values ('ada public', 'ada', 'public', 'ready'), ('ada unscanned', 'ada', 'public', 'uploaded'), ('ada internal', 'ada', 'internal', 'ready'),
  ('ada restricted', 'ada', 'restricted', 'ready'), ('bob internal', 'bob', 'internal', 'ready'), ('bob public', 'bob', 'public', 'quarantined')) a(name, owner, classification, status);

insert into core.asset_links (asset_id, holder, holder_id) values (id('asset ada internal'), 'core.designs', id('design ada private'));

insert into core.donations (id, donor_id, donor_name, donor_email, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, aml_score, dedication)
select id('gift ' || name), case when donor is not null then id(donor) end, donor, coalesce(donor, 'guest') || '@canary.example', 'fiat', 'USD', 10, status, now(), now(), 7, 'canary'
from (values ('ada', 'ada', 'confirmed'), ('ada new', 'ada', 'created'), ('bob', 'bob', 'flagged'), ('guest', null, 'confirmed')) g(name, donor, status);

insert into core.refunds (id, donation_id, amount_usd, to_address, reason) values (id('refund ada'), id('gift ada'), 1, 'canary', 'canary');

insert into core.wallets (id, owner_id, chain, address, custody, status, threshold_m, threshold_n)
select id('wallet ' || name), case when owner is not null then id(owner) end, 'bitcoin', 'canary-' || name, custody, status, case custody when 'multisig' then 1 end, case custody when 'multisig' then 2 end
from (values ('ada', 'ada', 'user', 'active'), ('bob', 'bob', 'user', 'unverified'), ('public', null, 'public', 'active'), ('public frozen', null, 'public', 'frozen'),
  ('hot', null, 'hot', 'active'), ('multisig', null, 'multisig', 'active')) w(name, owner, custody, status);

insert into core.wallet_challenges (nonce_sha256, wallet_id, message, expires_at) values (digest('nonce'), id('wallet ada'), 'canary', now() + interval '5 minutes');
insert into core.deposit_reservations (id, wallet_id, chain, fund_code, reference, expires_at)
values (id('reservation'), id('wallet public'), 'bitcoin', 'general', 'canary', now() + interval '1 day');

insert into core.transactions (id, wallet_id, donation_id, chain, currency, amount_crypto, txid, status, counterparty_address, raw) values
  (id('movement ada'), id('wallet public'), id('gift ada'), 'bitcoin', 'BTC', 1, 'canary-ada', 'seen', 'canary', '{"canary": 1}'),
  (id('movement bob'), id('wallet public'), id('gift bob'), 'bitcoin', 'BTC', 1, 'canary-bob', 'seen', 'canary', '{"canary": 1}'),
  (id('movement of nobody'), id('wallet hot'), null, 'bitcoin', 'BTC', 1, 'canary-hot', 'seen', 'canary', '{"canary": 1}');
insert into core.match_candidates (transaction_id, donation_id, rule, score) values (id('movement of nobody'), id('gift guest'), 'amount', 0.5);

insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, contact_email, opening_hours, accepted_processes)
select id('factory ' || name), id(operator), 'canary-' || replace(name, ' ', '-'), 'Canary ' || name, status, 1, 1, 'UTC', 'canary@canary.example', '{"mon": [["08:00", "12:00"]]}', array['process.canary']::ltree[]
from (values ('ivy', 'ivy', 'active'), ('ivy paused', 'ivy', 'paused'), ('bob', 'bob', 'applied')) f(name, operator, status);
insert into core.microfactory_facts (microfactory_id, on_time_share, defect_rate, sample) values (id('factory ivy'), 1, 0, 1);
insert into core.microfactory_ratings (microfactory_id, order_ref, user_id, stars) values
  (id('factory ivy'), 'canary-ada', id('ada'), 5), (id('factory ivy'), 'canary-bob', id('bob'), 1);

insert into core.kyc (id, user_id, donation_id, status, link_sha256, result) values
  (id('case ada'), id('ada'), null, 'in_review', digest('link'), '{}'), (id('case bob'), id('bob'), null, 'requested', null, null),
  (id('case guest'), null, id('gift guest'), 'requested', null, null);
insert into core.kyc_accesses (id, kyc_id, actor_id, actor_role, reason) values (id('access'), id('case ada'), id('com'), 'hc_compliance', 'canary');

insert into core.receipts (id, number, donation_id, donor_id, tax_year, organisation, amount_usd, statement_text, verification_code)
select id('receipt ' || name), 'HC-2026-90000' || no, id('gift ' || name), case name when 'guest' then null else id(name) end, 2026,
  '{"ein": "00-0000000", "legal_name": "Canary"}', 10, 'canary', 'CANARY00000' || no
from (values ('ada', 1), ('bob', 2), ('guest', 3)) r(name, no);
insert into core.receipt_changes (id, receipt_id, kind, changes, reason, requested_by) values (id('receipt change'), id('receipt ada'), 'void', '{}', 'canary', id('fin'));
insert into core.receipt_checks (client, minute) values ('canary', now());
insert into core.organisation_versions (id, code, legal_name, ein, address, during) values (id('organisation'), 'canary', 'Canary', '00-0000000', '{}', running());

insert into core.analytics (id, subject_key, event_name, user_id, consent_ok) values
  (id('event'), 'canary', 'canary.seen', null, false), (id('event ada'), 'canary', 'canary.seen', id('ada'), true);
insert into core.analytics_dims (event_name) values ('canary.seen');
insert into core.analytics_rates (event_name, minute, slot, events) values ('canary.seen', now(), 1, 1);
insert into core.analytics_rollups (grain, bucket, event_name, dim_key, dims, events, subjects, watermark) values ('hour', now(), 'canary.seen', '', '{}', 1, 1, '1');
update core.analytics_watermark set xid_to = xid_to;

insert into core.audit_logs (id, actor_id, actor_role, action, entity_schema, entity_table, entity_id, changed) values
  (id('audit ada'), id('ada'), 'hc_member', 'update', 'core', 'users', 'canary', '{"canary": 1}'), (id('audit job'), null, 'hc_worker', 'job', null, null, null, null);
insert into core.audit_seals (seal_no, xid_from, xid_to, row_count, rows_sha256, prev_seal_sha256, seal_sha256) values (900001, '1', '1', 1, digest('r'), digest('p'), digest('s'));
insert into core.audit_anchors (seal_no, witness) values (900001, '{"canary": 1}');
insert into core.audit_leaves (seal_no, xid, month, row_ids, leaves) values (900001, '1', '2026-01-01', array[id('audit ada')], array[digest('leaf')]);
insert into core.audit_archives (partition, from_at, to_at, row_count, rows_sha256) values ('canary', now(), now(), 0, digest('archive'));

insert into core.content (id, author_id, kind, slug, title, status, publish_at, published_at, current_revision_id, body_blocks)
select id('text ' || name), case when author is not null then id(author) end, 'article', 'canary-' || replace(name, ' ', '-'), 'Canary ' || name, status,
  case name when 'ada to come' then now() + interval '1 day' when 'ada due' then now() - interval '1 minute' end, now(), id('revision ' || name), '[{"type": "canary"}]'
from (values ('ada draft', 'ada', 'draft'), ('ada in review', 'ada', 'in_review'), ('ada', 'ada', 'published'), ('ada to come', 'ada', 'scheduled'), ('ada due', 'ada', 'scheduled'),
  ('ada withdrawn', 'ada', 'unpublished'), ('bob draft', 'bob', 'draft'), ('bob archived', 'bob', 'archived'), ('of nobody', null, 'published')) t(name, author, status);
insert into core.content_conflicts (id, content_id, remote, remote_updated_at) values (id('conflict'), id('text ada draft'), '{}', now());
insert into core.content_sync (content_id, remote_sha256, remote_updated_at, local_sha256) values (id('text ada'), digest('remote'), now(), digest('local'));

insert into core.webhooks (id, owner_id, direction, name, target_url, provider, path_token_sha256, status) values
  (id('hook ada'), id('ada'), 'outbound', 'canary', 'https://canary.example/in', null, null, 'active'),
  (id('hook ada in'), id('ada'), 'inbound', 'canary in', null, 'canary', digest('path'), 'paused'),
  (id('hook bob'), id('bob'), 'outbound', 'canary', 'https://canary.example/in', null, null, 'pending_verification');
insert into core.webhook_challenges (webhook_id, challenge_sha256, expires_at) values (id('hook bob'), digest('challenge'), now() + interval '1 hour');
insert into core.webhook_health (webhook_id) values (id('hook ada'));
insert into core.webhook_old_tokens (token_sha256, webhook_id, valid_until) values (digest('old path'), id('hook ada in'), now() + interval '1 day');

insert into core.email_changes (user_id, new_email, token_sha256, expires_at) values (id('ada'), 'new@canary.example', digest('change'), now() + interval '1 hour');
insert into core.keyring (purpose, version, key_sealed) values ('canary', 1, digest('key'));
insert into core.chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)
values ('canary', 'fiat', 'USD', 0, 0, '0', '.', '.');
insert into core.currencies (code, name, kind, chain, decimals) values ('CANARY', 'Canary', 'token', 'canary', 0);
insert into core.compliance_thresholds (id, rule, amount_usd, effective, reason) values (id('threshold'), 'canary', 1, running(), 'canary');
insert into core.number_series (series, prefix) values ('canary', 'CA');
insert into core.secret_policies (kind) values ('canary');
insert into core.state_transitions (machine, from_status, to_status) values ('canary', 'a', 'b');
insert into core.status_changes (id, machine, entity_id, from_status, to_status, actor_role, payload) values
  (id('status change'), 'design', id('design ada private'), 'draft', 'in_review', 'hc_member', '{"canary": 1}');
update core.storage_quotas set source = 'canary' where tier = 'partner';
