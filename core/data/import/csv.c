/* CSV files: guessed, surveyed, decided, filled; as core/data/import/csv_table.h says. */
#include "core/data/container.h"
#include "core/data/import/csv_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void csv_table_close(csv_table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        csv_spellings_close(&t->columns[i].spellings);
    free(t->columns);
    free(t->names);
    free(t->format.tokens);
    *t = (csv_table){0};
}

/* ---- options ---- */

static bool read_format(csv_table *t, fail *f)
{
    static const char marks[] = {
        [THOUSANDS_NONE] = '\0',       [THOUSANDS_COMMA] = ',',      [THOUSANDS_POINT] = '.',
        [THOUSANDS_APOSTROPHE] = '\'', [THOUSANDS_UNDERSCORE] = '_', [THOUSANDS_SPACE] = ' '};
    const dataset_add_options *o = t->options;
    csv_format *format = &t->format;
    format->decimal = o->decimal == DECIMAL_COMMA ? ',' : '.';
    format->thousands = marks[o->thousands];
    if (format->thousands == format->decimal)
        return fail_set(f, FAIL_INCOMPATIBLE, "/thousands",
                        "decimal and thousands cannot both be \"%c\".", format->decimal);
    if (!csv_read_list(o->missing ? o->missing : CSV_USUAL_TOKENS, &format->tokens,
                       &format->n_tokens))
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/missing", "There is no memory for the tokens.");
    for (size_t i = 0; i < format->n_tokens; i++)
        format->starts[(unsigned char)*format->tokens[i].text] = true;
    return true;
}

static bool no_column(const csv_table *t, const char *option, const char *wanted, fail *f)
{
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%s", option);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                    "%s has no column \"%s\": give a name of its first row, or an index in 0 "
                    ".. %zu.",
                    t->files[0].file->name, CSV_SHORT(wanted), t->n_columns - 1);
}

/* Marks the columns that an option lists. */
static bool mark_columns(csv_table *t, const char *option, const char *list, bool is_ignored,
                         fail *f)
{
    csv_cell *wanted;
    size_t n, column;
    if (!list || !*list)
        return true;
    if (!csv_read_list(list, &wanted, &n))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the columns.");
    bool is_good = true;
    for (size_t i = 0; is_good && i < n; i++) {
        is_good =
            csv_find_column(t, wanted[i].text, &column) || no_column(t, option, wanted[i].text, f);
        if (is_good && is_ignored)
            t->columns[column].kind = COLUMN_IGNORED;
        else if (is_good)
            t->columns[column].is_category = true;
    }
    free(wanted);
    return is_good;
}

/* ---- the label ---- */

static bool is_label_name(const csv_table *t, size_t i, const char *name)
{
    return t->columns[i].kind != COLUMN_IGNORED && strcasecmp(t->columns[i].name, name) == 0;
}

/* The first of the usual names that a column has; else the last that is there and has a name. */
static bool find_usual_label(csv_table *t, fail *f)
{
    static const char *const usual[] = {"label", "target", "class", "y", NULL};
    for (int u = 0; usual[u] && t->files[0].has_header; u++)
        for (size_t i = 0; i < t->n_columns; i++)
            if (is_label_name(t, i, usual[u])) {
                t->label = i;
                return true;
            }
    for (size_t i = t->n_columns; i-- > 0;)
        if (t->columns[i].kind != COLUMN_IGNORED && *t->columns[i].name) {
            t->label = i;
            return true;
        }
    return fail_set(f, FAIL_OUT_OF_RANGE, "/ignore", "Every column is ignored: there is no label.");
}

static bool check_doubled(const csv_table *t, const char *name, fail *f)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (i != t->label && strcmp(t->columns[i].name, name) == 0)
            return fail_set(f, FAIL_INCOMPATIBLE, "/label",
                            "%s: columns %zu and %zu are both called %s; label=%zu or label=%zu "
                            "says which is the label.",
                            t->files[0].file->name, i < t->label ? i + 1 : t->label + 1,
                            i < t->label ? t->label + 1 : i + 1, CSV_SHORT(name),
                            i < t->label ? i : t->label, i < t->label ? t->label : i);
    return true;
}

static bool choose_label(csv_table *t, fail *f)
{
    const char *wanted = t->options->label;
    bool is_asked = wanted && *wanted;
    if (is_asked ? !csv_find_column(t, wanted, &t->label) : !find_usual_label(t, f))
        return is_asked && no_column(t, "label", wanted, f);
    const char *name = t->columns[t->label].name;
    bool is_by_name = t->files[0].has_header && (!is_asked || strcmp(wanted, name) == 0);
    if (t->columns[t->label].kind == COLUMN_IGNORED)
        return fail_set(f, FAIL_INCOMPATIBLE, "/ignore", "The label %s cannot be ignored.",
                        CSV_SHORT(name));
    return !is_by_name || check_doubled(t, name, f);
}

/* Other columns may have one name; whoever asks by name is told. */
static bool warn_doubled(csv_table *t, fail *f)
{
    csv_spellings names = {.limit = t->n_columns};
    bool is_good = true;
    for (size_t i = 0; is_good && i < t->n_columns && t->files[0].has_header; i++) {
        csv_spelling *name;
        is_good = csv_spellings_add(&names, t->columns[i].name, t->columns[i].name, PART_TRAIN,
                                    i + 1, &name) ||
                  fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the names.");
        if (is_good && *name->text && name->n[PART_TRAIN] == 2)
            is_good = dataset_load_warn(t->load, f, "Columns %zu and %zu are both called %s.",
                                        name->row[PART_TRAIN], i + 1, CSV_SHORT(name->text));
    }
    csv_spellings_close(&names);
    return is_good;
}

/* ---- the whole ---- */

static bool place_files(const dataset_file *files, size_t n_files, csv_table *t, fail *f)
{
    bool is_taken[PART_COUNT] = {false};
    t->n_files = n_files;
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 1 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        t->files[i] = (csv_file){.file = &files[i], .part = p};
        if (is_taken[p])
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "%s is the second file for the same part; parts are told apart by "
                            "`train`, `val` and `test` in the names.",
                            files[i].name);
        is_taken[p] = true;
    }
    return true;
}

/* A last column that ends every row with its separator, in a file without names, is not the label
 * after all. */
static bool move_label(csv_table *t)
{
    const csv_column *c = &t->columns[t->label];
    bool is_guessed = !t->options->label || !*t->options->label;
    if (!is_guessed || t->files[0].has_header || t->label + 1 < t->n_columns || t->n_columns < 3 ||
        c->n_numbers + c->n_almost + c->n_booleans + c->n_texts > 0)
        return false;
    t->label--;
    return true;
}

static bool survey(csv_table *t, fail *f)
{
    bool again = false;
    if (!csv_survey(t, f) || (move_label(t) && !csv_survey(t, f)) || !csv_decide(t, &again, f))
        return false;
    if (!again)
        return true;
    for (size_t i = 0; i < t->n_columns; i++)
        t->columns[i].is_category |= t->columns[i].kind == COLUMN_CATEGORY;
    free(t->load->class_names);
    t->load->class_names = NULL;
    return csv_survey(t, f) && csv_decide(t, &again, f);
}

bool dataset_read_csv(const dataset_file *files, size_t n_files, const dataset_add_options *options,
                      dataset_load *out, fail *f)
{
    csv_table t = {.options = options, .load = out};
    bool is_good = place_files(files, n_files, &t, f) && read_format(&t, f) && csv_guess(&t, f) &&
                   mark_columns(&t, "ignore", options->ignore, true, f) &&
                   mark_columns(&t, "categories", options->categories, false, f) &&
                   choose_label(&t, f) && warn_doubled(&t, f) && survey(&t, f) && csv_fill(&t, f);
    csv_table_close(&t);
    return is_good;
}
