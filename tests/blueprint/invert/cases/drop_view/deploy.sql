drop view core.people;
