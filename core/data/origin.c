#include "core/data/origin.h"

#include "core/base/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

enum { HEAD_NUMBERS = 5, COLUMN_NUMBERS = 5, ORIGIN_BYTES_LIMIT = 1 << 30 };

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

static void put_origin(origin_sink *s, const dataset_origin *o)
{
    const uint64_t head[HEAD_NUMBERS] = {o->separator, o->has_header, o->label != NULL,
                                         o->n_columns, o->n_warnings};
    put_numbers(s, head, HEAD_NUMBERS);
    if (o->label)
        put_text(s, o->label);
    for (size_t i = 0; i < o->n_columns; i++)
        put_column(s, &o->columns[i]);
    for (size_t i = 0; i < o->n_warnings; i++)
        put_text(s, o->warnings[i]);
}

size_t origin_bytes(const dataset_origin *o)
{
    origin_sink s = {0};
    put_origin(&s, o);
    return s.n;
}

void origin_write(const dataset_origin *o, char *bytes)
{
    origin_sink s = {.at = bytes};
    put_origin(&s, o);
}

/* ---- reading ---- */

/* What is left of the bytes, and of the block that is filled; without a block the items are
 * counted. */
typedef struct origin_source {
    const char *at, *end;
    dataset_column *columns;
    const char **texts;
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

static bool get_origin(origin_source *s, size_t d, dataset_origin *o)
{
    uint64_t head[HEAD_NUMBERS];
    size_t n_inputs = 0;
    if (!get(s, head, sizeof head) || head[0] >= SEPARATOR_COUNT || head[1] > 1 || head[2] > 1)
        return false;
    *o = (dataset_origin){.separator = (dataset_separator)head[0],
                          .has_header = head[1] == 1,
                          .n_columns = (size_t)head[3],
                          .columns = s->columns,
                          .n_warnings = (size_t)head[4]};
    if (head[2] && !get_text(s, &o->label))
        return false;
    for (uint64_t i = 0; i < head[3]; i++) {
        dataset_column column;
        if (!get_column(s, &n_inputs, d, &column))
            return false;
        if (s->columns)
            s->columns[i] = column;
    }
    return get_texts(s, head[4], &o->warnings) && s->at == s->end &&
           (head[3] == 0 || n_inputs == d);
}

static bool no_sense(fail *f)
{
    return fail_set(f, FAIL_STORAGE, "/dataset", "What is said of the columns makes no sense.");
}

bool origin_read(const char *bytes, size_t n_bytes, size_t d, dataset_origin **out, fail *f)
{
    dataset_origin counted;
    origin_source s = {.at = bytes, .end = bytes + n_bytes};
    if (!get_origin(&s, d, &counted))
        return no_sense(f);
    dataset_origin *origin = calloc(1, sizeof *origin + counted.n_columns * sizeof(dataset_column) +
                                           s.n_texts * sizeof(char *));
    if (!origin)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for %zu columns.",
                        counted.n_columns);
    s = (origin_source){.at = bytes, .end = bytes + n_bytes};
    s.columns = (dataset_column *)(void *)(origin + 1);
    s.texts = (const char **)(void *)(s.columns + counted.n_columns);
    if (!get_origin(&s, d, origin)) {
        free(origin);
        return no_sense(f);
    }
    *out = origin;
    return true;
}

/* ---- files ---- */

/* What a file begins with: the digest of the content, and that of the rest. */
typedef struct origin_seal {
    char content[DIGEST_TEXT_BYTES - 1], rest[DIGEST_TEXT_BYTES - 1];
} origin_seal;

static origin_seal seal_of(const char *sha256, const char *bytes, size_t n_bytes)
{
    char rest[DIGEST_TEXT_BYTES];
    origin_seal seal;
    digest_write_of(bytes, n_bytes, rest);
    memcpy(seal.content, sha256, sizeof seal.content);
    memcpy(seal.rest, rest, sizeof seal.rest);
    return seal;
}

static bool write_file(const char *path, const char *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wbe");
    if (!file)
        return false;
    bool is_written =
        fwrite(bytes, 1, n_bytes, file) == n_bytes && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return (fclose(file) == 0) && is_written;
}

bool origin_save(const dataset_origin *o, const char *sha256, const char *path, fail *f)
{
    size_t n_bytes = origin_bytes(o);
    char *bytes = malloc(sizeof(origin_seal) + n_bytes), *temporary = NULL;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!bytes || asprintf(&temporary, "%.*s.%s.new", (int)(name - path), path, name) < 0) {
        free(bytes);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                        o->n_columns);
    }
    origin_write(o, bytes + sizeof(origin_seal));
    origin_seal seal = seal_of(sha256, bytes + sizeof seal, n_bytes);
    memcpy(bytes, &seal, sizeof seal);
    bool is_saved =
        write_file(temporary, bytes, sizeof seal + n_bytes) && rename(temporary, path) == 0;
    if (!is_saved) {
        fail_set(f, FAIL_STORAGE, NULL, "%s cannot be written: %s.", path, strerror(errno));
        unlink(temporary);
    }
    free(temporary);
    free(bytes);
    return is_saved;
}

/* All of it, at most ORIGIN_BYTES_LIMIT, or NULL. */
static char *read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rbe");
    struct stat status;
    char *bytes = NULL;
    if (file && fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= ORIGIN_BYTES_LIMIT)
        bytes = malloc((size_t)status.st_size + 1);
    if (bytes)
        *n_bytes = fread(bytes, 1, (size_t)status.st_size, file);
    if (file)
        (void)fclose(file);
    return bytes;
}

bool origin_load(const char *path, const char *sha256, size_t d, dataset_origin **out, char **bytes,
                 fail *f)
{
    size_t n_bytes = 0;
    char *all = read_file(path, &n_bytes), *rest = all + sizeof(origin_seal);
    if (!all || n_bytes < sizeof(origin_seal)) {
        free(all);
        return fail_set(f, FAIL_NOT_FOUND, "/dataset", "There is no file %s.", path);
    }
    n_bytes -= sizeof(origin_seal);
    origin_seal seal = seal_of(sha256, rest, n_bytes);
    if (memcmp(all, &seal, sizeof seal) == 0 ? !origin_read(rest, n_bytes, d, out, f)
                                             : !no_sense(f)) {
        free(all);
        return false;
    }
    *bytes = all;
    return true;
}
