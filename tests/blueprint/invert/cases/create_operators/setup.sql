create schema core;
create type core.point as (x int, y int);
