create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create table core.other (id int);
create publication feed for table core.users;
create schema extensions;
create extension pgcrypto;
