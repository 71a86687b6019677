drop policy "My policy" on "My Room"."Users";
CREATE OR REPLACE FUNCTION "My Room"."F"("A" integer)
 RETURNS integer
 LANGUAGE sql
RETURN 1;
alter table "My Room"."Users" drop column "New";
alter table "My Room"."Users" alter column "select" drop default;
revoke insert on table "My Room"."Users" from "hc X";
revoke select ("select") on table "My Room"."Users" from "hc X";
drop index "My Room"."Users_idx";
comment on table "My Room"."Users" is 'old';
