#include "core/data/import/csv_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SAID_BYTES = sizeof((fail *)0)->sentence };

static bool is_named(const csv_table *t, const csv_column *c)
{
    return t->files[0].has_header && *c->name;
}

const char *csv_column_text(const csv_table *t, const csv_column *c, char text[CSV_NAME_BYTES])
{
    if (is_named(t, c))
        snprintf(text, CSV_NAME_BYTES, "column %s", CSV_SHORT(c->name));
    else
        snprintf(text, CSV_NAME_BYTES, "column %zu", (size_t)(c - t->columns) + 1);
    return text;
}

const char *csv_option_text(const csv_table *t, const csv_column *c, char text[CSV_NAME_BYTES])
{
    if (is_named(t, c))
        snprintf(text, CSV_NAME_BYTES, strchr(c->name, ',') ? "\"%s\"" : "%s", CSV_SHORT(c->name));
    else
        snprintf(text, CSV_NAME_BYTES, "%zu", (size_t)(c - t->columns));
    return text;
}

bool csv_refuse(const csv_table *t, const csv_column *c, const csv_place *place, fail_code code,
                fail *f, const char *format, ...)
{
    char column[CSV_NAME_BYTES], said[SAID_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    return fail_set(f, code, NULL, "%s: row %zu, %s: the %s \"%s\" %s",
                    t->files[place->file].file->name, place->row, csv_column_text(t, c, column),
                    c == &t->columns[t->label] ? "label" : "value", place->text, said);
}
