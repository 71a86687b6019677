alter table core.users enable row level security, alter column id set not null;
