drop event trigger note;
drop function core.note();
