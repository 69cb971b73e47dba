#include "core/data/import/csv_text.h"

#include "core/base/array.h"
#include "core/data/container.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 1 << 18,
    UTF16_BYTES = 1 << 15,
    CELL_BYTES_LIMIT = 1 << 16,
    ROW_BYTES_LIMIT = 1 << 24,
    BLANK_LINES_LIMIT = 1000, /* besides as many as there are rows */
    SHORT_BYTES = 12,         /* most cells are no longer: they are found without a call */
    FIRST_ROWS = 4            /* that are in the buffer when a file was opened */
};

static bool no_memory(const csv_text *t, fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the rows of %s.",
                    t->source.name);
}

/* ---- bytes ---- */

static size_t put_utf8(uint32_t c, char *to)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3F));
    to[0] = (char)((0xF00 >> n & 0xFF) | c);
    return n;
}

static uint32_t unit_at(const csv_text *t, const unsigned char *at)
{
    return t->encoding == ENCODING_UTF16_LE ? at[0] | (uint32_t)at[1] << 8
                                            : at[1] | (uint32_t)at[0] << 8;
}

/* Appends n bytes of UTF-16 as UTF-8, what is cut off is held; the buffer has room. Half a pair
 * becomes U+FFFD. */
static void convert(csv_text *t, const unsigned char *from, size_t n)
{
    size_t at = 0;
    for (; at + 2 <= n; at += 2) {
        uint32_t c = unit_at(t, from + at);
        if (c >= 0xD800 && c < 0xDC00 && at + 4 > n)
            break;
        uint32_t low = c >= 0xD800 && c < 0xDC00 ? unit_at(t, from + at + 2) : 0;
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        t->end += put_utf8(c, t->buffer + t->end);
    }
    t->n_held = n - at;
    memcpy(t->held, from + at, n - at);
}

static bool fill_utf16(csv_text *t, fail *f)
{
    unsigned char bytes[UTF16_BYTES];
    size_t held = t->n_held, n;
    memcpy(bytes, t->held, held);
    if (!source_read(&t->source, bytes + held, sizeof bytes - held, &n, f))
        return false;
    t->is_end = n < sizeof bytes - held;
    convert(t, bytes, held + n);
    if (t->is_end && t->n_held > 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is cut off: its UTF-16 ends within a character.",
                        t->source.name);
    return true;
}

/* More of the file behind what is in the buffer, which moves to its front. */
static bool fill_more(csv_text *t, fail *f)
{
    size_t n, room;
    if (t->begin > 0)
        memmove(t->buffer, t->buffer + t->begin, t->end - t->begin);
    t->end -= t->begin;
    t->begin = 0;
    if (t->end > ROW_BYTES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s: row %zu has more than %d bytes; is a quote missing?", t->source.name,
                        t->row + 1, ROW_BYTES_LIMIT);
    /* One byte more: the last cell's NUL. */
    if (!array_reserve(&t->buffer, &t->capacity, t->end + CHUNK_BYTES + 1,
                       ROW_BYTES_LIMIT + CHUNK_BYTES + 1))
        return no_memory(t, f);
    if (t->encoding != ENCODING_UTF8)
        return fill_utf16(t, f);
    room = t->capacity - t->end - 1;
    if (!source_read(&t->source, t->buffer + t->end, room, &n, f))
        return false;
    t->end += n;
    t->is_end = n < room;
    return true;
}

static bool fill(csv_text *t, fail *f)
{
    if (!fill_more(t, f))
        return false;
    t->has_nul = memchr(t->buffer, '\0', t->end) != NULL;
    t->has_quotes = memchr(t->buffer, '"', t->end) != NULL;
    return true;
}

/* What the first bytes say of the others. */
static void read_mark(csv_text *t)
{
    const char *start = t->buffer;
    if (t->end >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0)
        t->begin = 3;
    else if (t->end >= 2 && memcmp(start, "\xFF\xFE", 2) == 0)
        t->encoding = ENCODING_UTF16_LE;
    else if (t->end >= 2 && memcmp(start, "\xFE\xFF", 2) == 0)
        t->encoding = ENCODING_UTF16_BE;
}

/* Until some rows are in the buffer, or what may be in one: there are wide tables. */
static bool fill_rows(csv_text *t, fail *f)
{
    size_t n_ends = 0;
    const char *at = t->buffer, *end = t->buffer + t->end;
    while (at < end && n_ends < FIRST_ROWS && (at = memchr(at, '\n', (size_t)(end - at)))) {
        n_ends++;
        at++;
    }
    if (n_ends == FIRST_ROWS || t->is_end || (n_ends > 0 && t->end > ROW_BYTES_LIMIT))
        return true;
    return fill(t, f) && fill_rows(t, f);
}

/* The first chunk was read as it is: if it is UTF-16, it is read again as that. */
static bool read_start(csv_text *t, const char *path, fail *f)
{
    const char *name = t->source.name;
    const caller *by = t->source.by;
    size_t n;
    if (!fill(t, f))
        return false;
    read_mark(t);
    if (t->encoding != ENCODING_UTF8) {
        source_close(&t->source);
        t->has_source = source_open(path, name, by, &t->source, f);
        t->end = 0;
        if (!t->has_source || !source_read(&t->source, t->buffer, 2, &n, f) || !fill(t, f))
            return false;
    }
    if (!fill_rows(t, f))
        return false;
    t->line_end = memchr(t->buffer, '\n', t->end) || !memchr(t->buffer, '\r', t->end) ? '\n' : '\r';
    return true;
}

bool csv_text_open(const char *path, const char *name, const caller *by, csv_text *out, fail *f)
{
    csv_text t = {.separator = ','};
    t.has_source = source_open(path, name, by, &t.source, f);
    if (t.has_source && read_start(&t, path, f)) {
        *out = t;
        return true;
    }
    csv_text_close(&t);
    return false;
}

void csv_text_close(csv_text *t)
{
    if (t->has_source)
        source_close(&t->source);
    free(t->buffer);
    free(t->cells);
    *t = (csv_text){0};
}

bool csv_text_copy_start(const csv_text *t, char separator, csv_text *out, fail *f)
{
    size_t n = t->end - t->begin;
    csv_text copy = {.source = {.name = t->source.name},
                     .separator = separator,
                     .line_end = t->line_end,
                     .capacity = n + 1,
                     .end = n,
                     .is_end = t->is_end,
                     .has_nul = t->has_nul,
                     .has_quotes = t->has_quotes};
    copy.buffer = malloc(n + 1);
    if (!copy.buffer)
        return no_memory(t, f);
    memcpy(copy.buffer, t->buffer + t->begin, n);
    *out = copy;
    return true;
}

/* ---- rows ---- */

static bool is_separator(const csv_text *t, char c)
{
    return c == t->separator || (t->separator == ' ' && c == '\t');
}

static bool is_blank(const csv_text *t, char c)
{
    return c == ' ' || (c == '\t' && t->separator != '\t');
}

/* Behind the quotes that begin at `at`, or NULL where they do not end. */
static const char *skip_quotes(const char *at, const char *end)
{
    for (at++; (at = memchr(at, '"', (size_t)(end - at))); at += 2)
        if (at + 1 == end || at[1] != '"')
            return at + 1;
        else if (at + 2 == end)
            return NULL;
    return NULL;
}

/* The end of the row at begin, where some cell has quotes; NULL where it is not in the buffer. */
static const char *find_quoted_end(const csv_text *t)
{
    const char *at = t->buffer + t->begin, *end = t->buffer + t->end;
    bool is_start = true;
    for (; at < end; at++) {
        if (*at == t->line_end)
            return at;
        if (*at == '"' && is_start) {
            at = skip_quotes(at, end);
            if (!at || at == end)
                return NULL;
            if (*at == t->line_end)
                return at;
            is_start = false;
        }
        is_start = is_separator(t, *at) || (is_start && is_blank(t, *at));
    }
    return NULL;
}

static const char *find_end(const csv_text *t)
{
    const char *start = t->buffer + t->begin;
    size_t n = t->end - t->begin;
    const char *end = memchr(start, t->line_end, n);
    if (t->has_quotes && memchr(start, '"', end ? (size_t)(end - start) : n))
        return find_quoted_end(t);
    return end;
}

static bool add_cell(csv_text *t, char *text, char *end, fail *f)
{
    while (end > text && is_blank(t, end[-1]))
        end--;
    while (end > text && is_blank(t, *text))
        text++;
    *end = '\0';
    if (end - text > CELL_BYTES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s: row %zu has a value of more than %d bytes; is a quote missing?",
                        t->source.name, t->row, CELL_BYTES_LIMIT);
    if (t->n > CONTAINER_COLUMNS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "%s: row %zu has more than %d columns.",
                        t->source.name, t->row, CONTAINER_COLUMNS_LIMIT);
    if (t->n == t->cells_capacity &&
        !array_reserve(&t->cells, &t->cells_capacity, t->n + 1, CONTAINER_COLUMNS_LIMIT + 1))
        return no_memory(t, f);
    t->cells[t->n++] = (csv_cell){text, (size_t)(end - text)};
    return true;
}

/* The quoted cell at *at, unquoted where it lies; *at moves to what follows it. */
static bool add_quoted(csv_text *t, char **at, char *stop, fail *f)
{
    char *text = *at, *to = text, *from = text + 1;
    for (; from < stop; from++) {
        if (*from == '"' && from[1] != '"')
            break;
        from += *from == '"';
        *to++ = *from;
    }
    if (from >= stop)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s ends within quotes, in row %zu.", t->source.name,
                        t->row);
    for (from++; from < stop && is_blank(t, *from) && !is_separator(t, *from);)
        from++;
    if (from < stop && !is_separator(t, *from))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: row %zu has a quote in the wrong place: after the closing one comes "
                        "\"%.20s\". A quote within quotes is written twice.",
                        t->source.name, t->row, from);
    *at = from;
    return add_cell(t, text, to, f);
}

static char *find_separator(const csv_text *t, char *at, char *stop)
{
    const char *near = stop - at > SHORT_BYTES ? at + SHORT_BYTES : stop;
    if (t->separator == ' ')
        near = stop;
    while (at < near && !is_separator(t, *at))
        at++;
    if (at < near || near == stop)
        return at;
    char *found = memchr(at, t->separator, (size_t)(stop - at));
    return found ? found : stop;
}

static bool add_cells(csv_text *t, char *at, char *stop, fail *f)
{
    *stop = '\0';
    t->n = 0;
    for (;; at++) {
        while (at < stop && is_blank(t, *at))
            at++;
        if (at == stop && t->separator == ' ' && t->n > 0)
            return true;
        char *start = at;
        if (*at == '"') {
            if (!add_quoted(t, &at, stop, f))
                return false;
        } else {
            at = find_separator(t, at, stop);
            char *end = at;
            bool is_last = at == stop;
            if (!add_cell(t, start, end, f))
                return false;
            if (is_last)
                return true;
            continue;
        }
        if (at == stop)
            return true;
    }
}

static bool check_row(const csv_text *t, const char *start, const char *end, fail *f)
{
    if (t->has_nul && memchr(start, '\0', (size_t)(end - start)))
        return fail_set(f, FAIL_SYNTAX, NULL, "%s: row %zu has a NUL byte: it is not a text file.",
                        t->source.name, t->row);
    if (t->n_blank > BLANK_LINES_LIMIT + (t->row - t->n_blank))
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s has %zu blank lines up to line %zu, and %zu rows: at most %d more "
                        "blank lines than rows are allowed.",
                        t->source.name, t->n_blank, t->row, t->row - t->n_blank, BLANK_LINES_LIMIT);
    return true;
}

/* The bytes of the next row, whole in the buffer; *start is NULL behind the last. */
static bool next_line(csv_text *t, char **start, char **stop, fail *f)
{
    const char *end = find_end(t);
    while (!end && !t->is_end && t->has_source) {
        if (!fill(t, f))
            return false;
        end = find_end(t);
    }
    *start = NULL;
    if (!end && (t->begin == t->end || !t->is_end))
        return true;
    *start = t->buffer + t->begin;
    *stop = end ? *start + (end - *start) : t->buffer + t->end;
    t->begin = end ? (size_t)(end + 1 - t->buffer) : t->end;
    return true;
}

bool csv_text_next(csv_text *t, bool *is_there, fail *f)
{
    char *start, *stop;
    *is_there = false;
    for (;;) {
        if (!next_line(t, &start, &stop, f))
            return false;
        if (!start)
            return true;
        stop -= stop > start && t->line_end == '\n' && stop[-1] == '\r';
        const char *at = start;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        t->row++;
        t->n_blank += at == stop;
        if (!check_row(t, start, stop, f))
            return false;
        if (at < stop)
            break;
    }
    *is_there = true;
    return add_cells(t, start, stop, f);
}
