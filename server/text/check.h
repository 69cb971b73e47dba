/* check — what a JSON text must be before anything reads it.
 *
 * Threads: pure. */
#ifndef SERVER_TEXT_CHECK_H
#define SERVER_TEXT_CHECK_H

#include "core/base/fail.h"

enum { JSON_DEPTH_LIMIT = 32, JSON_NODES_LIMIT = 250000 };

/* Checks what cJSON lets through: UTF-8, control characters, \u0000, duplicate keys, depth,
 * trailing text, number syntax, size and node count. False with the byte position in the
 * sentence. */
FAIL_CHECKED bool json_check_text(const char *text, size_t n, fail *f);

#endif
