create or replace rule quiet as on delete to core.users where old.id > 1 do instead nothing;

create or replace rule loud as on update to core.users do also notify loud;
