-- Checks of a seed: numbers follow the laws their generators declare. Each expectation is a row, each law a test: chi-square for shares and the week, Kolmogorov-Smirnov for what is continuous, Hill for the tail, Pearson for pairs.

-- task: BUILD_0892 create_test_data drill
-- title: Check distributions of a seed against their declared laws by KS, chi-square and tail index
-- does: expectations say which law a measure of a table follows; check_distributions(seed_id) asks each of them about the rows of the seed and notes law, statistic and what was allowed. What is allowed is the tolerance of the
--   expectation and what chance does to so few rows, which falls with 1/sqrt(n): small seeds do not cry wolf. A generator that made rows and declares nothing is noted too.
-- proves: each law knows its own draws and refuses others, three seeds pass, owners drawn uniformly, times shifted by six hours and one status for all are each refused with the right law, every generator has an expectation.
-- needs: BUILD_0856, BUILD_0861, BUILD_0862, BUILD_0863, BUILD_0864, BUILD_0865, BUILD_0866, BUILD_0867, BUILD_0868, BUILD_0869, BUILD_0870, BUILD_0871, BUILD_0872, BUILD_0873, BUILD_0874, BUILD_0875, BUILD_0876, BUILD_0877, BUILD_0878, BUILD_0879, BUILD_0891
create table testdata.expectations (
  generator text not null,
  relation text not null,
  measure text not null,
  condition text not null default 'true',
  law text not null constraint expectations_law_check check (law in ('shares', 'nulls', 'calendar', 'uniform', 'exponential', 'lognormal', 'zipf', 'correlation')),
  params jsonb not null default '{}' constraint expectations_params_check check (jsonb_typeof(params) = 'object'),
  tolerance double precision not null default 0.05 constraint expectations_tolerance_check check (tolerance >= 0),
  constraint expectations_generator_relation_measure_law_pk primary key (generator, relation, measure, law)
);

create function testdata.chi_square(found text[], expected jsonb, tolerance double precision, out statistic double precision, out allowed double precision) returns record
  language sql immutable parallel safe
begin atomic
  with shares as (
    select e.key, e.value::double precision / sum(e.value::double precision) over () * cardinality(found) as due from jsonb_each_text(expected) as e),
  counted as (select coalesce(f.f, '-') as key, count(*) as seen from unnest(found) as f(f) group by 1),
  binned as (  -- what is rare shares a bin
    select case when coalesce(s.due, 0) < 5 then '' else s.key end as bin, sum(coalesce(c.seen, 0)) as seen, greatest(sum(coalesce(s.due, 0)), 0.001) as due from shares s full join counted c on c.key = s.key group by 1)
  select t.total / cardinality(found), tolerance ^ 2 + t.free * (1 - 2 / (9 * t.free) + 3.7 * sqrt(2 / (9 * t.free))) ^ 3 / cardinality(found)  -- the quantile by Wilson and Hilferty
  from (select sum((b.seen - b.due) ^ 2 / b.due) as total, greatest(count(*) - 1, 1)::double precision as free from binned b) t;
end;

create function testdata.kolmogorov(found double precision[], law text, params jsonb, tolerance double precision, out statistic double precision, out allowed double precision) returns record
  language sql immutable parallel safe
begin atomic
  select max(greatest(s.rank / s.n - s.due, s.due - (s.rank - 1) / s.n)), tolerance + 2.2 / sqrt(cardinality(found))
  from (
    select row_number() over (order by x) as rank, count(*) over ()::double precision as n,
      case law when 'uniform' then least(1, greatest(0, (x - (params ->> 'lo')::double precision) / ((params ->> 'hi')::double precision - (params ->> 'lo')::double precision)))
        when 'exponential' then 1 - exp(- greatest(x, 0) / (params ->> 'mean')::double precision)
        when 'lognormal' then case when x > 0 then (1 + erf(ln(x / (params ->> 'median')::double precision) / (params ->> 'sigma')::double precision / sqrt(2::double precision))) / 2 else 0 end end as due
    from unnest(found) x) s;
end;

create function testdata.hill(ranks double precision[], params jsonb, tolerance double precision, out statistic double precision, out allowed double precision) returns record
  language sql immutable parallel safe
begin atomic
  with law as (
    select sum(p.p * ln(p.k)) as due, sqrt(sum(p.p * ln(p.k) ^ 2) - sum(p.p * ln(p.k)) ^ 2) as spread
    from (select k::double precision as k, (power(k + 1, 1 - s.s) - power(k, 1 - s.s)) / (power(s.n + 1, 1 - s.s) - 1) as p from (select (params ->> 's')::double precision as s, (params ->> 'n')::double precision as n) s, generate_series(1, least((params ->> 'n')::int, 200000)) k) p)
  select abs((select avg(ln(r)) from unnest(ranks) r) - l.due), tolerance * l.due + 3.7 * l.spread / sqrt(cardinality(ranks)) from law l;
end;

create function testdata.law_of(law text, params jsonb, tolerance double precision, seen text[], beside double precision[], out test text, out statistic double precision, out allowed double precision) returns record
  language plpgsql immutable set search_path = ''
as $$
begin
  case law
  when 'zipf' then
    test := 'Hill';
    select h.statistic, h.allowed into statistic, allowed from testdata.hill(seen::double precision[], params, tolerance) h;
  when 'correlation' then
    test := 'Pearson';
    select abs(coalesce(corr(f.x::double precision, f.y), 0) - (params ->> 'rho')::double precision), tolerance + 3.7 / sqrt(cardinality(seen)) into statistic, allowed from unnest(seen, beside) f(x, y);
  when 'shares', 'nulls', 'calendar' then
    test := 'chi-square';
    if law = 'nulls' then
      seen := array(select (f is null)::text from unnest(seen) f);
      params := jsonb_build_object('true', params -> 'share', 'false', 1 - (params ->> 'share')::numeric);
    elsif law = 'calendar' then  -- three hours a bin, of the day or, with rows enough, of the week
      params := (select jsonb_object_agg(b.bin, b.weight) from (select case when cardinality(seen) < 1000 then c.position % 24 else c.position end / 3 as bin, sum(c.weight) as weight from testdata.calendar c where c.unit = 'hour_of_week' group by 1) b);
      seen := array(select case when cardinality(seen) < 1000 then f::int % 24 else f::int end / 3 from unnest(seen) f);
    end if;
    select c.statistic, c.allowed into statistic, allowed from testdata.chi_square(seen, params, tolerance) c;
  else
    test := 'Kolmogorov-Smirnov';
    select k.statistic, k.allowed into statistic, allowed from testdata.kolmogorov(seen::double precision[], law, params, tolerance) k;
  end case;
end $$;

create function testdata.check_distributions(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  seed bigint;
  sf numeric;
  e testdata.expectations;
  seen text[];
  beside double precision[];
  noted bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  seed := testdata.seed_of(seed_id);
  select s.sf into sf from testdata.seeds s where s.id = seed_id;
  for e in select x.* from testdata.expectations x where to_regclass(x.relation) is not null order by x.generator, x.relation, x.measure, x.law loop
    begin
      execute format('select array_agg(x.x::text), array_agg(x.y::double precision) from (select %s as x, %s as y from %s r where (%s) and (%s)) x',
          case e.law when 'calendar' then format('(extract(isodow from (%1$s) at time zone ''UTC'')::int - 1) * 24 + extract(hour from (%1$s) at time zone ''UTC'')::int', e.measure) else e.measure end,
          coalesce(e.params ->> 'with', 'null'), e.relation, testdata.rows_of_seed(e.relation::regclass, seed), e.condition)
        into seen, beside using seed;
      if e.params ? 'of' then
        e.params := e.params || jsonb_build_object('n', greatest((e.params ->> 'least')::bigint, floor(testdata.keys_of(e.params ->> 'of', sf) * (e.params ->> 'share')::numeric)));
      end if;
      insert into testdata.findings (seed_id, check_name, subject, found)
      select seed_id, 'distributions', format('%s %s', e.relation, e.measure), jsonb_build_object('generator', e.generator, 'law', e.law, 'params', e.params, 'test', l.test, 'rows', cardinality(seen), 'statistic', round(l.statistic::numeric, 4), 'allowed', round(l.allowed::numeric, 4))
      from testdata.law_of(e.law, e.params, e.tolerance, seen, beside) l where cardinality(seen) > 0 and l.statistic > l.allowed;
      get diagnostics here = row_count;
      noted := noted + here;
    exception when others then
      raise exception using errcode = sqlstate, message = format('law %s of %s %s: %s', e.law, e.relation, e.measure, sqlerrm);
    end;
  end loop;
  insert into testdata.findings (seed_id, check_name, subject, found)
  select seed_id, 'distributions', c.generator, '{"law": null}' from testdata.chunks c where c.seed_id = seed_id and not exists (select from testdata.expectations x where x.generator = c.generator) group by c.generator;
  get diagnostics here = row_count;
  return noted + here;
end $$;

insert into testdata.expectations (generator, relation, measure, condition, law, params, tolerance) values
  ('gen_users', 'core.users', 'r.status', 'testdata.key_of(r.id) >= 20', 'shares', '{"active": 80, "invited": 7, "deactivated": 7, "suspended": 3, "erased": 3}', 0.05),
  ('gen_users', 'core.users', 'r.kind', 'testdata.key_of(r.id) >= 20', 'shares', '{"human": 94, "organisation": 3, "service": 2, "agent": 1}', 0.05),
  ('gen_users', 'core.users', 'r.email', $$r.kind <> 'agent' and r.merged_into is null$$, 'nulls', '{"share": 0.03}', 0.05),
  ('gen_users', 'core.users', 'r.created_at', 'true', 'calendar', '{}', 0.1),
  ('gen_legal_documents', 'core.legal_documents', 'r.version', $$r.kind <> 'analytics'$$, 'shares', '{"1": 1, "2": 1, "3": 1}', 0.01),
  ('gen_consents', 'core.consents', 'r.channel', $$r.supersedes_id is null and r.channel <> 'api' and exists (select from core.legal_documents d where d.id = r.document_id and d.kind = 'tos')$$, 'shares', '{"web": 82, "wix": 13, "paper": 5}', 0.05),
  ('gen_identity', 'identity.credentials', 'r.kind', 'testdata.key_of(r.user_id) >= 20', 'shares', '{"password": 100, "totp": 15}', 0.05),
  ('gen_analytics_consents', 'core.consents', 'r.decision', $$exists (select from core.legal_documents d where d.id = r.document_id and d.kind = 'analytics')$$, 'shares', '{"granted": 6, "withdrawn": 1}', 0.05),
  ('gen_analytics', 'core.analytics', 'r.occurred_at', $$r.event_name = 'experiment.exposed'$$, 'calendar', '{}', 0.1),
  ('gen_analytics', 'core.analytics', 'r.source', $$r.event_name = 'experiment.exposed'$$, 'shares', '{"web": 70, "wix": 25, "api": 5}', 0.05),
  ('gen_designs', 'core.designs', 'testdata.key_of(r.owner_id) + 1', 'true', 'zipf', '{"s": 1.05, "of": "gen_users", "share": 0.2, "least": 20}', 0.2),
  ('gen_designs', 'core.designs', 'r.visibility', 'r.deleted_at is null', 'shares', '{"public": 55, "community": 15, "unlisted": 10, "private": 20}', 0.05),
  ('gen_designs', 'core.designs', 'r.kind', 'true', 'shares', '{"hinge": 60, "part": 25, "assembly": 15}', 0.05),
  ('gen_designs', 'core.designs', 'r.created_at', 'true', 'calendar', '{}', 0.2),
  ('gen_designs', 'core.designs', $$(r.spec_summary ->> 'load_n')::double precision$$, $$r.spec_summary ? 'load_n'$$, 'correlation', $${"with": "((r.spec_summary ->> 'pin_mm')::double precision) ^ 2", "rho": 0.985}$$, 0.05),
  ('gen_assets', 'core.assets', 'r.byte_size - 64', $$r.media_type = 'model/step'$$, 'lognormal', '{"median": 12000, "sigma": 0.9}', 0.03),
  ('gen_assets', 'core.assets', 'r.status', $$not r.technical ? 'scan_exempt'$$, 'shares', '{"ready": 84, "scanned": 3, "uploaded": 3, "pending": 3, "quarantined": 3, "purged": 4}', 0.05),
  ('gen_microfactories', 'core.microfactories', $$r.certifications @> '[{"standard": "ISO-9001"}]'$$, 'true', 'shares', '{"true": 40, "false": 60}', 0.05),
  ('gen_design_room', 'design.hinge_specs', 'r.family', 'exists (select from design.versions v where v.id = r.version_id and v.number = 1)', 'shares', '{"butt": 45, "piano": 20, "barrel": 20, "concealed": 15}', 0.05),
  ('gen_design_forks', 'design.version_edges', '(select c.created_at > p.created_at from design.versions c, design.versions p where c.id = r.child_id and p.id = r.parent_id)', $$r.kind = 'fork'$$, 'shares', '{"true": 1}', 0),
  ('gen_wallets', 'core.wallets', 'r.chain', 'r.owner_id is not null', 'shares', '{"bitcoin": 30, "ethereum": 25, "solana": 17, "stellar": 12, "polygon": 16}', 0.05),
  ('gen_wallets', 'core.wallets', 'r.status', 'r.owner_id is not null', 'shares', '{"active": 80, "unverified": 14, "frozen": 2, "retired": 4}', 0.05),
  ('gen_donations', 'core.donations', 'r.chain', 'r.recurring_key is null', 'shares', '{"fiat": 62, "bitcoin": 7, "ethereum": 8, "solana": 6, "stellar": 5, "polygon": 6, "custodial": 6}', 0.05),
  ('gen_donations', 'core.donations', 'r.amount_usd - 1', $$r.recurring_key is null and r.chain = 'fiat' and r.amount_usd <> trunc(r.amount_usd)$$, 'lognormal', '{"median": 30, "sigma": 0.9}', 0.03),
  ('gen_transactions', 'core.transactions', 'r.chain', $$r.kind = 'incoming' and exists (select from core.donations d where d.id = r.donation_id and d.recurring_key is null)$$, 'shares', '{"bitcoin": 7, "ethereum": 8, "solana": 6, "stellar": 5, "polygon": 6, "custodial": 6}', 0.05),
  ('gen_kyc', 'core.kyc', 'r.status', $$r.trigger_reason = 'threshold' and starts_with(r.subject_key, 'user:')$$, 'shares', '{"approved": 10, "expired": 2, "rejected": 1}', 0.2),
  ('gen_receipts', 'core.receipts', 'r.goods_value_usd > 0', $$r.kind = 'original'$$, 'shares', '{"true": 6, "false": 94}', 0.05),
  ('gen_treasury', 'treasury.entries', '(select p.currency from treasury.postings p where p.entry_id = r.id and p.line_no = 1) = ''USD''', $$r.source_kind = 'donation' and exists (select from core.donations d where d.id::text = r.source_id and d.recurring_key is null)$$, 'shares', '{"true": 62, "false": 38}', 0.05),
  ('gen_content', 'core.content', 'r.locale', 'testdata.key_of(r.id) > 80', 'shares', '{"en": 50, "de": 10, "fr": 9, "es": 9, "pt": 7, "it": 5, "ja": 6, "sw": 4}', 0.1),
  ('gen_content', 'core.content', 'r.status', 'testdata.key_of(r.id) > 80', 'shares', '{"published": 70, "draft": 10, "in_review": 5, "scheduled": 5, "unpublished": 5, "archived": 5}', 0.05),
  ('gen_content', 'core.content', 'r.kind', 'true', 'shares', '{"article": 45, "tutorial": 25, "documentation": 10, "news": 8, "page": 4, "knowledge": 8}', 0.05),
  ('gen_content', 'core.content', 'r.created_at', 'true', 'calendar', '{}', 0.1),
  ('gen_content', 'core.content', 'testdata.key_of(r.author_id) + 1', 'r.author_id is not null', 'zipf', '{"s": 1.1, "of": "gen_users", "share": 0.2, "least": 20}', 0.2),
  ('gen_publishing', 'publishing.revisions', 'least(r.number, 4)', 'not exists (select from publishing.revisions n where n.parent_id = r.id) and exists (select from core.content c where c.id = r.content_id and c.updated_at > c.created_at)', 'shares', '{"1": 0.2835, "2": 0.2031, "3": 0.1455, "4": 0.3679}', 0.05),
  ('gen_publishing', 'publishing.comments', 'r.status', 'true', 'shares', '{"visible": 94, "removed": 4, "held": 2}', 0.05),
  ('gen_community', 'community.memberships', 'r.role', $$r.role not in ('owner', 'moderator')$$, 'shares', '{"member": 87, "banned": 5, "muted": 4, "pending": 4}', 0.1),
  ('gen_community', 'community.clubs', 'r.kind', 'true', 'shares', '{"open": 70, "request": 20, "private": 10}', 0.05),
  ('gen_learning', 'learning.enrolments', '(select extract(epoch from r.created_at - b.at) / extract(epoch from s.until - b.at) from testdata.seeds s, learning.courses c, core.users u, greatest(c.published_at, u.created_at) b(at) where s.seed = $1 and c.id = r.course_id and u.id = r.user_id)', 'true', 'uniform', '{"lo": 0, "hi": 0.45}', 0.1),
  ('gen_production', 'production.order_items', 'r.quantity', 'true', 'uniform', '{"lo": 5.5, "hi": 60.5}', 0.03),
  ('gen_factors', 'impact.emission_factors', 'r.value', $$r.activity::text = 'electricity.grid' and upper(r.during) = '2027-01-01'$$, 'uniform', '{"lo": 0.05, "hi": 0.75}', 0.05),
  ('gen_impact', 'impact.records', 'exists (select from impact.records c where c.corrects_id = r.id)', 'r.corrects_id is null and r.activity is not null', 'shares', '{"true": 3, "false": 97}', 0.05),
  ('gen_webhooks', 'core.webhooks', 'r.status', 'testdata.key_of(r.id) > 3', 'shares', '{"active": 80, "pending_verification": 6, "paused": 6, "disabled": 8}', 0.05),
  ('gen_automation', 'automation.inbound_events', 'r.signature_ok', $$r.status <> 'duplicate'$$, 'shares', '{"true": 97, "false": 3}', 0.05),
  ('gen_automation', 'automation.inbound_events', $$extract(epoch from (r.occurred_at at time zone 'UTC')::time) / 3600$$, $$r.status <> 'duplicate'$$, 'uniform', '{"lo": 0, "hi": 24}', 0.03),
  ('gen_asset_jobs', 'automation.asset_jobs', 'r.attempts', $$r.state = 'done'$$, 'shares', '{"1": 95, "2": 5}', 0.05),
  ('gen_prompts', 'automation.prompt_runs', 'r.model', $$r.agent_id is distinct from 'evaluator'$$, 'shares', '{"small-1": 80, "large-1": 20}', 0.05),
  ('gen_prompts', 'automation.prompt_runs', 'r.latency_ms', 'true', 'correlation', '{"with": "r.tokens_out", "rho": 1}', 0.1),
  ('gen_audit_logs', 'core.audit_logs', '(select extract(epoch from (r.occurred_at at time zone u.time_zone)::time) / 3600 from core.users u where u.id = r.actor_id)', $$r.action in ('configure', 'download')$$, 'uniform', '{"lo": 9, "hi": 17}', 0.05),
  ('gen_audit_seals', 'core.audit_leaves', 'r.row_ids is null or cardinality(r.row_ids) = 0', 'testdata.is_of_seed(r.row_ids[1], $1)', 'shares', '{"false": 1}', 0);

comment on table testdata.expectations is 'Which law the rows of a generator follow. @distribution local';
comment on column testdata.expectations.generator is 'Generator that makes the rows.';
comment on column testdata.expectations.relation is 'Table.';
comment on column testdata.expectations.measure is 'SQL over the row r of a seed $1: what is looked at.';
comment on column testdata.expectations.condition is 'SQL over the row r: which rows.';
comment on column testdata.expectations.law is 'shares (weights by value), nulls (share), calendar (the hours of testdata.calendar), uniform (lo, hi), exponential (mean), lognormal (median, sigma), zipf (s, and n or the share of what generator) or correlation (with, rho).';
comment on column testdata.expectations.params is 'Parameters of the law.';
comment on column testdata.expectations.tolerance is 'What is allowed beyond chance: a distance, a share of the expected mean for zipf, a contribution for chi-square.';
comment on function testdata.chi_square is 'Pearson''s chi-square a row of values against weights, rare ones taken together, and what is allowed: the tolerance squared and a quantile at 3.7 sigma.';
comment on function testdata.kolmogorov is 'Distance of Kolmogorov and Smirnov between numbers and a law, and what is allowed.';
comment on function testdata.hill is 'Distance of the mean logarithm of ranks, from which Hill estimates the index of a tail, from what bounded Pareto has, and what is allowed.';
comment on function testdata.law_of is 'The test of a law, its statistic for the values found, and what is allowed for so few; it is broken where the statistic is larger.';
comment on function testdata.check_distributions is 'Notes every expectation that rows of the seed break, and generators that declare none; returns the number of findings.';

-- verify
select blueprint.raises('select testdata.check_distributions(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_distributions(uuidv7())', 'P0002', 'no seed');
select count(*) = 0 from testdata.generators g where not exists (select from testdata.expectations e where e.generator = g.name) and g.name <> 'gen_corpus';
create temporary table draws_0892 as select n, testdata.unit(42892, 1, n) as u, testdata.unit(42892, 2, n) as v from generate_series(1, 1200) n;
create temporary table laws_0892 (law text, params jsonb, test text, xs text[], ys double precision[]);
insert into laws_0892
select v.* from (select array_agg(u) as u, array_agg(v) as v, array_agg(testdata.zipf(u, 50, 1.1)) as z, array_agg(case when u < 0.7 then 'a' when u < 0.95 then 'b' else 'c' end) as c, array_agg(case when u < 0.2 then 'x' end) as x, array_agg(testdata.lognormal(u, 5, 0.8)) as l,
  array_agg(testdata.exponential(u, 3)) as e, array_agg((u + v) / 2) as m, array_agg((extract(isodow from h.at)::int - 1) * 24 + extract(hour from h.at)::int) as t
  from draws_0892, lateral (select testdata.moment(u, '2026-01-05 00:00+00', (select testdata.shape_of('2026-01-05 00:00+00', '2026-03-02 00:00+00'))) at time zone 'UTC' as at) h) d,
  lateral (values ('shares', '{"a": 70, "b": 25, "c": 5}'::jsonb, 'chi-square', d.c::text[], null::double precision[]), ('nulls', '{"share": 0.8}', 'chi-square', d.x, null), ('calendar', '{}', 'chi-square', d.t::text[], null), ('calendar', '{"few": true}', 'chi-square', (d.t::text[])[1:300], null),
    ('uniform', '{"lo": 0, "hi": 1}', 'Kolmogorov-Smirnov', d.u::text[], null), ('exponential', '{"mean": 3}', 'Kolmogorov-Smirnov', d.e::text[], null), ('lognormal', '{"median": 5, "sigma": 0.8}', 'Kolmogorov-Smirnov', d.l::text[], null),
    ('zipf', '{"s": 1.1, "n": 50}', 'Hill', d.z::text[], null), ('correlation', '{"rho": 0.7071}', 'Pearson', d.m::text[], d.u)) v;
select l.law, l.params, t.test = l.test, t.statistic <= t.allowed, t.statistic >= 0 from laws_0892 l, testdata.law_of(l.law, l.params, 0, l.xs, l.ys) t;
select l.law, w.params, t.statistic > t.allowed, w.few or t.statistic > 2 * t.allowed, (testdata.law_of(l.law, w.params, 1000, l.xs, l.ys)).allowed > t.statistic from laws_0892 l join (values ('shares', '{"a": 50, "b": 45, "c": 5}'::jsonb, false), ('shares', '{"a": 70, "b": 30}', true), ('nulls', '{"share": 0.6}', false), ('uniform', '{"lo": 0, "hi": 1.3}', false), ('uniform', '{"lo": 0.2, "hi": 1}', false),
  ('exponential', '{"mean": 5}', false), ('lognormal', '{"median": 8, "sigma": 0.8}', false), ('lognormal', '{"median": 5, "sigma": 1.6}', true), ('zipf', '{"s": 1.5, "n": 50}', false), ('zipf', '{"s": 1.1, "n": 5000}', false), ('correlation', '{"rho": 0.2}', false)) w(law, params, few) using (law), testdata.law_of(l.law, w.params, 0, l.xs, l.ys) t;
select l.params, t.statistic > t.allowed from laws_0892 l, testdata.law_of('calendar', '{}', 0, array(select ((x::int + 6) % 168)::text from unnest(l.xs) x), null) t where l.law = 'calendar';
select a.allowed > 1.9 * b.allowed from testdata.law_of('uniform', '{"lo": 0, "hi": 1}', 0, '{0.1,0.4,0.6,0.9}', null) a, testdata.law_of('uniform', '{"lo": 0, "hi": 1}', 0, array_fill('0.5'::text, array[16]), null) b;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('92', 32), 'hex')) > 0;
insert into testdata.seeds (id, profile, seed, sf, since, until) select ('00000000-0000-7000-8000-00000089200' || k)::uuid, 'nano', 42891 + k, 0.001, testdata.window_start(), testdata.window_end() from generate_series(1, 3) k;
select testdata.gen_users(42891 + k, 0, 100, 0.001) > 0, testdata.gen_designs(42891 + k, 0, 100, 0.001) > 0 from generate_series(1, 3) k;
select k, testdata.check_distributions(('00000000-0000-7000-8000-00000089200' || k)::uuid) = 0 from generate_series(1, 3) k;
set constraints all immediate;
alter table core.designs disable trigger user;
alter table core.users disable trigger user;
update core.designs d set owner_id = e.id from testdata.entities e where testdata.is_of_seed(d.id, 42892) and e.seed = 42892 and e.kind = 'user' and e.n = testdata.int_between(42892, 1, testdata.key_of(d.id), 0, 19);
update core.users set created_at = created_at + interval '6 hours', updated_at = updated_at + interval '6 hours' where testdata.is_of_seed(id, 42893);
update core.users set status = 'deactivated' where testdata.is_of_seed(id, 42894) and status <> 'erased';
insert into testdata.generators (name, targets, rows_at_sf1) values ('gen_probe_0892', '{}', 1);
insert into testdata.chunks (seed_id, generator, lo, hi) values ('00000000-0000-7000-8000-000000892001', 'gen_users', 0, 100), ('00000000-0000-7000-8000-000000892001', 'gen_probe_0892', 0, 1);
select k, testdata.check_distributions(('00000000-0000-7000-8000-00000089200' || k)::uuid) = case k when 1 then 2 else 1 end from generate_series(1, 3) k;
select array_agg(format('%s: %s by %s', f.subject, f.found ->> 'law', f.found ->> 'test') order by f.seed_id, f.id) = array['core.designs testdata.key_of(r.owner_id) + 1: zipf by Hill', 'gen_probe_0892:  by ', 'core.users r.created_at: calendar by chi-square', 'core.users r.status: shares by chi-square'],
  bool_and(f.check_name = 'distributions' and (f.found -> 'law' = 'null' or (f.found ->> 'statistic')::numeric > (f.found ->> 'allowed')::numeric and (f.found ->> 'rows')::int between 75 and 100))
from testdata.findings f where f.seed_id::text like '00000000-0000-7000-8000-00000089200_';
insert into testdata.expectations (generator, relation, measure, law) values ('gen_probe_0892', 'core.users', 'r.nothing', 'uniform') returning condition = 'true' and params = '{}' and tolerance = 0.05;
select blueprint.raises($$ select testdata.check_distributions('00000000-0000-7000-8000-000000892001') $$, '42703', 'law uniform of core.users r.nothing');
update testdata.expectations set relation = 'core.nowhere' where generator = 'gen_probe_0892';
select testdata.check_distributions('00000000-0000-7000-8000-000000892002') = 1;
select rule, blueprint.raises('insert into testdata.expectations (generator, relation, measure, law, params, tolerance) ' || vals, state, rule) from (values ($$ values ('x', 'x', 'x', 'luck', '{}', 0) $$, '23514', 'expectations_law_check'), ($$ values ('x', 'x', 'x', 'shares', '[]', 0) $$, '23514', 'expectations_params_check'),
  ($$ values ('x', 'x', 'x', 'shares', '{}', -1) $$, '23514', 'expectations_tolerance_check'), ($$ select generator, relation, measure, law, '{}', 0 from testdata.expectations limit 1 $$, '23505', 'expectations_generator_relation_measure_law_pk')) v(vals, state, rule);
select relrowsecurity and relforcerowsecurity, (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_class where oid = 'testdata.expectations'::regclass;
