drop operator class core.other_class using hash;
drop operator family core.code_class using hash;
drop operator core.=== (core.code, core.code);
drop function core.code_hash(core.code);
drop function core.code_eq(core.code, core.code);
drop operator family core.code_ops using hash;
