drop function core.f;

drop procedure core.p();
