-- without FAMILY, a class joins the family of its name, or makes it and goes with it
select format('drop %s;', case when exists (
    select from pg_opfamily join pg_am on pg_am.oid = opfmethod
    where opfname = {part} and opfnamespace = to_regnamespace({name}) and amname = {method})
  then {object} else {family_sql} end)
