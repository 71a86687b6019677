CREATE OR REPLACE RULE quiet AS
    ON DELETE TO core.users DO INSTEAD NOTHING;
alter table core.users disable rule quiet;
comment on rule quiet on core.users is 'Q';
create policy p on core.users as restrictive for insert to hc_a
  with check ((id > 1));
comment on policy p on core.users is 'P';
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON core.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION core.touch();
CREATE TRIGGER touch BEFORE UPDATE OF name ON core.users FOR EACH ROW EXECUTE FUNCTION core.touch();
alter table core.users enable always trigger touch;
comment on trigger touch on core.users is 'T';
