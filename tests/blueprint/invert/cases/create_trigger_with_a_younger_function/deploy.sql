create table core.users (id int);

create function core.touch() returns trigger language plpgsql as $$ begin return new; end $$;

create trigger touch before update on core.users for each row execute function core.touch();

create constraint trigger late after insert on core.users deferrable initially deferred for each row execute function core.touch();
