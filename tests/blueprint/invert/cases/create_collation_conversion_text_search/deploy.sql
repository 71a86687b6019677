create collation core.plain (provider = builtin, locale = 'C');

create text search dictionary core.words (template = simple);

create text search configuration core.english (copy = english);

alter text search configuration core.english alter mapping for word with core.words;

create conversion core.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
