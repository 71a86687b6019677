alter table core.log alter column note set default 'c', alter column note set statistics 7, alter column note set not null;
