drop schema attic;

drop statistics core.s;

drop event trigger note;
