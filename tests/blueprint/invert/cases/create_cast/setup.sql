create schema core;
create type core.pair as (a int, b int);
