drop aggregate core.nth(double precision, anyelement);
drop aggregate core.old(integer);
drop aggregate core.every(*);
drop aggregate core.total(integer);
