do $$ begin end $$;

select core.work();

call core.work();

select set_config('a.b', 'c', false);

set search_path = core;

set role hc_a;

begin;
