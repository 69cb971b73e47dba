#include "server/console/wire.h"

#include <string.h>

void console_add_integer(buffer *b, int64_t value)
{
    buffer_add(b, &value, sizeof value);
}

void console_add_real(buffer *b, double value)
{
    buffer_add(b, &value, sizeof value);
}

/* Bytes of the valid UTF-8 sequence at `text` (n left), 0 if there is none (RFC 3629: no
 * surrogates, no overlong forms, at most U+10FFFF). */
static size_t sequence_length(const unsigned char *text, size_t n)
{
    unsigned char first = text[0], low = 0x80, high = 0xBF;
    size_t length = first < 0x80   ? 1
                    : first < 0xC2 ? 0
                    : first < 0xE0 ? 2
                    : first < 0xF0 ? 3
                    : first < 0xF5 ? 4
                                   : 0;
    if (length == 0 || length > n || first == 0)
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < low || text[i] > high)
            return 0;
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

void console_add_text(buffer *b, const char *text, size_t n)
{
    size_t length_at = b->n, start = 0, i = 0;
    console_add_integer(b, 0);
    while (i < n) {
        size_t length = sequence_length((const unsigned char *)text + i, n - i);
        if (length == 0) {
            buffer_add(b, text + start, i - start);
            buffer_add(b, "\xEF\xBF\xBD", 3);
            start = i + 1;
        }
        i += length ? length : 1;
    }
    buffer_add(b, text + start, n - start);
    buffer_add(b, "", 1);
    if (!b->failed) {
        int64_t written = (int64_t)(b->n - length_at - sizeof(int64_t) - 1);
        memcpy(b->data + length_at, &written, sizeof written);
    }
}

static void read_bytes(console_reader *r, void *out, size_t n)
{
    r->failed = r->failed || n > r->n - r->at;
    if (r->failed) {
        memset(out, 0, n);
        return;
    }
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
}

int64_t console_read_integer(console_reader *r)
{
    int64_t value;
    read_bytes(r, &value, sizeof value);
    return value;
}

double console_read_real(console_reader *r)
{
    double value;
    read_bytes(r, &value, sizeof value);
    return value;
}

const char *console_read_text(console_reader *r)
{
    int64_t length = console_read_integer(r);
    size_t left = r->n - r->at;
    if (r->failed || length < 0 || (uint64_t)length >= left ||
        r->bytes[r->at + (size_t)length] != '\0') {
        r->failed = true;
        return "";
    }
    const char *text = r->bytes + r->at;
    r->at += (size_t)length + 1;
    return text;
}

void console_add_request(buffer *b, const console_request *q)
{
    console_add_integer(b, q->row_limit);
    console_add_integer(b, q->time_limit_ms);
    console_add_text(b, q->database, strlen(q->database));
    console_add_text(b, q->query, strlen(q->query));
    console_add_integer(b, q->n_parameters);
    for (int i = 0; i < q->n_parameters; i++) {
        const sql_parameter *p = &q->parameters[i];
        const char *text = p->type == SQL_VALUE_TEXT ? p->text : "";
        console_add_text(b, p->name, strlen(p->name));
        console_add_integer(b, (int64_t)p->type);
        console_add_integer(b, p->integer);
        console_add_real(b, p->real);
        console_add_text(b, text, strlen(text));
    }
}

bool console_read_request(console_reader *r, console_request *q, sql_parameter *parameters)
{
    q->row_limit = console_read_integer(r);
    q->time_limit_ms = (int)console_read_integer(r);
    q->database = console_read_text(r);
    q->query = console_read_text(r);
    int64_t n = console_read_integer(r);
    if (n < 0 || n > SQL_PARAMETERS_LIMIT)
        return false;
    q->n_parameters = (int)n;
    q->parameters = parameters;
    for (int i = 0; i < q->n_parameters; i++) {
        parameters[i].name = console_read_text(r);
        parameters[i].type = (sql_value_type)console_read_integer(r);
        parameters[i].integer = console_read_integer(r);
        parameters[i].real = console_read_real(r);
        parameters[i].text = console_read_text(r);
    }
    return !r->failed;
}
