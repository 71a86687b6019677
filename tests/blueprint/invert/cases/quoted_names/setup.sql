create schema "My Room";
create role "hc X";
create table "My Room"."Users" ("Id" int, "select" text);
create function "My Room"."F"("A" int) returns int return 1;
comment on table "My Room"."Users" is 'old';
