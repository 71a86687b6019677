drop rule loud on core.users;
CREATE OR REPLACE RULE quiet AS
    ON DELETE TO core.users DO INSTEAD NOTHING;
comment on rule quiet on core.users is 'Q';
