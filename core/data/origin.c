#include "core/data/origin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const DATASET_SEPARATOR_WORDS[] = {[SEPARATOR_AUTO] = "auto",
                                               [SEPARATOR_COMMA] = ",",
                                               [SEPARATOR_SEMICOLON] = ";",
                                               [SEPARATOR_TAB] = "tab",
                                               [SEPARATOR_PIPE] = "|",
                                               [SEPARATOR_SPACE] = "space",
                                               NULL};
const char *const COLUMN_KIND_NAMES[] = {[COLUMN_NUMBER] = "number",
                                         [COLUMN_CATEGORY] = "category",
                                         [COLUMN_LABEL] = "label",
                                         [COLUMN_IGNORED] = "ignored"};

enum { HEAD_NUMBERS = 8, COLUMN_NUMBERS = 5 };

/* ---- writing ---- */

/* Counts where `at` is NULL. */
typedef struct origin_sink {
    char *at;
    size_t n;
} origin_sink;

static void put(origin_sink *s, const void *bytes, size_t n)
{
    if (s->at)
        memcpy(s->at + s->n, bytes, n);
    s->n += n;
}

static void put_numbers(origin_sink *s, const uint64_t *numbers, size_t n)
{
    put(s, numbers, n * sizeof *numbers);
}

static void put_text(origin_sink *s, const char *text)
{
    put(s, text, strlen(text) + 1);
}

static void put_column(origin_sink *s, const dataset_column *c)
{
    const uint64_t numbers[COLUMN_NUMBERS] = {c->kind, c->n_missing, c->n_inputs, c->n_categories,
                                              c->has_missing_category};
    put_numbers(s, numbers, COLUMN_NUMBERS);
    put_text(s, c->name);
    for (size_t i = 0; i < c->n_categories; i++)
        put_text(s, c->categories[i]);
}

static void put_origin(origin_sink *s, const dataset_origin *o, size_t d, size_t k)
{
    const uint64_t head[HEAD_NUMBERS] = {
        o->separator, o->has_header, o->has_missing,           o->label != NULL,
        o->n_columns, o->n_warnings, o->input_offsets != NULL, o->target_offsets != NULL};
    put_numbers(s, head, HEAD_NUMBERS);
    if (o->input_offsets)
        put(s, o->input_offsets, d * sizeof *o->input_offsets);
    if (o->target_offsets)
        put(s, o->target_offsets, k * sizeof *o->target_offsets);
    if (o->label)
        put_text(s, o->label);
    for (size_t i = 0; i < o->n_columns; i++)
        put_column(s, &o->columns[i]);
    for (size_t i = 0; i < o->n_warnings; i++)
        put_text(s, o->warnings[i]);
}

size_t origin_bytes(const dataset_origin *o, size_t d, size_t k)
{
    origin_sink s = {0};
    put_origin(&s, o, d, k);
    return s.n;
}

void origin_write(const dataset_origin *o, size_t d, size_t k, char *bytes)
{
    origin_sink s = {.at = bytes};
    put_origin(&s, o, d, k);
}

/* ---- reading ---- */

/* What is left of the bytes, and of the block that is filled; without a block the items are
 * counted. */
typedef struct origin_source {
    const char *at, *end;
    dataset_column *columns;
    const char **texts;
    double *offsets;
    size_t n_texts; /* of categories and warnings */
} origin_source;

static bool get(origin_source *s, void *out, size_t n)
{
    if ((size_t)(s->end - s->at) < n)
        return false;
    if (out)
        memcpy(out, s->at, n);
    s->at += n;
    return true;
}

static bool get_text(origin_source *s, const char **out)
{
    const char *nul = memchr(s->at, '\0', (size_t)(s->end - s->at));
    if (!nul)
        return false;
    *out = s->at;
    s->at = nul + 1;
    return true;
}

/* n texts in a row; *first is where they are listed. */
static bool get_texts(origin_source *s, uint64_t n, const char *const **first)
{
    const char *text;
    *first = s->texts;
    for (uint64_t i = 0; i < n; i++) {
        if (!get_text(s, &text))
            return false;
        s->n_texts++;
        if (s->texts)
            *s->texts++ = text;
    }
    return true;
}

static bool get_column(origin_source *s, size_t *n_inputs, size_t d, dataset_column *out)
{
    uint64_t numbers[COLUMN_NUMBERS];
    *out = (dataset_column){.first_input = *n_inputs};
    if (!get(s, numbers, sizeof numbers) || numbers[0] >= COLUMN_KIND_COUNT ||
        numbers[2] > d - *n_inputs || numbers[4] > 1 || !get_text(s, &out->name) ||
        !get_texts(s, numbers[3], &out->categories))
        return false;
    out->kind = (column_kind)numbers[0];
    out->n_missing = (size_t)numbers[1];
    out->n_inputs = (size_t)numbers[2];
    out->n_categories = (size_t)numbers[3];
    out->has_missing_category = numbers[4] == 1;
    uint64_t wanted = out->kind == COLUMN_NUMBER     ? 1
                      : out->kind == COLUMN_CATEGORY ? numbers[3]
                                                     : 0;
    *n_inputs += out->n_inputs;
    return numbers[2] == wanted;
}

static bool get_offsets(origin_source *s, uint64_t is_there, size_t n, const double **out)
{
    *out = is_there ? s->offsets : NULL;
    if (!is_there)
        return true;
    if (n > (size_t)(s->end - s->at) / sizeof(double) || !get(s, s->offsets, n * sizeof(double)))
        return false;
    for (size_t i = 0; s->offsets && i < n; i++)
        if (!isfinite(s->offsets[i]))
            return false;
    s->offsets += s->offsets ? n : 0;
    return true;
}

static bool get_origin(origin_source *s, size_t d, size_t k, dataset_origin *o)
{
    uint64_t head[HEAD_NUMBERS];
    size_t n_inputs = 0;
    if (!get(s, head, sizeof head) || head[0] >= SEPARATOR_COUNT || head[1] > 1 || head[2] > 1 ||
        head[3] > 1 || head[6] > 1 || head[7] > 1)
        return false;
    *o = (dataset_origin){.separator = (dataset_separator)head[0],
                          .has_header = head[1] == 1,
                          .has_missing = head[2] == 1,
                          .n_columns = (size_t)head[4],
                          .columns = s->columns,
                          .n_warnings = (size_t)head[5]};
    if (!get_offsets(s, head[6], d, &o->input_offsets) ||
        !get_offsets(s, head[7], k, &o->target_offsets) || (head[3] && !get_text(s, &o->label)))
        return false;
    for (uint64_t i = 0; i < head[4]; i++) {
        dataset_column column;
        if (!get_column(s, &n_inputs, d, &column))
            return false;
        if (s->columns)
            s->columns[i] = column;
    }
    return get_texts(s, head[5], &o->warnings) && s->at == s->end &&
           (head[4] == 0 || n_inputs == d);
}

bool origin_read(const char *bytes, size_t n_bytes, size_t d, size_t k, dataset_origin **out,
                 fail *f)
{
    dataset_origin counted;
    origin_source s = {.at = bytes, .end = bytes + n_bytes};
    if (!get_origin(&s, d, k, &counted))
        return fail_set(f, FAIL_STORAGE, "/dataset", "What is said of the columns makes no sense.");
    size_t n_texts = s.n_texts;
    dataset_origin *origin =
        calloc(1, sizeof *origin + (d + k) * sizeof(double) +
                      counted.n_columns * sizeof(dataset_column) + n_texts * sizeof(char *));
    if (!origin)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for %zu columns.",
                        counted.n_columns);
    s = (origin_source){.at = bytes, .end = bytes + n_bytes};
    s.offsets = (double *)(void *)(origin + 1);
    s.columns = (dataset_column *)(void *)(s.offsets + d + k);
    s.texts = (const char **)(void *)(s.columns + counted.n_columns);
    if (!get_origin(&s, d, k, origin)) {
        free(origin);
        return fail_set(f, FAIL_STORAGE, "/dataset", "An offset is not finite.");
    }
    *out = origin;
    return true;
}
