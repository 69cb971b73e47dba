/* The rows of CSV files as inputs and outputs, and what their columns were, for the set's origin.
 */
#include "core/data/container.h"
#include "core/data/import/csv_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static void fill_category(const csv_table *t, const csv_column *c, const csv_cell *cell,
                          float *inputs)
{
    float *first = inputs + c->first_input;
    if (csv_cell_is_missing(&t->format, cell)) {
        first[c->spellings.n] = 1;
        return;
    }
    const csv_spelling *found = csv_spellings_find(&c->spellings, cell->text);
    if (found)
        first[found->index] = 1;
}

static void fill_label(const csv_table *t, const csv_column *c, csv_kind kind, const csv_cell *cell,
                       double value, dataset_load_part *part)
{
    char room[CONTAINER_NAME_LIMIT];
    if (!t->is_classification) {
        const double *offset = t->load->target_offsets;
        part->targets[part->n] = (float)(offset ? value - *offset : value);
        return;
    }
    const csv_spelling *found =
        csv_spellings_find(&c->spellings, csv_label_key(kind, cell, value, room));
    part->labels[part->n] = found ? found->index : 0;
}

static float store_number(const csv_table *t, const csv_column *c, double value)
{
    const double *offsets = t->load->input_offsets;
    return (float)(offsets ? value - offsets[c->first_input] : value);
}

static bool fill_row(csv_table *t, const csv_file *file, const csv_text *row, fail *f)
{
    dataset_load_part *part = &t->load->parts[file->part];
    if (part->n == t->n_rows[file->part])
        return fail_set(f, FAIL_STORAGE, NULL, "%s has grown while it was read.", file->file->name);
    float *inputs = part->floats + part->n * t->load->d;
    for (size_t i = 0; i < t->n_columns; i++) {
        const csv_column *c = &t->columns[i];
        double value = NAN;
        if (c->kind == COLUMN_IGNORED)
            continue;
        if (c->kind == COLUMN_CATEGORY) {
            fill_category(t, c, &row->cells[i], inputs);
            continue;
        }
        csv_kind kind = csv_cell_read(&t->format, &row->cells[i], &value);
        if (c->kind == COLUMN_LABEL)
            fill_label(t, c, kind, &row->cells[i], value, part);
        else
            inputs[c->first_input] = kind == CELL_MISSING ? NAN : store_number(t, c, value);
    }
    part->n++;
    return true;
}

static bool allocate(csv_table *t, fail *f)
{
    uint64_t granted = 0;
    size_t n_all = t->n_rows[0] + t->n_rows[1] + t->n_rows[2], d = t->load->d;
    if (!dataset_load_check_size(t->load, &granted, t->files[0].file->name, n_all, d, sizeof(float),
                                 f))
        return false;
    bool is_good = true;
    for (int p = 0; is_good && p < PART_COUNT; p++) {
        dataset_load_part *part = &t->load->parts[p];
        size_t n = t->n_rows[p];
        if (n == 0)
            continue;
        part->floats = calloc(n * d, sizeof *part->floats);
        part->labels = t->is_classification ? calloc(n, sizeof *part->labels) : NULL;
        part->targets = t->is_classification ? NULL : calloc(n, sizeof *part->targets);
        is_good = part->floats && (part->labels || part->targets);
    }
    return is_good || fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                               "There is no memory for the rows of %s.", t->files[0].file->name);
}

/* ---- names of inputs ---- */

/* name=spelling, cut between two characters of UTF-8 where it is too long. */
static char *write_input_name(const char *name, const char *spelling, char *to)
{
    char whole[2 * CONTAINER_NAME_LIMIT + 1];
    size_t n = (size_t)snprintf(whole, sizeof whole, "%s=%s", name, spelling);
    if (n >= CONTAINER_NAME_LIMIT)
        for (n = CONTAINER_NAME_LIMIT - 1; n > 0 && ((unsigned char)whole[n] & 0xC0) == 0x80;)
            n--;
    memcpy(to, whole, n);
    to[n] = '\0';
    return to + n + 1;
}

static const csv_spelling *spelling_at(const csv_spellings *s, size_t index)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].index == (int32_t)index)
            return &s->items[i];
    return NULL;
}

static const char MISSING[] = "missing";

/* Inputs have names where columns have, or where one is a category. */
static bool name_inputs(csv_table *t, fail *f)
{
    size_t n_bytes = 1;
    bool has_names = t->files[0].has_header;
    for (size_t i = 0; i < t->n_columns; i++) {
        const csv_column *c = &t->columns[i];
        has_names |= c->kind == COLUMN_CATEGORY;
        size_t n = c->kind == COLUMN_CATEGORY ? c->spellings.n + 1 : 1;
        n_bytes += n * (strlen(c->name) + sizeof MISSING + 1);
        for (size_t j = 0; c->kind == COLUMN_CATEGORY && j < c->spellings.n; j++)
            n_bytes += strlen(c->spellings.items[j].text);
    }
    if (!has_names)
        return true;
    char *at = t->load->column_names = malloc(n_bytes);
    if (!at)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the names.");
    for (size_t i = 0; i < t->n_columns; i++) {
        const csv_column *c = &t->columns[i];
        if (c->kind == COLUMN_NUMBER)
            at = stpcpy(at, c->name) + 1;
        for (size_t j = 0; c->kind == COLUMN_CATEGORY && j < c->spellings.n; j++)
            at = write_input_name(c->name, spelling_at(&c->spellings, j)->text, at);
        if (c->kind == COLUMN_CATEGORY && c->n_missing > 0)
            at = write_input_name(c->name, MISSING, at);
    }
    return true;
}

/* ---- origin ---- */

/* texts: where the column's categories are listed. */
static dataset_column describe(const csv_column *c, const char **texts)
{
    dataset_column out = {.name = c->name,
                          .kind = c->kind,
                          .n_missing = c->n_missing,
                          .first_input = c->first_input,
                          .n_inputs = c->kind == COLUMN_NUMBER,
                          .categories = texts};
    if (c->kind != COLUMN_CATEGORY)
        return out;
    for (size_t i = 0; i < c->spellings.n; i++)
        texts[c->spellings.items[i].index] = c->spellings.items[i].text;
    out.has_missing_category = c->n_missing > 0;
    if (out.has_missing_category)
        texts[c->spellings.n] = MISSING;
    out.n_categories = out.n_inputs = c->spellings.n + out.has_missing_category;
    return out;
}

/* The load keeps a copy: its texts must outlive the table. */
static bool keep_origin(csv_table *t, const dataset_origin *origin, fail *f)
{
    dataset_load *load = t->load;
    dataset_origin *copy;
    size_t n_bytes = origin_bytes(origin);
    char *bytes = load->origin_memory[0] = malloc(n_bytes);
    if (!bytes)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                        t->n_columns);
    origin_write(origin, bytes);
    if (!origin_read(bytes, n_bytes, load->d, &copy, f))
        return false;
    load->origin_memory[1] = copy;
    copy->n_warnings = load->origin.n_warnings;
    copy->warnings = load->origin.warnings;
    load->origin = *copy;
    return true;
}

static dataset_separator separator_of(char c)
{
    switch (c) {
    case ';':
        return SEPARATOR_SEMICOLON;
    case '\t':
        return SEPARATOR_TAB;
    case '|':
        return SEPARATOR_PIPE;
    case ' ':
        return SEPARATOR_SPACE;
    default:
        return SEPARATOR_COMMA;
    }
}

static bool make_origin(csv_table *t, fail *f)
{
    size_t n_texts = 1;
    dataset_origin origin = {.separator = separator_of(t->files[0].separator),
                             .has_header = t->files[0].has_header,
                             .label = t->columns[t->label].name,
                             .n_columns = t->n_columns};
    for (size_t i = 0; i < t->n_columns; i++)
        n_texts += t->columns[i].spellings.n + 1;
    dataset_column *columns = malloc(t->n_columns * sizeof *columns);
    const char **texts = malloc(n_texts * sizeof *texts), **at = texts;
    bool is_good = columns && texts;
    for (size_t i = 0; is_good && i < t->n_columns; i++) {
        columns[i] = describe(&t->columns[i], at);
        at += columns[i].n_categories;
    }
    origin.columns = columns;
    is_good = is_good ? keep_origin(t, &origin, f)
                      : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                                 t->n_columns);
    free(columns);
    free(texts);
    return is_good;
}

static bool no_memory(const csv_table *t, fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                    t->n_columns);
}

/* What is taken off the numbers of a column; none where all are stored as they are. */
static bool make_offsets(csv_table *t, fail *f)
{
    dataset_load *load = t->load;
    double target = t->is_classification ? 0 : spread_offset(&t->columns[t->label].spread);
    bool has_offsets = false;
    for (size_t i = 0; i < t->n_columns; i++) {
        const csv_column *c = &t->columns[i];
        has_offsets |= c->kind == COLUMN_NUMBER && spread_offset(&c->spread) != 0;
        load->has_missing |= c->kind == COLUMN_NUMBER && c->n_missing > 0;
    }
    if (has_offsets && !(load->input_offsets = calloc(load->d, sizeof *load->input_offsets)))
        return no_memory(t, f);
    for (size_t i = 0; has_offsets && i < t->n_columns; i++)
        if (t->columns[i].kind == COLUMN_NUMBER)
            load->input_offsets[t->columns[i].first_input] = spread_offset(&t->columns[i].spread);
    if (target == 0)
        return true;
    load->target_offsets = malloc(sizeof *load->target_offsets);
    if (!load->target_offsets)
        return no_memory(t, f);
    *load->target_offsets = target;
    return true;
}

bool csv_fill(csv_table *t, fail *f)
{
    return allocate(t, f) && make_offsets(t, f) && csv_for_each_row(t, fill_row, f) &&
           name_inputs(t, f) && make_origin(t, f);
}
