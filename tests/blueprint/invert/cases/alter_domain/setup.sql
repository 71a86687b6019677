create schema core;
create domain core.a as int default 3 constraint a_check check (value > 0);
create domain core.b as int constraint b_present not null;
comment on constraint a_check on domain core.a is 'Positive';
