/* json — the pieces that JSON texts are made of: numbers, strings, times, keys.
 *
 * 1. A number is written in the shortest form that reads back the same, one that is not finite as
 *    null.
 * 2. Texts that are not UTF-8 are written with replacement characters: the answer stays valid JSON.
 * Writers append to a buffer, whose owner checks it once at the end. Threads: pure. */
#ifndef SERVER_TEXT_JSON_H
#define SERVER_TEXT_JSON_H

#include "server/text/buffer.h"

#include <stdint.h>

void json_add_number(buffer *b, double value);
void json_add_float(buffer *b, float value); /* shortest that reads back the same float */
/* A number that came from floats: as a float where it is one. */
void json_add_short(buffer *b, double value);
void json_add_integer(buffer *b, int64_t value);
void json_add_string(buffer *b, const char *text); /* quoted and escaped; NULL gives null */
void json_add_time(buffer *b, int64_t ms); /* "2026-01-31T12:00:00.000Z" quoted; null for 0 */
void json_add_boolean(buffer *b, bool value);
void json_add_json(buffer *b, const char *json); /* JSON text as it is; NULL or "" gives null */
void json_add_separator(buffer *b);            /* a comma, unless the buffer ends with {, [ or : */
void json_add_key(buffer *b, const char *key); /* `"key":`, with a separator before it */

/* Key and value. */
void json_add_member_text(buffer *b, const char *key, const char *text);
void json_add_member_number(buffer *b, const char *key, double value);
void json_add_member_integer(buffer *b, const char *key, int64_t value);

#endif
