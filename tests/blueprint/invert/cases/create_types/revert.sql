drop domain core.email;
drop type core.spans;
drop type core.pair;
drop type core.mood;
