alter table core.users enable row level security, force row level security;

alter table core.notes disable row level security;

alter table core.notes no force row level security;
