create schema core;
create text search configuration core.c (parser = default);
