comment on table "My Room"."Users" is 'new';

create index "Users_idx" on "My Room"."Users" ("select");

grant select ("select") on "My Room"."Users" to "hc X";

grant insert on "My Room"."Users" to "hc X";

alter table "My Room"."Users" alter column "select" set default 'x', add column "New" int;

create or replace function "My Room"."F"("A" int) returns int return 2;

create policy "My policy" on "My Room"."Users" to "hc X" using (true);
