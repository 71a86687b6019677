create domain core.email as text;

alter table core.users add column email core.email;
