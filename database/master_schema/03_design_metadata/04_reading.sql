-- Room design, reading: who sees and writes which rows, the views that galleries and owners read, search by parameters, and what everything is.

-- task: BUILD_0071 implement_feature critical
-- title: Row policies for designs' children: visibility, collaborators, marketplace
-- does: Whoever sees a design sees its released versions with files, spec and parts; drafts are for its owner and collaborators. Owners invite, people accept or leave, everybody reads
--   listings on offer, one rating a person and listing. Licences and schemas are public. What collaborators share is theirs to see in core.designs as well.
-- proves: anon reads a released public version and not its draft sibling, a viewer reads the draft and cannot commit, an editor commits, B changes neither A's rating nor A's listing,
--   nobody marks a purchase as verified, locks are read by nobody, a design that is thrown away is its owner's alone.
-- needs: BUILD_0005, BUILD_0064, BUILD_0065, BUILD_0688
create or replace function core.joined_designs() returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(c.design_id), '{}') from design.collaborators c join core.designs d on d.id = c.design_id
  where c.user_id = core.current_user_id() and c.accepted_at is not null and c.during @> now() and d.deleted_at is null
$$;

create function design.my_designs(only_owned boolean default false) returns uuid[]
  language sql stable security definer
begin atomic
  select coalesce(array_agg(d.id), '{}') from core.designs d where d.owner_id = core.current_user_id() or (not only_owned and d.id = any (core.joined_designs()));
end;

create function design.accept_collaboration(design uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  joined text;
begin
  update design.collaborators c set accepted_at = now() where c.design_id = accept_collaboration.design and c.user_id = core.current_user_id() and c.accepted_at is null and c.during @> now() returning c.role into joined;
  if joined is null then
    raise exception using errcode = '42501', message = 'there is no open invitation to this design for you';
  end if;
  return joined;
end $$;

create policy licences_select on design.licences for select to hc_anon, hc_agent, hc_auditor using (true);
create policy licence_compatibility_select on design.licence_compatibility for select to hc_anon, hc_agent, hc_auditor using (true);
create policy spec_schemas_select on design.spec_schemas for select to hc_anon, hc_agent, hc_auditor using (true);

create policy versions_released_select on design.versions for select to hc_anon
  using (released_at is not null and exists (select from core.designs d where d.id = design_id));
create policy versions_team_select on design.versions for select to hc_member using (design_id = any ((select design.my_designs())::uuid[]));
create policy versions_staff_select on design.versions for select to hc_moderator, hc_auditor using (true);
create policy version_edges_select on design.version_edges for select to hc_anon, hc_auditor using (exists (select from design.versions v where v.id = child_id));
create policy files_select on design.files for select to hc_anon, hc_auditor using (exists (select from design.versions v where v.id = version_id));
create policy hinge_specs_select on design.hinge_specs for select to hc_anon, hc_auditor using (exists (select from design.versions v where v.id = version_id));
create policy bom_items_select on design.bom_items for select to hc_anon, hc_auditor using (exists (select from design.versions v where v.id = version_id));

create policy collaborators_select on design.collaborators for select to hc_member using (user_id = (select core.current_user_id()) or design_id = any ((select design.my_designs())::uuid[]));
create policy collaborators_insert on design.collaborators for insert to hc_member with check (design_id = any ((select design.my_designs(true))::uuid[]) and user_id <> (select core.current_user_id()) and role <> 'owner');
create policy collaborators_update on design.collaborators for update to hc_member using (design_id = any ((select design.my_designs(true))::uuid[])) with check (role <> 'owner');
create policy collaborators_delete on design.collaborators for delete to hc_member using (user_id = (select core.current_user_id()) or design_id = any ((select design.my_designs(true))::uuid[]));
create policy collaborators_staff_select on design.collaborators for select to hc_moderator, hc_auditor using (true);

create policy reviews_select on design.reviews for select to hc_member
  using (reviewer_id = (select core.current_user_id()) or exists (select from design.versions v where v.id = version_id and v.design_id = any ((select design.my_designs())::uuid[])));
create policy reviews_staff_select on design.reviews for select to hc_moderator, hc_auditor using (true);

create policy listings_public_select on design.listings for select to hc_anon using (status in ('listed', 'sold_out'));
create policy listings_own_select on design.listings for select to hc_member using (design_id = any ((select design.my_designs(true))::uuid[]));
create policy listings_own_insert on design.listings for insert to hc_member with check (design_id = any ((select design.my_designs(true))::uuid[]));
create policy listings_own_update on design.listings for update to hc_member using (design_id = any ((select design.my_designs(true))::uuid[]));
create policy listings_staff_select on design.listings for select to hc_moderator, hc_auditor using (true);

create policy listing_ratings_select on design.listing_ratings for select to hc_anon, hc_auditor using (exists (select from design.listings l where l.id = listing_id));
create policy listing_ratings_own_insert on design.listing_ratings for insert to hc_member
  with check (user_id = (select core.current_user_id()) and exists (select from design.listings l where l.id = listing_id and l.design_id <> all ((select design.my_designs())::uuid[])));
create policy listing_ratings_own_update on design.listing_ratings for update to hc_member using (user_id = (select core.current_user_id()));

grant execute on function design.my_designs to hc_member;
grant execute on function design.accept_collaboration to hc_member;
grant select on design.licences, design.licence_compatibility, design.spec_schemas to hc_anon, hc_agent, hc_auditor;
grant select on design.versions, design.version_edges, design.files, design.hinge_specs, design.bom_items, design.listings, design.listing_ratings to hc_anon, hc_auditor;
grant select on design.collaborators, design.reviews to hc_member, hc_auditor;
grant insert (design_id, user_id, role, invited_by), update (role, during), delete on design.collaborators to hc_member;
grant insert (design_id, version_id, price_usd, currency, royalty_percent, min_quantity), update (version_id, status, price_usd, royalty_percent, min_quantity) on design.listings to hc_member;
grant insert (listing_id, user_id, stars, body), update (stars, body) on design.listing_ratings to hc_member;

comment on function core.joined_designs is 'Designs the current person works on with others: accepted, for as long as it lasts, and not thrown away. Security definer: asked by the policies of the table it is about.';
comment on function design.my_designs is 'Designs the current person owns or works on; my_designs(true): owns. Security definer: asked by policies, which would otherwise ask themselves.';
comment on function design.accept_collaboration is 'Accepts an open invitation to a design and returns the role. Security definer: people may not write acceptance for others.';
comment on policy licences_select on design.licences is 'Licences are public knowledge.';
comment on policy licence_compatibility_select on design.licence_compatibility is 'What goes with what is public knowledge.';
comment on policy spec_schemas_select on design.spec_schemas is 'Schemas are public knowledge.';
comment on policy versions_released_select on design.versions is 'Whoever sees the design sees what was released of it.';
comment on policy versions_team_select on design.versions is 'Owner and collaborators see drafts as well.';
comment on policy versions_staff_select on design.versions is 'Moderation and audit see every version.';
comment on policy version_edges_select on design.version_edges is 'Whoever sees a version sees what it came from.';
comment on policy files_select on design.files is 'Whoever sees a version sees its files.';
comment on policy hinge_specs_select on design.hinge_specs is 'Whoever sees a version sees its spec.';
comment on policy bom_items_select on design.bom_items is 'Whoever sees a version sees its parts.';
comment on policy collaborators_select on design.collaborators is 'People see their invitations and the team of their designs.';
comment on policy collaborators_insert on design.collaborators is 'Owners invite others, but make no second owner.';
comment on policy collaborators_update on design.collaborators is 'Owners change roles and times.';
comment on policy collaborators_delete on design.collaborators is 'Owners dismiss, people leave.';
comment on policy collaborators_staff_select on design.collaborators is 'Moderation and audit see every team.';
comment on policy reviews_select on design.reviews is 'Reviewers see their reviews, the team those of its designs.';
comment on policy reviews_staff_select on design.reviews is 'Moderation and audit see every review.';
comment on policy listings_public_select on design.listings is 'Everybody sees what is on offer or sold out.';
comment on policy listings_own_select on design.listings is 'Owners see their listings in any state.';
comment on policy listings_own_insert on design.listings is 'Owners list their designs.';
comment on policy listings_own_update on design.listings is 'Owners change price and status, as far as machine listing allows.';
comment on policy listings_staff_select on design.listings is 'Moderation and audit see every listing.';
comment on policy listing_ratings_select on design.listing_ratings is 'Whoever sees a listing sees its ratings.';
comment on policy listing_ratings_own_insert on design.listing_ratings is 'One rating a person, not of a design of one''s own.';
comment on policy listing_ratings_own_update on design.listing_ratings is 'People change their own rating.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000071001', 'ada-0071'), ('00000000-0000-7000-8000-000000071002', 'bob-0071'), ('00000000-0000-7000-8000-000000071003', 'eve-0071');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at) values
  ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071001', 'open-0071', 'Open', 'public', 'released', 'MIT', '00000000-0000-7000-8000-000000071011', now()), ('00000000-0000-7000-8000-000000071005', '00000000-0000-7000-8000-000000071001', 'shut-0071', 'Shut', 'private', 'draft', 'MIT', null, null);
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000071006', '00000000-0000-7000-8000-000000071001', 'a.step', 'model/step', 1, sha256('0071a'), 'uploaded');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at)
select ('00000000-0000-7000-8000-00000007101' || n)::uuid, case when n < 3 then '00000000-0000-7000-8000-000000071004'::uuid else '00000000-0000-7000-8000-000000071005' end, n, sha256(('71' || n)::bytea), '00000000-0000-7000-8000-000000071001', 'MIT', case when n in (1, 3) then now() end from generate_series(1, 3) n;
insert into design.version_edges (child_id, parent_id) values ('00000000-0000-7000-8000-000000071012', '00000000-0000-7000-8000-000000071011');
insert into design.files (version_id, path, asset_id, sha256, byte_size) select ('00000000-0000-7000-8000-00000007101' || n)::uuid, 'a.step', '00000000-0000-7000-8000-000000071006', sha256('a'), 1 from generate_series(1, 3) n;
insert into design.hinge_specs (version_id, family, params) select ('00000000-0000-7000-8000-00000007101' || n)::uuid, 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}' from generate_series(1, 3) n;
insert into design.bom_items (version_id, line_no, part_design_id, quantity) select ('00000000-0000-7000-8000-00000007101' || n)::uuid, 1, '00000000-0000-7000-8000-000000071005', 1 from generate_series(1, 3) n;
insert into design.listings (id, design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000071007', '00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071011', 5, 'listed'), ('00000000-0000-7000-8000-000000071008', '00000000-0000-7000-8000-000000071005', '00000000-0000-7000-8000-000000071013', 5, 'draft');
insert into design.reviews (version_id, reviewer_id) values ('00000000-0000-7000-8000-000000071012', '00000000-0000-7000-8000-000000071003');
set local role hc_anon;
select (select array_agg(number) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = '{1}', (select count(*) from design.files where asset_id = '00000000-0000-7000-8000-000000071006') = 1, (select count(*) from design.hinge_specs where version_id::text like '%07101_') = 1,
  (select count(*) from design.bom_items where part_design_id = '00000000-0000-7000-8000-000000071005') = 1, (select count(*) from design.version_edges where parent_id = '00000000-0000-7000-8000-000000071011') = 0, (select count(*) from design.listings where id::text like '%07100_') = 1,
  (select count(*) from design.licences) >= 9, (select count(*) from design.spec_schemas) >= 5, (select count(*) from design.licence_compatibility) >= 81;
select sql, blueprint.raises(sql, '42501') from (values ('select from design.collaborators'), ('select from design.reviews'), ('select from design.edit_locks'), ($$ insert into design.listing_ratings (listing_id, user_id, stars) values (null, null, 1) $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000071001');
set local role hc_member;
insert into design.collaborators (design_id, user_id, role) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071002', 'editor'), ('00000000-0000-7000-8000-000000071005', '00000000-0000-7000-8000-000000071003', 'viewer'), ('00000000-0000-7000-8000-000000071005', '00000000-0000-7000-8000-000000071002', 'viewer');
select (select count(*) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = 3, (select count(*) from design.collaborators) = 3, (select count(*) from design.reviews) = 1, (select count(*) from design.listings where id::text like '%07100_') = 2;
select sql, blueprint.raises(sql, '42501') from (values
  ($$ insert into design.collaborators (design_id, user_id, role) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071001', 'editor') $$), ($$ insert into design.collaborators (design_id, user_id, role) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071003', 'owner') $$),
  ($$ update design.collaborators set accepted_at = now() $$), ($$ update design.collaborators set role = 'owner' where design_id = '00000000-0000-7000-8000-000000071004' $$), ($$ insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000071007', '00000000-0000-7000-8000-000000071001', 5) $$),
  ($$ update design.listings set rank_score = 9 $$)) v(sql);
update design.collaborators set role = 'commenter' where design_id = '00000000-0000-7000-8000-000000071005' and user_id = '00000000-0000-7000-8000-000000071002' returning role = 'commenter';
insert into design.listings (design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071011', 7);
update design.listings set price_usd = 8, status = 'listed' where id = '00000000-0000-7000-8000-000000071008' returning status = 'listed';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000071002');
set local role hc_member;
select (select array_agg(number) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = '{1}', (select count(*) from design.reviews) = 0, (select count(*) from design.listings where price_usd = 7) = 0;
select design.accept_collaboration('00000000-0000-7000-8000-000000071004') = 'editor';
select (select array_agg(number order by number) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = '{1,2}', blueprint.raises($$ select design.accept_collaboration('00000000-0000-7000-8000-000000071004') $$, '42501', 'no open invitation');
select design.my_designs() = '{00000000-0000-7000-8000-000000071004}' and design.my_designs(true) = '{}', core.joined_designs() = '{00000000-0000-7000-8000-000000071004}', design.commit_version('00000000-0000-7000-8000-000000071004', 'Bob''s', '[]') is not null;
insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000071008', '00000000-0000-7000-8000-000000071002', 3) returning not verified_purchase;
select sql, blueprint.raises(sql, '42501') from (values ($$ insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000071007', '00000000-0000-7000-8000-000000071003', 5) $$), ('update design.listing_ratings set verified_purchase = true'),
  ($$ insert into design.collaborators (design_id, user_id) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071003') $$), ($$ insert into design.listings (design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000071004', '00000000-0000-7000-8000-000000071011', 7) $$)) v(sql);
with changed as (update design.listings set price_usd = 0 returning 1), rerolled as (update design.collaborators set role = 'viewer' where user_id in ('00000000-0000-7000-8000-000000071002', '00000000-0000-7000-8000-000000071003') returning 1) select (select count(*) from changed) = 0, (select count(*) from rerolled) = 0;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000071003');
set local role hc_member;
select (select count(*) from design.collaborators) = 1, (select count(*) from design.reviews) = 1, design.accept_collaboration('00000000-0000-7000-8000-000000071005') = 'viewer';
select (select array_agg(number order by number) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = '{1,3}', blueprint.raises($$ select design.commit_version('00000000-0000-7000-8000-000000071005', '', '[]') $$, '42501'), (select count(*) from design.collaborators) = 2;
select slug = 'shut-0071' from core.designs where id = '00000000-0000-7000-8000-000000071005';
insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000071007', '00000000-0000-7000-8000-000000071003', 5);
with changed as (update design.listing_ratings set stars = 1 where user_id = '00000000-0000-7000-8000-000000071002' returning 1), own as (update design.listing_ratings set stars = 4, body = 'Good' where user_id = '00000000-0000-7000-8000-000000071003' returning 1) select (select count(*) from changed) = 0, (select count(*) from own) = 1;
with gone as (delete from design.collaborators where user_id = '00000000-0000-7000-8000-000000071002' returning 1), left_it as (delete from design.collaborators where user_id = '00000000-0000-7000-8000-000000071003' returning 1) select (select count(*) from gone) = 0, (select count(*) from left_it) = 1;
set local role hc_moderator;
select (select count(*) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = 3, (select count(*) from design.collaborators where design_id::text like '%07100_') = 2, (select count(*) from design.reviews where reviewer_id = '00000000-0000-7000-8000-000000071003') = 1, (select count(*) from design.listings where id::text like '%07100_' or price_usd = 7) >= 3;
set local role hc_auditor;
select (select count(*) from design.versions where author_id = '00000000-0000-7000-8000-000000071001') = 3, (select count(*) from design.files where asset_id = '00000000-0000-7000-8000-000000071006') = 3, (select count(*) from design.collaborators where design_id::text like '%07100_') = 2, (select count(*) from design.hinge_specs where version_id::text like '%07101_') = 3,
  (select count(*) from design.bom_items where part_design_id = '00000000-0000-7000-8000-000000071005') = 3, (select count(*) from design.version_edges where parent_id = '00000000-0000-7000-8000-000000071011') >= 1, (select count(*) from design.listing_ratings where listing_id::text like '%07100_') = 2, (select count(*) from design.licences) >= 9, (select count(*) from design.spec_schemas) >= 5,
  (select count(*) from design.licence_compatibility) >= 81, (select count(*) from design.reviews where reviewer_id = '00000000-0000-7000-8000-000000071003') = 1, (select count(*) from design.listings where id::text like '%07100_') = 2;
set local role hc_owner;
update core.designs set visibility = 'private', deleted_at = now() where id = '00000000-0000-7000-8000-000000071004';
select core.act_as('00000000-0000-7000-8000-000000071002');
set local role hc_member;
select core.joined_designs() = '{}', design.my_designs() = '{}', (select count(*) from core.designs where id = '00000000-0000-7000-8000-000000071004') = 0;
set local role hc_owner;
update design.listings set status = 'closed' where id = '00000000-0000-7000-8000-000000071008';
set local role hc_anon;
select array_agg(stars) = '{4}' from design.listing_ratings where listing_id::text like '%07100_';
set local role hc_owner;
select role, t, has_table_privilege(role, 'design.' || t, 'select') from unnest(array['hc_agent']) role, unnest(array['licences', 'licence_compatibility', 'spec_schemas']) t;
set local role hc_agent;
select (select count(*) from design.licences) >= 9 and (select count(*) from design.licence_compatibility) >= 81 and (select count(*) from design.spec_schemas) >= 5;
set local role hc_owner;
select t, c, p, has_column_privilege('hc_member', 'design.' || t, c, p) from (values ('collaborators', 'insert', 'design_id,user_id,role,invited_by'), ('collaborators', 'update', 'role,during'), ('listings', 'insert', 'design_id,version_id,price_usd,currency,royalty_percent,min_quantity'),
  ('listings', 'update', 'version_id,status,price_usd,royalty_percent,min_quantity'), ('listing_ratings', 'insert', 'listing_id,user_id,stars,body'), ('listing_ratings', 'update', 'stars,body')) v(t, p, cols), unnest(string_to_array(cols, ',')) c;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['core.joined_designs()', 'design.my_designs(boolean)', 'design.accept_collaboration(uuid)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0067 create_views
-- title: Views version_history, gallery, bom_exploded and design_dashboard
-- does: version_history is who changed how much when, gallery what is public and released with preview, rating and what the licence asks, bom_exploded all parts of parts with
--   cumulative quantities (ten levels, no circles), design_dashboard an owner's designs with forks, open reviews and listing. Each shows what its reader's row security shows.
-- proves: two of a part that holds three of another explode to six, a part that holds itself ends, gallery hides a private design from anon, the dashboard is the owner's alone.
-- needs: BUILD_0065, BUILD_0066, BUILD_0071
create view design.version_history with (security_invoker) as
  select v.design_id, v.id as version_id, v.number, v.label, v.message, v.author_id, v.created_at, v.released_at, v.yanked_at,
    array(select e.parent_id from design.version_edges e where e.child_id = v.id order by e.parent_id) as parents,
    (select count(*) from (select f.path, f.sha256 from design.files f where f.version_id = v.id except select p.path, p.sha256 from design.version_edges e join design.files p on p.version_id = e.parent_id where e.child_id = v.id) d) as files_changed
  from design.versions v;

create view design.gallery with (security_invoker) as
  select d.id, d.owner_id, d.slug, d.title, d.summary, d.tags, d.kind, d.spec_summary, d.published_at, d.licence_spdx, l.permits_commercial, l.permits_derivatives, l.share_alike, l.requires_attribution,
    (select f.asset_id from design.files f where f.version_id = d.head_version_id and f.role = 'photo' order by f.path collate "C" limit 1) as preview_asset_id,
    (select round(avg(r.stars), 2) from design.listings s join design.listing_ratings r on r.listing_id = s.id where s.design_id = d.id) as rating
  from core.designs d left join design.licences l on l.spdx_id = d.licence_spdx
  where d.visibility = 'public' and d.status = 'released' and d.deleted_at is null;

create function design.explode_bom(version uuid) returns table (depth int, parts uuid[], term_id uuid, part_design_id uuid, quantity numeric, unit text, make_or_buy text)
  language sql stable
begin atomic
  with recursive lines (depth, parts, term_id, part_design_id, quantity, unit, make_or_buy) as (
    select 1, array[]::uuid[] || b.part_design_id, b.term_id, b.part_design_id, b.quantity, b.unit::text, b.make_or_buy from design.bom_items b where b.version_id = explode_bom.version
    union all
    select l.depth + 1, l.parts || b.part_design_id, b.term_id, b.part_design_id, l.quantity * b.quantity, b.unit::text, b.make_or_buy
    from lines l join core.designs d on d.id = l.part_design_id join design.bom_items b on b.version_id = d.head_version_id
    where l.depth < 10 and (b.part_design_id is null or b.part_design_id <> all (l.parts))
  )
  select l.depth, l.parts, l.term_id, l.part_design_id, l.quantity, l.unit, l.make_or_buy from lines l;
end;

create view design.bom_exploded with (security_invoker) as
  select v.id as version_id, e.depth, e.parts, e.term_id, e.part_design_id, e.quantity, e.unit, e.make_or_buy from design.versions v cross join lateral design.explode_bom(v.id) e;

create view design.design_dashboard with (security_invoker) as
  select d.id, d.slug, d.title, d.status, d.visibility, d.updated_at, d.deleted_at,
    (select count(*) from design.versions v where v.design_id = d.id) as versions,
    (select count(*) from core.designs f join design.versions v on v.id = f.forked_from_version_id where v.design_id = d.id) as forks,
    (select count(*) from design.reviews r join design.versions v on v.id = r.version_id where v.design_id = d.id and r.resolved_at is null and r.verdict is null) as open_reviews,
    l.status as listing_status, coalesce((l.stats ->> 'orders')::bigint, 0) as orders, coalesce((l.stats ->> 'downloads')::bigint, 0) as downloads
  from core.designs d left join lateral (select s.status, s.stats from design.listings s where s.design_id = d.id order by s.status = 'closed', s.created_at desc limit 1) l on true
  where d.owner_id = (select core.current_user_id());

grant execute on function design.explode_bom to hc_anon, hc_auditor;
grant select on design.version_history, design.gallery, design.bom_exploded to hc_anon, hc_auditor;
grant select on design.design_dashboard to hc_member;

comment on function design.explode_bom is 'All parts of a version, parts of parts by the heads of their designs, with cumulative quantity; ten levels, no circles. Runs as its caller.';
comment on view design.version_history is 'Versions with parents and how many files they changed.';
comment on column design.version_history.design_id is 'The design.';
comment on column design.version_history.version_id is 'The version.';
comment on column design.version_history.number is 'Counts from 1 in the design.';
comment on column design.version_history.label is 'Semantic version of a release.';
comment on column design.version_history.message is 'What the author said.';
comment on column design.version_history.author_id is 'Who committed it.';
comment on column design.version_history.created_at is 'When it was committed.';
comment on column design.version_history.released_at is 'When it was released.';
comment on column design.version_history.yanked_at is 'When it was withdrawn.';
comment on column design.version_history.parents is 'Versions it came from.';
comment on column design.version_history.files_changed is 'Files that no parent has like this.';
comment on view design.gallery is 'Public released designs, with what their licence asks.';
comment on column design.gallery.id is 'The design.';
comment on column design.gallery.owner_id is 'Its owner.';
comment on column design.gallery.slug is 'Name in addresses.';
comment on column design.gallery.title is 'Title.';
comment on column design.gallery.summary is 'What it is good for.';
comment on column design.gallery.tags is 'Its tags.';
comment on column design.gallery.kind is 'hinge, part or assembly.';
comment on column design.gallery.spec_summary is 'family, material, load_n, pin_mm of the head.';
comment on column design.gallery.published_at is 'First release.';
comment on column design.gallery.licence_spdx is 'Licence.';
comment on column design.gallery.permits_commercial is 'The licence permits to sell.';
comment on column design.gallery.permits_derivatives is 'The licence permits to change.';
comment on column design.gallery.share_alike is 'What is made of it keeps the licence.';
comment on column design.gallery.requires_attribution is 'Authors are to be named.';
comment on column design.gallery.preview_asset_id is 'First photo of the head.';
comment on column design.gallery.rating is 'Mean stars of its listings.';
comment on view design.bom_exploded is 'design.explode_bom() of every version; ask for one version_id.';
comment on column design.bom_exploded.version_id is 'The version that is taken apart.';
comment on column design.bom_exploded.depth is '1 for its own lines.';
comment on column design.bom_exploded.parts is 'Designs on the way down.';
comment on column design.bom_exploded.term_id is 'Material, or null.';
comment on column design.bom_exploded.part_design_id is 'Part, or null.';
comment on column design.bom_exploded.quantity is 'For one of the version.';
comment on column design.bom_exploded.unit is 'Unit of the quantity.';
comment on column design.bom_exploded.make_or_buy is 'make or buy.';
comment on view design.design_dashboard is 'The designs of who is asking.';
comment on column design.design_dashboard.id is 'The design.';
comment on column design.design_dashboard.slug is 'Name in addresses.';
comment on column design.design_dashboard.title is 'Title.';
comment on column design.design_dashboard.status is 'Status of the design.';
comment on column design.design_dashboard.visibility is 'Who sees it.';
comment on column design.design_dashboard.updated_at is 'Last change.';
comment on column design.design_dashboard.deleted_at is 'In the trash since.';
comment on column design.design_dashboard.versions is 'How many versions.';
comment on column design.design_dashboard.forks is 'Forks one can see.';
comment on column design.design_dashboard.open_reviews is 'Reviews asked for and not given.';
comment on column design.design_dashboard.listing_status is 'Status of the listing, null without one.';
comment on column design.design_dashboard.orders is 'Orders, as last counted.';
comment on column design.design_dashboard.downloads is 'Downloads, as last counted.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000067001', 'ada-0067'), ('00000000-0000-7000-8000-000000067002', 'bob-0067');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000067003', '00000000-0000-7000-8000-000000067001', 'a.jpg', 'image/jpeg', 1, sha256('0067a'), 'uploaded'), ('00000000-0000-7000-8000-000000067004', '00000000-0000-7000-8000-000000067001', 'b.step', 'model/step', 1, sha256('0067b'), 'uploaded');
insert into core.designs (id, owner_id, slug, title) select ('00000000-0000-7000-8000-00000006701' || n)::uuid, '00000000-0000-7000-8000-000000067001', 'probe-0067-' || n, 'Probe ' || n from generate_series(1, 4) n;
select core.act_as('00000000-0000-7000-8000-000000067001');
select design.commit_version('00000000-0000-7000-8000-000000067013', 'Pin', '[]', licence => 'MIT', bom => '[{"part_design_id": "00000000-0000-7000-8000-000000067011", "quantity": 1}]') is not null;
select design.commit_version('00000000-0000-7000-8000-000000067012', 'Knuckle', '[]', licence => 'MIT', bom => '[{"part_design_id": "00000000-0000-7000-8000-000000067013", "quantity": 3}]') is not null;
select set_config('probe.v1', design.commit_version('00000000-0000-7000-8000-000000067011', 'Gate', '[{"path": "b.step", "asset_id": "00000000-0000-7000-8000-000000067004"}]', licence => 'CERN-OHL-S-2.0')::text, true) is not null;
select set_config('probe.v2', design.commit_version('00000000-0000-7000-8000-000000067011', 'Gate with photo', '[{"path": "b.step", "asset_id": "00000000-0000-7000-8000-000000067004"}, {"path": "a.jpg", "role": "photo", "asset_id": "00000000-0000-7000-8000-000000067003"}]', licence => 'CERN-OHL-S-2.0',
  bom => '[{"part_design_id": "00000000-0000-7000-8000-000000067012", "quantity": 2}]')::text, true) is not null;
select array_agg(format('%s:%s', depth, quantity) order by depth) = '{1:2,2:6,3:6}' from design.bom_exploded where version_id::text = current_setting('probe.v2');
update design.versions set released_at = now(), label = '1.0.0' where id::text in (current_setting('probe.v1'), current_setting('probe.v2'));
update core.designs set status = 'in_review' where id::text like '%06701_';
update core.designs set status = 'released', published_at = now(), visibility = 'public' where id = '00000000-0000-7000-8000-000000067011';
insert into design.listings (id, design_id, version_id, price_usd, status, stats) values ('00000000-0000-7000-8000-000000067005', '00000000-0000-7000-8000-000000067011', current_setting('probe.v2')::uuid, 5, 'listed', '{"orders": 7, "downloads": 8}');
insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000067005', '00000000-0000-7000-8000-000000067001', 4), ('00000000-0000-7000-8000-000000067005', '00000000-0000-7000-8000-000000067002', 5);
insert into design.reviews (version_id, reviewer_id) values (current_setting('probe.v2')::uuid, '00000000-0000-7000-8000-000000067002');
insert into core.designs (owner_id, slug, title, forked_from_version_id) values ('00000000-0000-7000-8000-000000067001', 'fork-0067', 'Fork', current_setting('probe.v1')::uuid);
set local role hc_anon;
select count(*) = 1 and bool_and(title = 'Probe 1' and share_alike and permits_commercial and rating = 4.5 and preview_asset_id = '00000000-0000-7000-8000-000000067003') from design.gallery where owner_id = '00000000-0000-7000-8000-000000067001';
select array_agg(number order by number) = '{1,2}', bool_and(files_changed = 1), bool_and(number = 1 or parents::text[] = array[current_setting('probe.v1')]) from design.version_history where design_id = '00000000-0000-7000-8000-000000067011';
select array_agg(depth) = '{1}' from design.bom_exploded where version_id::text = current_setting('probe.v2');
set local role hc_member;
select versions = 2 and forks = 1 and open_reviews = 1 and listing_status = 'listed' and orders = 7 and downloads = 8 from design.design_dashboard where id = '00000000-0000-7000-8000-000000067011';
select count(*) = 5 from design.design_dashboard;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000067002');
set local role hc_member;
select count(*) = 0 from design.design_dashboard;
set local role hc_owner;
select v, reloptions::text like '%security_invoker%', has_table_privilege(case v when 'design_dashboard' then 'hc_member' else 'hc_anon' end, oid, 'select'), has_table_privilege('hc_auditor', oid, 'select') = (v <> 'design_dashboard') from unnest(array['version_history', 'gallery', 'bom_exploded', 'design_dashboard']) v join pg_class on oid = ('design.' || v)::regclass;
select has_function_privilege('hc_anon', 'design.explode_bom(uuid)', 'execute') and has_function_privilege('hc_auditor', 'design.explode_bom(uuid)', 'execute') and not has_function_privilege('hc_analyst', 'design.explode_bom(uuid)', 'execute');

-- task: BUILD_0068 create_jsonb_indexes
-- title: Index hinge spec JSONB for parametric search
-- does: design.find_specs(family, filter, ranges) finds versions one may see by exact parameters and numeric ranges, as butt hinges in brass for 200 to 400 N.
-- proves: exactly two of five specs fit and drafts of others never; filter and ranges have their indexes; a range that is none raises.
-- needs: BUILD_0005, BUILD_0062, BUILD_0071
create index hinge_specs_params_idx on design.hinge_specs using gin (params jsonb_path_ops);
create index hinge_specs_family_pin_mm_idx on design.hinge_specs (family, ((params ->> 'pin_mm')::numeric));
create index hinge_specs_family_load_n_idx on design.hinge_specs (family, ((params ->> 'load_n')::numeric));
create index listings_stats_idx on design.listings using gin (stats jsonb_path_ops);

comment on index design.hinge_specs_params_idx is 'Specs by exact parameters (design.find_specs).';
comment on index design.hinge_specs_family_pin_mm_idx is 'Specs of a family by diameter of the pin.';
comment on index design.hinge_specs_family_load_n_idx is 'Specs of a family by load.';
comment on index design.listings_stats_idx is 'Listings by what was counted of them.';

create function design.find_specs(family text, filter jsonb default '{}', ranges jsonb default '{}') returns setof uuid
  language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := '';
  range record;
begin
  for range in select r.key, r.value from jsonb_each(ranges) r order by r.key loop
    if jsonb_typeof(range.value) <> 'array' or range.value @? '$[*] ? (@ != null && @.type() != "number")' then
      raise exception using errcode = '22023', message = format('%s: a range is [least, most], either may be null', range.key);
    end if;
    conditions := conditions || case when jsonb_typeof(range.value -> 0) = 'number' then format(' and (s.params ->> %L)::numeric >= %s', range.key, range.value ->> 0) else '' end
      || case when jsonb_typeof(range.value -> 1) = 'number' then format(' and (s.params ->> %L)::numeric <= %s', range.key, range.value ->> 1) else '' end;
  end loop;
  return query execute 'select s.version_id from design.hinge_specs s join design.versions v on v.id = s.version_id join core.designs d on d.id = v.design_id
    where s.family = $1 and s.params @> $2 and d.deleted_at is null
      and (d.id = any ($3) or (v.released_at is not null and (d.status in (''released'', ''deprecated'') and (d.visibility = ''public'' or (d.visibility = ''community'' and $4)))))' || conditions || ' order by s.version_id'
    using find_specs.family, filter, design.my_designs(), core.has_role('hc_member');
end $$;

grant execute on function design.find_specs to hc_anon, hc_agent;

comment on function design.find_specs is 'Versions of a family with these parameters and numbers in ranges {"load_n": [200, 400], "pin_mm": [null, 6]}. Security definer: row security would keep it from the GIN index; it repeats the policies of design.versions.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000068001', 'ada-0068');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at) values ('00000000-0000-7000-8000-000000068002', '00000000-0000-7000-8000-000000068001', 'open', 'Probe', 'public', 'released', 'MIT', '00000000-0000-7000-8000-000000068011', now()),
  ('00000000-0000-7000-8000-000000068003', '00000000-0000-7000-8000-000000068001', 'ours', 'Probe', 'community', 'released', 'MIT', '00000000-0000-7000-8000-000000068016', now());
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at)
select ('00000000-0000-7000-8000-00000006801' || n)::uuid, case when n = 6 then '00000000-0000-7000-8000-000000068003' else '00000000-0000-7000-8000-000000068002' end::uuid, n, sha256(('68' || n)::bytea), '00000000-0000-7000-8000-000000068001', 'MIT', case when n <> 5 then now() end from generate_series(1, 6) n;
insert into design.hinge_specs (version_id, family, params)
select ('00000000-0000-7000-8000-00000006801' || n)::uuid, 'barrel', jsonb_build_object('leaf_length_mm', 40, 'pin_mm', 5, 'knuckle_mm', 10, 'load_n', load, 'material', material, 'finish', 'probe-0068')
from (values (1, 200, 'brass'), (2, 400, 'brass'), (3, 500, 'brass'), (4, 300, 'steel'), (5, 300, 'brass'), (6, 300, 'brass')) v(n, load, material);
set local role hc_anon;
select array_agg(right(v::text, 1) order by v) = '{1,2}' from design.find_specs('barrel', '{"material": "brass", "finish": "probe-0068"}', '{"load_n": [200, 400], "pin_mm": [null, 6]}') v;
select array_agg(right(v::text, 1) order by v) = '{2,3}' from design.find_specs('barrel', '{"material": "brass", "finish": "probe-0068"}', '{"load_n": [201, null]}') v;
select count(*) = 0 from design.find_specs('butt', '{"finish": "probe-0068"}');
select blueprint.raises($$ select design.find_specs('barrel', '{}', '{"load_n": ["1; drop", 2]}') $$, '22023', 'load_n: a range'), blueprint.raises($$ select design.find_specs('barrel', '{}', '{"load_n": 5}') $$, '22023', 'load_n: a range');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000068001');
set local role hc_member;
select array_agg(right(v::text, 1) order by v) = '{1,2,5,6}' from design.find_specs('barrel', '{"material": "brass", "finish": "probe-0068"}', '{"load_n": [200, 400]}') v;
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from design.hinge_specs where params @> '{"material": "brass"}' $$, 'hinge_specs_params_idx'), ($$ select from design.hinge_specs where family = 'butt' and (params ->> 'load_n')::numeric between 200 and 400 $$, 'hinge_specs_family_load_n_idx'),
  ($$ select from design.hinge_specs where family = 'butt' and (params ->> 'pin_mm')::numeric < 6 $$, 'hinge_specs_family_pin_mm_idx'), ($$ select from design.listings where stats @> '{"orders": 1}' $$, 'listings_stats_idx')) v(sql, index);
select has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and prosecdef from unnest(array['design.find_specs(text, jsonb, jsonb)']) f join pg_proc on oid = f::regprocedure;
