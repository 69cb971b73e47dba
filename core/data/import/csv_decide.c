/* What the columns of CSV files are, by what was counted of them; and what is wrong with them, with
 * the row, the column and the option that helps. */
#include "core/data/container.h"
#include "core/data/import/csv_table.h"
#include "core/data/import/csv_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISTINCT_LIMIT = 100, REMEDY_BYTES = 160 };

/* The option that reads an "almost"; "" where none does. */
static void write_remedy(const csv_table *t, const csv_column *c, char *text, size_t n_bytes)
{
    char other = t->format.decimal == ',' ? '.' : ',';
    if (c->n_grouped == 0 && c->n_decimal == 0)
        *text = '\0';
    else if (c->n_grouped < c->n_almost && c->n_decimal > 0)
        snprintf(text, n_bytes, "decimal=%c reads it", other);
    else if (c->n_decimal == 0)
        snprintf(text, n_bytes, "thousands=%c reads it", other);
    else
        snprintf(text, n_bytes,
                 "thousands=%c reads it as a number of thousands, decimal=%c as one with decimals",
                 other, other);
}

/* ---- labels ---- */

static bool is_mostly_numbers(const csv_column *c)
{
    size_t n_like = c->n_numbers + c->n_almost;
    return 2 * n_like > n_like + c->n_booleans + c->n_texts;
}

static const csv_place *odd_place(const csv_column *c)
{
    return c->almost.row > 0 ? &c->almost : &c->text;
}

static bool check_label_cells(const csv_table *t, const csv_column *c, fail *f)
{
    char remedy[REMEDY_BYTES];
    dataset_task_choice task = t->options->task;
    if (c->n_missing > 0)
        return csv_refuse(
            t, c, &c->missing, FAIL_SYNTAX, f,
            *c->missing.text
                ? "is missing, and every row needs one; `missing` says which texts stand "
                  "for a missing value, missing=%s makes a class of this one."
                : "is missing, and every row needs one; leave such rows out.",
            strcmp(c->missing.text, "?") == 0 ? "-" : "?");
    size_t n_odd = c->n_almost + c->n_texts + c->n_booleans;
    bool is_wanted = task == CHOICE_REGRESSION || (task == CHOICE_AUTO && is_mostly_numbers(c));
    if (n_odd == 0 || !is_wanted)
        return true;
    csv_place boolean = {.row = 1, .text = "true"};
    const csv_place *place = odd_place(c)->row > 0 ? odd_place(c) : &boolean;
    write_remedy(t, c, remedy, sizeof remedy);
    return csv_refuse(
        t, c, place, FAIL_SYNTAX, f,
        "is not a number, as %s; %s%stask=classification makes a class of every spelling.",
        task == CHOICE_REGRESSION ? "a regression wants" : "most labels here are", remedy,
        *remedy ? ", or " : "");
}

static bool is_whole(const csv_spelling *s)
{
    return s->key[strspn(s->key, "-0123456789")] == '\0';
}

static bool has_whole_labels(const csv_table *t, const csv_column *c)
{
    size_t n_rows = c->n_numbers;
    if (c->spellings.is_full || c->spellings.n > DISTINCT_LIMIT || 2 * c->spellings.n > n_rows)
        return false;
    (void)t;
    for (size_t i = 0; i < c->spellings.n; i++)
        if (!is_whole(&c->spellings.items[i]))
            return false;
    return true;
}

/* Numbers in increasing order, of any number of digits, then texts in the order of their bytes. */
static int compare_labels(const void *a, const void *b)
{
    const csv_spelling *x = *(csv_spelling *const *)a, *y = *(csv_spelling *const *)b;
    bool is_text = isnan(x->number), is_other_text = isnan(y->number);
    if (is_text || is_other_text)
        return is_text != is_other_text ? (is_text ? 1 : -1) : strcmp(x->text, y->text);
    if (x->number < y->number || x->number > y->number)
        return x->number < y->number ? -1 : 1;
    int longer = (strlen(x->key) > strlen(y->key)) - (strlen(x->key) < strlen(y->key));
    int order = longer ? longer : strcmp(x->key, y->key);
    return *x->key == '-' ? -order : order;
}

/* Numbers the spellings by their order; the caller frees *sorted (n). */
static bool sort_spellings(csv_spellings *s, csv_spelling ***sorted, fail *f)
{
    *sorted = malloc((s->n + 1) * sizeof **sorted);
    if (!*sorted)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu texts.", s->n);
    for (size_t i = 0; i < s->n; i++)
        (*sorted)[i] = &s->items[i];
    qsort(*sorted, s->n, sizeof **sorted, compare_labels);
    for (size_t i = 0; i < s->n; i++)
        (*sorted)[i]->index = (int32_t)i;
    return true;
}

/* None where they are 0 .. k-1. */
static bool name_classes(csv_table *t, csv_spelling *const *sorted, size_t n, fail *f)
{
    size_t n_bytes = 1;
    bool are_plain = true;
    for (size_t i = 0; i < n; i++) {
        char plain[24];
        snprintf(plain, sizeof plain, "%zu", i);
        are_plain &= strcmp(sorted[i]->text, plain) == 0;
        n_bytes += strlen(sorted[i]->text) + 1;
    }
    if (are_plain)
        return true;
    char *at = t->load->class_names = malloc(n_bytes);
    if (!at)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu classes.", n);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, sorted[i]->text) + 1;
    return true;
}

static bool make_classes(csv_table *t, csv_column *c, fail *f)
{
    csv_spelling **sorted;
    if (c->spellings.is_full)
        return fail_set(f, FAIL_TOO_LARGE, "/label",
                        "There are more than %d different labels; is %s the right column? `label` "
                        "names another.",
                        CONTAINER_CLASSES_LIMIT, csv_column_text(t, c, (char[CSV_NAME_BYTES]){0}));
    if (c->spellings.n < 2)
        return fail_set(f, FAIL_SYNTAX, NULL, "All labels are the same: nothing can be learned.");
    if (!sort_spellings(&c->spellings, &sorted, f))
        return false;
    bool is_named = name_classes(t, sorted, c->spellings.n, f);
    free(sorted);
    t->load->k = c->spellings.n;
    return is_named;
}

static bool check_points(const csv_table *t, const csv_column *c, fail *f)
{
    return !c->has_comma || c->point.row == 0 ||
           csv_refuse(
               t, c, &c->point, FAIL_SYNTAX, f,
               "has a point, others of its column a decimal comma; thousands=. takes the point "
               "for thousands.");
}

static bool decide_label(csv_table *t, fail *f)
{
    csv_column *c = &t->columns[t->label];
    dataset_task_choice task = t->options->task;
    c->kind = COLUMN_LABEL;
    if (!check_label_cells(t, c, f))
        return false;
    t->is_classification = task == CHOICE_CLASSIFICATION ||
                           (task == CHOICE_AUTO &&
                            (c->n_numbers == 0 || !is_mostly_numbers(c) || has_whole_labels(t, c)));
    t->load->has_outputs = true;
    t->load->n_outputs = 1;
    t->load->k = 1;
    t->load->task = t->is_classification ? TASK_CLASSIFICATION : TASK_REGRESSION;
    if (t->is_classification)
        return make_classes(t, c, f);
    return check_points(t, c, f) &&
           (c->large.row == 0 ||
            csv_refuse(t, c, &c->large, FAIL_SYNTAX, f, "is more than a float holds."));
}

/* ---- inputs ---- */

static bool refuse_almost(const csv_table *t, const csv_column *c, fail *f)
{
    char remedy[REMEDY_BYTES], option[CSV_NAME_BYTES];
    write_remedy(t, c, remedy, sizeof remedy);
    csv_option_text(t, c, option);
    if (*remedy)
        return csv_refuse(t, c, &c->almost, FAIL_SYNTAX, f,
                          "is not a number as it stands; %s, or categories=%s makes a category of "
                          "every spelling.",
                          remedy, option);
    return csv_refuse(
        t, c, &c->almost, FAIL_SYNTAX, f,
        "is not a number as it stands; \"missing=%s\" takes it for a missing one, "
        "categories=%s makes a category of every spelling, ignore=%s leaves the column "
        "out.",
        c->almost.text, option, option);
}

static bool refuse_text(const csv_table *t, const csv_column *c, fail *f)
{
    char option[CSV_NAME_BYTES], label[CSV_NAME_BYTES];
    const char *text = c->text.text;
    csv_option_text(t, c, option);
    bool is_wide = strpbrk(text, "0123456789") && isinf(strtod(text, NULL));
    return csv_refuse(
        t, c, &c->text, FAIL_SYNTAX, f,
        "is not a %snumber, as most values of this column are; \"missing=%s\" takes it "
        "for a missing one, categories=%s makes a category of every spelling, ignore=%s "
        "leaves the column out. The label is %s.",
        is_wide ? "finite " : "", text, option, option,
        csv_column_text(t, &t->columns[t->label], label));
}

static bool has_too_many_texts(const csv_table *t, const csv_column *c)
{
    bool is_text = c->is_category || (c->n_almost + c->n_texts > 0 && !is_mostly_numbers(c));
    return c != &t->columns[t->label] && c->kind != COLUMN_IGNORED && is_text &&
           c->spellings.is_full;
}

/* Names all such columns at once, so that one answer is enough. */
static bool refuse_texts(const csv_table *t, const csv_column *c, fail *f)
{
    char column[CSV_NAME_BYTES], option[CSV_NAME_BYTES], all[3 * CSV_NAME_BYTES] = "";
    size_t used = 0, n = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        if (has_too_many_texts(t, &t->columns[i]) && used + CSV_NAME_BYTES + 1 < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", n++ ? "," : "",
                                     csv_option_text(t, &t->columns[i], option));
    const csv_spelling *first = &c->spellings.items[0];
    return fail_set(f, FAIL_TOO_LARGE, NULL,
                    "%s: %s has more than %d different texts (\"%s\" in row %zu), too many for "
                    "categories; ignore=%s leaves %s out, label=%s makes it the label.",
                    t->files[0].file->name, csv_column_text(t, c, column), CATEGORIES_LIMIT,
                    c->text.row ? c->text.text : CSV_SHORT(first->text),
                    c->text.row ? c->text.row : first->row[PART_TRAIN], all,
                    n > 1 ? "these columns" : "it", csv_option_text(t, c, option));
}

/* Left out, with a word about it. */
static bool leave_out(csv_table *t, csv_column *c, const char *why, fail *f)
{
    char column[CSV_NAME_BYTES];
    c->kind = COLUMN_IGNORED;
    csv_column_text(t, c, column);
    return dataset_load_warn(t->load, f, "C%s %s: it is ignored.", column + 1, why);
}

static bool decide_category(csv_table *t, csv_column *c, bool *again, fail *f)
{
    c->kind = COLUMN_CATEGORY;
    if (c->spellings.is_full)
        return refuse_texts(t, c, f);
    *again |= c->has_lost_numbers;
    return true;
}

static bool decide_number(csv_table *t, csv_column *c, fail *f)
{
    c->kind = COLUMN_NUMBER;
    if (!check_points(t, c, f))
        return false;
    if (c->large.row > 0)
        return csv_refuse(t, c, &c->large, FAIL_SYNTAX, f, "is more than a float holds.");
    if (t->n_rows[PART_TRAIN] > c->n_missing_of[PART_TRAIN])
        return true;
    char option[CSV_NAME_BYTES], column[CSV_NAME_BYTES];
    return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s has no value in the training part: there is no mean for the missing ones. "
                    "ignore=%s leaves it out.",
                    csv_column_text(t, c, column), csv_option_text(t, c, option));
}

static bool decide_input(csv_table *t, csv_column *c, bool *again, fail *f)
{
    size_t n_seen = c->n_numbers + c->n_almost + c->n_booleans + c->n_texts;
    if (c->kind == COLUMN_IGNORED)
        return true;
    if (n_seen == 0)
        return leave_out(t, c, "has no values", f);
    if (c->is_counting && n_seen == t->n_rows[0] + t->n_rows[1] + t->n_rows[2])
        return leave_out(t, c, "has no name and counts the rows", f);
    if (c->n_missing > 0 && t->options->impute == IMPUTE_REFUSE)
        return csv_refuse(t, c, &c->missing, FAIL_SYNTAX, f,
                          "is missing, and impute=refuse takes none; impute=mean fills it in.");
    if (c->is_category)
        return decide_category(t, c, again, f);
    if (c->n_almost + c->n_texts == 0)
        return decide_number(t, c, f);
    if (is_mostly_numbers(c))
        return c->n_almost > 0 ? refuse_almost(t, c, f) : refuse_text(t, c, f);
    return decide_category(t, c, again, f);
}

/* ---- all ---- */

static bool decide_columns(csv_table *t, bool *again, fail *f)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (i != t->label && !decide_input(t, &t->columns[i], again, f))
            return false;
    return true;
}

/* Inputs in the order of their columns; a category is as many as it has spellings. */
static bool number_inputs(csv_table *t, fail *f)
{
    size_t d = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        csv_column *c = &t->columns[i];
        csv_spelling **sorted;
        c->first_input = d;
        d += c->kind == COLUMN_NUMBER;
        if (c->kind != COLUMN_CATEGORY)
            continue;
        if (!sort_spellings(&c->spellings, &sorted, f))
            return false;
        free(sorted);
        d += c->spellings.n + (c->n_missing > 0);
    }
    t->load->d = d;
    return d > 0 || fail_set(f, FAIL_SYNTAX, NULL,
                             "%s has no input: besides the label every column is ignored.",
                             t->files[0].file->name);
}

bool csv_decide(csv_table *t, bool *again, fail *f)
{
    *again = false;
    if (!decide_label(t, f) || !decide_columns(t, again, f))
        return false;
    if (*again)
        return true;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].kind != COLUMN_IGNORED && t->columns[i].kind != COLUMN_NUMBER &&
            (i != t->label || t->is_classification) && !csv_check_parts(t, &t->columns[i], f))
            return false;
    for (size_t i = 0; i < t->n_columns; i++)
        if (!csv_warn_of(t, &t->columns[i], f))
            return false;
    return number_inputs(t, f);
}
