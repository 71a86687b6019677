create schema core;
create domain core.a as int;
alter domain core.a add constraint a_check check (value > 0) not valid;
