#include "server/text/buffer.h"
#include "core/base/array.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(buffer *b, size_t maximum)
{
    *b = (buffer){.maximum = maximum};
}

void buffer_close(buffer *b)
{
    free(b->data);
    *b = (buffer){.maximum = b->maximum};
}

static bool reserve(buffer *b, size_t more)
{
    if (b->failed || more > b->maximum || b->n > b->maximum - more ||
        !array_reserve(&b->data, &b->capacity, b->n + more + 1, b->maximum + 1))
        b->failed = true;
    return !b->failed;
}

void buffer_add(buffer *b, const void *bytes, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->n, bytes, n);
    b->n += n;
    b->data[b->n] = '\0';
}

void buffer_add_text(buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_add_format(buffer *b, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    if (n < 0)
        b->failed = true;
    else if (reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(arguments);
}

char *buffer_take(buffer *b, size_t *n)
{
    if (!b->data && !reserve(b, 0))
        return NULL;
    assert(b->data);
    b->data[b->n] = '\0';
    char *data = b->data;
    if (n)
        *n = b->n;
    *b = (buffer){.maximum = b->maximum};
    return data;
}
