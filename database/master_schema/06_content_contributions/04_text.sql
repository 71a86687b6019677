-- Room publishing, text work: what changed between two revisions, merging edits made side by side, the review before publication, and addresses that change.

-- task: BUILD_0133 implement_feature critical
-- title: Line diff between revisions with statistics
-- does: publishing.diff(a, b) gives equal, delete and insert hunks by the shortest edit script (Myers 1986) between common head and tail; diff_stats() counts words that came and went;
--   blame() credits each line of a text to the revision and author it came from. At most 5,000 lines; beyond 1,500 edits the middle is one replacement.
-- proves: applying the hunks of 200 seeded random pairs to a gives b, and they are minimal on a known pair; blame of a text of two authors credits each line rightly.
-- needs: BUILD_0125, BUILD_0126, BUILD_0131
create function publishing.diff_arrays(a text[], b text[]) returns table (op text, old_from int, new_from int, items text[])
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  head int := 0;
  tail int := 0;
  n int := cardinality(a);
  m int := cardinality(b);
  d int := 0;
  k int; x int := 0; y int := 0; px int; pk int; origin int;
  done boolean := false;
  v int[]; trace int[] := '{}';  -- trace: furthest x of (d, k) at d * d + d + k + 1
  script text := '';
  gone text[] := '{}'; came text[] := '{}'; same text[] := '{}';
begin
  while head < n and head < m and a[head + 1] = b[head + 1] loop head := head + 1; end loop;
  while tail < n - head and tail < m - head and a[n - tail] = b[m - tail] loop tail := tail + 1; end loop;
  n := n - head - tail;
  m := m - head - tail;
  if n = 0 or m = 0 then
    script := repeat('D', n) || repeat('I', m);
  else
    origin := n + m + 2;
    v := array_fill(0, array[2 * origin + 1]);
    loop
      for i in 0 .. d loop
        k := 2 * i - d;
        if k = -d or (k <> d and v[origin + k - 1] < v[origin + k + 1]) then x := v[origin + k + 1]; else x := v[origin + k - 1] + 1; end if;
        y := x - k;
        while x < n and y < m and a[head + x + 1] = b[head + y + 1] loop x := x + 1; y := y + 1; end loop;
        v[origin + k] := x;
        trace[d * d + d + k + 1] := x;
        done := x >= n and y >= m;
        exit when done;
      end loop;
      exit when done or d >= 1500;
      d := d + 1;
    end loop;
    if not done then
      script := repeat('D', n) || repeat('I', m);
    else
      x := n; y := m;
      while d > 0 loop
        k := x - y;
        if k = -d or (k <> d and trace[(d - 1) * (d - 1) + d + k - 1] < trace[(d - 1) * (d - 1) + d + k + 1]) then pk := k + 1; else pk := k - 1; end if;
        px := trace[(d - 1) * (d - 1) + d + pk];
        while x > px and y > px - pk loop script := 'E' || script; x := x - 1; y := y - 1; end loop;
        script := case pk when k + 1 then 'I' else 'D' end || script;
        x := px; y := px - pk; d := d - 1;
      end loop;
      script := repeat('E', x) || script;
    end if;
  end if;
  script := repeat('E', head) || script || repeat('E', tail) || '.';
  x := 0; y := 0;
  for i in 1 .. length(script) loop
    if substr(script, i, 1) <> 'E' and same <> '{}' then
      op := 'equal'; old_from := x - cardinality(same) + 1; new_from := y - cardinality(same) + 1; items := same; return next;
      same := '{}';
    elsif substr(script, i, 1) in ('E', '.') and (gone <> '{}' or came <> '{}') then
      old_from := x - cardinality(gone) + 1; new_from := y - cardinality(came) + 1;
      if gone <> '{}' then op := 'delete'; items := gone; return next; end if;
      if came <> '{}' then op := 'insert'; items := came; old_from := x + 1; return next; end if;
      gone := '{}'; came := '{}';
    end if;
    case substr(script, i, 1)
      when 'E' then x := x + 1; y := y + 1; same := same || a[x];
      when 'D' then x := x + 1; gone := gone || a[x];
      when 'I' then y := y + 1; came := came || b[y];
      else null;
    end case;
  end loop;
end $$;

create function publishing.lines_of(body text) returns text[]
  language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if regexp_count(body, e'\n') >= 5000 then
    raise exception using errcode = '54000', message = 'texts of more than 5,000 lines are not compared';
  end if;
  return string_to_array(coalesce(body, ''), e'\n');
end $$;

create function publishing.diff(a uuid, b uuid) returns table (op text, old_from int, new_from int, lines text[])
  language sql stable
begin atomic
  select d.op, d.old_from, d.new_from, d.items
  from publishing.revisions x, publishing.revisions y, publishing.diff_arrays(publishing.lines_of(x.body), publishing.lines_of(y.body)) d
  where x.id = a and y.id = b;
end;

create function publishing.word_changes(old_text text, new_text text) returns table (inserted bigint, deleted bigint, total bigint)
  language sql immutable parallel safe
begin atomic
  select coalesce(sum(cardinality(d.items)) filter (where d.op = 'insert'), 0)::bigint, coalesce(sum(cardinality(d.items)) filter (where d.op = 'delete'), 0)::bigint, coalesce(sum(cardinality(d.items)) filter (where d.op <> 'insert'), 0)::bigint
  from publishing.diff_arrays(array(select w[1] from regexp_matches(old_text, '\S+', 'g') w), array(select w[1] from regexp_matches(new_text, '\S+', 'g') w)) d;
end;

create function publishing.diff_stats(a uuid, b uuid) returns table (inserted bigint, deleted bigint, total bigint)
  language sql stable
begin atomic
  select w.inserted, w.deleted, w.total from publishing.revisions x, publishing.revisions y, publishing.word_changes(x.body, y.body) w where x.id = a and y.id = b;
end;

create function publishing.blame(content uuid) returns table (line int, text text, revision_id uuid, author_id uuid)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  step record;
  hunk record;
  lines text[] := '{}';
  origins uuid[] := '{}';
  kept uuid[];
begin
  if not exists (select from core.content c where c.id = content and c.status in ('published', 'scheduled') and (c.publish_at is null or c.publish_at <= now())) and not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a draft is seen by those who edit it';
  end if;
  for step in
    with recursive chain as (
      select r.* from publishing.revisions r where r.id = coalesce((select c.current_revision_id from core.content c where c.id = content),
        (select l.id from publishing.revisions l where l.content_id = content order by l.number desc limit 1))
      union all
      select p.* from publishing.revisions p join chain on chain.parent_id = p.id)
    select c.id, c.body from chain c order by c.number
  loop
    kept := '{}';
    for hunk in select * from publishing.diff_arrays(lines, publishing.lines_of(step.body)) loop
      if hunk.op = 'equal' then
        kept := kept || origins[hunk.old_from : hunk.old_from + cardinality(hunk.items) - 1];
      elsif hunk.op = 'insert' then
        kept := kept || array_fill(step.id, array[cardinality(hunk.items)]);
      end if;
    end loop;
    lines := publishing.lines_of(step.body);
    origins := kept;
  end loop;
  return query
    select l.n::int, l.t, origins[l.n], r.author_id
    from unnest(lines) with ordinality l(t, n) join publishing.revisions r on r.id = origins[l.n] order by l.n;
end $$;

grant execute on function publishing.diff_arrays, publishing.lines_of, publishing.diff, publishing.word_changes, publishing.diff_stats, publishing.blame to hc_anon, hc_agent;

comment on function publishing.diff_arrays is 'Shortest edit script from a to b as hunks equal, delete, insert in order, with the place in a and b of their first item (Myers, An O(ND) Difference Algorithm, 1986).';
comment on function publishing.lines_of is 'Lines of a text; 54000 beyond 5,000.';
comment on function publishing.diff is 'Hunks between two revisions that the caller may read.';
comment on function publishing.word_changes is 'Words inserted into and deleted from a text, and how many it had.';
comment on function publishing.diff_stats is 'publishing.word_changes() of two revisions that the caller may read.';
comment on function publishing.blame is 'Each line of what a text shows (or of its latest draft, for those who edit it) with the revision it came in and its author. Security definer: it reads revisions that its callers may not.';

-- verify
select setseed(0.133);
create temporary table pairs on commit drop as
select i, array(select (array['a', 'b', 'c', 'd'])[1 + floor(random() * 4)::int] from generate_series(1, (i * 7) % 13)) as a, array(select (array['a', 'b', 'c', 'd'])[1 + floor(random() * 4)::int] from generate_series(1, (i * 5) % 11)) as b from generate_series(1, 200) i;
select count(*) = 200, bool_and(b = coalesce((select array_agg(item order by d.new_from, o) from publishing.diff_arrays(a, b) d, unnest(case d.op when 'equal' then a[d.old_from : d.old_from + cardinality(d.items) - 1] else d.items end) with ordinality u(item, o) where d.op <> 'delete'), '{}'))
from pg_temp.pairs;
select bool_and(a = coalesce((select array_agg(item order by d.old_from, o) from publishing.diff_arrays(a, b) d, unnest(d.items) with ordinality u(item, o) where d.op <> 'insert'), '{}')) from pg_temp.pairs;
select sum(cardinality(items)) filter (where op <> 'equal') = 5 from publishing.diff_arrays('{a,b,c,a,b,b,a}', '{c,b,a,b,a,c}');
select array_agg(format('%s %s %s %s', op, old_from, new_from, items)) = array['equal 1 1 {x}', 'delete 2 2 {y}', 'insert 3 2 {Y}', 'equal 3 3 {z}', 'insert 4 4 {!}'] from publishing.diff_arrays('{x,y,z}', '{x,Y,z,!}');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000133001', 'ada-0133'), ('00000000-0000-7000-8000-000000133002', 'bob-0133'), ('00000000-0000-7000-8000-000000133003', 'eve-0133');
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000133011', '00000000-0000-7000-8000-000000133001', 'a-0133', 'Probe');
insert into publishing.revisions (id, content_id, number, parent_id, author_id, title, body) values
  ('00000000-0000-7000-8000-000000133021', '00000000-0000-7000-8000-000000133011', 1, null, '00000000-0000-7000-8000-000000133001', 'Probe', e'one\ntwo\nthree'),
  ('00000000-0000-7000-8000-000000133022', '00000000-0000-7000-8000-000000133011', 2, '00000000-0000-7000-8000-000000133021', '00000000-0000-7000-8000-000000133002', 'Probe', e'one\nnew two\nthree\nfour'),
  ('00000000-0000-7000-8000-000000133023', '00000000-0000-7000-8000-000000133011', 3, '00000000-0000-7000-8000-000000133022', '00000000-0000-7000-8000-000000133001', 'Probe', e'zero\none\nnew two\nfour');
select core.act_as('00000000-0000-7000-8000-000000133001');
set local role hc_member;
select array_agg(concat_ws(' ', line, text, right(revision_id::text, 1), right(author_id::text, 1)) order by line) = '{"1 zero 3 1","2 one 1 1","3 new two 2 2","4 four 2 2"}' from publishing.blame('00000000-0000-7000-8000-000000133011');
select array_agg(concat_ws(' ', op, old_from, new_from, lines)) = array['insert 1 1 {zero}', 'equal 1 2 {one,"new two"}', 'delete 3 4 {three}', 'equal 4 4 {four}'] from publishing.diff('00000000-0000-7000-8000-000000133022', '00000000-0000-7000-8000-000000133023');
select inserted = 1 and deleted = 1 and total = 5 from publishing.diff_stats('00000000-0000-7000-8000-000000133022', '00000000-0000-7000-8000-000000133023');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000133003');
set local role hc_member;
select blueprint.raises($$ select publishing.blame('00000000-0000-7000-8000-000000133011') $$, '42501'), (select count(*) from publishing.diff('00000000-0000-7000-8000-000000133022', '00000000-0000-7000-8000-000000133023')) = 0;
set local role hc_owner;
update core.content set status = 'archived' where slug = 'a-0133';
insert into core.content (id, slug, title, status, published_at, body_blocks) values ('00000000-0000-7000-8000-000000133012', 'b-0133', 'Probe', 'published', now(), '[{"type": "paragraph", "text": "x"}]');
insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000133012', 1, 'Probe', 'x');
set local role hc_anon;
select count(*) = 1 from publishing.blame('00000000-0000-7000-8000-000000133012');
select inserted = 2 and deleted = 1 and total = 3 from publishing.word_changes('a b c', 'a x c y');
select blueprint.raises($$ select publishing.lines_of(repeat(e'\n', 5000)) $$, '54000'), cardinality(publishing.lines_of(repeat(e'\n', 4999))) = 5000;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent']) role,
  unnest(array['publishing.diff_arrays(text[], text[])', 'publishing.lines_of(text)', 'publishing.diff(uuid, uuid)', 'publishing.word_changes(text, text)', 'publishing.diff_stats(uuid, uuid)', 'publishing.blame(uuid)']) f;

-- task: BUILD_0132 implement_feature critical
-- title: Optimistic save with stale-parent detection and three-way merge
-- does: publishing.merge3(base, ours, theirs) merges line by line; publishing.save_text() saves on top of the latest revision, merges where somebody saved in between, and answers edits of the same
--   lines with 40001 and the hunks, saving nothing. An autosave replaces the own draft of the last ten minutes.
-- proves: edits of different paragraphs merge, edits of the same line return one hunk and save nothing, autosave keeps one draft revision and its number.
-- needs: BUILD_0126, BUILD_0133
create function publishing.changes(base text[], other text[]) returns table (s int, e int, items text[])
  language sql immutable parallel safe
begin atomic
  with hunk as (
    select d.op, d.old_from, d.items, sum((d.op = 'equal')::int) over (order by d.n) as block
    from rows from (publishing.diff_arrays(base, other)) with ordinality d(op, old_from, new_from, items, n))
  select min(h.old_from) - 1, (min(h.old_from) - 1 + coalesce(sum(cardinality(h.items)) filter (where h.op = 'delete'), 0))::int,
    coalesce((select i.items from hunk i where i.block = h.block and i.op = 'insert'), '{}')
  from hunk h where h.op <> 'equal' group by h.block order by h.block;
end;

create function publishing.merge3(base text, ours text, theirs text, out merged text, out conflicts jsonb)
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  lines constant text[] := publishing.lines_of(base);
  blocks constant jsonb := (
    select coalesce(jsonb_agg(jsonb_build_object('side', c.side, 's', c.s, 'e', c.e, 'items', c.items) order by c.s, c.e, c.side), '[]')
    from (select 'ours' as side, o.* from publishing.changes(publishing.lines_of(base), publishing.lines_of(ours)) o union all select 'theirs' as side, t.* from publishing.changes(publishing.lines_of(base), publishing.lines_of(theirs)) t) c);
  result text[] := '{}';
  place int := 0;
  i int := 0;
  members jsonb; first int; last int; side text; block jsonb; cut int;
  version text[]; versions jsonb;
begin
  conflicts := '[]';
  while i < jsonb_array_length(blocks) loop
    members := jsonb_build_array(blocks -> i);
    first := (blocks -> i ->> 's')::int;
    last := (blocks -> i ->> 'e')::int;
    i := i + 1;
    -- edits belong together where their lines overlap, or where both insert at the same place
    while i < jsonb_array_length(blocks) and ((blocks -> i ->> 's')::int < last or ((blocks -> i ->> 's')::int = first and last = first and (blocks -> i ->> 'e')::int = first)) loop
      members := members || jsonb_build_array(blocks -> i);
      last := greatest(last, (blocks -> i ->> 'e')::int);
      i := i + 1;
    end loop;
    versions := '{}';
    foreach side in array array['ours', 'theirs'] loop
      continue when not members @> jsonb_build_array(jsonb_build_object('side', side));
      version := '{}';
      cut := first;
      for block in select b from jsonb_array_elements(members) b where b ->> 'side' = side loop
        version := version || lines[cut + 1 : (block ->> 's')::int] || array(select jsonb_array_elements_text(block -> 'items'));
        cut := (block ->> 'e')::int;
      end loop;
      versions := versions || jsonb_build_object(side, to_jsonb(version || lines[cut + 1 : last]));
    end loop;
    result := result || lines[place + 1 : first];
    if versions ?& array['ours', 'theirs'] and versions -> 'ours' <> versions -> 'theirs' then
      conflicts := conflicts || jsonb_build_object('from', first + 1, 'to', last, 'base', to_jsonb(lines[first + 1 : last]), 'ours', versions -> 'ours', 'theirs', versions -> 'theirs');
    end if;
    result := result || array(select jsonb_array_elements_text(coalesce(versions -> 'ours', versions -> 'theirs')));
    place := last;
  end loop;
  merged := case when conflicts = '[]' then array_to_string(result || lines[place + 1 :], e'\n') end;
end $$;

create function publishing.save_text(content uuid, parent uuid, title text, body text, change_summary text default null, autosave boolean default false) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  latest publishing.revisions;
  base publishing.revisions;
  attempt record;
begin
  perform from core.content c where c.id = content for update;
  if not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a text is edited by its authors, editors and translators';
  end if;
  select * into latest from publishing.revisions r where r.content_id = content order by r.number desc limit 1;
  if latest.id is distinct from parent then
    select * into base from publishing.revisions r where r.id = parent and r.content_id = content;
    if base.id is null then
      raise exception using errcode = '22023', message = 'the parent is no revision of this text';
    end if;
    select * into attempt from publishing.merge3(base.body, save_text.body, latest.body);
    if attempt.conflicts <> '[]' then
      raise exception using errcode = '40001', message = 'somebody edited the same lines', detail = attempt.conflicts::text, hint = 'Resolve the hunks on top of the latest revision and save again.';
    end if;
    body := attempt.merged;
  elsif autosave and latest.status = 'draft' and latest.author_id = core.current_user_id() and latest.created_at > now() - interval '10 minutes' then
    perform set_config('publishing.autosave', latest.id::text, true);
    delete from publishing.revisions r where r.id = latest.id;
    perform set_config('publishing.autosave', '', true);
    latest.id := latest.parent_id;
  end if;
  return publishing.save_revision(content, latest.id, title, body, change_summary);
end $$;

grant execute on function publishing.changes, publishing.merge3 to hc_anon, hc_agent;
grant execute on function publishing.save_text to hc_member;

comment on function publishing.changes is 'Edits from base to other: lines s + 1 to e of base become items.';
comment on function publishing.merge3 is 'Three-way merge by lines: the merged text, or null and the hunks {from, to, base, ours, theirs} that both sides edited differently.';
comment on function publishing.save_text is 'Saves with merging: on top of the latest revision whatever the parent was, or 40001 with the conflicts as detail. Security definer: nobody writes revisions directly.';

-- verify
select (m).merged = expected and (m).conflicts = '[]' from (select publishing.merge3(base, ours, theirs) as m, expected from (values
  (e'a\nb\nc\nd', e'A\nb\nc\nd', e'a\nb\nc\nD', e'A\nb\nc\nD'), (e'a\nb', e'a\nb', e'a\nx\nb', e'a\nx\nb'), (e'a\nb\nc', e'a\nc', e'a\nb\nc\nd', e'a\nc\nd'), (e'a\nb', e'a\nx', e'a\nx', e'a\nx'),
  (e'a\nb', e'x\na\nb', e'a\nb\ny', e'x\na\nb\ny'), ('', 'x', '', 'x'), (e'a\nb\nc', e'X\nb\nc', e'a\nY\nc', e'X\nY\nc')) v(base, ours, theirs, expected)) t;
select merged is null and conflicts = '[{"from": 2, "to": 2, "base": ["b"], "ours": ["B"], "theirs": ["x", "y"]}]' from publishing.merge3(e'a\nb\nc', e'a\nB\nc', e'a\nx\ny\nc');
select merged is null and jsonb_array_length(conflicts) = 1 from publishing.merge3(e'a\nb', e'a\nx\nb', e'a\ny\nb');
select merged is null and conflicts @> '[{"from": 1, "to": 3}]' from publishing.merge3(e'a\nb\nc\nd', e'X\nY\nd', e'a\nB\nC\nd');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000132001', 'ada-0132'), ('00000000-0000-7000-8000-000000132002', 'bob-0132'), ('00000000-0000-7000-8000-000000132003', 'eve-0132');
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132001', 'a-0132', 'Probe');
insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132002', 'editor');
insert into publishing.revisions (id, content_id, number, author_id, title, body) values ('00000000-0000-7000-8000-000000132021', '00000000-0000-7000-8000-000000132011', 1, '00000000-0000-7000-8000-000000132001', 'Probe', e'one\n\ntwo');
select core.act_as('00000000-0000-7000-8000-000000132001');
set local role hc_member;
select publishing.save_text('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132021', 'Probe', e'ONE\n\ntwo') is not null;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000132002');
set local role hc_member;
select publishing.save_text('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132021', 'Probe', e'one\n\nTWO', 'louder') is not null;
select blueprint.raises($$ select publishing.save_text('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132021', 'Probe', e'first\n\ntwo') $$, '40001', '"ours": ["first"]'), blueprint.raises($$ select publishing.save_text('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-00000013200f', 'Probe', 'x') $$, '22023', 'no revision');
set local role hc_owner;
select array_agg(number || ' ' || replace(body, e'\n', '/') order by number) = '{1 one//two,2 ONE//two,3 ONE//TWO}' from publishing.revisions where content_id = '00000000-0000-7000-8000-000000132011';
set local role hc_member;
select publishing.save_text('00000000-0000-7000-8000-000000132011', r.id, 'Probe', e'ONE\n\nTWO\n\nthree', autosave => true) is not null from publishing.revisions r where r.content_id = '00000000-0000-7000-8000-000000132011' and r.number = 3;
set local role hc_owner;
select count(*) = 3 and max(number) = 3 and bool_or(number = 3 and body like '%three') from publishing.revisions where content_id = '00000000-0000-7000-8000-000000132011';
select core.act_as('00000000-0000-7000-8000-000000132001');
select publishing.save_text('00000000-0000-7000-8000-000000132011', r.id, 'Probe', 'Mine.', autosave => true) is not null from publishing.revisions r where r.content_id = '00000000-0000-7000-8000-000000132011' and r.number = 3;
select count(*) = 4 from publishing.revisions where content_id = '00000000-0000-7000-8000-000000132011';
select core.act_as('00000000-0000-7000-8000-000000132003');
select blueprint.raises($$ select publishing.save_text('00000000-0000-7000-8000-000000132011', '00000000-0000-7000-8000-000000132021', 'Probe', 'x') $$, '42501');
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent']) role, unnest(array['publishing.changes(text[], text[])', 'publishing.merge3(text, text, text)']) f;
select has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('publishing.save_text(uuid, uuid, text, text, text, boolean)')) v(f);

-- task: BUILD_0134 implement_feature critical
-- title: Review quorum and publish gate with embargo
-- does: publishing.request_review() opens a round, decide() records a verdict with its checklist; a revision goes on show only with the quorum of its kind, no open changes, a complete checklist and
--   no legal hold, whatever way it is set. A new revision begins anew; a moderator takes down in an emergency, and the record stays.
-- proves: with one of two approvals publishing raises and says what is missing, with two it passes, now or at an instant; a new revision voids earlier approvals; strangers and authors cannot decide;
--   a kind for staff takes a moderator.
-- needs: BUILD_0126, BUILD_0129, BUILD_0131
create function publishing.request_review(revision uuid, reviewers uuid[]) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  asked publishing.revisions;
  next_round int;
begin
  select * into asked from publishing.revisions r where r.id = revision;
  if not publishing.may_edit(asked.content_id) then
    raise exception using errcode = '42501', message = 'reviewers are asked by those who edit the text';
  elsif asked.status <> 'submitted' or cardinality(reviewers) = 0 or exists (select from unnest(reviewers) u where not exists (select from core.users k where k.id = u and k.status = 'active')) then
    raise exception using errcode = '22023', message = 'active people are asked to review a submitted revision';
  end if;
  select coalesce(max(v.round) filter (where v.revision_id = revision), max(v.round) + 1, 1) into next_round
  from publishing.reviews v join publishing.revisions r on r.id = v.revision_id where r.content_id = asked.content_id;
  insert into publishing.reviews (revision_id, reviewer_id, round) select revision, u, next_round from unnest(reviewers) u on conflict do nothing;
  return next_round;
end $$;

create function publishing.decide(review uuid, verdict text, checklist jsonb default '{}', note text default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  decided publishing.reviews;
begin
  update publishing.reviews v set verdict = decide.verdict, checklist = decide.checklist, note = decide.note, decided_at = now()
  from publishing.revisions r
  where v.id = review and r.id = v.revision_id and r.status = 'submitted' and v.reviewer_id = core.current_user_id() and decide.verdict is not null
  returning v.* into decided;
  if decided.id is null then
    raise exception using errcode = '42501', message = 'a review is decided by the reviewer it is assigned to, while the revision waits for it';
  end if;
  if verdict = 'reject' then
    update publishing.revisions r set status = 'rejected' where r.id = decided.revision_id;
    update core.content c set status = 'draft' from publishing.revisions r where r.id = decided.revision_id and c.id = r.content_id and c.status = 'in_review';
  end if;
end $$;

create function publishing.missing_for_publication(revision uuid) returns text[]
  language sql stable
begin atomic
  select array_remove(array[
      case when v.approvals < p.quorum then format('%s of %s approvals', v.approvals, p.quorum) end,
      case when v.changes > 0 then format('%s reviews ask for changes', v.changes) end,
      case when p.quorum > 0 and v.unchecked > 0 then 'checklist: ' || array_to_string(p.checklist, ', ') end,
      case when c.metadata ? 'legal_hold' then 'legal hold' end,
      case when p.staff_only and not core.has_role('hc_moderator') then format('%s takes hc_moderator', c.kind) end], null)
  from publishing.revisions r
  join core.content c on c.id = r.content_id
  join publishing.editorial_policy p on p.kind = c.kind
  cross join lateral (
    select count(*) filter (where w.verdict = 'approve') as approvals, count(*) filter (where w.verdict = 'changes') as changes,
      count(*) filter (where w.verdict = 'approve' and not w.checklist @> (select coalesce(jsonb_object_agg(item, true), '{}') from unnest(p.checklist) item)) as unchecked
    from publishing.reviews w where w.revision_id = r.id) v
  where r.id = revision;
end;

create function publishing.gate() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  missing constant text[] := publishing.missing_for_publication(new.current_revision_id);
begin
  if missing <> '{}' then
    raise exception using errcode = '55000', schema = tg_table_schema, table = tg_table_name,
      message = 'the revision may not be shown yet: ' || array_to_string(missing, '; '), hint = 'publishing.request_review() asks for what is missing.';
  end if;
  return new;
end $$;

create trigger content_e_gate before update of status, current_revision_id on core.content for each row
  when (new.status in ('published', 'scheduled') and new.current_revision_id is not null
    and (old.status not in ('published', 'scheduled') or old.current_revision_id is distinct from new.current_revision_id))
  execute function publishing.gate();

grant execute on function publishing.request_review, publishing.decide to hc_member;

comment on function publishing.request_review is 'Asks active people to review a submitted revision and returns the round. Security definer: nobody writes reviews directly.';
comment on function publishing.decide is 'The verdict of an assigned reviewer: approve, changes or reject, with the items of the checklist. Security definer: nobody writes reviews directly.';
comment on function publishing.missing_for_publication is 'What a revision lacks before it may be shown; empty when nothing, null for an unknown one.';
comment on function publishing.gate is 'Trigger of core.content: a revision goes on show when nothing is missing.';
comment on trigger content_e_gate on core.content is 'Published text is a revision that passed its review.';

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000013400' || n)::uuid, 'u' || n || '-0134', 'u' || n || '-0134@example.org', 'active' from generate_series(1, 4) n;
create temporary table made (content_id uuid, revision_id uuid) on commit drop;
grant all on pg_temp.made to hc_member;
select core.act_as('00000000-0000-7000-8000-000000134001');
set local role hc_member;
insert into pg_temp.made select * from publishing.create_article('knowledge', 'Probe 0134', 'en', 'One.');
select blueprint.raises(format($$ select publishing.request_review(%L, '{00000000-0000-7000-8000-000000134002}') $$, revision_id), '22023') from pg_temp.made;
select publishing.submit(revision_id) is not null from pg_temp.made;
select blueprint.raises(format($$ select publishing.request_review(%L, '{00000000-0000-7000-8000-000000134001}') $$, revision_id), '23514', 'nobody reviews'), blueprint.raises(format($$ select publishing.request_review(%L, '{00000000-0000-7000-8000-00000013400f}') $$, revision_id), '22023') from pg_temp.made;
select publishing.request_review(revision_id, '{00000000-0000-7000-8000-000000134002,00000000-0000-7000-8000-000000134003}') = 1 from pg_temp.made;
select blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', '0 of 2 approvals') from pg_temp.made;
select blueprint.raises(format('select publishing.decide(%L, ''approve'')', r.id), '42501') from publishing.reviews r join pg_temp.made m on m.revision_id = r.revision_id;
set local role hc_owner;
create function pg_temp.decides(who uuid, verdict text, checklist jsonb default '{}') returns void language sql as $$
  select core.act_as(who);
  select publishing.decide(r.id, decides.verdict, decides.checklist) from publishing.reviews r join pg_temp.made m on m.revision_id = r.revision_id where r.reviewer_id = decides.who;
  select core.act_as('00000000-0000-7000-8000-000000134001') $$;
select core.act_as('00000000-0000-7000-8000-000000134002');
set local role hc_member;
select publishing.decide(r.id, 'approve', '{"sources": true, "safety": true}', 'fine') is not null from publishing.reviews r where r.reviewer_id = '00000000-0000-7000-8000-000000134002';
set local role hc_owner;
select pg_temp.decides('00000000-0000-7000-8000-000000134003', 'changes');
select blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', '1 of 2 approvals; 1 reviews ask for changes') from pg_temp.made;
select pg_temp.decides('00000000-0000-7000-8000-000000134003', 'approve', '{"sources": true, "safety": false}');
select blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', 'checklist: sources, safety') from pg_temp.made;
select pg_temp.decides('00000000-0000-7000-8000-000000134003', 'approve', '{"sources": true, "safety": true}');
update core.content set metadata = '{"legal_hold": "case 7"}' where slug = 'probe-0134';
select blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', 'legal hold') from pg_temp.made;
update core.content set metadata = '{}' where slug = 'probe-0134';
select count(*) = 2 and bool_and(note is null or note = 'fine') from publishing.reviews r join pg_temp.made m on m.revision_id = r.revision_id;
select publishing.publish(content_id, revision_id, now() + interval '1 day') is not null from pg_temp.made;
select status = 'scheduled' from core.content where slug = 'probe-0134';
select publishing.publish(content_id, revision_id) is not null from pg_temp.made;
select status = 'published' and publish_at is null from core.content where slug = 'probe-0134';
update pg_temp.made m set revision_id = publishing.save_revision(m.content_id, m.revision_id, 'Probe 0134', 'Two.');
select publishing.submit(revision_id) is not null, publishing.request_review(revision_id, '{00000000-0000-7000-8000-000000134002}') = 2 from pg_temp.made;
select blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', '0 of 2 approvals') from pg_temp.made;
select blueprint.raises(format('update core.content set current_revision_id = %L where id = %L', revision_id, content_id), '55000', '0 of 2 approvals') from pg_temp.made;
select pg_temp.decides('00000000-0000-7000-8000-000000134002', 'reject');
select r.status = 'rejected' and c.status = 'published' from pg_temp.made m join publishing.revisions r on r.id = m.revision_id join core.content c on c.id = m.content_id;
select publishing.missing_for_publication(null) is null;
insert into pg_temp.made select * from publishing.create_article('news', 'News 0134', 'en', 'One.');
select publishing.submit(revision_id) is not null, blueprint.raises(format('select publishing.publish(%L, %L)', content_id, revision_id), '55000', 'news takes hc_moderator') from pg_temp.made m join core.content c on c.id = m.content_id where c.kind = 'news';
select core.act_as('00000000-0000-7000-8000-000000134004');
select blueprint.raises(format($$ select publishing.request_review(%L, '{00000000-0000-7000-8000-000000134002}') $$, revision_id), '42501') from pg_temp.made;
select f, has_function_privilege('hc_member', f, 'execute') = expected and not has_function_privilege('hc_anon', f, 'execute') from (values ('publishing.request_review(uuid, uuid[])', true), ('publishing.decide(uuid, text, jsonb, text)', true),
  ('publishing.missing_for_publication(uuid)', false), ('publishing.gate()', false)) v(f, expected);

-- task: BUILD_0136 implement_feature
-- title: Slug changes with permanent redirects and no loops
-- does: publishing.rename() gives a text another address; the old one of what was ever published is kept and resolve(locale, slug) answers 200, 301 with the present address, or 410 for what the law took
--   down, in one hop. An address taken by another text ends its redirect.
-- proves: a, b, c: resolve('a') is 301 to c; back to a leaves no loop; a new text at b answers 200; a text taken down for the law answers 410, a draft leaves no redirect.
-- needs: BUILD_0125, BUILD_0129
create function publishing.keep_redirects() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if new.status <> 'archived' then
    delete from publishing.slug_history h where h.locale = new.locale and h.old_slug = new.slug;
  end if;
  if tg_op = 'UPDATE' and old.published_at is not null and (old.slug <> new.slug or old.locale <> new.locale) then
    insert into publishing.slug_history (locale, old_slug, content_id) values (old.locale, old.slug, new.id)
    on conflict (locale, old_slug) do update set content_id = excluded.content_id, until_at = now();
  end if;
  return null;
end $$;

create trigger content_redirects after insert or update of slug, locale, status on core.content for each row execute function publishing.keep_redirects();

create function publishing.rename(content uuid, new_slug text) returns core.slug
  language plpgsql security definer set search_path = ''
as $$
declare
  renamed core.slug;
begin
  if not publishing.may_edit(content) then
    raise exception using errcode = '42501', message = 'a text is renamed by those who edit it';
  elsif core.is_reserved_slug(new_slug) then
    raise exception using errcode = '22023', message = format('%s is an address of the platform', new_slug);
  end if;
  update core.content c set slug = new_slug where c.id = content returning c.slug into renamed;
  return renamed;
end $$;

create function publishing.resolve(locale text, slug text) returns table (content_id uuid, canonical_slug core.slug, status int)
  language sql stable security definer
begin atomic
  select c.id, c.slug, case when c.metadata ? 'gone' and c.status <> 'published' then 410 when c.slug = resolve.slug and c.locale = resolve.locale then 200 else 301 end
  from core.content c
  left join publishing.slug_history h on h.content_id = c.id and h.locale = resolve.locale and h.old_slug = resolve.slug
  where (c.locale = resolve.locale and c.slug = resolve.slug and c.status <> 'archived' or h.content_id is not null)
    and (c.status in ('published', 'scheduled') and (c.publish_at is null or c.publish_at <= now()) or c.metadata ? 'gone')
  order by h.content_id nulls first limit 1;
end;

grant execute on function publishing.rename to hc_member;
grant execute on function publishing.resolve to hc_anon, hc_agent;

comment on function publishing.keep_redirects is 'Trigger of core.content: the old address of what was published becomes a redirect, an address in use ends one. Security definer: authors of drafts may change addresses, but not the history.';
comment on trigger content_redirects on core.content is 'Old addresses lead on.';
comment on function publishing.rename is 'Gives a text another address (those who edit it). Security definer: members may not write what is on show.';
comment on function publishing.resolve is 'Text of an address with its present one and the status to answer: 200, 301 or 410; no row: 404. Security definer: it tells what is gone without showing it.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000136001', 'ada-0136'), ('00000000-0000-7000-8000-000000136002', 'eve-0136');
insert into core.content (id, author_id, slug, title, status, published_at, body_blocks) values ('00000000-0000-7000-8000-000000136011', '00000000-0000-7000-8000-000000136001', 'a-0136', 'Probe', 'published', now(), '[{"type": "paragraph", "text": "x"}]');
select core.act_as('00000000-0000-7000-8000-000000136001');
set local role hc_member;
select publishing.rename('00000000-0000-7000-8000-000000136011', 'b-0136') = 'b-0136', publishing.rename('00000000-0000-7000-8000-000000136011', 'c-0136') = 'c-0136', blueprint.raises($$ select publishing.rename('00000000-0000-7000-8000-000000136011', 'admin') $$, '22023');
set local role hc_anon;
select old, (select concat_ws(' ', canonical_slug, status) from publishing.resolve('en', old)) is not distinct from answer from (values ('a-0136', 'c-0136 301'), ('b-0136', 'c-0136 301'), ('c-0136', 'c-0136 200'), ('d-0136', null)) v(old, answer);
select count(*) = 0 from publishing.resolve('de', 'a-0136');
set local role hc_member;
select publishing.rename('00000000-0000-7000-8000-000000136011', 'a-0136') is not null;
select old, (select concat_ws(' ', canonical_slug, status) from publishing.resolve('en', old)) = answer from (values ('a-0136', 'a-0136 200'), ('b-0136', 'a-0136 301'), ('c-0136', 'a-0136 301')) v(old, answer);
insert into core.content (slug, title) values ('b-0136', 'Another');
set local role hc_owner;
select count(*) = 1 from publishing.slug_history where old_slug like '_-0136';
update core.content set status = 'in_review' where slug = 'b-0136';
update core.content set status = 'published', body_blocks = '[{"type": "paragraph", "text": "x"}]' where slug = 'b-0136';
select status = 200 and content_id <> '00000000-0000-7000-8000-000000136011' from publishing.resolve('en', 'b-0136');
select publishing.unpublish('00000000-0000-7000-8000-000000136011', 'court order', legal => true) is not null;
set local role hc_anon;
select (select status from publishing.resolve('en', 'a-0136')) = 410, (select status from publishing.resolve('en', 'c-0136')) = 410;
set local role hc_owner;
insert into core.content (author_id, slug, title) values ('00000000-0000-7000-8000-000000136001', 'draft-0136', 'Draft');
update core.content set slug = 'draft-0136-b' where slug = 'draft-0136';
select count(*) = 0 from publishing.slug_history where old_slug = 'draft-0136';
select core.act_as('00000000-0000-7000-8000-000000136002');
select blueprint.raises($$ select publishing.rename('00000000-0000-7000-8000-000000136011', 'z-0136') $$, '42501');
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_anon', 'publishing.rename(uuid, text)', 'execute') from (values ('hc_member', 'publishing.rename(uuid, text)'),
  ('hc_anon', 'publishing.resolve(text, text)'), ('hc_agent', 'publishing.resolve(text, text)')) v(role, f);
select not has_function_privilege('hc_member', 'publishing.keep_redirects()', 'execute');
