#include "core/base/fail.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef fail_set
#undef fail_list_add

static const char *const NAMES[FAIL_CODE_COUNT] = {
    [FAIL_NONE] = "none",
    [FAIL_SYNTAX] = "syntax",
    [FAIL_UNKNOWN_FIELD] = "unknown_field",
    [FAIL_DUPLICATE_KEY] = "duplicate_key",
    [FAIL_WRONG_TYPE] = "wrong_type",
    [FAIL_OUT_OF_RANGE] = "out_of_range",
    [FAIL_INCOMPATIBLE] = "incompatible",
    [FAIL_NOT_FOUND] = "not_found",
    [FAIL_CONFLICT] = "conflict",
    [FAIL_FORBIDDEN] = "forbidden",
    [FAIL_UNAUTHORIZED] = "unauthorized",
    [FAIL_METHOD] = "method_not_allowed",
    [FAIL_UNSUPPORTED_MEDIA] = "unsupported_media_type",
    [FAIL_TOO_LARGE] = "too_large",
    [FAIL_QUEUE_FULL] = "queue_full",
    [FAIL_TIME_LIMIT] = "time_limit",
    [FAIL_OUT_OF_MEMORY] = "out_of_memory",
    [FAIL_STORAGE] = "storage",
    [FAIL_NO_ROOM] = "no_room",
    [FAIL_LOST] = "lost",
    [FAIL_DAMAGED] = "damaged",
    [FAIL_INTERRUPTED] = "interrupted",
    [FAIL_UNAVAILABLE] = "unavailable",
    [FAIL_INTERNAL] = "internal",
};

/* A cut in the middle of a UTF-8 sequence would make every JSON answer that quotes it invalid. */
static void cut_at_utf8_border(char *text, size_t length)
{
    size_t i = length;
    while (i > 0 && ((unsigned char)text[i - 1] & 0xC0) == 0x80)
        i--;
    if (i > 0 && ((unsigned char)text[i - 1] & 0x80))
        text[i - 1] = '\0';
}

static void fill(fail *f, fail_code code, const char *field, const char *format, va_list arguments)
{
    assert(code > FAIL_NONE && code < FAIL_CODE_COUNT);
    f->code = code;
    int n = snprintf(f->field, sizeof f->field, "%s", field ? field : "");
    if (n >= (int)sizeof f->field)
        cut_at_utf8_border(f->field, sizeof f->field - 1);
    n = vsnprintf(f->sentence, sizeof f->sentence, format, arguments);
    if (n >= (int)sizeof f->sentence)
        cut_at_utf8_border(f->sentence, sizeof f->sentence - 1);
}

bool fail_set(fail *f, fail_code code, const char *field, const char *format, ...)
{
    if (f) {
        va_list arguments;
        va_start(arguments, format);
        fill(f, code, field, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool fail_list_add(fail_list *list, fail_code code, const char *field, const char *format, ...)
{
    if (list->n < FAIL_LIST_LIMIT) {
        va_list arguments;
        va_start(arguments, format);
        fill(&list->items[list->n++], code, field, format, arguments);
        va_end(arguments);
    }
    list->n_found++;
    return false;
}

const char *fail_code_name(fail_code code)
{
    assert(code >= FAIL_NONE && code < FAIL_CODE_COUNT);
    return NAMES[code];
}
