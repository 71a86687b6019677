create type core.mood as enum ('calm', 'glad');

create type core.pair as (a int, b core.mood);

create type core.spans as range (subtype = float8);

create domain core.email as text constraint email_check check (value like '%@%');

comment on domain core.email is 'Address';

alter type core.mood add value 'sad';
