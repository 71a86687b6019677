drop type core.mood, core.pair;

drop domain core.email;
