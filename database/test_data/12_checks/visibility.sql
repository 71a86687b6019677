-- Checks of a seed: who sees what. Said once more in plain SQL, apart from the policies, and counted both ways: as the owner by what is said here, and as the person under the policies.

-- task: BUILD_0896 create_test_data drill
-- title: Check row-level visibility: expected and found row counts for 12 personas on every table
-- does: personas are twelve people of a seed with the role and claims they come with. visibility_oracle says in predicates over alias t which rows of which tables a role sees (:me is the person, {my.clubs} a term of visibility_terms,
--   {core.designs} the ids of what the same person sees there); said_of() puts a persona's together. visibility() counts all tables and views both ways: a view that runs as its caller must show what its query shows the persona.
--   check_visibility(seed_id) notes every difference, and every table about which nothing is said.
-- proves: no difference on a small seed; a policy that is gone, one that lets too much through, a view that runs as its owner, and a table nobody spoke of are each reported with table, persona, expected and found.
-- needs: BUILD_0007, BUILD_0051, BUILD_0091, BUILD_0111, BUILD_0131, BUILD_0171, BUILD_0859, BUILD_0871, BUILD_0873, BUILD_0891
create table testdata.personas (
  code text constraint personas_code_pk primary key,
  role text not null,
  claims jsonb not null default '{}' constraint personas_claims_check check (jsonb_typeof(claims) = 'object'),
  pick_sql text not null,
  about text not null
);

create table testdata.visibility_terms (
  term text constraint visibility_terms_term_pk primary key,
  query text not null
);

create table testdata.visibility_oracle (
  relations text[] not null,
  roles text[] not null,
  predicate text not null,
  source text,
  constraint visibility_oracle_relations_roles_predicate_pk primary key (relations, roles, predicate)
);

insert into testdata.personas (code, role, claims, pick_sql, about) values
  ('anon', 'hc_anon', '{}', 'select null::uuid', 'Nobody in particular.'),
  ('new_member', 'hc_member', '{}', $$select e.id from testdata.entities e join core.users u using (id) where e.seed = :seed and e.kind = 'user' and u.status = 'active' order by e.n desc limit 1$$, 'The last who signed up.'),
  ('designer', 'hc_designer', '{"aal": "aal2"}', $$select d.owner_id from testdata.entities e join core.designs d using (id) where e.seed = :seed and e.kind = 'design' group by 1 order by count(*) desc, 1 limit 1$$, 'Who owns the most designs.'),
  ('club_moderator', 'hc_member', '{}', $$select m.user_id from testdata.entities e join community.memberships m on m.club_id = e.id where e.seed = :seed and e.kind = 'club' and m.role = 'moderator' group by 1 order by count(*) desc, 1 limit 1$$, 'Who leads the most clubs.'),
  ('factory_operator', 'hc_operator', '{"aal": "aal2"}', $$select f.operator_id from testdata.entities e join core.microfactories f using (id) where e.seed = :seed and e.kind = 'microfactory' group by 1 order by count(*) desc, 1 limit 1$$, 'Who runs the most factories.'),
  ('finance', 'hc_finance', '{"aal": "aal2"}', $$select e.id from testdata.entities e where e.seed = :seed and e.kind = 'user' and e.n = 5$$, 'Keeps the books.'),
  ('compliance', 'hc_compliance', '{"aal": "aal2"}', $$select e.id from testdata.entities e where e.seed = :seed and e.kind = 'user' and e.n = 6$$, 'Looks into cases.'),
  ('auditor', 'hc_auditor', '{"aal": "aal2"}', $$select e.id from testdata.entities e where e.seed = :seed and e.kind = 'user' and e.n = 7$$, 'Reads what happened.'),
  ('analyst', 'hc_analyst', '{}', $$select e.id from testdata.entities e where e.seed = :seed and e.kind = 'user' and e.n = 8$$, 'Counts.'),
  ('agent', 'hc_agent', '{"agent_id": "testdata"}', 'select null::uuid', 'A program that reads what is public.'),
  ('suspended', 'hc_member', '{}', $$select e.id from testdata.entities e join core.users u using (id) where e.seed = :seed and e.kind = 'user' and u.status = 'suspended' order by e.n limit 1$$, 'Whose old token still passes.'),
  ('erased', 'hc_member', '{}', $$select e.id from testdata.entities e join core.users u using (id) where e.seed = :seed and e.kind = 'user' and u.status = 'erased' order by e.n limit 1$$, 'Whose old token still passes, and of whom little is left.');

insert into testdata.visibility_terms (term, query) values
  ('my.clubs', $$select m.club_id from community.memberships m where m.user_id = :me and m.left_at is null and m.role in ('owner', 'moderator', 'member', 'muted')$$),
  ('my.led_clubs', $$select m.club_id from community.memberships m where m.user_id = :me and m.left_at is null and m.role in ('owner', 'moderator')$$),
  ('my.groups', $$select g.id from identity.groups g where g.owner_id = :me union select m.group_id from identity.group_members m where m.user_id = :me and m.during @> now() and m.role in ('owner', 'manager', 'member')$$),
  ('my.designs', 'select d.id from core.designs d where d.owner_id = :me'),
  ('my.work', 'select c.design_id from design.collaborators c join core.designs d on d.id = c.design_id where c.user_id = :me and c.accepted_at is not null and c.during @> now() and d.deleted_at is null'),
  ('my.operated', 'select f.id from core.microfactories f where f.operator_id = :me'),
  ('my.factories', $$select f.id from core.microfactories f where f.operator_id = :me union select r.scope_id from identity.user_roles r where r.user_id = :me and r.scope_kind = 'microfactory' and r.role_code = 'operator' and r.during @> now()$$),
  ('my.orders', 'select o.id from production.orders o where o.customer_id = :me or o.microfactory_id in {my.operated}'),
  ('my.subjects', 'select :me union select i.id from {my.operated} i(id) union select i.id from {my.orders} i(id) union select p.id from production.projects p where p.microfactory_id in {my.operated} union select s.id from production.shipments s where s.order_id in {my.orders} union select r.id from production.runs r join production.work_orders w on w.id = r.work_order_id where w.order_id in {my.orders}'),
  ('my.hooks', 'select w.id from core.webhooks w where w.owner_id = :me'),
  ('my.courses', 'select c.id from learning.courses c where c.instructor_id = :me'),
  ('my.texts', $$select c.id from core.content c where c.author_id = :me union select p.content_id from publishing.contributions p where p.user_id = :me and p.role in ('author', 'editor', 'translator')$$),
  ('my.mentees', $$select m.mentee_id from learning.mentorships m where m.mentor_id = :me and m.status in ('active', 'paused')$$);

insert into testdata.visibility_oracle (relations, roles, predicate) values
  -- reference data: everybody; closed tables: nobody; whole rooms: their staff
  ('{core.chains,core.currencies,core.compliance_thresholds,core.legal_documents,core.organisation_versions,core.state_transitions,core.storage_quotas,core.terms,community.badges,community.reputation_rules,design.licences,design.licence_compatibility,design.material_properties,design.spec_schemas,extensions.%,impact.emission_factors,impact.metrics,impact.units,learning.certifications,learning.skill_edges,learning.skills,production.cancellation_fees,production.metrics,publishing.editorial_policy,publishing.slug_history}', '{hc_anon,hc_auditor}', 'true'),
  ('{community.badges,community.reputation_rules,core.chains,core.currencies,core.legal_documents,core.state_transitions,core.terms,design.licence_compatibility,design.licences,design.spec_schemas,extensions.%,impact.emission_factors,impact.metrics,impact.units,learning.certifications,learning.skill_edges,learning.skills,publishing.editorial_policy,publishing.slug_history}', '{hc_agent}', 'true'),
  ('{core.chains,core.compliance_thresholds,core.currencies,core.state_transitions,core.terms,extensions.%,impact.emission_factors,impact.metrics,impact.units,learning.certifications,learning.skill_edges,learning.skills}', '{hc_analyst}', 'true'),
  ('{core.analytics_dims,core.analytics_rates,core.analytics_watermark,core.asset_links,core.email_changes,core.keyring,core.microfactory_facts,core.receipt_checks,core.secret_policies,core.wallet_challenges,core.webhook_challenges,core.webhook_health,core.webhook_old_tokens,identity.challenges,identity.refresh_tokens,identity.invitation_handlers,community.flood_buckets,community.sent_keys,design.edit_locks,automation.aggregate_heads,automation.inbound_handlers,automation.inbound_keys,impact.record_keys,impact.region_parents,impact.reservations,impact.restatement_list,publishing.comment_votes,testdata.%}', '{}', 'true'),
  ('{blueprint.%}', '{hc_monitor,hc_auditor,hc_admin}', 'true'),
  ('{treasury.accounts,treasury.budgets,treasury.chain_checkpoints,treasury.closed_months,treasury.intent_payments,treasury.month_events,treasury.payment_intents,treasury.payouts,treasury.postings,treasury.rate_overrides,treasury.reconciliation_items,treasury.reconciliations,core.deposit_reservations,core.match_candidates,core.receipt_changes,core.number_series,impact.offsets,core.receipts,production.orders,production.quotes}', '{hc_finance,hc_auditor}', 'true'),
  ('{treasury.aml_screenings,treasury.cleared_matches,treasury.sanctions_entries,treasury.sanctions_names,core.audit_logs,core.audit_anchors,core.audit_archives,core.audit_leaves,core.audit_seals,core.kyc,core.kyc_accesses,core.consents,identity.credentials,identity.external_identities,identity.sessions,identity.groups,identity.group_members,identity.invitations,impact.claim_records,impact.verifications}', '{hc_compliance,hc_auditor}', 'true'),
  ('{treasury.allowed_addresses,treasury.entries,treasury.exchange_rates,treasury.funds,treasury.proposals,treasury.wallet_signers,treasury.approvals,core.donations,core.wallets,core.transactions,core.refunds}', '{hc_finance,hc_compliance,hc_auditor}', 'true'),
  ('{core.users,core.designs,core.assets,identity.profiles,identity.user_roles}', '{hc_moderator,hc_compliance,hc_auditor}', 'true'),
  ('{core.microfactories,core.status_changes}', '{hc_moderator,hc_finance,hc_compliance,hc_auditor}', 'true'),
  ('{core.content,core.content_conflicts,core.content_sync,community.clubs,community.memberships,community.threads,community.messages,community.reactions,community.events,community.attendance,community.reports,community.moderation_actions,community.reputation_entries,design.versions,design.collaborators,design.reviews,design.listings,learning.courses,learning.course_skills,learning.modules,learning.assessments,learning.attempts,learning.enrolments,learning.progress,learning.certificates,learning.mentorships,learning.user_skills,learning.paths,learning.path_steps,publishing.revisions,publishing.reviews,publishing.comments,publishing.series,publishing.handovers,automation.eval_cases,automation.evaluations}', '{hc_moderator,hc_auditor}', 'true'),
  ('{core.webhooks,automation.event_types,automation.subscriptions,automation.deliveries,automation.delivery_attempts,automation.signing_keys,automation.asset_jobs,automation.inbound_events,automation.outbox,automation.renditions}', '{hc_admin,hc_auditor}', 'true'),
  ('{core.analytics,identity.roles,design.bom_items,design.files,design.hinge_specs,design.version_edges,design.listing_ratings,automation.prompts,automation.prompt_versions,automation.prompt_runs,production.machines,production.machine_capabilities,production.machine_windows,production.bookings,production.runs,production.telemetry,production.quality_checks,production.order_items,production.shipments,production.shipment_items,production.work_orders,production.projects,production.stock_lots,production.stock_movements,production.materials,publishing.contributions,publishing.media,publishing.translations,publishing.series_items}', '{hc_auditor}', 'true'),
  ('{core.analytics_rollups,impact.records,impact.goals,impact.baselines}', '{hc_analyst,hc_auditor}', 'true'),
  ('{impact.claims}', '{hc_moderator,hc_compliance,hc_analyst,hc_auditor}', 'true'), ('{impact.reporting_periods,impact.report_lines}', '{hc_finance,hc_compliance,hc_analyst,hc_auditor}', 'true'), ('{impact.retirements}', '{hc_finance,hc_analyst,hc_auditor}', 'true'),
  ('{identity.roles,production.materials}', '{hc_member}', 'true'),
  -- what is somebody's own
  ('{core.users}', '{hc_member}', 't.id = :me'),
  ('{core.consents,core.microfactory_ratings,identity.profiles,identity.credentials,identity.external_identities,identity.sessions,identity.user_roles,community.memberships,community.read_cursors,community.attendance,community.reputation_entries,community.feed_entries,automation.prompt_runs,learning.certificates,learning.dismissals,learning.user_skills,learning.enrolments,learning.attempts,design.collaborators}', '{hc_member}', 't.user_id = :me'),
  ('{core.designs,core.assets,core.wallets,core.webhooks}', '{hc_member}', 't.owner_id = :me'), ('{core.donations,core.receipts}', '{hc_member}', 't.donor_id = :me'), ('{core.transactions}', '{hc_member}', 't.donation_id in (select d.id from core.donations d where d.donor_id = :me)'),
  ('{core.microfactories}', '{hc_member}', 't.operator_id = :me'), ('{core.content,publishing.comments,automation.prompt_versions}', '{hc_member}', 't.author_id = :me'), ('{core.design_offers}', '{hc_member}', ':me in (t.from_user, t.to_user)'),
  ('{identity.invitations}', '{hc_member}', 't.invited_by = :me'), ('{community.follows}', '{hc_member}', 't.follower_id = :me'), ('{learning.mentorships}', '{hc_member}', ':me in (t.mentor_id, t.mentee_id)'), ('{publishing.series}', '{hc_member}', 't.curator_id = :me'),
  -- core and design
  ('{core.designs}', '{hc_anon}', $$t.visibility = 'public' and t.status in ('released', 'deprecated') and t.deleted_at is null$$), ('{core.designs}', '{hc_member}', $$t.visibility = 'community' and t.status in ('released', 'deprecated') and t.deleted_at is null or t.id in {my.work}$$),
  ('{core.assets}', '{hc_anon}', $$t.classification = 'public' and t.status = 'ready'$$), ('{core.wallets}', '{hc_anon}', $$t.owner_id is null and t.custody = 'public' and t.status = 'active'$$), ('{core.microfactories}', '{hc_anon}', $$t.status = 'active'$$),
  ('{core.content}', '{hc_anon,hc_agent}', $$t.status in ('published', 'scheduled') and (t.publish_at is null or t.publish_at <= now())$$),
  ('{design.versions}', '{hc_anon}', 't.released_at is not null and t.design_id in {core.designs}'), ('{design.versions,design.collaborators}', '{hc_member}', 't.design_id in {my.designs} or t.design_id in {my.work}'), ('{design.listings}', '{hc_member}', 't.design_id in {my.designs}'),
  ('{design.bom_items,design.files,design.hinge_specs}', '{hc_anon}', 't.version_id in {design.versions}'), ('{design.version_edges}', '{hc_anon}', 't.child_id in {design.versions}'),
  ('{design.reviews}', '{hc_member}', 't.reviewer_id = :me or t.version_id in (select v.id from design.versions v where v.design_id in {my.designs} or v.design_id in {my.work})'),
  ('{design.listings}', '{hc_anon}', $$t.status in ('listed', 'sold_out')$$), ('{design.listing_ratings}', '{hc_anon}', 't.listing_id in {design.listings}'),
  -- identity and community
  ('{identity.groups}', '{hc_member}', 't.id in {my.groups}'), ('{identity.group_members}', '{hc_member}', 't.group_id in {my.groups}'),
  ('{community.clubs}', '{hc_anon,hc_agent}', $$t.kind <> 'private' and t.status = 'active'$$), ('{community.clubs}', '{hc_member}', 't.id in {my.clubs}'), ('{community.memberships,community.threads,community.reactions}', '{hc_member}', 't.club_id in {my.clubs}'),
  ('{community.messages}', '{hc_member}', 't.club_id in {my.clubs} and (t.held_at is null or t.author_id = :me or t.club_id in {my.led_clubs})'),
  ('{community.events}', '{hc_anon,hc_agent}', $$t.status <> 'draft' and (t.club_id is null or t.club_id in {community.clubs} and t.club_id in (select c.id from community.clubs c where c.kind <> 'private'))$$),
  ('{community.events}', '{hc_member}', $$t.organiser_id = :me or t.status <> 'draft' and t.club_id in {my.clubs}$$), ('{community.attendance}', '{hc_member}', 't.event_id in (select e.id from community.events e where e.organiser_id = :me)'),
  ('{community.reports}', '{hc_member}', 't.reporter_id = :me or t.club_id in {my.led_clubs}'), ('{community.moderation_actions}', '{hc_member}', 't.club_id in {my.led_clubs}'),
  -- production and impact
  ('{production.machines,production.stock_lots,production.projects,production.quotes,production.orders}', '{hc_member}', 't.microfactory_id in {my.factories}'), ('{production.orders}', '{hc_member}', 't.customer_id = :me'),
  ('{production.projects}', '{hc_anon}', $$t.status in ('funded', 'running', 'completed')$$), ('{production.quotes}', '{hc_member}', 't.order_id in (select o.id from production.orders o where o.customer_id = :me)'),
  ('{production.machine_capabilities}', '{hc_anon}', $$t.machine_id in (select m.id from production.machines m join core.microfactories f on f.id = m.microfactory_id where m.status <> 'retired' and f.status = 'active')$$),
  ('{production.machine_capabilities,production.machine_windows,production.bookings,production.runs,production.telemetry}', '{hc_member}', 't.machine_id in {production.machines}'), ('{production.quality_checks}', '{hc_member}', 't.run_id in {production.runs}'),
  ('{production.order_items,production.shipments}', '{hc_member}', 't.order_id in {production.orders}'), ('{production.shipment_items}', '{hc_member}', 't.shipment_id in {production.shipments}'), ('{production.stock_movements}', '{hc_member}', 't.lot_id in {production.stock_lots}'),
  ('{production.work_orders}', '{hc_member}', 't.order_id in (select o.id from production.orders o where o.microfactory_id in {my.factories})'),
  ('{impact.records}', '{hc_member}', 't.subject_id in {my.subjects}'), ('{impact.goals}', '{hc_member}', 't.owner_id in {my.subjects}'), ('{impact.claims}', '{hc_anon,hc_agent}', $$t.status = 'verified'$$), ('{impact.reporting_periods}', '{hc_anon}', $$t.status = 'published'$$),
  ('{impact.report_lines}', '{hc_anon}', $$t.period_id in (select p.id from impact.reporting_periods p where p.status = 'published')$$),
  -- publishing and learning
  ('{publishing.revisions}', '{hc_anon,hc_agent}', 't.id in {core.content:current_revision_id}'), ('{publishing.revisions}', '{hc_member}', 't.content_id in {my.texts} or t.id in (select v.revision_id from publishing.reviews v where v.reviewer_id = :me)'),
  ('{publishing.reviews}', '{hc_member}', 't.reviewer_id = :me or t.revision_id in (select v.id from publishing.revisions v where v.content_id in {my.texts})'), ('{publishing.comments}', '{hc_anon,hc_agent}', $$t.status = 'visible' and t.content_id in {core.content}$$),
  ('{publishing.contributions,publishing.media}', '{hc_anon,hc_agent}', 't.content_id in {core.content}'), ('{publishing.translations}', '{hc_anon,hc_agent}', 't.source_content_id in {core.content}'),
  ('{publishing.series}', '{hc_anon,hc_agent}', $$t.status = 'published'$$), ('{publishing.series_items}', '{hc_anon,hc_agent}', 't.series_id in {publishing.series}'),
  ('{learning.courses}', '{hc_anon,hc_agent}', $$t.status <> 'draft' or t.instructor_id = :me$$), ('{learning.course_skills,learning.modules}', '{hc_anon,hc_agent}', $$t.course_id in (select c.id from learning.courses c where c.status <> 'draft' or c.instructor_id = :me)$$),
  ('{learning.assessments}', '{hc_member}', $$t.course_id is null or t.course_id in (select c.id from learning.courses c where c.status <> 'draft' or c.instructor_id = :me)$$), ('{learning.attempts}', '{hc_member}', 't.assessment_id in (select a.id from learning.assessments a where a.course_id in {my.courses})'),
  ('{learning.enrolments}', '{hc_member}', 't.course_id in {my.courses}'), ('{learning.progress,learning.events}', '{hc_member}', 't.enrolment_id in (select e.id from learning.enrolments e where e.user_id = :me or e.course_id in {my.courses})'),
  ('{learning.user_skills}', '{hc_member}', 't.user_id in {my.mentees}'), ('{learning.paths}', '{hc_anon,hc_agent}', 't.for_user_id is null or t.for_user_id = :me'), ('{learning.path_steps}', '{hc_anon,hc_agent}', 't.path_id in {learning.paths}'),
  -- automation
  ('{automation.event_types}', '{hc_anon,hc_agent}', 't.is_public'), ('{automation.subscriptions,automation.deliveries,automation.delivery_attempts,automation.signing_keys}', '{hc_member}', 't.webhook_id in {my.hooks}'),
  ('{automation.prompts}', '{hc_member}', $$t.visibility <> 'private' or t.owner_id = :me$$), ('{automation.prompts}', '{hc_agent}', $$t.visibility <> 'private' and t.active_version_id is not null$$),
  ('{automation.prompt_versions}', '{hc_member}', $$t.status <> 'draft' and t.prompt_id in (select p.id from automation.prompts p where p.visibility <> 'private')$$),
  ('{automation.prompt_versions}', '{hc_agent}', $$t.status = 'approved' and t.prompt_id in (select p.id from automation.prompts p where p.visibility <> 'private' and p.active_version_id is not null)$$), ('{automation.prompt_runs}', '{hc_agent}', $$t.agent_id = 'testdata'$$);

-- views that run as their owner: rows of the table behind them
insert into testdata.visibility_oracle (relations, source, roles, predicate) values
  ('{core.public_users}', 'core.users', '{hc_anon,hc_agent,hc_auditor}', $$t.status = 'active'$$), ('{core.my_kyc}', 'core.kyc', '{hc_member}', 't.user_id = :me'), ('{core.my_activity}', 'core.audit_logs', '{hc_member}', 't.actor_id = :me'), ('{core.analytics_masked}', 'core.analytics', '{hc_analyst}', 'true'),
  ('{core.donor_wall}', 'core.donations', '{hc_anon}', $$t.status in ('confirmed', 'reconciled') and t.refunded_usd < t.amount_usd$$), ('{learning.assessment_public}', 'learning.assessments', '{hc_member}', $$t.course_id is null or t.course_id in (select c.id from learning.courses c where c.status <> 'draft')$$),
  ('{identity.directory}', 'core.users', '{hc_member}', $$t.status = 'active' and coalesce(t.preferences ->> 'discoverable', '') <> 'false' and t.id in (select p.user_id from identity.profiles p where coalesce(p.visibility ->> 'interests', '') <> 'private')$$);

create function testdata.said_of(relation text, role text) returns text
  language plpgsql stable set search_path = ''
as $$
declare
  said text;
  word text;
begin
  select coalesce(string_agg('(' || o.predicate || ')', ' or ') filter (where exists (select from unnest(o.roles) r where pg_has_role(said_of.role, r, 'member'))), 'false') into said
  from testdata.visibility_oracle o where said_of.relation like any (o.relations) having count(*) > 0;
  loop
    word := substring(said from '\{([a-z_.:]+)\}');
    exit when word is null;
    said := replace(said, '{' || word || '}', '(' || coalesce((select t.query from testdata.visibility_terms t where t.term = word),
      format('select t.%I from %s t where %s', coalesce(nullif(split_part(word, ':', 2), ''), 'id'), split_part(word, ':', 1)::regclass, testdata.said_of(split_part(word, ':', 1), role))) || ')');
  end loop;
  return said;
end $$;

create function testdata.visibility(seed bigint, pattern text default '%') returns table (relation text, persona text, expected bigint, seen bigint)
  language plpgsql set search_path = ''
as $$
declare
  owner constant name := current_user;
  p testdata.personas;
  place record;
  places jsonb := '[]';
  is_filled boolean;
  me uuid;
  wanted jsonb;
begin
  for place in
    select c.oid, c.oid::regclass::text as name, c.relkind = 'v' as is_view, rtrim(pg_get_viewdef(c.oid), ';') as query, (select o.source from testdata.visibility_oracle o where c.oid::regclass::text = any (o.relations) and o.source is not null limit 1) as source,
      c.relkind = 'v' or exists (select from testdata.visibility_oracle o where c.oid::regclass::text like any (o.relations)) as is_said
    from pg_catalog.pg_class c join blueprint.rooms r on r.schema_name = c.relnamespace::regnamespace::text
    where c.relkind in ('r', 'p', 'v') and not c.relispartition and c.oid::regclass::text like pattern and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') order by 2
  loop
    is_filled := true;
    if not place.is_view then
      execute format('select exists (select from %s)', place.name) into is_filled;
    end if;
    if is_filled and place.is_said then  -- where there is nothing nobody sees anything
      places := places || to_jsonb(place);
    elsif not place.is_said then
      relation := place.name;
      return next;
    end if;
  end loop;
  for p in select * from testdata.personas k order by k.code loop
    execute replace(p.pick_sql, ':seed', visibility.seed::text) into me;
    persona := p.code;
    wanted := '{}';
    for place in select * from jsonb_to_recordset(places) as x(name text, is_view boolean, source text) loop  -- as the owner: what is said
      if place.source is not null or not place.is_view then
        execute format('select count(*) from %s t where %s', coalesce(place.source, place.name), replace(testdata.said_of(place.name, p.role), ':me', quote_nullable(me) || '::uuid')) into expected;
        wanted := wanted || jsonb_build_object(place.name, expected);
      end if;
    end loop;
    perform core.act_as(me, p.role, p.claims);
    perform set_config('role', p.role, true);
    for place in
      select x.name, x.query, has_schema_privilege(p.role, c.relnamespace, 'usage') and has_any_column_privilege(p.role, c.oid, 'select') as is_open
      from jsonb_to_recordset(places) as x(oid oid, name text, query text) join pg_catalog.pg_class c on c.oid = x.oid
    loop  -- as the person: what is there
      relation := place.name;
      expected := (wanted ->> relation)::bigint;
      seen := 0;
      if not wanted ? relation then
        expected := 0;
      end if;
      if place.is_open then
        begin
          execute format('select count(*) from %s t', relation) into seen;
          if not wanted ? relation then  -- a view that runs as its caller shows what its query shows
            execute format('select count(*) from (%s) t', place.query) into expected;
          end if;
        exception when insufficient_privilege then  -- its query reads what this role may not
          null;
        end;
      end if;
      return next;
    end loop;
    perform set_config('role', owner, true);
    perform set_config('request.jwt.claims', '', true);
  end loop;
end $$;

create function testdata.check_visibility(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  noted bigint;
begin
  perform testdata.require_allowed();
  insert into testdata.findings (seed_id, check_name, subject, found)
  select check_visibility.seed_id, 'visibility', v.relation, case when min(v.persona) is null then '{"said": null}' else jsonb_object_agg(coalesce(v.persona, ''), jsonb_build_object('expected', v.expected, 'found', v.seen)) end
  from testdata.visibility(testdata.seed_of(check_visibility.seed_id)) v where v.expected is distinct from v.seen or v.persona is null group by v.relation order by v.relation;
  get diagnostics noted = row_count;
  return noted;
end $$;

comment on table testdata.personas is 'Who looks at a seed. @distribution local';
comment on column testdata.personas.code is 'As findings name it.';
comment on column testdata.personas.role is 'Role of the request.';
comment on column testdata.personas.claims is 'What the token says besides the person.';
comment on column testdata.personas.pick_sql is 'Query for the id of the person; :seed is the seed.';
comment on column testdata.personas.about is 'Who it is.';
comment on table testdata.visibility_terms is 'Words of the predicates. @distribution local';
comment on column testdata.visibility_terms.term is 'The word, {my.clubs} in a predicate.';
comment on column testdata.visibility_terms.query is 'Query for ids; :me is the person.';
comment on table testdata.visibility_oracle is 'Who sees what, apart from the policies: lines add up, and a table without a line is nobody''s. @distribution local';
comment on column testdata.visibility_oracle.relations is 'Tables, or patterns of LIKE; a view that runs as its owner with its source.';
comment on column testdata.visibility_oracle.roles is 'For these roles and who inherits them; none: for nobody.';
comment on column testdata.visibility_oracle.predicate is 'Condition over alias t: which rows.';
comment on column testdata.visibility_oracle.source is 'Table whose rows a view shows.';
comment on function testdata.said_of is 'What the oracle says of a table for a role, as one condition over alias t and :me; null where it says nothing.';
comment on function testdata.visibility is 'Rows that each persona of a seed should see and does, table by table and view by view, as far as there are any; once without a persona where nothing is said.';
comment on function testdata.check_visibility is 'Finds tables and views of which a persona of a loaded seed sees more or fewer rows than is said, and tables of which nothing is said; returns their number.';

-- verify
select blueprint.raises('select testdata.check_visibility(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_visibility(uuidv7())', 'P0002', 'no seed');
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0;
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000896001', 'nano', 42903, 0.0004, testdata.window_start(), testdata.window_end());
select testdata.gen_users(42903, 0, 40, 0.0004) + testdata.gen_identity(42903, 0, 40, 0.0004) + testdata.gen_designs(42903, 0, 40, 0.0004) + testdata.gen_community(42903, 0, 2, 0.0004) > 500;
create temporary table seen_0896 as select * from testdata.visibility(42903);
select count(distinct persona) = 12, count(distinct relation) > 20, bool_and(expected = seen), count(*) filter (where seen > 0) > 40, current_user = 'hc_owner', core.current_user_id() is null from seen_0896;
select relation, sum(seen) filter (where persona = 'auditor') = (case relation when 'core.users' then (select count(*) from core.users) when 'community.messages' then (select count(*) from community.messages) end), sum(seen) filter (where persona in ('anon', 'agent')) = 0,
  case when relation = 'core.users' then sum(seen) filter (where persona = 'suspended') = 1 else sum(seen) filter (where persona = 'club_moderator') > 5 end, sum(seen) filter (where persona = 'erased') <= 1
from seen_0896 where relation in ('core.users', 'community.messages') group by relation;
select bool_and(k.picked is not null or k.code in ('anon', 'agent', 'factory_operator')), count(distinct k.picked) >= 7 from (
  select p.code, (xpath('//id/text()', query_to_xml(replace('select (' || p.pick_sql || ') as id', ':seed', '42903'), true, true, '')))[1]::text as picked from testdata.personas p) k;
-- said of a table: lines, terms, what others see, and nothing
select testdata.said_of('probe.none', 'hc_member') is null, testdata.said_of('community.sent_keys', 'hc_member') = 'false', testdata.said_of('community.threads', 'hc_auditor') = '(true)', testdata.said_of('core.users', 'hc_finance') = '(t.id = :me)',
  testdata.said_of('community.threads', 'hc_member') like '(t.club_id in (select m.club_id from community.memberships m where m.user\_id = :me and %', testdata.said_of('design.versions', 'hc_anon') like '(t.released\_at is not null and t.design\_id in (select t.id from core.designs t where (t.visibility = ''public'' and %';
-- each of these shows, with the table, who, and how many
drop policy messages_club_select on community.messages;
create policy users_probe_0896 on core.users for select to hc_designer using (true);
select blueprint.open_room('probe_0896');
create table probe_0896.forgotten (id int primary key);
create table probe_0896.things (id int primary key, user_id uuid);
create policy things_0896 on probe_0896.things for select to hc_member using (user_id = (select core.current_user_id()));
grant usage on schema probe_0896 to hc_anon, hc_member;
grant select on probe_0896.things to hc_member;
create view probe_0896.loose with (security_invoker = true) as select * from probe_0896.things;
create view probe_0896.tight with (security_invoker = true) as select * from probe_0896.things where id < 3;
create view probe_0896.unread with (security_invoker = true) as select * from probe_0896.things;
create view probe_0896.shut with (security_invoker = true) as select * from probe_0896.things;
create view probe_0896.owned as select id from probe_0896.things where id > 1;
grant select on probe_0896.loose, probe_0896.tight to hc_member;
grant select on probe_0896.unread, probe_0896.owned to hc_anon;
insert into testdata.visibility_oracle (relations, roles, predicate) values ('{probe_0896.things}', '{hc_member}', 't.user_id = :me');
insert into testdata.visibility_oracle (relations, source, roles, predicate) values ('{probe_0896.owned}', 'probe_0896.things', '{hc_anon}', 't.id > 1');
insert into probe_0896.things select k, e.id from generate_series(1, 4) k, testdata.entities e where e.seed = 42903 and e.kind = 'user' and e.n = 5;
select array_agg(distinct relation) = '{probe_0896.forgotten}', bool_and(expected is null and persona is null), count(*) = 1 from testdata.visibility(42903, 'probe_0896.%') where seen is distinct from expected or persona is null;
select sum(seen) filter (where persona = 'finance' and relation in ('probe_0896.things', 'probe_0896.loose')) = 8, sum(seen) filter (where persona = 'finance' and relation = 'probe_0896.tight') = 2, sum(seen) filter (where relation = 'probe_0896.owned') = 27, sum(seen) filter (where relation = 'probe_0896.unread') = 4, sum(seen) filter (where relation = 'probe_0896.shut') = 0
from testdata.visibility(42903, 'probe_0896.%');
alter view probe_0896.loose set (security_invoker = false);
delete from testdata.findings;
select testdata.check_visibility('00000000-0000-7000-8000-000000896001') = 4;
select array_agg(subject order by subject) = '{community.messages,core.users,probe_0896.forgotten,probe_0896.loose}', bool_and(check_name = 'visibility'), bool_and(case subject
    when 'community.messages' then (found #>> '{club_moderator,expected}')::int > 5 and found #>> '{club_moderator,found}' = '0' and not found ?| '{anon,auditor}'
    when 'core.users' then found = jsonb_build_object('designer', jsonb_build_object('expected', 1, 'found', (select count(*) from core.users)))
    when 'probe_0896.forgotten' then found = '{"said": null}' else found -> 'new_member' = '{"expected": 0, "found": 4}' and not found ?| '{finance,anon}' end) from testdata.findings;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.personas select * from testdata.personas limit 1 $$, '23505', 'personas_code_pk'), ($$ insert into testdata.personas (code, role, claims, pick_sql, about) values ('x', 'y', '[]', '', '') $$, '23514', 'personas_claims_check'),
  ($$ insert into testdata.visibility_terms select * from testdata.visibility_terms limit 1 $$, '23505', 'visibility_terms_term_pk'), ($$ insert into testdata.visibility_oracle select * from testdata.visibility_oracle limit 1 $$, '23505', 'visibility_oracle_relations_roles_predicate_pk')) v(sql, state, rule);
insert into testdata.personas (code, role, pick_sql, about) values ('probe_0896', 'hc_anon', 'select null::uuid', 'x') returning claims = '{}';
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.personas'::regclass, 'testdata.visibility_terms'::regclass, 'testdata.visibility_oracle'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
