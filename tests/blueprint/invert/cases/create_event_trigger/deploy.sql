create function core.note() returns event_trigger language plpgsql as $$ begin end $$;

create event trigger note on ddl_command_end when tag in ('CREATE TABLE') execute function core.note();

alter event trigger note disable;
