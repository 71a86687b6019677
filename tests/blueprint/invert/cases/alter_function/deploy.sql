alter function core.f(int) stable security definer set search_path = '' cost 50;

alter function core.f(int) reset work_mem;
