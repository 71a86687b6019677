alter table core.notes force row level security;
alter table core.notes enable row level security;
alter table core.users no force row level security;
alter table core.users disable row level security;
