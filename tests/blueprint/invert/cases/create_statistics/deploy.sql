create statistics core.users_both on id, name from core.users;

alter statistics core.users_both set statistics 7;
