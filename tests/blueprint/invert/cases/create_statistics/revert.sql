drop statistics core.users_both;
