create function core.equal(core.point, core.point) returns boolean language sql immutable return ($1).x = ($2).x;

create function core.negate(core.point) returns core.point language sql immutable return row(-($1).x, -($1).y)::core.point;

create operator core.== (leftarg = core.point, rightarg = core.point, function = core.equal);

create operator core.!! (rightarg = core.point, function = core.negate);
