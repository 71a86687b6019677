-- Test data, determinism: which rows are a seed's, what they add up to, and whether that is what it always was. Which tables and columns there are is read from the catalog: a new generator is
-- taken in by its targets.

-- task: BUILD_0898 create_test_data drill
-- title: Prove determinism: golden digests per table, equal for any chunking, order and mode
-- does: rows_of() says by which condition the rows of a seed are known in a table (the tag in their own id, in a key made of ids, in a text that begins testdata-<tag>), digest() adds up the rows of every target, whatever their order.
--   Out of it stay what only this database knows: generated and identity columns, transaction ids, digests and sealed values; ids of reference rows go in by their natural key, numbers of series as #. golden holds what seed 42 of nano and
--   demo comes to, with the version of the generators; check_golden() names tables and generators that moved; prove_same() loads a seed once a variant, takes each away again, and tells the differences.
-- proves: two loads agree with what was recorded, pieces, order and another build change nothing, a word that is edited shows in exactly the tables that use it, a new column in its table only, real rows do not count.
-- needs: BUILD_0757, BUILD_0856, BUILD_0858, BUILD_0869
create table testdata.golden (
  profile text not null constraint golden_profile_fk references testdata.profiles (code),
  seed bigint not null,
  relation text not null,
  rows bigint not null,
  digest text not null,
  generator_version text not null,
  constraint golden_profile_seed_relation_pk primary key (profile, seed, relation)
);

create function testdata.tails(seed bigint) returns text[]
  language sql immutable strict parallel safe
  return array(select to_hex((k << 2) | ((hashint8extended(tails.seed, 852) & 1023) >> 8)) || lpad(to_hex(hashint8extended(tails.seed, 852) & 255), 2, '0') || '7e53da' from generate_series(0, 3) k);

create function testdata.uuid_columns(relation regclass) returns table (name text, is_key boolean, is_own boolean, parent regclass)
  language sql stable
begin atomic
  select a.attname::text, a.attnum = any (i.indkey::int2[]), a.attname = 'id' and a.attnum = any (i.indkey::int2[]), (
    select min(f.confrelid::bigint)::oid::regclass from pg_catalog.pg_constraint f where f.conrelid = a.attrelid and f.contype = 'f' and a.attnum = any (f.conkey)
      and exists (select from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) = f.confrelid))
  from pg_catalog.pg_attribute a left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
  where a.attrelid = uuid_columns.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.atttypid = 'uuid'::regtype
  order by a.attnum;
end;

create function testdata.rows_of(relation regclass, seed bigint) returns text
  language sql stable
begin atomic
  with tag as (select quote_literal(testdata.tails(rows_of.seed)::text) || '::text[]' as tails, quote_literal('^testdata-' || (hashint8extended(rows_of.seed, 852) & 1023) || '(-|$)') as label),
  ids as (
    select bool_or(c.is_own) as has_own, bool_or(c.is_key) as has_key, string_agg(format('right(t.%I::text, 9) = any (%s)', c.name, tag.tails), ' or ') filter (where c.is_own) as own,
      string_agg(format('right(t.%I::text, 9) = any (%s)', c.name, tag.tails), ' or ') filter (where c.is_key) as keys, string_agg(format('right(t.%I::text, 9) = any (%s)', c.name, tag.tails), ' or ') as any_of,
      string_agg(format(' and testdata.is_test_id(t.%I)', c.name), '') filter (where c.is_key and c.parent is not null) as hung, string_agg(format(' and testdata.is_test_id(t.%I) is not false', c.name), '') filter (where c.parent is not null) as all_hung
    from testdata.uuid_columns(rows_of.relation) c, tag),
  others as (
    select string_agg(case when a.atttypid = 'int8'::regtype then format('t.%I = %s', a.attname, rows_of.seed) else format('t.%I ~* %s', a.attname, tag.label) end, ' or ') as said
    from tag, pg_catalog.pg_attribute a left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
    where a.attrelid = rows_of.relation and a.attnum > 0 and not a.attisdropped and (a.attname = 'seed' and a.atttypid = 'int8'::regtype or a.atttypid = 'text'::regtype and a.attnum = any (i.indkey::int2[])))
  select case when ids.has_own then ids.own when ids.has_key then '(' || ids.keys || ')' || coalesce(ids.hung, '') else coalesce(nullif(concat_ws(' or ', '(' || ids.any_of || ')' || coalesce(ids.all_hung, ''), others.said), ''), 'false') end from ids, others;
end;

create function testdata.natural_key(relation regclass) returns text
  language sql stable
begin atomic
  select k.columns from (
    select string_agg(format('r.%I', a.attname), ', ' order by a.attnum) as columns, bool_or(a.atttypid = 'uuid'::regtype) as has_id, min(c.relname) as name
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::int2[])
    where i.indrelid = natural_key.relation and i.indisunique group by i.indexrelid) k
  where not k.has_id order by k.name limit 1;
end;

create function testdata.digest_of(relation regclass) returns text
  language sql stable
begin atomic
  with columns as (
    select a.attnum, a.attname, coalesce(nullif(y.typbasetype, 0), a.atttypid)::regtype as type, (
      select format('(select concat_ws('', '', %s) from %s r where r.%I = t.%I)', testdata.natural_key(f.confrelid), f.confrelid::regclass, p.attname, a.attname)
      from pg_catalog.pg_constraint f join pg_catalog.pg_attribute p on p.attrelid = f.confrelid and p.attnum = f.confkey[1]
      where f.conrelid = a.attrelid and f.contype = 'f' and f.conkey = array[a.attnum] and testdata.natural_key(f.confrelid) is not null limit 1) as named
    from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
    where a.attrelid = digest_of.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
      and not (a.attname = 'seq' and exists (select from core.number_series n where to_regclass(n.used_in) = a.attrelid)))
  select 'hashtextextended(regexp_replace(row(' || string_agg(case when c.type = 'uuid'::regtype then format('case when testdata.is_test_id(t.%I) then t.%1$I::text else %s end', c.attname, coalesce(c.named, format('left(t.%I::text, 0)', c.attname)))
      else format('t.%I', c.attname) end, ', ' order by c.attname) || ')::text, ' || quote_literal('\m(' || (select string_agg(distinct n.prefix, '|') from core.number_series n) || ')-(\d{4}-)?\d+') || ', ''#'', ''g''), 0)'
  from columns c where c.type <> 'bytea'::regtype and c.type <> 'xid8'::regtype;
end;

create function testdata.digest(seed bigint) returns table (relation text, rows bigint, digest text)
  language plpgsql stable set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set extra_float_digits = 1
as $$
begin
  for relation in select distinct t.target from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) is not null order by 1 loop
    execute format('select count(*), coalesce(sum(%s), 0)::text from %s t where %s', testdata.digest_of(relation::regclass), relation::regclass, testdata.rows_of(relation::regclass, seed)) into rows, digest;
    return next;
  end loop;
end $$;

create function testdata.version_of(relation text) returns text
  language sql stable
  return (select left(md5(string_agg(p.prosrc, '' order by g.name)), 8) from testdata.generators g join pg_catalog.pg_proc p on p.proname = g.name and p.pronamespace = 'testdata'::regnamespace where version_of.relation = any (g.targets));

create function testdata.record_golden(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_column
declare
  s testdata.seeds;
  made bigint;
begin
  perform testdata.require_allowed();
  select * into s from testdata.seeds k where k.id = record_golden.seed_id;
  delete from testdata.golden g where g.profile = s.profile and g.seed = s.seed;
  insert into testdata.golden (profile, seed, relation, rows, digest, generator_version)
  select s.profile, s.seed, d.relation, d.rows, d.digest, testdata.version_of(d.relation) from testdata.digest(s.seed) d;
  get diagnostics made = row_count;
  return made;
end $$;

create function testdata.check_golden(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  s testdata.seeds;
  made bigint;
begin
  perform testdata.require_allowed();
  select k.* into s from testdata.seeds k join testdata.profiles f on f.code = k.profile and f.sf = k.sf and f.until = k.until where k.id = check_golden.seed_id;
  insert into testdata.findings (seed_id, check_name, subject, found)
  select s.id, 'golden', coalesce(g.relation, d.relation), jsonb_build_object('expected', g.digest, 'found', d.digest, 'rows_expected', g.rows, 'rows_found', d.rows, 'generators', (
      select jsonb_agg(m.name order by m.name) from testdata.generators m where coalesce(g.relation, d.relation) = any (m.targets)), 'generator_changed', g.generator_version is distinct from testdata.version_of(d.relation))
  from (select k.* from testdata.golden k where k.profile = s.profile and k.seed = s.seed) g full join testdata.digest(s.seed) d on d.relation = g.relation
  where g.digest is distinct from d.digest and exists (select from testdata.golden k where k.profile = s.profile and k.seed = s.seed)
  order by 3;
  get diagnostics made = row_count;
  return made;
end $$;

create function testdata.rehearse(seed bigint, variant text default 'plain', profile text default 'nano', sf numeric default null) returns jsonb
  language plpgsql set search_path = ''
as $$
declare
  role constant text := case when variant ~ 'fast' then 'replica' when variant ~ 'honest' then 'origin' else current_setting('session_replication_role') end;
  made uuid;
  chunk bigint;
  found jsonb;
begin
  if variant ~ 'pieces' then
    update testdata.generators set chunk_rows = least(chunk_rows, 50) where chunk_rows < 100000000;
  end if;
  made := testdata.plan(profile, seed, case role when 'replica' then 'fast' else 'honest' end, sf);
  if role <> current_setting('session_replication_role') then
    perform set_config('session_replication_role', role, true);
  end if;
  for chunk in
    select c.id from testdata.chunks c join testdata.generator_order() o on o.name = c.generator where c.seed_id = made order by o.height desc, c.id * case when variant ~ 'backwards' then -1 else 1 end
  loop
    perform testdata.run_chunk(chunk);
  end loop;
  select jsonb_object_agg(d.relation, d.rows || ' ' || d.digest) into found from testdata.digest(seed) d;
  raise exception using errcode = 'TD898';  -- takes the rows away; what was found stays in the variable
exception when sqlstate 'TD898' then
  return found;
end $$;

create function testdata.prove_same(seed bigint, variants text[] default '{plain,backwards,pieces}', profile text default 'nano', sf numeric default null) returns table (relation text, variant text, expected text, found text)
  language sql
begin atomic
  with loads as materialized (select v.variant, v.place, testdata.rehearse(prove_same.seed, v.variant, prove_same.profile, prove_same.sf) as found from unnest(prove_same.variants) with ordinality as v(variant, place))
  select k.key, l.variant, f.found ->> k.key, l.found ->> k.key
  from loads f join loads l on l.place > f.place and f.place = 1, lateral jsonb_object_keys(f.found || l.found) as k(key)
  where l.found ->> k.key is distinct from f.found ->> k.key order by 1, 2;
end;

insert into testdata.golden (profile, seed, relation, rows, digest, generator_version)
select g.profile, 42, c[1], c[2]::bigint, c[3], c[4]
from (values ('nano', $$
automation.aggregate_heads 1745 216153677461666573837 7b026b56
automation.asset_jobs 470 -87289393693812943808 79f19b40
automation.deliveries 1135 -117382515943939952738 7b026b56
automation.delivery_attempts 1279 -39477753214408087072 7b026b56
automation.eval_cases 80 -30720260590752870875 40037e19
automation.evaluations 160 167992831822693213710 40037e19
automation.inbound_events 995 -127874300011749520496 7b026b56
automation.inbound_keys 894 -51750607262292183368 7b026b56
automation.outbox 3215 -80212243773762592475 7b026b56
automation.prompt_runs 448 -75543730464915919854 40037e19
automation.prompt_versions 24 48504461837776490658 40037e19
automation.prompts 8 -19799131519762983301 40037e19
automation.renditions 188 -16828735911884535743 79f19b40
automation.signing_keys 0 0 74a18248
automation.subscriptions 25 -13173093707097728743 74a18248
community.attendance 40 21139038910178781890 7b36196d
community.clubs 12 25210350377987159626 7b36196d
community.events 25 28499046228529851266 7b36196d
community.feed_entries 197 3269425501250453752 7b36196d
community.follows 124 -18202513144908484331 7b36196d
community.memberships 96 22551488107623823392 7b36196d
community.messages 2800 15049447369964241950 7b36196d
community.moderation_actions 17 7406004739606370226 7b36196d
community.reactions 529 194527684528613277661 7b36196d
community.read_cursors 76 -17421375468863864442 7b36196d
community.reports 17 14157882310687874252 7b36196d
community.reputation_entries 47 39822614875414610183 7b36196d
community.threads 135 101767638264452593766 7b36196d
core.analytics 10118 130390264350340423064 08ee3149
core.assets 353 26482303840947277041 30f49f4b
core.audit_leaves 0 0 292cc5ee
core.audit_logs 2824 73222285102402909681 44630712
core.audit_seals 0 0 292cc5ee
core.consents 523 -147455737127165898825 b1a626ef
core.content 100 -844485988856546348 8638dbad
core.designs 60 10070270616965215052 f05f9f69
core.donations 200 -86149712715899874719 6584e8f8
core.kyc 2 -8028509583849822567 d79a6832
core.legal_documents 13 8509175189314886128 248d8d81
core.microfactories 40 37773541308879066685 e4f144b9
core.receipt_changes 6 4334499690626364585 253d640f
core.receipts 187 -5795235451324888722 253d640f
core.refunds 4 1269312587498809021 05c971b0
core.status_changes 8487 109971881855974576237 0e54a036
core.transactions 136 46715954861086672241 05c971b0
core.users 100 -57938626171096998912 55bcaa3d
core.wallets 100 76444980993027888159 d884e16c
core.webhook_health 25 -13465309011217525535 74a18248
core.webhooks 40 -4916282561442048336 74a18248
design.bom_items 61 -9100388392508307763 8e8e2d04
design.files 185 -34428291406205424299 8e8e2d04
design.hinge_specs 95 -73866943071694695860 8e8e2d04
design.listing_ratings 16 -6627307171211198913 8e8e2d04
design.listings 7 11625782314902439278 8e8e2d04
design.reviews 111 -20028359575694540772 8e8e2d04
design.version_edges 78 -3123678744587548757 28290bc9
design.versions 127 -63247362813483642462 8e8e2d04
identity.credentials 110 -130930857822639428386 2de52356
identity.group_members 25 8362958008476300928 2de52356
identity.groups 3 -412382288034081804 2de52356
identity.invitations 9 -2010309740401017106 2de52356
identity.profiles 100 297934065821792415 2de52356
identity.refresh_tokens 314 1120640153987051613 2de52356
identity.sessions 158 37863686283006325917 2de52356
identity.user_roles 122 -22350489497676819112 2de52356
impact.baselines 40 -53530902169516432665 70935f5d
impact.claim_records 120 -104714695794206081006 70935f5d
impact.claims 120 -45773677989425453278 70935f5d
impact.emission_factors 178 42574209711985715443 37de1080
impact.goals 40 4733452595786721770 70935f5d
impact.offsets 40 34926298747893267732 70935f5d
impact.record_keys 1359 -83502264179136592141 70935f5d
impact.records 1553 358937639791537847946 70935f5d
impact.report_lines 55 30895286448079202008 70935f5d
impact.reporting_periods 67 31670480778744034762 70935f5d
impact.retirements 120 -13543003063655770619 70935f5d
impact.verifications 80 -10876899598608433562 70935f5d
learning.assessments 6 12133278585637344477 9ac2d7bc
learning.attempts 246 -56200412261866021965 9ac2d7bc
learning.certificates 65 -34831625210919982368 9ac2d7bc
learning.certifications 6 17702219972027767992 9ac2d7bc
learning.course_skills 6 4692297861889616733 9ac2d7bc
learning.courses 6 -24406961009206046835 9ac2d7bc
learning.enrolments 421 119824014178770267744 9ac2d7bc
learning.mentorships 24 25615541598585592562 9ac2d7bc
learning.modules 36 5039363301318733711 9ac2d7bc
learning.progress 1526 251918676354499445128 9ac2d7bc
learning.user_skills 89 26043680179996693385 9ac2d7bc
production.bookings 428 64045336397923832294 05b878e5
production.machine_capabilities 0 0 05b878e5
production.machine_windows 2164 -174567288446662129338 05b878e5
production.machines 128 -39308053803361738694 05b878e5
production.materials 32 -20029202943471975719 05b878e5
production.order_items 586 134285720579597908577 05b878e5
production.orders 586 -76986257141009356620 05b878e5
production.projects 40 -39052308469405115251 70935f5d
production.quality_checks 2580 -220160211714744818602 05b878e5
production.quotes 497 14176358922999700060 05b878e5
production.runs 516 -121333007971886649761 05b878e5
production.shipment_items 490 -146638525097502674346 05b878e5
production.shipments 490 177856152955747357826 05b878e5
production.stock_lots 546 95771244510647980722 05b878e5
production.stock_movements 1552 -141437041396570803404 05b878e5
production.telemetry 2044 247904408885447864819 05b878e5
production.work_orders 428 250815490017369364923 05b878e5
publishing.comments 238 -20226006033733260723 0647c3de
publishing.contributions 191 -15934424703493299884 0647c3de
publishing.handovers 32 46645015216230745178 0647c3de
publishing.media 23 -58322582517052797877 0647c3de
publishing.reviews 97 -71762050938914102058 0647c3de
publishing.revisions 287 133348002128480419906 0647c3de
publishing.series 5 -2194742688088866075 0647c3de
publishing.series_items 38 14965972179349770360 0647c3de
publishing.slug_history 49 -54179079838748771783 0647c3de
publishing.translations 27 -2864757651562710191 0647c3de
testdata.entities 1506 228026372449892580204 a172cb6d
treasury.accounts 20 12929524462405716288 b3a5f882
treasury.aml_screenings 11 -4417550834707617310 b3a5f882
treasury.approvals 21 27785636953207479641 b3a5f882
treasury.budgets 4 -11783118257615172126 b3a5f882
treasury.entries 232 -41111549257191409268 b3a5f882
treasury.exchange_rates 2160 -294814098577423281575 b3a5f882
treasury.funds 4 3700435464286173473 6584e8f8
treasury.intent_payments 8 9271772812152233688 b3a5f882
treasury.payment_intents 9 -5756770126768019922 b3a5f882
treasury.payouts 7 4586728252006079001 b3a5f882
treasury.postings 603 34187479404485703688 b3a5f882
treasury.proposals 12 21912706635545851008 b3a5f882
treasury.reconciliations 15 16878214314258211336 b3a5f882
treasury.sanctions_entries 8 -4959993591868916224 b3a5f882
treasury.sanctions_names 16 13495251175160674811 b3a5f882
treasury.wallet_signers 33 14576005428566912160 b3a5f882
$$), ('demo', $$
automation.aggregate_heads 2735 230913920502627902989 7b026b56
automation.asset_jobs 793 -44409070917394295270 79f19b40
automation.deliveries 1784 -374473611369189262821 7b026b56
automation.delivery_attempts 2049 -135126702046355532569 7b026b56
automation.eval_cases 80 -100642110290346128498 40037e19
automation.evaluations 160 13217324599285947195 40037e19
automation.inbound_events 1153 232554889080817527940 7b026b56
automation.inbound_keys 1035 23998891314636132034 7b026b56
automation.outbox 5085 -136164412842931317485 7b026b56
automation.prompt_runs 448 -29975303735625821214 40037e19
automation.prompt_versions 24 -8509096779392222987 40037e19
automation.prompts 8 4669972036014149590 40037e19
automation.renditions 311 -30331258789763063622 79f19b40
automation.signing_keys 0 0 74a18248
automation.subscriptions 25 -37231310203386738090 74a18248
community.attendance 78 -49099465282756590521 7b36196d
community.clubs 12 -14915801044979194111 7b36196d
community.events 28 -12139988009258244185 7b36196d
community.feed_entries 443 -124420926033675868151 7b36196d
community.follows 292 -30735052519129822838 7b36196d
community.memberships 160 80262183341069910248 7b36196d
community.messages 4760 -186602398023535331321 7b36196d
community.moderation_actions 28 6256066604409549398 7b36196d
community.reactions 887 50722176961619543822 7b36196d
community.read_cursors 123 26347888220208278421 7b36196d
community.reports 28 -18526266577540412315 7b36196d
community.reputation_entries 87 38500953458195965060 7b36196d
community.threads 229 -77733626626771705772 7b36196d
core.analytics 19864 -167457158266899673688 08ee3149
core.assets 585 40983799666606957757 30f49f4b
core.audit_leaves 0 0 292cc5ee
core.audit_logs 3639 -49440693740610426113 44630712
core.audit_seals 0 0 292cc5ee
core.consents 1022 111044527610619422769 b1a626ef
core.content 100 18002431379096640953 8638dbad
core.designs 100 24060766083290422861 f05f9f69
core.donations 400 84271879812679785163 6584e8f8
core.kyc 6 23913332465252251606 d79a6832
core.legal_documents 13 8509175189314886128 248d8d81
core.microfactories 40 13091425433286595788 e4f144b9
core.receipt_changes 12 -22158862664936513599 253d640f
core.receipts 373 -58347100208831776795 253d640f
core.refunds 8 -18769457947056363904 05c971b0
core.status_changes 12590 -455384035589423756069 0e54a036
core.transactions 265 -39614234793596458698 05c971b0
core.users 200 58570324980565541084 55bcaa3d
core.wallets 100 53367697236289822692 d884e16c
core.webhook_health 25 -22536850782608711364 74a18248
core.webhooks 40 5217293710465181654 74a18248
design.bom_items 84 131472089349688794092 8e8e2d04
design.files 362 -26840116057216769996 8e8e2d04
design.hinge_specs 183 188030768993118314121 8e8e2d04
design.listing_ratings 29 -17155878576538427332 8e8e2d04
design.listings 14 -18656759197616995986 8e8e2d04
design.reviews 189 7520795370166665081 8e8e2d04
design.version_edges 147 71160002515179487102 28290bc9
design.versions 229 8541404651627588826 8e8e2d04
identity.credentials 202 -25365018817834786431 2de52356
identity.group_members 39 -20716015279596155055 2de52356
identity.groups 5 14928385288418466018 2de52356
identity.invitations 15 2973362414013904327 2de52356
identity.profiles 200 -7444200275967819939 2de52356
identity.refresh_tokens 658 111798371655487779270 2de52356
identity.sessions 329 51797030974120328553 2de52356
identity.user_roles 237 -5862918985249523681 2de52356
impact.baselines 40 12941574735392264882 70935f5d
impact.claim_records 120 42626257533087142423 70935f5d
impact.claims 120 -22444634038265259068 70935f5d
impact.emission_factors 178 42574209711985715443 37de1080
impact.goals 40 -23601665193448270526 70935f5d
impact.offsets 40 7134678589767624403 70935f5d
impact.record_keys 2162 -185882659718726225309 70935f5d
impact.records 2408 721239200931235143672 70935f5d
impact.report_lines 77 26646194347548129829 70935f5d
impact.reporting_periods 87 11024065230545964495 70935f5d
impact.retirements 120 -83389394974467934884 70935f5d
impact.verifications 80 -79908533660263369748 70935f5d
learning.assessments 6 -16619562542029777578 9ac2d7bc
learning.attempts 262 -29857558040081439528 9ac2d7bc
learning.certificates 82 11714173259375866321 9ac2d7bc
learning.certifications 6 3355686826121572462 9ac2d7bc
learning.course_skills 6 -19062215911704459004 9ac2d7bc
learning.courses 6 -14770434813296990325 9ac2d7bc
learning.enrolments 441 117113312482103149728 9ac2d7bc
learning.mentorships 24 -1922428412707251615 9ac2d7bc
learning.modules 36 -29547749749130975645 9ac2d7bc
learning.progress 1580 -42212742700723387509 9ac2d7bc
learning.user_skills 104 -19750426404799674814 9ac2d7bc
production.bookings 588 -341575978304728871878 05b878e5
production.machine_capabilities 0 0 05b878e5
production.machine_windows 2544 424435893683626604168 05b878e5
production.machines 128 -5738411235709727003 05b878e5
production.materials 32 32792687643883516209 05b878e5
production.order_items 755 72867495928771796435 05b878e5
production.orders 755 159444008627179795112 05b878e5
production.projects 40 -11447920061656691062 70935f5d
production.quality_checks 4170 252716072644336184818 05b878e5
production.quotes 664 -143377336304869319195 05b878e5
production.runs 834 93129587733787415445 05b878e5
production.shipment_items 794 -70763402628379518300 05b878e5
production.shipments 794 77498018021647647307 05b878e5
production.stock_lots 866 105806554580885709778 05b878e5
production.stock_movements 2494 243537209928720490831 05b878e5
production.telemetry 3112 210528344873420152660 05b878e5
production.work_orders 588 145354324139580267180 05b878e5
publishing.comments 238 -49353996571856089262 0647c3de
publishing.contributions 190 57001498813070719582 0647c3de
publishing.handovers 32 46645015216230745178 0647c3de
publishing.media 25 28055443880676839671 0647c3de
publishing.reviews 97 129390948065165648817 0647c3de
publishing.revisions 287 105870651051755018876 0647c3de
publishing.series 5 -4462457089463487005 0647c3de
publishing.series_items 38 14965972179349770360 0647c3de
publishing.slug_history 49 -54179079838748771783 0647c3de
publishing.translations 27 -1381216500667602506 0647c3de
testdata.entities 2184 405614909994509682028 a172cb6d
treasury.accounts 20 12929524462405716288 b3a5f882
treasury.aml_screenings 24 -21757610885962782199 b3a5f882
treasury.approvals 35 -9503635699844720557 b3a5f882
treasury.budgets 4 -11783118257615172126 b3a5f882
treasury.entries 458 223361508545509730295 b3a5f882
treasury.exchange_rates 2160 -294814098577423281575 b3a5f882
treasury.funds 4 3700435464286173473 6584e8f8
treasury.intent_payments 16 11338846884228993859 b3a5f882
treasury.payment_intents 17 12201394904227422877 b3a5f882
treasury.payouts 14 27120606146482937218 b3a5f882
treasury.postings 1232 -3828161416558291753 b3a5f882
treasury.proposals 19 40604915927074106166 b3a5f882
treasury.reconciliations 17 29241486572241506995 b3a5f882
treasury.sanctions_entries 8 -4959993591868916224 b3a5f882
treasury.sanctions_names 16 13495251175160674811 b3a5f882
treasury.wallet_signers 33 -50472117297771355234 b3a5f882
$$)) as g(profile, lines), regexp_split_to_table(trim(e'\n' from g.lines), e'\n') as l(line), string_to_array(l.line, ' ') as c where cardinality(c) = 4;

comment on table testdata.golden is 'What a seed comes to, table by table. Made again when a generator changes: HINGECRAFT_REGENERATE=1 ./hc test tests/testdata/test_whole_seeds.py writes the lines above. @distribution local';
comment on column testdata.golden.profile is 'Profile the seed was loaded with, as it stands.';
comment on column testdata.golden.seed is 'Seed.';
comment on column testdata.golden.relation is 'Table.';
comment on column testdata.golden.rows is 'How many rows of the seed it holds.';
comment on column testdata.golden.digest is 'Sum over its rows, as digest() makes it.';
comment on column testdata.golden.generator_version is 'Which generators made it, as version_of() knows them.';
comment on function testdata.tails is 'What the ids of a seed end in, as text: four possibilities of nine digits.';
comment on function testdata.uuid_columns is 'Columns of a table that hold ids: whether they are part of its key, the id of the row itself, and the target of a generator they hang on.';
comment on function testdata.rows_of is 'Condition by which the rows of a seed are known, over alias t. A key made of ids (or a row that has none in its key) counts when one is of the seed and none that hangs on generated rows is a real one.';
comment on function testdata.natural_key is 'Columns of a unique key without ids, over alias r; null where there is none.';
comment on function testdata.digest_of is 'Expression for the digest of a row, over alias t.';
comment on function testdata.digest is 'Rows of a seed and what they add up to, for every target of a generator. The same in any build, with other seeds beside it, and in any order.';
comment on function testdata.version_of is 'Digest of the generators that fill a table.';
comment on function testdata.record_golden is 'Takes what a loaded seed comes to as what it should; returns the number of tables.';
comment on function testdata.check_golden is 'Finds tables of a loaded seed that are not as recorded, with the generators that fill them and whether these changed since. Nothing to find where nothing was recorded.';
comment on function testdata.rehearse is 'Loads a seed in a variant (of the words fast, honest, backwards, pieces), takes it away again and returns its digests. fast takes a superuser.';
comment on function testdata.prove_same is 'Where a seed, loaded in each variant of rehearse(), differs from the first; no row, no difference.';

-- verify
set local testdata.allow = on;
delete from testdata.generators where name <> all (array['gen_users', 'gen_designs']);
-- a word, a column: what uses it moves, and nothing else
create temporary table loads_0898 as select 1 as no, testdata.rehearse(-898001, 'honest', 'nano', 0.0003) as load;
update testdata.words set value = 'Qquentin' where list = 'given' and value = testdata.pick(-898001, 85401, 0, testdata.list('given'));
insert into loads_0898 select 2, testdata.rehearse(-898001, 'honest backwards', 'nano', 0.0003);
alter table core.designs add column probe_0898 text default 'x';
insert into loads_0898 select 3, testdata.rehearse(-898001, 'honest', 'nano', 0.0003);
select count(*) = 4, array_agg(k) filter (where a.load -> k <> b.load -> k) = '{core.users}', array_agg(k) filter (where b.load -> k <> c.load -> k) = '{core.designs}', bool_and(a.load ->> k ~ '^[1-9][0-9]* -?[0-9]{5,}$'), min(a.load ->> 'core.users') like '30 %'
from loads_0898 a, loads_0898 b, loads_0898 c, jsonb_object_keys(a.load) k where a.no = 1 and b.no = 2 and c.no = 3;
select not exists (select from testdata.seeds where seed = -898001), not exists (select from testdata.entities where seed = -898001);
-- a toy with a column of every sort
select blueprint.open_room('probe_0898');
insert into core.number_series (series, prefix, used_in) values ('probe_0898', 'PX', 'probe_0898.rows');
create table probe_0898.kinds (id uuid primary key default uuidv7(), code text unique);
create table probe_0898.plain (id uuid primary key default uuidv7());
create table probe_0898.rows (id uuid primary key, kind_id uuid references probe_0898.kinds, plain_id uuid references probe_0898.plain, loose uuid, at timestamptz, number text, seq bigint, sealed bytea, sum core.sha256, xid xid8 default pg_current_xact_id(),
  no bigint generated always as identity, twice bigint generated always as (value * 2), value bigint, gone int);
alter table probe_0898.rows drop column gone;
create table probe_0898.pairs (row_id uuid references probe_0898.rows, kind_id uuid references probe_0898.kinds, primary key (row_id, kind_id));
create table probe_0898.named (list text primary key, seq int);
create table probe_0898.counted (seed bigint, n bigint, seq_key int);
create table probe_0898.loose (code text primary key, holder uuid, row_id uuid references probe_0898.rows);
create function testdata.gen_probe_0898(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
begin
  insert into probe_0898.rows (id, kind_id, plain_id, loose, at, number, seq, sealed, sum, value)
  select testdata.uid(seed, 4001, n, 0), (select k.id from probe_0898.kinds k where k.code = 'k' || n % 2), (select k.id from probe_0898.plain k), uuidv7(), testdata.window_start() + n * interval '1 hour', 'PX-2026-' || nextval('pg_temp.numbers_0898'), nextval('pg_temp.numbers_0898'),
    uuid_send(uuidv7()), sha256(uuid_send(uuidv7())), n + case when current_setting('probe.bounds') = 'on' then lo else 0 end from generate_series(lo, hi - 1) n;
  insert into probe_0898.pairs select testdata.uid(seed, 4001, n, 0), (select k.id from probe_0898.kinds k where k.code = 'k' || n % 2) from generate_series(lo, hi - 1) n;
  insert into probe_0898.named values ('TestData-' || testdata.seed_tag(seed) || case when lo > 0 then '-' || lo else '' end, 1);
  insert into probe_0898.counted values (seed, lo, 1);
  insert into probe_0898.loose values ('c' || seed || '-' || lo, testdata.uid(seed, 4002, lo, 0));
  return hi - lo;
end $$;
create temporary sequence pg_temp.numbers_0898;
insert into probe_0898.kinds (code) values ('k0'), ('k1');
insert into probe_0898.plain default values;
delete from testdata.generators;
insert into testdata.generators (name, targets, rows_at_sf1, chunk_rows) values ('gen_probe_0898', '{probe_0898.rows,probe_0898.pairs,probe_0898.named,probe_0898.counted,probe_0898.loose,probe_0898.none}', 120000, 100000000);
set local probe.bounds = off;
set local timezone = 'Asia/Tokyo';
create temporary table toys_0898 as select 1 as no, testdata.rehearse(-898002) as load;
delete from probe_0898.kinds;
insert into probe_0898.kinds (code) values ('k1'), ('k0');
delete from probe_0898.plain;
insert into probe_0898.plain default values;
set local timezone = 'UTC';
insert into toys_0898 select 2, testdata.rehearse(-898002, 'plain', 'nano', 0.001);
select count(distinct load) = 1, (array_agg(load))[1] ->> 'probe_0898.rows' like '120 %', min((select count(*) from jsonb_object_keys(load))) = 5, bool_and(load ->> 'probe_0898.pairs' like '120 %' and load ->> 'probe_0898.named' like '1 %' and load ->> 'probe_0898.counted' like '1 %' and load ->> 'probe_0898.loose' like '1 %') from toys_0898;
select not exists (select from testdata.prove_same(-898002, '{plain,pieces}'));
select testdata.natural_key('probe_0898.kinds') = 'r.code', testdata.natural_key('probe_0898.plain') is null, testdata.natural_key('probe_0898.pairs') is null;
update testdata.generators set chunk_rows = 100;
select not exists (select from testdata.prove_same(-898002, '{plain,backwards}'));
select array_agg(relation || ' ' || variant || ' ' || split_part(expected, ' ', 1) || ' ' || split_part(found, ' ', 1) order by relation) = '{"probe_0898.counted pieces backwards 2 3","probe_0898.loose pieces backwards 2 3","probe_0898.named pieces backwards 2 3"}' from testdata.prove_same(-898002, '{plain,backwards,pieces backwards}');
set local probe.bounds = on;
select array_agg(relation || ' ' || variant) @> '{"probe_0898.rows pieces"}', bool_and(expected <> found) from testdata.prove_same(-898002, '{plain,pieces}');
select blueprint.raises($$ select testdata.rehearse(-898002, 'fast') $$, '42501', 'session_replication_role');
-- whose rows: the tag decides, and a key with a real row in it is no seed's
set local probe.bounds = off;
create temporary table seed_0898 as select testdata.plan('nano', -898002, 'honest') as id;
select testdata.run_chunk(c.id) > 0 from testdata.chunks c join seed_0898 s on s.id = c.seed_id order by c.id;
create temporary table before_0898 as select * from testdata.digest(-898002);
insert into probe_0898.kinds (id, code) values (testdata.uid(-898002, 4003, 1, 0), 'k9');
insert into probe_0898.rows (id, loose) values (uuidv7(), testdata.uid(-898002, 4001, 5, 0)), (testdata.uid(-898003, 4001, 1, 0), null);
insert into probe_0898.pairs select r.id, testdata.uid(-898002, 4003, 1, 0) from probe_0898.rows r where r.loose = testdata.uid(-898002, 4001, 5, 0);
insert into probe_0898.pairs select testdata.uid(-898003, 4001, 1, 0), k.id from probe_0898.kinds k where k.code = 'k1';
insert into probe_0898.named values ('testdata-1' || testdata.seed_tag(-898002), 1), ('testdata-' || testdata.seed_tag(-898002) || '0', 1);
insert into probe_0898.counted values (-898003, 1, 1);
insert into probe_0898.loose values ('x', testdata.uid(-898003, 1, 1, 0), null), ('y', uuidv7(), null), ('z', null, null), ('u', testdata.uid(-898002, 1, 1, 0), (select id from probe_0898.rows where loose = testdata.uid(-898002, 4001, 5, 0)));
select count(*) = 5, bool_and(b.rows = d.rows and b.digest = d.digest) from before_0898 b join testdata.digest(-898002) d using (relation);
insert into probe_0898.pairs values (testdata.uid(-898002, 4001, 1, 0), testdata.uid(-898002, 4003, 1, 0));
insert into probe_0898.loose values ('v', testdata.uid(-898002, 1, 1, 0), null), ('w', null, testdata.uid(-898002, 4001, 1, 0));
select array_agg(d.relation || ' ' || d.rows - b.rows order by d.relation) = '{"probe_0898.loose 2","probe_0898.pairs 1"}' from before_0898 b join testdata.digest(-898002) d using (relation) where b.rows <> d.rows;
select count(distinct tail) = 4, bool_and(length(tail) = 9), count(*) filter (where tail = any (testdata.tails(-898003))) = 0, (select bool_and(right(r.id::text, 9) = any (testdata.tails(-898002))) from probe_0898.rows r where r.value is not null) from unnest(testdata.tails(-898002)) tail;
-- what was recorded stands, until something moves
select testdata.check_golden(id) = 0, testdata.record_golden(id) = 5, testdata.record_golden(id) = 5, testdata.check_golden(id) = 0 from seed_0898;
select count(*) = 5, bool_and(g.rows = d.rows and g.digest = d.digest and g.generator_version = testdata.version_of(g.relation) and length(g.generator_version) = 8) from testdata.golden g join testdata.digest(-898002) d using (relation) where g.profile = 'nano' and g.seed = -898002;
update probe_0898.rows set value = value + 1 where id = testdata.uid(-898002, 4001, 1, 0);
delete from testdata.golden where seed = -898002 and relation = 'probe_0898.named';
select testdata.check_golden(id) = 2 from seed_0898;
select count(*) = 2, (array_agg(f.found - 'expected' - 'found' order by f.subject))[2] = '{"generators": ["gen_probe_0898"], "generator_changed": false, "rows_expected": 120, "rows_found": 120}', (array_agg(f.subject order by f.id)) = '{probe_0898.named,probe_0898.rows}',
  bool_and(f.check_name = 'golden' and f.found ->> 'found' = d.digest and (f.found ->> 'expected') is not distinct from g.digest and f.found ->> 'expected' is distinct from f.found ->> 'found')
from testdata.findings f join seed_0898 s on s.id = f.seed_id join testdata.digest(-898002) d on d.relation = f.subject left join testdata.golden g on g.relation = f.subject and g.seed = -898002;
create or replace function testdata.gen_probe_0898(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$ begin return 1; end $$;
delete from testdata.findings;
update probe_0898.counted set seq_key = 2 where seed = -898002 and n = 0;
select testdata.check_golden(id) = 3 from seed_0898;
select bool_and((found ->> 'generator_changed')::boolean) from testdata.findings;
update testdata.seeds set until = until + interval '1 day' where seed = -898002;
select testdata.check_golden(id) = 0 from seed_0898;
update testdata.seeds set until = until - interval '1 day', sf = 0.002 where seed = -898002;
select testdata.check_golden(id) = 0 from seed_0898;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.golden values ('nano', -898002, 'probe_0898.rows', 1, '', '') $$, '23505', 'golden_profile_seed_relation_pk'), ($$ insert into testdata.golden values ('none', 1, 'x', 1, '', '') $$, '23503', 'golden_profile_fk')) v(sql, state, rule);
select profile, count(*) > 100, count(*) filter (where rows = 0) < 10, bool_and(length(generator_version) = 8) from testdata.golden where seed = 42 group by profile having min(profile) in ('nano', 'demo');
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.record_golden(uuidv7())', 'select testdata.check_golden(uuidv7())']) sql;
select relrowsecurity and relforcerowsecurity, (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_class where oid = 'testdata.golden'::regclass;
