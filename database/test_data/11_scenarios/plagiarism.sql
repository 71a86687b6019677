-- Scenario: a design, its honest fork, a fork that is refused, and a copy that hides where it comes from. Kinds of uid(): 430 people, 431 designs, 432 assets, 433 listing.

-- task: BUILD_0886 create_test_data
-- title: Play a plagiarised fork chain from honest fork to takedown: testdata.play_plagiarism(seed)
-- does: A publishes under CERN-OHL-S, B forks lawfully, C may not fork B as MIT; D uploads B's file under another name with parameters off by 1 %, names no origin and sells it. Near specs and equal digests show D and not the
--   independent design, E's report keeps what it saw, a moderator takes it off the market and its points back, attribution of B names A, a false accusation is dismissed, and an appeal puts the listing back.
-- proves: every step holds: D is flagged among the nearest three below 0.02, the independent design is not, evidence outlasts a new title, the listing is suspended and restored, the points are gone.
-- needs: BUILD_0069, BUILD_0075, BUILD_0077, BUILD_0080, BUILD_0097, BUILD_0099, BUILD_0881
create function testdata.play_plagiarism(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  born constant timestamptz := date_trunc('day', now(), 'UTC') - interval '30 days';
  ms constant bigint := testdata.ms(born);
  person constant uuid[] := testdata.players(seed, 430, 'copy', 9, born);
  a constant uuid := person[1];
  b constant uuid := person[2];
  d constant uuid := person[4];
  e constant uuid := person[5];
  f constant uuid := person[6];
  moderator constant uuid := person[7];
  params constant jsonb := '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}';
  maker record;
  version jsonb := '{}';
  design jsonb := '{}';
  made uuid;
  reviewing uuid;
  report uuid;
  action uuid;
  got text;
begin
  insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status, classification, technical)
  select testdata.uid(seed, 432, k, ms), case k when 1 then a when 2 then d else f end, case k when 2 then 'my-own-work.step' else 'hinge.step' end, 'model/step', 1000, sha256(convert_to(tag || case k when 3 then 'other' else 'hinge' end, 'UTF8')), 'ready', 'public', '{"scanned_at": "2026-01-01"}' from generate_series(1, 3) k;
  for maker in  -- B's design is a fork, the others begin by themselves
    select * from (values ('a', a, 'Quiet barrel hinge', 'CERN-OHL-S-2.0', 1, params), ('b', b, 'Quiet barrel hinge for lids', 'CERN-OHL-S-2.0', 1, params), ('d', d, 'Silent cylinder joint', 'MIT', 2, params || '{"leaf_length_mm": 40.4, "pin_mm": 5.05, "knuckle_mm": 10.1, "load_n": 101}'),
      ('f', f, 'Gate hinge for winter', 'MIT', 3, '{"leaf_length_mm": 90, "pin_mm": 9, "knuckle_mm": 20, "load_n": 900, "material": "steel"}')) v(name, person, title, licence, asset, params)
  loop
    perform core.act_as(maker.person);
    if maker.name = 'b' then
      made := design.fork((version ->> 'a')::uuid, maker.title, maker.licence);
      update core.designs x set visibility = 'public' where x.id = made;
      version := version || jsonb_build_object('b', (select x.head_version_id from core.designs x where x.id = made));
    else
      made := testdata.uid(seed, 431, maker.asset, ms);
      insert into core.designs (id, owner_id, slug, title, visibility, licence_spdx) values (made, maker.person, 'copy-' || tag || '-' || maker.name, maker.title, 'public', maker.licence);
      version := version || jsonb_build_object(maker.name, design.commit_version(made, 'First', jsonb_build_array(jsonb_build_object('path', case maker.asset when 2 then 'my-own-work.step' else 'hinge.step' end, 'asset_id', testdata.uid(seed, 432, maker.asset, ms))), jsonb_build_object('family', 'barrel', 'params', maker.params), maker.licence));
    end if;
    design := design || jsonb_build_object(maker.name, made);
    perform design.request_review((version ->> maker.name)::uuid, person[8:9]);
    foreach reviewing in array person[8:9] loop
      perform core.act_as(reviewing);
      perform design.submit_review((version ->> maker.name)::uuid, 'approve');
    end loop;
    perform core.act_as(maker.person);
    perform design.release((version ->> maker.name)::uuid, '1.0.0');
  end loop;
  return query select * from testdata.step(1, 'A, B, D and F are out, B as a fork of A', '4 released, 1 fork', (select format('%s released, %s fork', count(*) filter (where x.status = 'released'), count(x.forked_from_version_id)) from core.designs x where x.id in (select v.value::uuid from jsonb_each_text(design) v)));
  perform core.act_as(person[3]);
  return query select * from testdata.step(2, 'C may not take the licence off', '22023 CERN-OHL-S-2.0 cannot be forked as MIT', split_part(testdata.answer(format('select design.fork(%L, %L, %L)', version ->> 'b', 'Free for all', 'MIT')), ':', 1));
  perform core.act_as(d);
  insert into design.listings (id, design_id, version_id, price_usd) values (testdata.uid(seed, 433, 1, ms), (design ->> 'd')::uuid, (version ->> 'd')::uuid, 19);
  update design.listings l set status = 'listed' where l.id = testdata.uid(seed, 433, 1, ms);
  perform core.act_as(null, 'hc_worker');
  perform community.award(d, 'design_released', 'design', (design ->> 'd')::uuid);
  got := round(community.reputation(d))::text;

  perform core.act_as(b);
  return query select * from testdata.step(3, 'D is among the nearest three, below 0.02, and flagged', 'flagged, near', (select concat_ws(', ', case when n.is_near_duplicate then 'flagged' end, case when n.distance < 0.02 then 'near' else n.distance::text end) from design.nearest_specs((version ->> 'b')::uuid, 3) n where n.design_id = (design ->> 'd')::uuid));
  return query select * from testdata.step(4, 'the independent design is not flagged, nor is A', '0', (select count(*)::text from design.nearest_specs((version ->> 'b')::uuid, 100) n where n.design_id in ((design ->> 'f')::uuid, (design ->> 'a')::uuid) and n.is_near_duplicate));
  return query select * from testdata.step(5, 'the file has another name and the same digest', 'hinge.step = my-own-work.step', (select string_agg(x.path || ' = ' || y.path, ', ') from design.files x join design.files y on y.sha256 = x.sha256 and y.version_id in ((version ->> 'd')::uuid, (version ->> 'f')::uuid) where x.version_id = (version ->> 'b')::uuid));
  return query select * from testdata.step(6, 'attribution of B names A', a::text, (select string_agg(t.author_id::text, ', ') from design.attribution((version ->> 'b')::uuid) t));
  return query select * from testdata.step(7, 'attribution of D names nobody', '0', (select count(*)::text from design.attribution((version ->> 'd')::uuid)));

  perform core.act_as(e);
  report := community.report('design', (design ->> 'd')::uuid, 'plagiarism', 'the same file', 2);
  perform core.act_as(d);
  update core.designs x set title = 'All my own work' where x.id = (design ->> 'd')::uuid;
  return query select * from testdata.step(8, 'the report keeps what was there', 'Silent cylinder joint', (select r.evidence ->> 'title' from community.reports r where r.id = report));
  perform core.act_as(moderator, 'hc_moderator');
  action := community.take_action(report, 'delist', 'copied from a share-alike design');
  perform core.act_as(null, 'hc_worker');
  perform community.reverse_award('design', (design ->> 'd')::uuid);
  return query select * from testdata.step(9, 'the listing is suspended, the report settled, the points gone', 'suspended, actioned, 25 then 0', format('%s, %s, %s then %s', (select l.status from design.listings l where l.design_id = (design ->> 'd')::uuid), (select r.status from community.reports r where r.id = report), got, round(community.reputation(d))));

  perform core.act_as(e);
  report := community.report('design', (design ->> 'f')::uuid, 'plagiarism', 'also a hinge');
  perform core.act_as(moderator, 'hc_moderator');
  perform community.take_action(report, 'dismiss', 'neither file nor parameters agree');
  return query select * from testdata.step(10, 'the accusation of F is dismissed', 'dismissed, released', format('%s, %s', (select r.status from community.reports r where r.id = report), (select x.status from core.designs x where x.id = (design ->> 'f')::uuid)));
  perform community.reverse_action(action, 'B gave a licence');
  return query select * from testdata.step(11, 'an appeal reverses the action and lists again', 'restore, listed', format('%s, %s', (select x.action from community.moderation_actions x where x.reverses_id = action), (select l.status from design.listings l where l.id = testdata.uid(seed, 433, 1, ms))));
  perform core.act_as(null, 'hc_worker');
end $$;

comment on function testdata.play_plagiarism is 'A design is forked honestly, copied dishonestly, found out and taken down, and listed again on appeal. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_plagiarism(42886)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0886 as select * from testdata.play_plagiarism(42886);
select step, what, expected, found, ok from pg_temp.play_0886 order by ok, step;
select count(*) = 11, array_agg(step order by step) = array(select generate_series(1, 11)) from pg_temp.play_0886;
select count(*) = 9, (select count(*) = 0 from blueprint.open_to_public('testdata')) from core.users u where u.handle::text like 'copy-' || to_hex(testdata.seed_tag(42886)) || '-%' and testdata.is_test_id(u.id);
