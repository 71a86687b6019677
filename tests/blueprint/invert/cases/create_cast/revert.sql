drop cast (integer as core.pair);
drop function core.to_pair(integer);
