drop trigger touch on core.users;

drop trigger late on core.users;

drop policy p on core.users;

drop rule quiet on core.users;
