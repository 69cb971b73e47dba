/* pointer — JSON pointers (RFC 6901). Threads: pure. */
#ifndef SERVER_TEXT_POINTER_H
#define SERVER_TEXT_POINTER_H

enum { JSON_POINTER_BYTES = 128 };

/* out = parent + "/" + name, with ~ and / escaped; cut if it does not fit. */
void json_pointer_add(const char *parent, const char *name, char out[JSON_POINTER_BYTES]);
void json_pointer_add_index(const char *parent, int index, char out[JSON_POINTER_BYTES]);

#endif
