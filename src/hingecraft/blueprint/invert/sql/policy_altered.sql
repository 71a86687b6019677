-- made anew: `alter policy` cannot take an expression away
select format(E'drop policy %I on %s;\n', polname, polrelid::regclass) || {policy_definition} from pg_policy where oid = {oid}
