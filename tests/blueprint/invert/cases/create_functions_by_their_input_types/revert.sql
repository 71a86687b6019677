drop procedure core.work(integer, text);
drop function core.plain();
drop function core.moods(core.mood, timestamptz, varchar);
drop function core.add(text[]);
drop function core.add(integer, bigint);
