alter domain core.b drop default;
alter domain core.b add constraint b_present not null;
alter domain core.a drop not null;
alter domain core.a add constraint a_check CHECK ((VALUE > 0));
comment on constraint a_check on domain core.a is 'Positive';
alter domain core.a drop constraint a_top_check;
alter domain core.a set default 3;
