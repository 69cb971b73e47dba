/* All rows of CSV files, counted: how the cells of each column are written, and its spellings. */
#include "core/data/container.h"
#include "core/data/import/csv_table.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SPELLING_BYTES = 64, /* of the heap, besides the text */
    GRANTED_BYTES = 1 << 20
};

/* ---- rows ---- */

static bool check_length(const csv_table *t, const csv_file *file, const csv_text *row, fail *f)
{
    if (row->n == t->n_columns)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s: row %zu has %zu column%s, but %zu are needed, as in the first row.",
                    file->file->name, row->row, row->n, row->n == 1 ? "" : "s", t->n_columns);
}

static bool read_rows(csv_table *t, const csv_file *file, csv_text *row, csv_each_row *each,
                      fail *f)
{
    size_t n_before = file->n_skipped + file->has_header;
    bool is_there;
    row->separator = file->separator;
    for (;;) {
        if (!csv_text_next(row, &is_there, f))
            return false;
        if (!is_there)
            return true;
        if (n_before > 0)
            n_before--;
        else if (!check_length(t, file, row, f) || !each(t, file, row, f))
            return false;
    }
}

bool csv_for_each_row(csv_table *t, csv_each_row *each, fail *f)
{
    for (size_t i = 0; i < t->n_files; i++) {
        const csv_file *file = &t->files[i];
        csv_text row;
        if (!csv_text_open(file->file->path, file->file->name, t->load->by, &row, f))
            return false;
        bool is_good = read_rows(t, file, &row, each, f);
        csv_text_close(&row);
        if (!is_good)
            return false;
    }
    return true;
}

/* ---- cells ---- */

static bool is_digits(const char *text)
{
    bool is_zero = text[0] == '0' && !text[1];
    return is_zero || (*text >= '1' && *text <= '9' && text[strspn(text, "0123456789")] == '\0');
}

const char *csv_label_key(csv_kind kind, const csv_cell *cell, double value, char *room)
{
    const char *text = cell->text;
    bool is_negative = *text == '-';
    if (kind != CELL_NUMBER || is_digits(text))
        return text;
    if (fabs(value) < 0x1p53 && value == floor(value)) {
        snprintf(room, CONTAINER_NAME_LIMIT, "%.0f", value + 0.0);
        return room;
    }
    text += is_negative || *text == '+';
    text += strspn(text, "0");
    if (is_digits(text))
        snprintf(room, CONTAINER_NAME_LIMIT, "%s%s", is_negative ? "-" : "", text);
    else
        snprintf(room, CONTAINER_NAME_LIMIT, "%.17g", value);
    return room;
}

static void set_place(const csv_table *t, const csv_file *file, size_t row, const csv_cell *cell,
                      csv_place *place)
{
    if (place->row > 0)
        return;
    place->file = (size_t)(file - t->files);
    place->row = row;
    csv_cut(cell->text, place->text, sizeof place->text);
}

/* 0, 1, 2 ... or 1, 2, 3 ...; a second file may go on. */
static void count_row(const csv_table *t, const csv_file *file, size_t n_before, csv_kind kind,
                      double value, csv_column *c)
{
    bool is_first = n_before == 0;
    c->is_counting &=
        kind == CELL_NUMBER &&
        (!is_first ? value == c->count + 1 : file != t->files || value == 0 || value == 1);
    c->count = value;
}

/* With decimal=, a point may stand for it, too, but not in a column that has both. */
static void count_point(const csv_table *t, const csv_file *file, size_t row, const csv_cell *cell,
                        csv_column *c)
{
    c->has_comma |= strchr(cell->text, ',') != NULL;
    if (t->format.thousands != '.' && strchr(cell->text, '.'))
        set_place(t, file, row, cell, &c->point);
}

static void count_kind(const csv_table *t, const csv_file *file, size_t row, csv_kind kind,
                       const csv_cell *cell, double value, csv_column *c)
{
    switch (kind) {
    case CELL_MISSING:
        c->n_missing++;
        c->n_missing_of[file->part]++;
        set_place(t, file, row, cell, &c->missing);
        return;
    case CELL_NUMBER:
        c->n_numbers++;
        if (fabs(value) > (double)FLT_MAX)
            set_place(t, file, row, cell, &c->large);
        spread_add(&c->spread, value, cell->n > 7);
        if (t->format.decimal == ',')
            count_point(t, file, row, cell, c);
        break;
    case CELL_BOOLEAN:
        c->n_booleans++;
        break;
    case CELL_ALMOST:
        c->n_almost++;
        c->n_decimal += csv_is_decimal(cell, t->format.decimal == ',' ? '.' : ',');
        c->n_grouped += csv_is_grouped(cell, t->format.decimal == ',' ? '.' : ',');
        set_place(t, file, row, cell, &c->almost);
        break;
    case CELL_TEXT:
        c->n_texts++;
        set_place(t, file, row, cell, &c->text);
        break;
    }
    c->n_seen_of[file->part]++;
}

static bool check_text(const csv_table *t, const csv_file *file, size_t row, const csv_column *c,
                       const csv_cell *cell, fail *f)
{
    return dataset_is_name_text(cell->text) ||
           fail_set(f, FAIL_SYNTAX, NULL,
                    "%s: row %zu, column %s: the %s is not UTF-8 text of less than %d bytes; save "
                    "the file as UTF-8.",
                    file->file->name, row, c->name, c == &t->columns[t->label] ? "label" : "value",
                    CONTAINER_NAME_LIMIT);
}

/* Many columns of many texts take more than the file. */
static bool grant_spelling(csv_table *t, const csv_cell *cell, fail *f)
{
    t->spelled += sizeof(csv_spelling) + 2 * cell->n + SPELLING_BYTES;
    if (t->spelled <= t->granted)
        return true;
    t->granted += GRANTED_BYTES;
    return caller_grant(t->load->by, GRANTED_BYTES, f);
}

/* Numbers are kept where spellings may be wanted: to keep those of every column would cost more
 * than the table. */
static bool keep_spelling(csv_table *t, const csv_file *file, size_t row, csv_kind kind,
                          const csv_cell *cell, double value, csv_column *c, fail *f)
{
    char room[CONTAINER_NAME_LIMIT];
    csv_spelling *spelling;
    bool is_label = c == &t->columns[t->label];
    if (kind == CELL_TEXT && !c->is_tracked) {
        c->is_tracked = true;
        c->has_lost_numbers = c->n_numbers > 0;
    }
    if (kind == CELL_MISSING || (kind == CELL_NUMBER && !c->is_tracked) || c->spellings.is_full)
        return true;
    const char *key = is_label ? csv_label_key(kind, cell, value, room) : cell->text;
    size_t n_before = c->spellings.n;
    if (!csv_spellings_add(&c->spellings, key, cell->text, file->part, row, &spelling))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the texts of %s.",
                        c->name);
    if (c->spellings.n > n_before &&
        (!check_text(t, file, row, c, cell, f) || !grant_spelling(t, cell, f)))
        return false;
    if (spelling && kind == CELL_NUMBER)
        spelling->number = value;
    return true;
}

static bool look_at_row(csv_table *t, const csv_file *file, const csv_text *row, fail *f)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        csv_column *c = &t->columns[i];
        const csv_cell *cell = &row->cells[i];
        double value = 0;
        csv_kind kind = csv_cell_read(&t->format, cell, &value);
        if (c->is_counting)
            count_row(t, file, c->n_seen_of[file->part], kind, value, c);
        if ((kind != CELL_NUMBER || c->is_tracked) &&
            !keep_spelling(t, file, row->row, kind, cell, value, c, f))
            return false;
        count_kind(t, file, row->row, kind, cell, value, c);
    }
    t->n_rows[file->part]++;
    return true;
}

/* Only a first column that has a name of no meaning may be left out for counting. */
static bool may_count(const csv_table *t, size_t i)
{
    const char *name = t->columns[i].name;
    return i == 0 && t->files[0].has_header && t->n_columns > 2 &&
           (!*name || strcmp(name, "Unnamed: 0") == 0);
}

bool csv_survey(csv_table *t, fail *f)
{
    memset(t->n_rows, 0, sizeof t->n_rows);
    t->spelled = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        csv_column *c = &t->columns[i];
        csv_spellings_close(&c->spellings);
        *c = (csv_column){.name = c->name,
                          .is_category = c->is_category,
                          .is_tracked = c->is_category || i == t->label || c->has_lost_numbers,
                          .kind = c->kind,
                          .is_counting = may_count(t, i)};
        c->spellings.limit = i == t->label ? CONTAINER_CLASSES_LIMIT : CATEGORIES_LIMIT;
    }
    return csv_for_each_row(t, look_at_row, f);
}
