create table core.users (
  id uuid default uuidv7() constraint users_id_pk primary key,
  name text not null constraint users_name_check check (name <> '')
);

comment on table core.users is 'People';

create index users_name_idx on core.users (name);

alter table core.users enable row level security;

insert into core.users (name) values ('Ada');
