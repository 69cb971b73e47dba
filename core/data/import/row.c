#include "core/data/import/row.h"

#include "core/data/import/csv_cell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text between blanks. */
static csv_cell trim(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (unsigned char)text[n - 1] <= ' ')
        n--;
    text[n] = '\0';
    while (*text && (unsigned char)*text <= ' ') {
        text++;
        n--;
    }
    return (csv_cell){text, n};
}

/* What a text says in a column of numbers. */
static bool read_text(const char *text, row_cell *out)
{
    csv_format format = {.decimal = '.'};
    char *copy = strdup(text);
    if (!copy || !csv_read_list(CSV_USUAL_TOKENS, &format.tokens, &format.n_tokens)) {
        free(copy);
        return false;
    }
    memset(format.starts, true, sizeof format.starts);
    csv_cell cell = trim(copy);
    csv_kind kind = csv_cell_read(&format, &cell, &out->number);
    out->kind = kind == CELL_MISSING                          ? ROW_MISSING
                : kind == CELL_NUMBER || kind == CELL_BOOLEAN ? ROW_NUMBER
                                                              : ROW_TEXT;
    free(format.tokens);
    free(copy);
    return true;
}

static bool encode_number(const dataset *set, const dataset_column *column, const row_cell *cell,
                          double *inputs, fail *f)
{
    row_cell read = *cell;
    if (cell->kind == ROW_TEXT && !read_text(cell->text, &read))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a cell.");
    if (read.kind == ROW_TEXT)
        return fail_set(f, FAIL_WRONG_TYPE, NULL, "%.80s must be a number, not \"%.80s\"",
                        column->name, cell->text);
    if (read.kind == ROW_MISSING && !set->has_missing)
        return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                        "%.80s is missing, but no number was in training: nothing stands for it",
                        column->name);
    inputs[column->first_input] = read.kind == ROW_MISSING ? (double)NAN : read.number;
    return true;
}

static void list_categories(const dataset_column *column, char *text, size_t n_bytes)
{
    size_t n = column->n_categories, n_shown = n < 8 ? n : 8, used = 0;
    *text = '\0';
    for (size_t i = 0; i < n_shown && used < n_bytes; i++)
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%.40s", i ? ", " : "",
                                 column->categories[i]);
    if (n_shown < n && used < n_bytes)
        snprintf(text + used, n_bytes - used, " and %zu more", n - n_shown);
}

static size_t find_category(const dataset_column *column, const char *text)
{
    size_t n = column->n_categories - column->has_missing_category, i = 0;
    while (i < n && strcmp(column->categories[i], text) != 0)
        i++;
    return i < n ? i : column->n_categories;
}

static bool encode_category(const dataset_column *column, const row_cell *cell, double *inputs,
                            fail *f)
{
    char known[400], *copy = strdup(cell->kind == ROW_MISSING ? "" : cell->text);
    if (!copy)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a cell.");
    csv_cell text = trim(copy);
    row_cell read = *cell;
    size_t i = cell->kind == ROW_MISSING ? column->n_categories : find_category(column, text.text);
    bool is_read = i < column->n_categories || cell->kind == ROW_MISSING || read_text(copy, &read);
    free(copy);
    if (!is_read)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a cell.");
    if (i == column->n_categories && read.kind == ROW_MISSING && column->has_missing_category)
        i = column->n_categories - 1;
    list_categories(column, known, sizeof known);
    if (i == column->n_categories && read.kind == ROW_MISSING)
        return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                        "%.80s is missing, which training did not know; it knew %s", column->name,
                        known);
    if (i == column->n_categories)
        return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                        "%.80s is \"%.80s\", which training did not know; it knew %s", column->name,
                        cell->text, known);
    for (size_t c = 0; c < column->n_inputs; c++)
        inputs[column->first_input + c] = c == i;
    return true;
}

bool row_encode(const dataset *set, const dataset_column *column, const row_cell *cell,
                double *inputs, fail *f)
{
    return column->kind == COLUMN_CATEGORY ? encode_category(column, cell, inputs, f)
                                           : encode_number(set, column, cell, inputs, f);
}
