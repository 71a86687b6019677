create aggregate core.total(int) (sfunc = int4pl, stype = int, initcond = '0');

create aggregate core.every(*) (sfunc = int8inc, stype = int8, initcond = '0');

create aggregate core.old (basetype = int, sfunc = int4pl, stype = int, initcond = '0');

create aggregate core.nth(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
