create function core.to_pair(int) returns core.pair language sql immutable return row($1, $1)::core.pair;

create cast (integer as core.pair) with function core.to_pair(int);
