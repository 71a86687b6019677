drop operator core.!! (none, core.point);
drop operator core.== (core.point, core.point);
drop function core.negate(core.point);
drop function core.equal(core.point, core.point);
