-- `alter_options` is ALTER .. up to SET; `before` holds all options in their order, which setting one alone would not keep
concat_ws(E'\n',
  (select format('%s reset (%s);', alter_options, string_agg(name, ', ' order by name))
   from (
     select unnest({options}) as name
     union
     select split_part(option, '=', 1) from unnest(before) as option
   ) as named
   where cardinality(before) > 1 or name not in (select split_part(option, '=', 1) from unnest(before) as option)
   having count(*) > 0),
  case when cardinality(before) > 0 then format('%s set (%s);', alter_options, array_to_string(before, ', ')) end)
