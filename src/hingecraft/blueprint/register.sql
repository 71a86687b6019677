-- The tasks of the blueprint, so that the database can answer what is ready, what needs what and who makes what.
update blueprint.tasks set seq = -seq where seq > 0;

with incoming as (
  select id, component, category, action, title, seq, status, details
  from jsonb_to_recordset(:tasks) as t(id text, component text, category text, action text, title text, seq int, status text, details jsonb))
insert into blueprint.tasks as known (id, component, category, action, title, seq, status, details)
  select id, component, category, action, title, seq, status, details from incoming
  on conflict (id) do update set
    component = excluded.component, category = excluded.category, action = excluded.action, title = excluded.title,
    seq = excluded.seq, details = excluded.details, retired_at = null,
    status = case when known.status in ('pending', 'written') then excluded.status else known.status end;

update blueprint.tasks set retired_at = clock_timestamp() where seq < 0 and retired_at is null;

with incoming as materialized (
  select t.id, need from jsonb_to_recordset(:tasks) as t(id text, needs jsonb), jsonb_array_elements_text(t.needs) as need),
gone as (
  delete from blueprint.task_needs n where not exists (select from incoming i where (i.id, i.need) = (n.task_id, n.needs_id)))
insert into blueprint.task_needs (task_id, needs_id)
  select id, need from incoming i where not exists (select from blueprint.task_needs n where (n.task_id, n.needs_id) = (i.id, i.need));
