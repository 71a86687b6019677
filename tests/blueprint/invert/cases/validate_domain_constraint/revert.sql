alter domain core.a drop constraint a_check;
alter domain core.a add constraint a_check CHECK ((VALUE > 0)) NOT VALID;
