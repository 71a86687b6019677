create or replace procedure core.p(a int) language sql begin atomic select 2; end;
