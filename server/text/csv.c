#include "server/text/csv.h"

#include <string.h>

void csv_add_text(buffer *b, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        buffer_add_text(b, text);
        return;
    }
    buffer_add(b, "\"", 1);
    for (; *text; text++) {
        if (*text == '"')
            buffer_add(b, "\"", 1);
        buffer_add(b, text, 1);
    }
    buffer_add(b, "\"", 1);
}
