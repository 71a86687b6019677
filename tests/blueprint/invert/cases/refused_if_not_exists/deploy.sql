create table if not exists core.users (id int);

create schema if not exists core;

create index if not exists users_idx on core.users (id);

create extension if not exists pgcrypto;

alter table core.users add column if not exists x int;

create sequence if not exists core.s;

create materialized view if not exists core.m as select 1;

create statistics if not exists core.s on a, b from core.t;
