-- a list of names is stored as SQL wants it, anything else as the plain value
case when split_part(setting, '=', 1) in ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
  then replace(substr(setting, strpos(setting, '=') + 1), '""', '''''')
  else quote_literal(substr(setting, strpos(setting, '=') + 1)) end
