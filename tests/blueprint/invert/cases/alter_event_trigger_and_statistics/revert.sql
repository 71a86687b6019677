alter statistics core.s set statistics default;
alter event trigger note enable replica;
