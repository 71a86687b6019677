alter domain core.a set default 4;

alter domain core.a add constraint a_top_check check (value < 10) not valid;

alter domain core.a drop constraint a_check;

alter domain core.a set not null;

alter domain core.b drop not null;

alter domain core.b set default 1;
