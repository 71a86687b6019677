alter text search configuration core.c add mapping for word, asciiword with simple;
