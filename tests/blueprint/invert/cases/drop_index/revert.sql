CREATE UNIQUE INDEX users_born_idx ON core.users USING btree (born);
alter table core.users cluster on users_born_idx;
CREATE INDEX users_name_idx ON core.users USING btree (lower(name) DESC NULLS LAST) INCLUDE (born) WHERE (id > 1);
comment on index core.users_name_idx is 'N';
