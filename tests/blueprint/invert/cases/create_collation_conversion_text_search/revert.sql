drop conversion core.latin;
drop text search configuration core.english;
drop text search dictionary core.words;
drop collation core.plain;
