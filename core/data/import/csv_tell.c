/* What is said of the columns of CSV files besides their kinds: classes and categories that
 * training rows lack, and warnings. */
#include "core/data/import/csv_words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { RARE_ROWS = 2, LISTED = 5 };

/* ---- what training lacks ---- */

/* The same without blanks and full stops, in small letters. */
static void write_bare(const char *text, char *bare, size_t n_bytes)
{
    size_t n = 0;
    for (; *text && n + 1 < n_bytes; text++)
        if (*text != ' ' && *text != '.' && *text != '\t')
            bare[n++] = (char)(*text >= 'A' && *text <= 'Z' ? *text + 32 : *text);
    bare[n] = '\0';
}

static const csv_spelling *find_like(const csv_spellings *s, const csv_spelling *lacking)
{
    char bare[256], other[256];
    write_bare(lacking->text, bare, sizeof bare);
    for (size_t i = 0; i < s->n; i++) {
        write_bare(s->items[i].text, other, sizeof other);
        if (s->items[i].n[PART_TRAIN] > 0 && strcmp(bare, other) == 0)
            return &s->items[i];
    }
    return NULL;
}

static const char *difference_of(const char *text, const char *like)
{
    size_t n = strlen(text), m = strlen(like);
    bool is_stop = (n == m + 1 && text[m] == '.' && strncmp(text, like, m) == 0) ||
                   (m == n + 1 && like[n] == '.' && strncmp(text, like, n) == 0);
    bool is_case = n == m && strcasecmp(text, like) == 0;
    return is_stop ? "by a full stop" : is_case ? "by capitals" : "by blanks or full stops";
}

static const char *const PART_NAMES[PART_COUNT] = {"training", "validation", "test"};

/* Names up to LISTED spellings that a part has and the training part has not. */
static size_t list_lacking(const csv_spellings *s, int part, char *list, size_t n_bytes,
                           const csv_spelling **first)
{
    size_t n = 0, used = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].n[PART_TRAIN] > 0 || s->items[i].n[part] == 0)
            continue;
        if (n++ == 0)
            *first = &s->items[i];
        if (n <= LISTED && used < n_bytes)
            used += (size_t)snprintf(list + used, n_bytes - used, "%s\"%s\"", n > 1 ? ", " : "",
                                     CSV_SHORT(s->items[i].text));
    }
    if (n > LISTED && used < n_bytes)
        snprintf(list + used, n_bytes - used, " and %zu more", n - LISTED);
    return n;
}

static const char *file_of_part(const csv_table *t, int part)
{
    for (size_t i = 0; i < t->n_files; i++)
        if ((int)t->files[i].part == part)
            return t->files[i].file->name;
    return "";
}

static bool check_lacking(const csv_table *t, const csv_column *c, int part, fail *f)
{
    char list[LISTED * (CSV_SHORT_BYTES + 4) + 32] = "", column[CSV_NAME_BYTES], hint[256] = "";
    const csv_spelling *first = NULL;
    size_t n = list_lacking(&c->spellings, part, list, sizeof list, &first);
    const char *what = c->kind == COLUMN_LABEL ? (n == 1 ? "class" : "classes")
                                               : (n == 1 ? "category" : "categories");
    if (n == 0)
        return true;
    const csv_spelling *like = find_like(&c->spellings, first);
    if (like)
        snprintf(hint, sizeof hint, " \"%s\" only differs from \"%s\" %s.", CSV_SHORT(first->text),
                 CSV_SHORT(like->text), difference_of(first->text, like->text));
    return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s: row %zu, %s: the %s %s %s in the %s part and not in training.%s",
                    file_of_part(t, part), first->row[part], csv_column_text(t, c, column), what,
                    list, n == 1 ? "is" : "are", PART_NAMES[part], hint);
}

bool csv_check_parts(const csv_table *t, const csv_column *c, fail *f)
{
    for (int p = PART_VALIDATION; p < PART_COUNT; p++) {
        if (!check_lacking(t, c, p, f))
            return false;
        if (c->kind == COLUMN_CATEGORY && c->n_missing_of[p] > 0 &&
            c->n_missing_of[PART_TRAIN] == 0)
            return csv_refuse(
                t, c, &c->missing, FAIL_INCOMPATIBLE, f,
                "is missing in the %s part; in training no value is, so that there is no "
                "category for it.",
                PART_NAMES[p]);
    }
    return true;
}

/* ---- warnings ---- */

static bool warn_missing(csv_table *t, const csv_column *c, fail *f)
{
    char column[CSV_NAME_BYTES];
    if (c->n_missing == 0)
        return true;
    csv_column_text(t, c, column);
    return dataset_load_warn(
        t->load, f, "C%s: %zu value%s missing (first in row %zu); %s.", column + 1, c->n_missing,
        c->n_missing == 1 ? " is" : "s are", c->missing.row,
        c->kind == COLUMN_CATEGORY ? "missing is a category of its own"
                                   : "each takes the mean of the training rows");
}

static bool warn_spread(csv_table *t, const csv_column *c, fail *f)
{
    char column[CSV_NAME_BYTES];
    double offset = spread_offset(&c->spread);
    csv_column_text(t, c, column);
    if (spread_is_lost(&c->spread) &&
        !dataset_load_warn(t->load, f,
                           "C%s: its values lie closer together than numbers of their size can "
                           "hold (53 bits); some have become equal.",
                           column + 1))
        return false;
    return offset == 0 ||
           dataset_load_warn(t->load, f,
                             "C%s: its values lie close together, far from 0: it is centred (its "
                             "mean, about %.10g, is taken off) so that they stay apart.",
                             column + 1, offset);
}

/* Where the parts are drawn, a rare category may have no training row. */
static bool warn_rare(csv_table *t, const csv_column *c, fail *f)
{
    char list[LISTED * (CSV_SHORT_BYTES + 4)] = "", column[CSV_NAME_BYTES];
    size_t n = 0, used = 0;
    bool is_drawn = t->n_rows[PART_VALIDATION] == 0 || t->n_rows[PART_TEST] == 0;
    for (size_t i = 0; is_drawn && c->kind == COLUMN_CATEGORY && i < c->spellings.n; i++) {
        const csv_spelling *s = &c->spellings.items[i];
        if (s->n[PART_TRAIN] > RARE_ROWS)
            continue;
        if (++n <= LISTED && used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%s\"", n > 1 ? ", " : "",
                                     CSV_SHORT(s->text));
    }
    if (n == 0)
        return true;
    csv_column_text(t, c, column);
    return dataset_load_warn(t->load, f,
                             "C%s: %s%s %s in %d rows or fewer; where these are drawn for "
                             "validation or test, training has not seen the category.",
                             column + 1, list, n > LISTED ? " and others" : "",
                             n == 1 ? "stands" : "stand", RARE_ROWS);
}

bool csv_warn_of(csv_table *t, const csv_column *c, fail *f)
{
    if (c->kind == COLUMN_IGNORED)
        return true;
    bool is_number = c->kind == COLUMN_NUMBER || (c->kind == COLUMN_LABEL && !t->is_classification);
    return warn_missing(t, c, f) && (!is_number || warn_spread(t, c, f)) && warn_rare(t, c, f);
}
