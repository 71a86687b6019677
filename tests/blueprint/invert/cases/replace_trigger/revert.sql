drop trigger fresh on core.users;
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON core.users FOR EACH ROW WHEN ((old.id > 1)) EXECUTE FUNCTION core.touch();
alter table core.users disable trigger touch;
comment on trigger touch on core.users is 'T';
