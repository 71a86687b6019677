drop view core.v;

drop function core.f(int);

create function core.f(int) returns text return '1';

create view core.v as select core.f(1) as f, 2 as two;

comment on view core.v is 'V';
