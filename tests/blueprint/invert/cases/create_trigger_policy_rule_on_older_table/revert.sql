drop rule users_forever on core.users;
drop policy users_read on core.users;
drop trigger touch on core.users;
