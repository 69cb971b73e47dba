/* member — where a member's value lies in the text of a JSON object: for what is handed on as
 * it was written.
 *
 * The text must have passed json_check_text(). Names are compared as written: a name with escapes
 * is not found.
 * Threads: pure functions. */
#ifndef SERVER_TEXT_MEMBER_H
#define SERVER_TEXT_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

/* The value of the member `name` of the outermost object: *value points into the text. False if it
 * is no object or has no such member. */
bool json_member_find(const char *text, size_t n, const char *name, const char **value,
                      size_t *value_bytes);

typedef struct json_member {
    const char *name, *value; /* into the text */
    size_t name_bytes, value_bytes;
} json_member;
/* The members one after the other: *at is 0 at first. False after the last, or if it is no
 * object. */
bool json_member_next(const char *text, size_t n, size_t *at, json_member *out);

#endif
