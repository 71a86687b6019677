do $$ begin create role hc_owner; exception when duplicate_object then null; end $$;
create schema blueprint;
create function blueprint.open_room(room text, title text) returns void language plpgsql as $$ begin execute format('create schema %I', room); execute format('comment on schema %I is %L', room, title); end $$;
create function blueprint.close_room(room text) returns void language plpgsql as $$ begin execute format('drop schema %I', room); end $$;
