select string_agg(format('alter %s set %s to %s;', {target}, split_part(setting, '=', 1), {setting_spelled}), E'\n')
from (select unnest(setconfig) as setting from {setting_of}) as settings
