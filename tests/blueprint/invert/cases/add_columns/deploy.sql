alter table core.users add column email text not null constraint users_email_key unique, add column about text default 'n';

comment on column core.users.email is 'Address';

alter table core.users alter column about set default 'm', alter column about set storage external;

grant select (email) on core.users to public;

create index users_email_about_idx on core.users (email, about);
