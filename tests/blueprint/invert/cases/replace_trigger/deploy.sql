create or replace trigger touch after insert on core.users for each row execute function core.touch();

create or replace trigger fresh after insert on core.users for each row execute function core.touch();
