-- Room publishing, functions: writing, submitting and publishing texts; what follows by itself; and the views of readers and editors.

-- task: BUILD_0125 create_functions critical
-- title: Publishing functions: create_article, save_revision, submit, publish, unpublish
-- does: An article begins with its first revision; each save is a new one with the next number, from the latest only; submit() asks for review, publish() shows a revision now or at an instant,
--   unpublish() takes the text down with a reason. render_plain() strips Markdown for search and word counts.
-- proves: after create and publish anon reads the text in publishing.articles and after unpublish not, numbers have no gap, a stale parent (40001) and a stranger (42501) are refused,
--   the word count is that of render_plain().
-- needs: BUILD_0124, BUILD_0784, BUILD_0789
create function publishing.render_plain(body text) returns text
  language sql immutable parallel safe
  return btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    body, '^\s*(```|~~~)[^\n]*$', '', 'gn'), '!?\[([^]]*)\]\([^)]*\)', '\1', 'g'), '<[^>]*>', '', 'g'), '^\s{0,3}(#{1,6}|>|[-*+]|\d+[.)])\s+', '', 'gn'),
    '^\s*\|?(\s*:?-+:?\s*\|)+\s*:?-*:?\s*$', '', 'gn'), '\|', ' ', 'g'), '(\*\*|__|~~|`)', '', 'g'), '(^|\W)[*_]([^*_\n]+)[*_](?=\W|$)', '\1\2', 'g'), e' \n\t');

create function publishing.may_edit(content uuid) returns boolean
  language sql stable
  return exists (
    select from core.content c
    where c.id = content and (c.author_id = core.current_user_id() or core.has_role('hc_moderator')
      or exists (select from publishing.contributions k where k.content_id = c.id and k.user_id = core.current_user_id() and k.role in ('author', 'editor', 'translator'))));

create function publishing.save_revision(content uuid, parent uuid, title text, body text, change_summary text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  latest publishing.revisions;
  saved uuid;
begin
  perform from core.content c where c.id = content for update;  -- numbers have no gap: one save of a text after the other
  if not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a text is edited by its authors, editors and translators';
  end if;
  select * into latest from publishing.revisions r where r.content_id = content order by r.number desc limit 1;
  if latest.id is distinct from parent then
    raise exception using errcode = '40001', message = 'somebody saved in between', detail = latest.id::text, hint = 'Load the latest revision, or merge with publishing.save_text().';
  end if;
  insert into publishing.revisions (content_id, number, parent_id, author_id, title, body, change_summary)
  values (content, coalesce(latest.number, 0) + 1, latest.id, core.current_user_id(), save_revision.title, save_revision.body, save_revision.change_summary)
  returning id into saved;
  insert into publishing.contributions (content_id, user_id, role)
  select content, core.current_user_id(), 'author' where core.current_user_id() is not null
  on conflict do nothing;
  return saved;
end $$;

create function publishing.create_article(kind text, title text, locale text, body text, out content_id uuid, out revision_id uuid)
  language plpgsql security definer set search_path = ''
as $$
begin
  if core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'an article is begun by somebody who is signed in';
  end if;
  insert into core.content (author_id, kind, title, locale, body_text, word_count)
  values (core.current_user_id(), create_article.kind, create_article.title, create_article.locale, publishing.render_plain(body), core.count_words(publishing.render_plain(body)))
  returning id into content_id;
  revision_id := publishing.save_revision(content_id, null, title, body);
end $$;

create function publishing.submit(revision uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  text_id constant uuid := (select r.content_id from publishing.revisions r where r.id = revision);
begin
  if not publishing.may_edit(text_id) then
    raise exception using errcode = '42501', message = 'a revision is submitted by those who edit the text';
  end if;
  update publishing.revisions r set status = 'submitted'
  where r.id = revision and r.status = 'draft' and r.number = (select max(n.number) from publishing.revisions n where n.content_id = text_id);
  if not found then
    raise exception using errcode = '55000', message = 'what is submitted is the latest revision, while it is a draft';
  end if;
  update core.content c set status = 'in_review' where c.id = text_id and c.status in ('draft', 'unpublished');
end $$;

create function publishing.publish(content uuid, revision uuid, at timestamptz default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  shown core.content;
begin
  select * into shown from core.content c where c.id = content for update;
  if not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a text is published by those who edit it';
  elsif at > now() and shown.status = 'published' then
    raise exception using errcode = '22023', message = 'a text on show cannot be scheduled', hint = 'Publish the new revision when it is due.';
  end if;
  update publishing.revisions r set status = 'accepted' where r.id = revision and r.content_id = content and r.status in ('submitted', 'accepted');
  if not found then
    raise exception using errcode = '55000', message = 'what is published is a submitted revision of this text';
  end if;
  if at > now() then
    update core.content c set current_revision_id = revision, publish_at = at, status = 'scheduled' where c.id = content;
  elsif shown.status in ('in_review', 'scheduled') then
    update core.content c set current_revision_id = revision, publish_at = null, status = 'published' where c.id = content;
  elsif shown.status = 'published' then
    update core.content c set current_revision_id = revision where c.id = content;
  else
    raise exception using errcode = '55000', message = format('a text that is %s is submitted before it is published', shown.status);
  end if;
end $$;

create function publishing.unpublish(content uuid, reason text, legal boolean default false) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a text is taken down by those who edit it, or by a moderator';
  end if;
  perform core.give_reason(reason);
  update core.content c set status = 'unpublished', metadata = case when legal then c.metadata || jsonb_build_object('gone', reason) else c.metadata end where c.id = content and c.status = 'published';
  if not found then
    raise exception using errcode = '55000', message = 'the text is not on show';
  end if;
  perform core.give_reason(null);
end $$;

grant execute on function publishing.create_article, publishing.save_revision, publishing.submit, publishing.publish, publishing.unpublish to hc_member;
grant execute on function publishing.render_plain to hc_anon, hc_agent;

comment on function publishing.render_plain is 'Text of Markdown without its marks: what is searched and counted.';
comment on function publishing.may_edit is 'Whether the current person is author, editor or translator of a text, or a moderator. For owner functions.';
comment on function publishing.save_revision is 'Saves the next revision on top of the latest one; 40001 when parent is not the latest. Security definer: nobody writes revisions directly.';
comment on function publishing.create_article is 'Begins a text of the current person with its first revision. Security definer: nobody writes revisions directly.';
comment on function publishing.submit is 'Asks for a review of the latest revision. Security definer: nobody writes revisions directly.';
comment on function publishing.publish is 'Shows a submitted revision, now or at an instant. Security definer: members may not write the status.';
comment on function publishing.unpublish is 'Takes a text down and notes why; legal marks it as gone (410). Security definer: members may not write the status.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000125001', 'ada-0125'), ('00000000-0000-7000-8000-000000125002', 'eve-0125');
create temporary table made (content_id uuid, revision_id uuid) on commit drop;
grant all on pg_temp.made to hc_member, hc_moderator;
select core.act_as('00000000-0000-7000-8000-000000125001');
set local role hc_member;
insert into pg_temp.made select * from publishing.create_article('news', 'Probe 0125', 'en', e'# Probe\n\nA **bold** [link](https://example.org).');
select blueprint.raises(format($$ select publishing.publish(%L, %L) $$, content_id, revision_id), '55000', 'submitted') from pg_temp.made;
select publishing.save_revision(content_id, revision_id, 'Probe 0125', 'Two.', 'shorter') is not null, blueprint.raises(format($$ select publishing.save_revision(%L, %L, 'x', 'x') $$, content_id, uuidv7()), '40001', 'in between') from pg_temp.made;
select blueprint.raises(format($$ select publishing.save_revision(%L, %L, 'x', 'x') $$, content_id, revision_id), '40001'), blueprint.raises(format($$ select publishing.submit(%L) $$, revision_id), '55000', 'latest') from pg_temp.made;
set local role hc_owner;
select array_agg(number order by number) = '{1,2}' and max(change_summary) = 'shorter' and bool_and(author_id = '00000000-0000-7000-8000-000000125001') from publishing.revisions where content_id = (select content_id from pg_temp.made);
update pg_temp.made m set revision_id = r.id from publishing.revisions r where r.content_id = m.content_id and r.number = 2;
select core.act_as('00000000-0000-7000-8000-000000125002');
set local role hc_member;
select sql, blueprint.raises(format(sql, content_id, revision_id), '42501') from pg_temp.made, (values ($$ select publishing.save_revision(%L, %L, 'x', 'x') $$), ($$ select publishing.publish(%L, %L) $$), ($$ select publishing.unpublish(%L, %L) $$), ($$ select publishing.submit(%2$L) $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000125001');
set local role hc_member;
select publishing.submit(revision_id) is not null from pg_temp.made;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000125001', 'hc_moderator');
set local role hc_moderator;
select publishing.publish(content_id, revision_id) is not null from pg_temp.made;
set local role hc_owner;
select a.body = 'Two.' and a.status = 'published' and r.status = 'accepted' from publishing.articles a join publishing.revisions r on r.id = a.revision_id where a.slug = 'probe-0125';
set local role hc_anon;
select count(*) = 1 from core.content where slug = 'probe-0125';
set local role hc_moderator;
select publishing.unpublish(content_id, 'outdated', legal => true) is not null, blueprint.raises(format('select publishing.unpublish(%L, ''x'')', content_id), '55000') from pg_temp.made;
set local role hc_anon;
select count(*) = 0 from core.content where slug = 'probe-0125';
set local role hc_owner;
select metadata ->> 'gone' = 'outdated' from core.content where slug = 'probe-0125';
select reason = 'outdated' from core.status_changes where entity_id = (select content_id from pg_temp.made) and to_status = 'unpublished';
create temporary table later (content_id uuid, revision_id uuid) on commit drop;
insert into pg_temp.later select * from publishing.create_article('page', 'Later 0125', 'en', 'Soon to come.');
select publishing.submit(revision_id) is not null, publishing.publish(content_id, revision_id, now() + interval '1 day') is not null from pg_temp.later;
select status = 'scheduled' and publish_at = now() + interval '1 day' and word_count = core.count_words(publishing.render_plain('Soon to come.')) and word_count = 3 from core.content where slug = 'later-0125';
select role = 'author' and user_id = '00000000-0000-7000-8000-000000125001' from publishing.contributions where content_id = (select content_id from pg_temp.later);
select regexp_replace(publishing.render_plain(e'# Head\n\n- **one** `two`\n1. [three](x)\n> four_five *six*\n```sql\nseven\n```\n| a | b |\n| --- | --- |'), '\s+', ' ', 'g') = 'Head one two three four_five six seven a b', core.count_words(publishing.render_plain('![pin](a.png) <b>x</b>')) = 2;
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select publishing.create_article('news', 'Nobody', 'en', 'x') $$, '42501', 'signed in');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['publishing.create_article(text, text, text, text)', 'publishing.save_revision(uuid, uuid, text, text, text)', 'publishing.submit(uuid)', 'publishing.publish(uuid, uuid, timestamptz)', 'publishing.unpublish(uuid, text, boolean)']) f;
select role, has_function_privilege(role, 'publishing.render_plain(text)', 'execute') and not has_function_privilege('hc_analyst', 'publishing.render_plain(text)', 'execute') and not has_function_privilege('hc_member', 'publishing.may_edit(uuid)', 'execute') from unnest(array['hc_anon', 'hc_agent']) role;

-- task: BUILD_0126 create_triggers critical
-- title: Publishing triggers: immutability, word counts, comment paths, statuses
-- does: A revision keeps its text: only its status moves, by machine revision. Setting the current revision renews title, plain text, word count and so the search vector of core.content.
--   Comments stand under the path of their parent; comments, hand-overs and the standard columns follow their machines and triggers.
-- proves: updating a body or deleting a revision raises, a second publication keeps the first published_at and renews text and words, a reply's path is its parent's plus its own label.
-- needs: BUILD_0014, BUILD_0020, BUILD_0124, BUILD_0125, BUILD_0784, BUILD_0787
create function publishing.keep_revision() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - array['status', 'change_summary', 'body_sha256'] = to_jsonb(old) - array['status', 'change_summary', 'body_sha256'] then
    return new;
  elsif tg_op = 'DELETE' and old.status = 'draft' and current_setting('publishing.autosave', true) = old.id::text then
    return old;
  end if;
  raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name,
    message = format('publishing.revisions keeps what was written: %s is refused', lower(tg_op)), hint = 'Save another revision.';
end $$;

create function publishing.show_revision() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  shown publishing.revisions;
begin
  select * into shown from publishing.revisions r where r.id = new.current_revision_id;
  if shown.id is not null then
    if shown.content_id <> new.id then
      raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'current_revision_id', message = 'a text shows a revision of its own';
    end if;
    new.title := shown.title;
    new.body_text := publishing.render_plain(shown.body);
    new.word_count := core.count_words(new.body_text);
  end if;
  return new;
end $$;

create function publishing.place_comment() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  above publishing.comments;
begin
  select * into above from publishing.comments c where c.id = new.parent_id;
  if above.content_id <> new.content_id then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'parent_id', message = 'a reply belongs to the text of its parent';
  end if;
  new.path := coalesce(above.path operator(extensions.||) replace(new.id::text, '-', ''), replace(new.id::text, '-', '')::extensions.ltree);
  return new;
end $$;

create trigger revisions_keep before update or delete on publishing.revisions for each row execute function publishing.keep_revision();

create trigger revisions_no_truncate before truncate on publishing.revisions for each statement execute function core.forbid_change();

create trigger content_d_revision before insert or update of current_revision_id on core.content for each row
  when (new.current_revision_id is not null) execute function publishing.show_revision();

create trigger comments_a_place before insert or update of parent_id, content_id on publishing.comments for each row execute function publishing.place_comment();

select core.define_machine('revision', '{"draft": ["submitted"], "submitted": ["draft", "accepted", "rejected"], "rejected": ["submitted"]}');
select core.define_machine('comment', '{"visible": ["held", "removed"], "held": ["visible", "removed"], "removed": [{"to": "visible", "guard": "hc_moderator", "reason": true}]}');
select core.define_machine('handover', '{"queued": ["taken", "withdrawn"], "taken": ["queued", "indexed", "failed", "withdrawn"], "failed": ["taken", "queued", "withdrawn"], "indexed": ["queued"], "withdrawn": ["queued"]}');

create trigger revisions_status_machine after update of status on publishing.revisions for each row execute function core.enforce_transition('revision');
create trigger comments_status_machine after update of status on publishing.comments for each row execute function core.enforce_transition('comment');
create trigger handovers_status_machine after update of status on publishing.handovers for each row execute function core.enforce_transition('handover');

select core.attach_standard('publishing.comments', 'std', 'content_id', 'author_id'), core.attach_standard('publishing.reviews', 'std', 'revision_id'), core.attach_standard('publishing.series'),
  core.attach_standard('publishing.translations'), core.attach_standard('publishing.handovers', 'std', 'revision_id');

comment on function publishing.keep_revision is 'Trigger of publishing.revisions: status and summary of the change move, nothing else; only an autosave replaces its own last draft.';
comment on function publishing.show_revision is 'Trigger of core.content: title, plain text and words are those of the current revision. Only functions of hc_owner set it, which read all revisions.';
comment on function publishing.place_comment is 'Trigger of publishing.comments: path of the parent plus the own id. Only functions of hc_owner insert, which see every parent.';
comment on trigger revisions_keep on publishing.revisions is 'Append-only.';
comment on trigger revisions_no_truncate on publishing.revisions is 'Append-only.';
comment on trigger content_d_revision on core.content is 'What is searched and counted is what is shown.';
comment on trigger comments_a_place on publishing.comments is 'Each comment has its place in the tree.';
comment on trigger revisions_status_machine on publishing.revisions is 'Status changes follow machine revision and are logged.';
comment on trigger comments_status_machine on publishing.comments is 'Status changes follow machine comment and are logged.';
comment on trigger handovers_status_machine on publishing.handovers is 'Status changes follow machine handover and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000126001', 'ada-0126');
insert into core.content (id, author_id, slug, title, kind) values ('00000000-0000-7000-8000-000000126011', '00000000-0000-7000-8000-000000126001', 'a-0126', 'Old title', 'page'), ('00000000-0000-7000-8000-000000126012', null, 'b-0126', 'Other', 'page');
insert into publishing.revisions (id, content_id, number, title, body) values ('00000000-0000-7000-8000-000000126021', '00000000-0000-7000-8000-000000126011', 1, 'First', 'One **two**.'), ('00000000-0000-7000-8000-000000126022', '00000000-0000-7000-8000-000000126011', 2, 'Second', 'One two three.');
select sql, blueprint.raises(sql, state, why) from (values
  ($$ update publishing.revisions set body = 'x' where id = '00000000-0000-7000-8000-000000126021' $$, '55006', 'update is refused'), ($$ update publishing.revisions set parent_id = null, number = 7 where id = '00000000-0000-7000-8000-000000126021' $$, '55006', 'update is refused'),
  ($$ delete from publishing.revisions where id = '00000000-0000-7000-8000-000000126021' $$, '55006', 'delete is refused'),
  ($$ update publishing.revisions set status = 'accepted' where id = '00000000-0000-7000-8000-000000126021' $$, '23514', 'draft -> accepted'),
  ($$ update core.content set current_revision_id = '00000000-0000-7000-8000-000000126021' where slug = 'b-0126' $$, '23514', 'of its own')) v(sql, state, why);
update publishing.revisions set status = 'submitted' where content_id = '00000000-0000-7000-8000-000000126011';
update publishing.revisions set status = 'accepted' where content_id = '00000000-0000-7000-8000-000000126011';
select core.act_as('00000000-0000-7000-8000-000000126001', 'hc_moderator');
update core.content set status = 'published', current_revision_id = '00000000-0000-7000-8000-000000126021' where slug = 'a-0126' returning title = 'First' and word_count = 2 and body_text = 'One two.' and published_at = now();
update core.content set published_at = now() + interval '1 day', current_revision_id = '00000000-0000-7000-8000-000000126022' where slug = 'a-0126' returning title = 'Second' and word_count = 3 and published_at = now();
select search_tsv @@ to_tsquery('english', 'three & second') from core.content where slug = 'a-0126';
insert into publishing.comments (id, content_id, body) values ('00000000-0000-7000-8000-000000126031', '00000000-0000-7000-8000-000000126011', 'top') returning path::text = '00000000000070008000000000126031';
insert into publishing.comments (id, content_id, parent_id, body) values ('00000000-0000-7000-8000-000000126032', '00000000-0000-7000-8000-000000126011', '00000000-0000-7000-8000-000000126031', 'reply') returning path::text = '00000000000070008000000000126031.00000000000070008000000000126032';
select sql, blueprint.raises(sql, state, why) from (values
  ($$ insert into publishing.comments (content_id, parent_id, body) values ('00000000-0000-7000-8000-000000126012', '00000000-0000-7000-8000-000000126031', 'x') $$, '23514', 'text of its parent'),
  ($$ update publishing.comments set content_id = '00000000-0000-7000-8000-000000126012' where body = 'top' $$, '55006', 'content_id')) v(sql, state, why);
update publishing.comments set status = 'removed' where id = '00000000-0000-7000-8000-000000126032' returning updated_at >= now();
select blueprint.raises($$ update publishing.comments set status = 'visible' where id = '00000000-0000-7000-8000-000000126032' $$, '23514', 'takes a reason');
insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000126011', '00000000-0000-7000-8000-000000126022') on conflict do nothing;
select blueprint.raises($$ update publishing.handovers set status = 'indexed' where content_id = '00000000-0000-7000-8000-000000126011' $$, '23514', 'queued -> indexed'), blueprint.raises($$ update publishing.handovers set revision_id = '00000000-0000-7000-8000-000000126021' where content_id = '00000000-0000-7000-8000-000000126011' $$, '55006', 'revision_id');
select array_agg(t.tgrelid::regclass::text order by t.tgrelid::regclass::text) = '{publishing.comments,publishing.handovers,publishing.reviews,publishing.series,publishing.translations}' from (select tgrelid from pg_trigger where tgenabled = 'O' and tgfoid = 'core.touch_updated_at'::regproc and tgrelid::regclass::text like 'publishing.%') t;
select array_agg(t.tgrelid::regclass::text order by t.tgrelid::regclass::text) = '{publishing.comments,publishing.handovers,publishing.reviews,publishing.series,publishing.translations}' from (select tgrelid from pg_trigger where tgenabled = 'O' and tgfoid = 'core.freeze_columns'::regproc and tgrelid::regclass::text like 'publishing.%') t;
select tgfoid = 'core.forbid_change'::regproc and tgtype & 32 = 32 and tgenabled = 'O' from pg_trigger where tgrelid = 'publishing.revisions'::regclass and tgname = 'revisions_no_truncate';
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['publishing.keep_revision()', 'publishing.show_revision()', 'publishing.place_comment()']) f;

-- revert
select core.detach_standard('publishing.comments'), core.detach_standard('publishing.reviews'), core.detach_standard('publishing.series'), core.detach_standard('publishing.translations'), core.detach_standard('publishing.handovers');
drop trigger handovers_status_machine on publishing.handovers;
drop trigger comments_status_machine on publishing.comments;
drop trigger revisions_status_machine on publishing.revisions;
select core.define_machine('handover', '{}'), core.define_machine('comment', '{}'), core.define_machine('revision', '{}');
drop trigger comments_a_place on publishing.comments;
drop trigger content_d_revision on core.content;
drop trigger revisions_no_truncate on publishing.revisions;
drop trigger revisions_keep on publishing.revisions;
drop function publishing.place_comment, publishing.show_revision, publishing.keep_revision;

-- task: BUILD_0127 create_views
-- title: Views articles_public, editorial_board, author_stats and stale_content
-- does: articles_public lists what is on show with author, category, minutes and cover; editorial_board what waits for review with age, round and missing approvals; author_stats what each author
--   published; stale_content what stands unrevised for a year, and whether its translations lag. Each reader sees what row security shows.
-- proves: the board shows one missing approval after one of two, stale_content the article of 13 months and not the fresh one, the list its cover, the stats words and accepted share.
-- needs: BUILD_0126
create view publishing.articles_public with (security_invoker) as
  select c.id, c.kind, c.slug, c.locale, c.title, c.summary, u.handle as author, u.display_name as author_name, coalesce(t.labels ->> split_part(c.locale, '-', 1), t.labels ->> 'en') as category,
    c.tags, c.reading_minutes, c.published_at, m.asset_id as cover_asset_id, m.alt_text as cover_alt
  from core.content c
  left join core.public_users u on u.id = c.author_id
  left join core.terms t on t.id = c.category_id
  left join lateral (select k.asset_id, k.alt_text from publishing.media k where k.content_id = c.id and k.kind = 'image' order by k.position limit 1) m on true
  where c.status in ('published', 'scheduled') and (c.publish_at is null or c.publish_at <= now());

create view publishing.editorial_board with (security_invoker) as
  select r.id as revision_id, c.id as content_id, c.kind, c.locale, r.title, r.author_id, r.number, now() - r.created_at as age, v.round, v.approvals, v.changes,
    greatest(p.quorum - v.approvals, 0)::int as missing_approvals
  from publishing.revisions r
  join core.content c on c.id = r.content_id
  join publishing.editorial_policy p on p.kind = c.kind
  cross join lateral (
    select coalesce(max(w.round), 0) as round, count(*) filter (where w.verdict = 'approve') as approvals, count(*) filter (where w.verdict = 'changes') as changes
    from publishing.reviews w where w.revision_id = r.id) v
  where r.status = 'submitted';

create view publishing.author_stats with (security_invoker) as
  select u.id as author_id, u.handle, count(distinct c.id) filter (where c.status = 'published') as published, coalesce(sum(c.word_count) filter (where c.status = 'published'), 0) as words,
    round(100.0 * r.accepted / nullif(r.decided, 0), 1) as accepted_pct
  from core.public_users u
  join core.content c on c.author_id = u.id
  cross join lateral (
    select count(*) filter (where k.status = 'accepted') as accepted, count(*) filter (where k.status in ('accepted', 'rejected')) as decided from publishing.revisions k where k.author_id = u.id) r
  group by u.id, u.handle, r.accepted, r.decided;

create view publishing.stale_content with (security_invoker) as
  select c.id, c.kind, c.slug, c.locale, c.title, c.author_id, r.last_revised_at, exists (
    select from publishing.translations t where t.source_content_id = c.id and t.source_revision_id is distinct from c.current_revision_id) as has_lagging_translation
  from core.content c
  cross join lateral (select coalesce(max(k.created_at), c.published_at) as last_revised_at from publishing.revisions k where k.content_id = c.id) r
  where c.status = 'published' and c.published_at < now() - interval '12 months' and r.last_revised_at < now() - interval '12 months';

comment on view publishing.articles_public is 'What is on show, for lists.';
comment on view publishing.editorial_board is 'Submitted revisions with their round and what they lack.';
comment on view publishing.author_stats is 'What authors published, and the share of their revisions that was accepted.';
comment on view publishing.stale_content is 'Texts on show that nobody revised for a year.';

grant select on publishing.articles, publishing.articles_public to hc_anon, hc_agent, hc_auditor;
grant select on publishing.editorial_board, publishing.author_stats, publishing.stale_content to hc_member, hc_auditor;

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000012700' || n)::uuid, 'u' || n || '-0127', 'u' || n || '-0127@example.org', 'active' from generate_series(1, 3) n;
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000127009', '00000000-0000-7000-8000-000000127001', 'a.png', 'image/png', 1);
insert into core.content (id, author_id, slug, title, kind, status, published_at, body_blocks, category_id) values
  ('00000000-0000-7000-8000-000000127011', '00000000-0000-7000-8000-000000127001', 'old-0127', 'Old', 'page', 'published', now() - interval '13 months', '[{"type": "paragraph", "text": "one two"}]', (select id from core.terms where path::text = 'topic')),
  ('00000000-0000-7000-8000-000000127012', '00000000-0000-7000-8000-000000127001', 'new-0127', 'New', 'page', 'published', now() - interval '1 month', '[{"type": "paragraph", "text": "three"}]', null),
  ('00000000-0000-7000-8000-000000127013', '00000000-0000-7000-8000-000000127001', 'know-0127', 'Knowledge', 'knowledge', 'draft', null, '[]', null);
insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-000000127011', 1, '00000000-0000-7000-8000-000000127009', 'A hinge');
insert into publishing.revisions (id, content_id, number, author_id, title, body) values ('00000000-0000-7000-8000-000000127021', '00000000-0000-7000-8000-000000127013', 1, '00000000-0000-7000-8000-000000127001', 'Knowledge', 'x'),
  ('00000000-0000-7000-8000-000000127022', '00000000-0000-7000-8000-000000127013', 2, '00000000-0000-7000-8000-000000127001', 'Knowledge', 'y'), ('00000000-0000-7000-8000-000000127023', '00000000-0000-7000-8000-000000127013', 3, '00000000-0000-7000-8000-000000127001', 'Knowledge', 'z');
update publishing.revisions set status = 'submitted' where content_id = '00000000-0000-7000-8000-000000127013';
update publishing.revisions set status = case number when 1 then 'accepted' else 'rejected' end where content_id = '00000000-0000-7000-8000-000000127013' and number < 3;
insert into publishing.reviews (revision_id, reviewer_id, verdict, decided_at, round) values ('00000000-0000-7000-8000-000000127023', '00000000-0000-7000-8000-000000127002', 'approve', now(), 2), ('00000000-0000-7000-8000-000000127023', '00000000-0000-7000-8000-000000127003', 'changes', now(), 2);
select count(*) = 1 and bool_and(missing_approvals = 1 and approvals = 1 and changes = 1 and round = 2 and number = 3 and age = '0') from publishing.editorial_board where content_id = '00000000-0000-7000-8000-000000127013';
select array_agg(slug::text) = '{old-0127}' and not bool_or(has_lagging_translation) from publishing.stale_content where slug like '%-0127';
insert into core.content (id, slug, title, locale) values ('00000000-0000-7000-8000-000000127014', 'alt-0127', 'Alt', 'de');
insert into publishing.revisions (id, content_id, number, title, body, created_at) values ('00000000-0000-7000-8000-000000127024', '00000000-0000-7000-8000-000000127011', 1, 'Old', 'x', now() - interval '13 months');
insert into publishing.translations (source_content_id, locale, content_id, source_revision_id) values ('00000000-0000-7000-8000-000000127011', 'de', '00000000-0000-7000-8000-000000127014', '00000000-0000-7000-8000-000000127024');
select bool_and(has_lagging_translation) from publishing.stale_content where slug = 'old-0127';
select published = 2 and words = 3 and accepted_pct = 50.0 from publishing.author_stats where handle = 'u1-0127';
select author = 'u1-0127' and category = 'Topics' and reading_minutes = 1 and cover_alt = 'A hinge' from publishing.articles_public where slug = 'old-0127';
select count(*) = 2 from publishing.articles_public where slug like '%-0127';
select v, has_table_privilege('hc_anon', v, 'select') and has_table_privilege('hc_agent', v, 'select') and has_table_privilege('hc_auditor', v, 'select') from unnest(array['publishing.articles', 'publishing.articles_public']) v;
select v, has_table_privilege('hc_member', v, 'select') and has_table_privilege('hc_auditor', v, 'select') and not has_table_privilege('hc_anon', v, 'select') from unnest(array['publishing.editorial_board', 'publishing.author_stats', 'publishing.stale_content']) v;
select v, 'security_invoker=true' = any (reloptions) from unnest(array['articles', 'articles_public', 'editorial_board', 'author_stats', 'stale_content']) v join pg_class on oid = ('publishing.' || v)::regclass;
