-- Objects a name means: the identity itself, a function without its arguments, or something on a table (`x on s.t`);
-- a column or constraint without a row of its own answers with its table's.
with named as (
  select o.*, 1 as nearness from blueprint.objects o where o.identity = :name or split_part(o.identity, '(', 1) = :name
  union all
  select o.*, 2 from blueprint.objects o where split_part(o.identity, ' on ', 1) = split_part(:name, '.', 3) and split_part(o.identity, ' on ', 2) = split_part(:name, '.', 1) || '.' || split_part(:name, '.', 2)
  union all
  select o.*, 3 from blueprint.objects o where o.identity = split_part(:name, '.', 1) || '.' || split_part(:name, '.', 2) and :name like '%.%.%')
select object_type, case nearness when 3 then :name || ' (with ' || identity || ')' else identity end, task_id,
  nullif(last_altered_task_id, task_id), case when last_altered_task_id is null then last_altered_at::text end
from named
where dropped_at is null and nearness = (select min(nearness) from named where dropped_at is null)
order by object_type, identity
