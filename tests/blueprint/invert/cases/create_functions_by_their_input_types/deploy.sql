create function core.add(a integer, b int8 default 0, out total numeric) language sql return a + b;

create function core.add(variadic list text[]) returns text language sql return list[1];

create function core.moods(core.mood, "Upper" timestamp with time zone, character varying(10)) returns table (n int) language plpgsql as $$ begin return; end $$;

create function core.plain() returns trigger language plpgsql as $$ begin return new; end $$;

create procedure core.work(in a int, inout b text) language plpgsql as $$ begin b := a; end $$;
