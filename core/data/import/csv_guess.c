/* What stands between the columns of a CSV file, and whether its first row holds names: guessed
 * from its first rows.
 *
 * The separator is the one by which most rows have the same number of columns, at least two; of
 * equals the one by which more cells are numbers, then the one with more columns. Blanks separate
 * where nothing else does. */
#include "core/base/array.h"
#include "core/data/container.h"
#include "core/data/import/csv_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SAMPLE_ROWS = 200 };

static const char SEPARATORS[SEPARATOR_COUNT] = {[SEPARATOR_COMMA] = ',',
                                                 [SEPARATOR_SEMICOLON] = ';',
                                                 [SEPARATOR_TAB] = '\t',
                                                 [SEPARATOR_PIPE] = '|',
                                                 [SEPARATOR_SPACE] = ' '};

/* The first rows of a file, taken apart by one separator. */
typedef struct csv_sample {
    csv_text text;
    csv_cell *cells;
    size_t n_rows, n_cells, capacity;
    size_t starts[SAMPLE_ROWS + 1], rows[SAMPLE_ROWS];
} csv_sample;

static void sample_close(csv_sample *s)
{
    csv_text_close(&s->text);
    free(s->cells);
    *s = (csv_sample){0};
}

static bool sample_add(csv_sample *s, fail *f)
{
    size_t n = s->text.n;
    if (!array_reserve(&s->cells, &s->capacity, s->n_cells + n, ARRAY_BOUNDED_ELSEWHERE))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the first rows.");
    memcpy(s->cells + s->n_cells, s->text.cells, n * sizeof *s->cells);
    s->n_cells += n;
    s->rows[s->n_rows++] = s->text.row;
    s->starts[s->n_rows] = s->n_cells;
    return true;
}

/* On true the caller closes; its cells lie in the copy, which no row moves. */
static bool sample_open(const csv_text *t, char separator, csv_sample *s, fail *f)
{
    bool is_there = true;
    *s = (csv_sample){0};
    if (!csv_text_copy_start(t, separator, &s->text, f))
        return false;
    while (s->n_rows < SAMPLE_ROWS && is_there)
        if (!csv_text_next(&s->text, &is_there, f) || (is_there && !sample_add(s, f))) {
            sample_close(s);
            return false;
        }
    return true;
}

static size_t columns_of(const csv_sample *s, size_t row)
{
    return s->starts[row + 1] - s->starts[row];
}

static const csv_cell *cell_of(const csv_sample *s, size_t row, size_t column)
{
    return &s->cells[s->starts[row] + column];
}

/* ---- the separator ---- */

typedef struct csv_score {
    size_t n_columns; /* of most rows */
    double agreeing;  /* share of rows that have so many */
    double readable;  /* share of cells that are numbers, somehow written */
} csv_score;

/* The number of columns that most rows have; the first of equals. */
static void count_columns(const csv_sample *s, csv_score *out)
{
    size_t best = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        size_t n = 0;
        for (size_t j = 0; j < s->n_rows; j++)
            n += columns_of(s, j) == columns_of(s, i);
        if (n > best) {
            best = n;
            out->n_columns = columns_of(s, i);
        }
    }
    out->agreeing = s->n_rows > 0 ? (double)best / (double)s->n_rows : 0;
}

static csv_score score_of(const csv_table *t, const csv_sample *s)
{
    csv_score score = {0};
    size_t n_readable = 0;
    double ignored;
    count_columns(s, &score);
    for (size_t i = 0; i < s->n_cells; i++)
        n_readable += csv_cell_read(&t->format, &s->cells[i], &ignored) != CELL_TEXT;
    score.readable = s->n_cells > 0 ? (double)n_readable / (double)s->n_cells : 0;
    return score;
}

static bool is_better(const csv_score *a, const csv_score *b)
{
    if (a->agreeing != b->agreeing)
        return a->agreeing > b->agreeing;
    if (a->readable != b->readable)
        return a->readable > b->readable;
    return a->n_columns > b->n_columns;
}

/* A separator that makes no sense of the first rows (a quote that it puts in the wrong place) is
 * none. */
static bool find_separator(const csv_table *t, const csv_text *text, char *separator, fail *f)
{
    csv_score best = {0};
    *separator = ',';
    for (int i = SEPARATOR_COMMA; i < SEPARATOR_COUNT; i++) {
        csv_sample sample;
        fail why;
        if (i == SEPARATOR_SPACE && best.n_columns >= 2)
            break;
        if (!sample_open(text, SEPARATORS[i], &sample, &why)) {
            if (why.code != FAIL_OUT_OF_MEMORY)
                continue;
            *f = why;
            return false;
        }
        csv_score score = score_of(t, &sample);
        sample_close(&sample);
        if (score.n_columns >= 2 && (best.n_columns < 2 || is_better(&score, &best))) {
            best = score;
            *separator = SEPARATORS[i];
        }
    }
    return true;
}

/* A first line `sep=;`, as spreadsheets write it. */
static bool read_order(const csv_text *t, char *separator)
{
    const char *start = t->buffer + t->begin;
    size_t n = t->end - t->begin;
    if (n < 6 || strncasecmp(start, "sep=", 4) != 0 || !strchr("\r\n", start[5]) ||
        strchr("\r\n\"", start[4]))
        return false;
    *separator = start[4];
    return true;
}

/* ---- names ---- */

typedef struct csv_evidence { /* of the rows behind the first, in one column */
    size_t n, n_numbers, n_fractions;
    bool has_first; /* the first row's cell stands there again */
} csv_evidence;

static csv_evidence look_at(const csv_table *t, const csv_sample *s, size_t first, size_t column)
{
    csv_evidence e = {0};
    const csv_cell *name = cell_of(s, first, column);
    for (size_t i = first + 1; i < s->n_rows; i++) {
        double ignored;
        if (column >= columns_of(s, i))
            continue;
        const csv_cell *cell = cell_of(s, i, column);
        csv_kind kind = csv_cell_read(&t->format, cell, &ignored);
        bool is_number = kind == CELL_NUMBER || kind == CELL_ALMOST;
        e.n += kind != CELL_MISSING;
        e.n_numbers += is_number;
        e.n_fractions += is_number && strpbrk(cell->text, ".,eE") != NULL;
        e.has_first |= strcmp(cell->text, name->text) == 0;
    }
    return e;
}

static int rank_label(const char *name)
{
    static const char *const usual[] = {"label", "target", "class", "y"};
    for (int i = 0; i < 4; i++)
        if (strcasecmp(name, usual[i]) == 0)
            return i;
    return 4;
}

/* What the first row says of itself. */
typedef struct csv_head {
    size_t n_numbers, n_texts;
    bool has_label;      /* a cell is called as labels are */
    bool is_series;      /* its numbers are whole and in equal steps: 0, 1, 2 or 1990, 2000, 2010 */
    bool over_numbers;   /* a text over numbers */
    bool over_fractions; /* all its numbers are whole, over such as are not */
    bool is_repeated;    /* a text of it stands below it again */
} csv_head;

static void read_head_number(const csv_evidence *e, double value, double *last, double *step,
                             csv_head *h)
{
    double here = value - *last;
    if (h->n_numbers >= 2)
        h->is_series &= here == *step;
    *step = here;
    *last = value;
    h->n_numbers++;
    h->is_series &= here > 0 && value == (double)(long long)value;
    h->over_fractions &= value == (double)(long long)value && 2 * e->n_fractions > e->n;
}

static csv_head read_head(const csv_table *t, const csv_sample *s, size_t first)
{
    csv_head h = {.is_series = true, .over_fractions = true};
    double last = -1e300, step = 0;
    for (size_t i = 0; i < columns_of(s, first); i++) {
        const csv_cell *cell = cell_of(s, first, i);
        csv_evidence e = look_at(t, s, first, i);
        double value = 0;
        csv_kind kind = csv_cell_read(&t->format, cell, &value);
        if (kind == CELL_NUMBER && value > -1e15 && value < 1e15) {
            read_head_number(&e, value, &last, &step, &h);
        } else if (kind == CELL_NUMBER || kind == CELL_ALMOST) {
            h.n_numbers++;
            h.is_series = h.over_fractions = false;
        } else if (kind == CELL_TEXT) {
            h.n_texts++;
            h.has_label |= rank_label(cell->text) < 4;
            h.over_numbers |= e.n > 0 && 2 * e.n_numbers > e.n;
            h.is_repeated |= e.has_first;
        }
    }
    h.is_series &= h.n_numbers >= 3;
    return h;
}

/* Names are texts over numbers; or texts that do not stand in their columns again, where there are
 * no numbers among them, or such as names are: under a usual label, in a series, whole over
 * fractions. */
static bool looks_like_names(const csv_table *t, const csv_sample *s, size_t first)
{
    csv_head h = read_head(t, s, first);
    if (h.n_texts == 0)
        return false;
    if (h.over_numbers)
        return true;
    if (h.is_repeated)
        return false;
    return h.n_numbers == 0 || h.has_label || h.is_series || h.over_fractions;
}

/* ---- columns ---- */

static bool check_texts(const csv_sample *s, size_t first, fail *f)
{
    for (size_t i = 0; i < columns_of(s, first); i++)
        if (!dataset_is_name_text(cell_of(s, first, i)->text))
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "%s: the name of column %zu is not UTF-8 text of less than %d bytes.",
                            s->text.source.name, i + 1, CONTAINER_NAME_LIMIT);
    return true;
}

static bool copy_names(csv_table *t, const csv_sample *s, size_t first, bool has_names, fail *f)
{
    size_t n = columns_of(s, first), n_bytes = 24 * n;
    for (size_t i = 0; i < n; i++)
        n_bytes += cell_of(s, first, i)->n + 1;
    if (!caller_grant(t->load->by, n * sizeof *t->columns + n_bytes, f))
        return false;
    t->columns = calloc(n, sizeof *t->columns);
    t->names = malloc(n_bytes);
    if (!t->columns || !t->names)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.", n);
    t->n_columns = n;
    char *at = t->names;
    for (size_t i = 0; i < n; i++) {
        const csv_cell *cell = cell_of(s, first, i);
        t->columns[i].name = at;
        t->columns[i].spellings.limit = CATEGORIES_LIMIT;
        at += 1 + (has_names ? sprintf(at, "%s", cell->text) : sprintf(at, "%zu", i));
    }
    return true;
}

/* A second file has the columns of the first, in their order. */
static bool check_names(const csv_table *t, const csv_sample *s, size_t first, fail *f)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(cell_of(s, first, i)->text, t->columns[i].name) != 0)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "%s: column %zu is called \"%s\", in the first file \"%s\"; all "
                            "parts have the same columns in the same order.",
                            s->text.source.name, i + 1, CSV_SHORT(cell_of(s, first, i)->text),
                            CSV_SHORT(t->columns[i].name));
    return true;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static bool check_columns(const csv_table *t, const csv_sample *s, size_t first, fail *f)
{
    size_t n = columns_of(s, first);
    const char *name = s->text.source.name;
    if (first + 1 < s->n_rows && columns_of(s, first + 1) != n)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: row %zu has %zu column%s, row %zu has %zu; all rows have as many.",
                        name, s->rows[first], n, plural(n), s->rows[first + 1],
                        columns_of(s, first + 1));
    if (n < 2)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has one column; inputs and a label make at least two. If something "
                        "else stands between its columns, `separator` says what.",
                        name);
    if (t->n_columns > 0 && n != t->n_columns)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s has %zu columns, %s has %zu; all parts have the same columns.", name, n,
                        t->files[0].file->name, t->n_columns);
    return true;
}

/* Rows at the start that begin with # and have another number of columns than most. */
static size_t count_comments(const csv_sample *s)
{
    csv_score most = {0};
    size_t n = 0;
    count_columns(s, &most);
    while (n < s->n_rows && *cell_of(s, n, 0)->text == '#' && columns_of(s, n) != most.n_columns)
        n++;
    return n;
}

static bool read_sample(csv_table *t, csv_file *file, const csv_sample *s, fail *f)
{
    const char *name = file->file->name;
    bool is_first = t->n_columns == 0;
    size_t first = count_comments(s);
    for (size_t i = 0; i < first; i++)
        if (!dataset_load_warn(t->load, f, "%s: row %zu is taken for a comment, it begins with #.",
                               name, s->rows[i]))
            return false;
    if (s->n_rows == first)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty.", name);
    if (!check_columns(t, s, first, f))
        return false;
    file->n_skipped = first + file->has_order;
    file->has_header = t->options->header == HEADER_YES ||
                       (t->options->header == HEADER_AUTO && looks_like_names(t, s, first));
    if (!is_first && t->options->header == HEADER_AUTO && t->files[0].has_header)
        file->has_header |= strcmp(cell_of(s, first, 0)->text, t->columns[0].name) == 0;
    if (file->has_header && s->n_rows == first + 1 && s->text.is_end)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has names but no rows.", name);
    if (file->has_header && !check_texts(s, first, f))
        return false;
    if (is_first)
        return copy_names(t, s, first, file->has_header, f);
    return !file->has_header || !t->files[0].has_header || check_names(t, s, first, f);
}

static bool skip_order(csv_file *file, csv_text *text, fail *f)
{
    char ordered;
    bool is_there = true;
    file->has_order = read_order(text, &ordered);
    if (!file->has_order)
        return true;
    file->separator = file->separator ? file->separator : ordered;
    text->separator = '\n'; /* the line is one cell */
    return csv_text_next(text, &is_there, f);
}

static bool guess_file(csv_table *t, csv_file *file, csv_text *text, fail *f)
{
    csv_sample sample;
    file->separator = t->options->separator ? SEPARATORS[t->options->separator] : '\0';
    if (!skip_order(file, text, f) ||
        (!file->separator && !find_separator(t, text, &file->separator, f)) ||
        !sample_open(text, file->separator, &sample, f))
        return false;
    for (size_t i = 0; i < sample.n_rows; i++)
        sample.rows[i] += text->row;
    bool is_good = read_sample(t, file, &sample, f);
    sample_close(&sample);
    return is_good;
}

bool csv_guess(csv_table *t, fail *f)
{
    for (size_t i = 0; i < t->n_files; i++) {
        csv_file *file = &t->files[i];
        csv_text text;
        if (!csv_text_open(file->file->path, file->file->name, t->load->by, &text, f))
            return false;
        bool is_good = guess_file(t, file, &text, f);
        csv_text_close(&text);
        if (!is_good)
            return false;
    }
    return true;
}

bool csv_find_column(const csv_table *t, const char *wanted, size_t *column)
{
    for (size_t i = 0; i < t->n_columns && t->files[0].has_header; i++)
        if (strcmp(t->columns[i].name, wanted) == 0) {
            *column = i;
            return true;
        }
    char *end;
    long index = strtol(wanted, &end, 10), n = (long)t->n_columns;
    if (*end != '\0' || end == wanted || index >= n || index < -n)
        return false;
    *column = (size_t)(index < 0 ? index + n : index);
    return true;
}
