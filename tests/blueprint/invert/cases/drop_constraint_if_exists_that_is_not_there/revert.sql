comment on table core.users is null;
