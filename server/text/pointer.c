#include "server/text/pointer.h"

#include <stdio.h>

void json_pointer_add(const char *parent, const char *name, char out[JSON_POINTER_BYTES])
{
    int n = snprintf(out, JSON_POINTER_BYTES, "%s/", parent);
    size_t at = (size_t)n;
    for (; *name && at + 2 < JSON_POINTER_BYTES; name++) {
        if (*name == '~' || *name == '/') {
            out[at++] = '~';
            out[at++] = *name == '~' ? '0' : '1';
        } else {
            out[at++] = *name;
        }
    }
    if (at < JSON_POINTER_BYTES)
        out[at] = '\0';
}

void json_pointer_add_index(const char *parent, int index, char out[JSON_POINTER_BYTES])
{
    char name[16];
    snprintf(name, sizeof name, "%d", index);
    json_pointer_add(parent, name, out);
}
