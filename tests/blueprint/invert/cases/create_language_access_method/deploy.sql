create language plsample handler plpgsql_call_handler;

create access method heap2 type table handler heap_tableam_handler;
