create domain core.email as character varying(80) default 'x@y'::character varying
  constraint email_check CHECK (((VALUE)::text ~~ '%@%'::text))
  constraint email_present NOT NULL;
comment on domain core.email is 'E';
comment on constraint email_check on domain core.email is 'At';
create type core.pair as (a integer, b character varying(5));
comment on column core.pair.b is 'B';
create type core.mood as enum ('calm', 'it''s');
revoke usage on type core.mood from public;
grant usage on type core.mood to hc_a;
comment on type core.mood is 'M';
