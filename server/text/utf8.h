/* utf8 — well-formed UTF-8, character by character. Threads: pure. */
#ifndef SERVER_TEXT_UTF8_H
#define SERVER_TEXT_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character at the start of the text of n bytes, 0 if there is none. */
size_t utf8_length(const char *text, size_t n);
/* Characters of a well-formed text. */
size_t utf8_count(const char *text);

#endif
