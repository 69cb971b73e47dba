/* The pieces that JSON and CSV texts are made of: numbers, strings, times, keys. */
#include "server/text/json.h"
#include "core/base/clock.h"
#include "core/base/number.h"
#include "server/text/csv.h"
#include "server/text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_add_number(buffer *b, double value)
{
    char text[NUMBER_BYTES];
    size_t n = number_write(value, text);
    if (n)
        buffer_add(b, text, n);
    else
        buffer_add(b, "null", 4);
}

void json_add_float(buffer *b, float value)
{
    char text[NUMBER_BYTES];
    size_t n = number_write_float(value, text);
    if (n)
        buffer_add(b, text, n);
    else
        buffer_add(b, "null", 4);
}

void json_add_short(buffer *b, double value)
{
    float nearest = (float)value;
    if ((double)nearest < value || (double)nearest > value)
        json_add_number(b, value);
    else
        json_add_float(b, nearest);
}

void csv_add_number(buffer *b, double value)
{
    char text[NUMBER_BYTES];
    size_t n = number_write(value, text);
    buffer_add(b, text, n);
}

void json_add_integer(buffer *b, int64_t value)
{
    char text[NUMBER_BYTES];
    buffer_add(b, text, number_write_integer(value, text));
}

void json_add_boolean(buffer *b, bool value)
{
    buffer_add_text(b, value ? "true" : "false");
}

static void add_escaped(buffer *b, unsigned char c)
{
    static const char SHORT[] = {'b', 't', 'n', 0, 'f', 'r'};
    if (c == '"' || c == '\\')
        buffer_add(b, (char[]){'\\', (char)c}, 2);
    else if (c >= '\b' && c <= '\r' && SHORT[c - '\b'])
        buffer_add(b, (char[]){'\\', SHORT[c - '\b']}, 2);
    else
        buffer_add_format(b, "\\u%04x", c);
}

/* Bytes at the start of the text that need no escape. */
static size_t plain_length(const char *text)
{
    size_t n = 0;
    for (;;) {
        unsigned char c = (unsigned char)text[n];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
            return n;
        size_t length = c < 0x80 ? 1 : utf8_length(text + n, strnlen(text + n, 4));
        if (!length)
            return n;
        n += length;
    }
}

void json_add_string(buffer *b, const char *text)
{
    if (!text) {
        buffer_add(b, "null", 4);
        return;
    }
    buffer_add(b, "\"", 1);
    for (;;) {
        size_t plain = plain_length(text);
        buffer_add(b, text, plain);
        text += plain;
        if (!*text)
            break;
        if ((unsigned char)*text >=
            0x80) /* not UTF-8: a replacement character, so that the answer stays valid JSON */
            buffer_add_text(b, "\\ufffd");
        else
            add_escaped(b, (unsigned char)*text);
        text++;
    }
    buffer_add(b, "\"", 1);
}

void json_add_json(buffer *b, const char *json)
{
    buffer_add_text(b, json && *json ? json : "null");
}

void json_add_time(buffer *b, int64_t ms)
{
    char text[CLOCK_DATE_BYTES];
    json_add_string(b, clock_date_write(ms, text));
}

void json_add_separator(buffer *b)
{
    char last = b->n ? b->data[b->n - 1] : '{';
    if (last != '{' && last != '[' && last != ':')
        buffer_add(b, ",", 1);
}

void json_add_key(buffer *b, const char *key)
{
    json_add_separator(b);
    json_add_string(b, key);
    buffer_add(b, ":", 1);
}

void json_add_member_text(buffer *b, const char *key, const char *text)
{
    json_add_key(b, key);
    json_add_string(b, text);
}

void json_add_member_number(buffer *b, const char *key, double value)
{
    json_add_key(b, key);
    json_add_number(b, value);
}

void json_add_member_integer(buffer *b, const char *key, int64_t value)
{
    json_add_key(b, key);
    json_add_integer(b, value);
}
