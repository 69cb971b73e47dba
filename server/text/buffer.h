/* buffer — text that grows up to a stated maximum.
 *
 * 1. data[n] is always '\0'. 2. When the maximum or memory is reached, `failed` is set, what came
 *    is dropped whole, and every later
 * append does nothing: check once, at the end. Owned by the caller; buffer_close() frees. One
 * thread at a time. */
#ifndef SERVER_TEXT_BUFFER_H
#define SERVER_TEXT_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct buffer {
    char *data;
    size_t n, capacity, maximum;
    bool failed;
} buffer;

void buffer_init(buffer *b, size_t maximum);
void buffer_close(buffer *b);
void buffer_add(buffer *b, const void *bytes, size_t n);
void buffer_add_text(buffer *b, const char *text);
void buffer_add_format(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands the bytes to the caller, who frees them; the buffer is empty afterwards. */
char *buffer_take(buffer *b, size_t *n);

#endif
