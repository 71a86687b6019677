regexp_replace(pg_get_ruledef(pg_rewrite.oid), '^CREATE RULE', 'CREATE OR REPLACE RULE')
|| concat(
  case ev_enabled when 'D' then format(E'\nalter table %s disable rule %I;', ev_class::regclass, rulename) end,
  (select format(E'\ncomment on rule %I on %s is %L;', rulename, ev_class::regclass, description) from pg_description
   where (objoid, classoid) = (pg_rewrite.oid, 'pg_rewrite'::regclass)))
