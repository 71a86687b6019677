create operator family core.code_ops using hash;

create function core.code_eq(core.code, core.code) returns boolean language sql immutable return ($1).n = ($2).n;

create function core.code_hash(core.code) returns int language sql immutable return ($1).n;

create operator core.=== (leftarg = core.code, rightarg = core.code, function = core.code_eq);

create operator class core.code_class for type core.code using hash as operator 1 core.===, function 1 core.code_hash(core.code);

create operator class core.other_class for type core.code using hash family core.code_ops as operator 1 core.===, function 1 core.code_hash(core.code);
