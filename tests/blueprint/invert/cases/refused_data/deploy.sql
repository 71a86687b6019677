insert into core.users values (1);

update core.users set name = 'x';

delete from core.users;

merge into core.users u using core.more m on u.id = m.id when matched then delete;

truncate core.users;

copy core.users from '/tmp/x';

create table core.mine (id int);

insert into core.mine select core.next();

with gone as (delete from core.users returning *) insert into core.mine select id from gone;
