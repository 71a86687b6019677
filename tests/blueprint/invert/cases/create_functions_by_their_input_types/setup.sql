create schema core;
create type core.mood as enum ('calm');
