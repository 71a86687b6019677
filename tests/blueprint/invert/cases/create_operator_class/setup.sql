create schema core;
create type core.code as (n int);
