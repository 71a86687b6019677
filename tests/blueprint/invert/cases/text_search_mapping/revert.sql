alter text search configuration core.c drop mapping for word, asciiword;
