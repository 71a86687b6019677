alter event trigger note disable;

alter statistics core.s set statistics 5;
