create schema core;
create procedure core.p(a int) language sql begin atomic select 1; end;
