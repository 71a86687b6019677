-- one trigger, or all (the internal ones too), or all of the users'
select string_agg(format('alter table %s %s trigger %I;', tgrelid::regclass, {enabled}, tgname), E'\n' order by tgname)
from pg_trigger where tgrelid = {oid} and case {action}
    when 'EnableTrigAll' then tgenabled <> 'O' when 'DisableTrigAll' then tgenabled <> 'D'
    when 'EnableTrigUser' then not tgisinternal and tgenabled <> 'O' when 'DisableTrigUser' then not tgisinternal and tgenabled <> 'D'
    else tgname = {trigger}
  end
