/* CSV files: numbers and one label column, with or without a row of names.
 *
 * The separator is the comma, semicolon or tab that is most frequent in the first line. A first row
 * holds names, unless the user says so or not, if none of its cells is a number, or if one is none
 * where the second row has a number. The label column is the user's, by name or 0-based index (-1:
 * the last); else the first one called label, class, target or y in any case; else the last. Rows
 * are counted from 1, the row of names and blank lines included. */
#include "core/base/array.h"
#include "core/data/container.h"
#include "core/data/import/csv_row.h"
#include "core/data/import/load.h"

#include <csv.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 1 << 16,
    CELL_BYTES_LIMIT = 1 << 16,
    ROW_BYTES_LIMIT = 1 << 24,
    BLANK_LINES_LIMIT = 1000 /* besides as many as there are rows */
};

typedef struct csv_reader {
    const char *name; /* of the file */
    const dataset_add_options *options;
    dataset_load *load;
    dataset_load_part *part;
    csv_row row, first; /* the one being read; the first until the second decides what it is */
    bool is_decided, is_first_file;
    size_t n_columns, label; /* of the set: 0 columns until the first file's first row */
    size_t n_rows;           /* read of this file */
    size_t n_lines;          /* the same with blank ones: what a row is called in sentences */
    size_t first_line;       /* of the first row */
    uint64_t granted;        /* bytes, by the caller */
    int last_end;            /* the character that ended the last line */
    size_t floats_capacity, outputs_capacity, texts_capacity; /* of the part's arrays */
    bool failed;
    fail *f;
} csv_reader;

static bool csv_fail_memory(csv_reader *r)
{
    r->failed = true;
    return fail_set(r->f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the rows of %s.",
                    r->name);
}

/* ---- the row of names ---- */

static bool is_number(const char *text)
{
    double value;
    return csv_row_read_number(text, &value);
}

static bool looks_like_names(const csv_row *first, const csv_row *second)
{
    size_t n_numbers = 0;
    for (size_t i = 0; i < first->n; i++)
        n_numbers += is_number(csv_row_cell(first, i));
    if (n_numbers == 0)
        return true;
    for (size_t i = 0; second && i < first->n && i < second->n; i++)
        if (!is_number(csv_row_cell(first, i)) && !csv_row_is_missing(csv_row_cell(first, i)) &&
            is_number(csv_row_cell(second, i)))
            return true;
    return false;
}

static bool find_default_label(const csv_row *names, size_t *label)
{
    static const char *const usual[] = {"label", "class", "target", "y", NULL};
    for (int u = 0; usual[u]; u++)
        for (size_t i = 0; i < names->n; i++)
            if (strcasecmp(csv_row_cell(names, i), usual[u]) == 0) {
                *label = i;
                return true;
            }
    return false;
}

/* names: NULL where the file has none. */
static bool find_label(csv_reader *r, const csv_row *names)
{
    const char *wanted = r->options->label;
    char *end;
    r->label = r->n_columns - 1;
    if (!wanted || !*wanted) {
        if (names)
            (void)find_default_label(names, &r->label);
        return true;
    }
    for (size_t i = 0; names && i < names->n; i++)
        if (strcmp(csv_row_cell(names, i), wanted) == 0) {
            r->label = i;
            return true;
        }
    errno = 0;
    long index = strtol(wanted, &end, 10);
    if (*end == '\0' && errno == 0 && index < (long)r->n_columns && index >= -(long)r->n_columns) {
        r->label = (size_t)(index < 0 ? index + (long)r->n_columns : index);
        return true;
    }
    r->failed = true;
    return fail_set(r->f, FAIL_OUT_OF_RANGE, "/label",
                    "%s has no column \"%.100s\": give a name of its first row, or an index in 0 "
                    ".. %zu.",
                    r->name, wanted, r->n_columns - 1);
}

static bool keep_names(csv_reader *r, const csv_row *names)
{
    char *kept = malloc(names->used + 1), *at = kept;
    if (!kept)
        return csv_fail_memory(r);
    for (size_t i = 0; i < names->n; i++) {
        if (!dataset_is_name_text(csv_row_cell(names, i))) {
            free(kept);
            r->failed = true;
            return fail_set(r->f, FAIL_SYNTAX, NULL,
                            "%s: the name of column %zu is not UTF-8 text of less than %d bytes.",
                            r->name, i + 1, CONTAINER_NAME_LIMIT);
        }
        if (i != r->label)
            at = stpcpy(at, csv_row_cell(names, i)) + 1;
    }
    r->load->column_names = kept;
    return true;
}

/* A second file has the columns of the first. */
static bool check_names(csv_reader *r, const csv_row *names)
{
    const char *expected = r->load->column_names;
    for (size_t i = 0; expected && i < names->n; i++) {
        if (i == r->label)
            continue;
        if (strcmp(csv_row_cell(names, i), expected) != 0) {
            r->failed = true;
            return fail_set(r->f, FAIL_INCOMPATIBLE, NULL,
                            "%s: column %zu is called \"%.60s\", in the first file \"%.60s\".",
                            r->name, i + 1, csv_row_cell(names, i), expected);
        }
        expected += strlen(expected) + 1;
    }
    return true;
}

static bool set_columns(csv_reader *r, const csv_row *first, bool has_names)
{
    if (!r->is_first_file)
        return !has_names || first->n != r->n_columns || check_names(r, first);
    r->n_columns = first->n;
    if (r->n_columns < 2) {
        r->failed = true;
        return fail_set(r->f, FAIL_SYNTAX, NULL,
                        "%s has one column; inputs and a label make at least two.", r->name);
    }
    r->load->d = r->n_columns - 1;
    r->load->n_outputs = 1;
    r->load->kind = OUTPUTS_NUMBERS;
    if (!find_label(r, has_names ? first : NULL))
        return false;
    return !has_names || keep_names(r, first);
}

/* ---- rows of data ---- */

static bool grow(csv_reader *r)
{
    dataset_load_part *part = r->part;
    size_t n = part->n + 1;
    if (n * r->load->d <= r->floats_capacity && n <= r->outputs_capacity && n <= r->texts_capacity)
        return true;
    uint64_t room = n + n / 2; /* as the arrays grow */
    if (!dataset_load_check_size(r->load, NULL, r->name, n, r->load->d, sizeof *part->floats,
                                 r->f) ||
        !dataset_load_check_size(r->load, &r->granted, r->name, room, r->load->d,
                                 sizeof *part->floats, r->f)) {
        r->failed = true;
        return false;
    }
    if (!array_reserve(&part->floats, &r->floats_capacity, n * r->load->d,
                       CONTAINER_VALUES_LIMIT) ||
        !array_reserve(&part->outputs, &r->outputs_capacity, n, CONTAINER_VALUES_LIMIT) ||
        !array_reserve(&part->texts, &r->texts_capacity, n, CONTAINER_VALUES_LIMIT))
        return csv_fail_memory(r);
    return true;
}

/* What is wrong with a cell that should be a number. */
static bool bad_cell(csv_reader *r, size_t row_number, size_t column, const char *text)
{
    double value;
    const char *why = csv_row_is_missing(text)                          ? "is missing"
                      : strspn(text, "+-0123456789.eE") != strlen(text) ? "is not a number"
                      : csv_row_read_number(text, &value) ? "is more than a float holds"
                                                          : "is not a finite number";
    r->failed = true;
    if (column == r->label)
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s: row %zu, column %zu: the value \"%.60s\" %s.",
                        r->name, row_number, column + 1, text, why);
    return fail_set(
        r->f, FAIL_SYNTAX, NULL,
        "%s: row %zu, column %zu: the value \"%.60s\" %s. Inputs are numbers, and all are "
        "there; column %zu %s the label.",
        r->name, row_number, column + 1, text, why, r->label + 1,
        r->options->label ? "is" : "is taken to be");
}

static bool read_label(csv_reader *r, const char *text, size_t row_number)
{
    dataset_load_part *part = r->part;
    part->texts[part->n] = -1;
    part->outputs[part->n] = 0;
    if (csv_row_read_number(text, &part->outputs[part->n]))
        return true;
    if (csv_row_is_missing(text) || r->options->task == CHOICE_REGRESSION)
        return bad_cell(r, row_number, r->label, text);
    if (!dataset_is_name_text(text)) {
        r->failed = true;
        return fail_set(r->f, FAIL_SYNTAX, NULL,
                        "%s: row %zu: the label is not UTF-8 text of less than %d bytes.", r->name,
                        row_number, CONTAINER_NAME_LIMIT);
    }
    if (dataset_texts_add(&r->load->labels, text, &part->texts[part->n], r->f))
        return true;
    r->failed = true;
    return false;
}

static bool add_row(csv_reader *r, const csv_row *row, size_t row_number)
{
    if (row->n != r->n_columns) {
        r->failed = true;
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s: row %zu has %zu columns, but %zu are needed.",
                        r->name, row_number, row->n, r->n_columns);
    }
    if (!grow(r) || !read_label(r, csv_row_cell(row, r->label), row_number))
        return false;
    float *to = r->part->floats + r->part->n * r->load->d;
    for (size_t i = 0; i < row->n; i++) {
        double value;
        if (i == r->label)
            continue;
        if (!csv_row_read_number(csv_row_cell(row, i), &value) || fabs(value) > (double)FLT_MAX)
            return bad_cell(r, row_number, i, csv_row_cell(row, i));
        *to++ = (float)value;
    }
    r->part->n++;
    return true;
}

/* Decides what the first row is; `second` is NULL where there is none. */
static bool decide(csv_reader *r, const csv_row *second)
{
    bool has_names = r->options->header == HEADER_YES ||
                     (r->options->header == HEADER_AUTO && looks_like_names(&r->first, second));
    r->is_decided = true;
    return set_columns(r, &r->first, has_names) &&
           (has_names || add_row(r, &r->first, r->first_line));
}

/* ---- libcsv's callbacks ---- */

static void on_cell(void *text, size_t n_bytes, void *context)
{
    csv_reader *r = context;
    if (r->failed)
        return;
    if (memchr(text, '\0', n_bytes)) {
        r->failed = true;
        fail_set(r->f, FAIL_SYNTAX, NULL, "%s: row %zu has a NUL byte: it is not a text file.",
                 r->name, r->n_lines + 1);
    } else if (r->row.n > CONTAINER_COLUMNS_LIMIT) {
        r->failed = true;
        fail_set(r->f, FAIL_TOO_LARGE, NULL, "%s: row %zu has more than %d columns.", r->name,
                 r->n_lines + 1, CONTAINER_COLUMNS_LIMIT);
    } else if (r->row.used + n_bytes > ROW_BYTES_LIMIT) {
        r->failed = true;
        fail_set(r->f, FAIL_TOO_LARGE, NULL, "%s: row %zu has more than %d bytes.", r->name,
                 r->n_lines + 1, ROW_BYTES_LIMIT);
    } else if (!csv_row_add(&r->row, text, n_bytes)) {
        csv_fail_memory(r);
    }
}

static void check_blank_lines(csv_reader *r)
{
    size_t n_blank = r->n_lines - r->n_rows;
    if (n_blank <= BLANK_LINES_LIMIT + r->n_rows)
        return;
    r->failed = true;
    fail_set(r->f, FAIL_TOO_LARGE, NULL,
             "%s has %zu blank lines up to line %zu, and %zu rows: at most %d more blank lines "
             "than rows are allowed.",
             r->name, n_blank, r->n_lines, r->n_rows, BLANK_LINES_LIMIT);
}

static void on_row(int terminator, void *context)
{
    csv_reader *r = context;
    bool is_second_half = terminator == '\n' && r->last_end == '\r' && r->row.n == 0; /* of CR LF */
    r->last_end = terminator;
    if (r->failed || is_second_half)
        return;
    r->n_lines++;
    if (r->row.n == 0) {
        check_blank_lines(r);
        return;
    }
    r->n_rows++;
    if (r->n_rows == 1) {
        r->first_line = r->n_lines;
        r->first = r->row;
        r->row = (csv_row){0};
        return;
    }
    if (r->is_decided || decide(r, &r->row))
        (void)add_row(r, &r->row, r->n_lines);
    r->row.n = r->row.used = 0;
}

/* ---- the file ---- */

static unsigned char find_separator(const char *text, size_t n)
{
    static const char separators[] = ",;\t";
    size_t counts[sizeof separators - 1] = {0}, best = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < n && (is_quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        const char *found = text[i] ? strchr(separators, text[i]) : NULL;
        is_quoted ^= text[i] == '"';
        if (found && !is_quoted)
            counts[found - separators]++;
    }
    for (size_t i = 1; i < sizeof separators - 1; i++)
        if (counts[i] > counts[best])
            best = i;
    return (unsigned char)separators[best];
}

/* libcsv would trim tabs, which may separate. */
static int is_blank(unsigned char c)
{
    return c == ' ';
}

static bool feed(csv_reader *r, struct csv_parser *parser, const char *text, size_t n)
{
    size_t n_parsed = csv_parse(parser, text, n, on_cell, on_row, r);
    if (r->failed)
        return false;
    if (n_parsed < n)
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s: row %zu has a quote in the wrong place (%s).",
                        r->name, r->n_lines + 1, csv_strerror(csv_error(parser)));
    if (csv_get_buffer_size(parser) > CELL_BYTES_LIMIT + CHUNK_BYTES)
        return fail_set(r->f, FAIL_TOO_LARGE, NULL,
                        "%s: row %zu has a value of more than %d bytes; is a quote missing?",
                        r->name, r->n_lines + 1, CELL_BYTES_LIMIT);
    return true;
}

static bool finish_file(csv_reader *r, struct csv_parser *parser)
{
    if (csv_fini(parser, on_cell, on_row, r) != 0 && !r->failed)
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s ends within quotes, in row %zu.", r->name,
                        r->n_lines + 1);
    if (r->failed)
        return false;
    if (r->n_rows == 0)
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s is empty.", r->name);
    if (!r->is_decided && !decide(r, NULL))
        return false;
    if (r->part->n == 0)
        return fail_set(r->f, FAIL_SYNTAX, NULL, "%s has names but no rows.", r->name);
    return true;
}

static bool read_text(csv_reader *r, dataset_source *s, struct csv_parser *parser, char *chunk)
{
    for (bool is_start = true;; is_start = false) {
        size_t n, skip = 0;
        if (!source_read(s, chunk, CHUNK_BYTES, &n, r->f))
            return false;
        if (is_start) {
            skip = n >= 3 && memcmp(chunk, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
            csv_set_delim(parser, find_separator(chunk + skip, n - skip));
            csv_set_space_func(parser, is_blank);
        }
        if (!feed(r, parser, chunk + skip, n - skip))
            return false;
        if (n < CHUNK_BYTES)
            return finish_file(r, parser);
    }
}

static bool read_file(csv_reader *r, const dataset_file *file)
{
    dataset_source s;
    struct csv_parser parser;
    char *chunk = malloc(CHUNK_BYTES);
    if (!chunk || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
        free(chunk);
        return csv_fail_memory(r);
    }
    bool is_good = source_open(file->path, file->name, r->load->by, &s, r->f);
    if (is_good) {
        is_good = read_text(r, &s, &parser, chunk);
        source_close(&s);
    }
    csv_free(&parser);
    free(chunk);
    csv_row_close(&r->row);
    csv_row_close(&r->first);
    return is_good;
}

/* Where no label is a text, none of the marks is needed. */
static void drop_texts(dataset_load *load)
{
    for (int p = 0; p < PART_COUNT && load->labels.n == 0; p++) {
        free(load->parts[p].texts);
        load->parts[p].texts = NULL;
    }
}

bool dataset_read_csv(const dataset_file *files, size_t n_files, const dataset_add_options *options,
                      dataset_load *out, fail *f)
{
    size_t n_columns = 0, label = 0;
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 1 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        csv_reader r = {.name = files[i].name,
                        .options = options,
                        .load = out,
                        .part = &out->parts[p],
                        .is_first_file = i == 0,
                        .n_columns = n_columns,
                        .label = label,
                        .f = f};
        if (r.part->n > 0)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "%s is the second file for the same part; parts are told apart by "
                            "`train`, `val` and `test` in the names.",
                            r.name);
        if (!read_file(&r, &files[i]))
            return false;
        n_columns = r.n_columns;
        label = r.label;
    }
    drop_texts(out);
    return true;
}
