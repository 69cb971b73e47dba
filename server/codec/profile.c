#include "server/codec/profile.h"

#include "server/codec/internal.h"
#include "server/study/estimand.h"

#include <stdlib.h>

/* ---- columns ---- */

static bool is_number(const void *object, const member *m)
{
    const profile_column *c = object;
    (void)m;
    return c->kind == COLUMN_NUMBER || (c->kind == COLUMN_LABEL && c->most >= c->least);
}

static bool is_category(const void *object, const member *m)
{
    (void)m;
    return ((const profile_column *)object)->category_counts != NULL;
}

static const member HISTOGRAM_ROWS[] = {
    {"low", MEMBER_NUMBER, "Where the first bin begins.", MEMBER_NULLABLE | MEMBER_SHORT,
     AT(profile_column, least)},
    {"high", MEMBER_NUMBER, "Where the last bin ends.", MEMBER_NULLABLE | MEMBER_SHORT,
     AT(profile_column, most)},
    {"counts", MEMBER_INTEGER, "Values in bins of equal width.", ALL(profile_column, counts)},
};
static const shape HISTOGRAM = {
    .name = "ColumnHistogram", BYTES_OF(profile_column), MEMBERS(HISTOGRAM_ROWS)};

static void add_category_counts(buffer *b, const void *object, const member *m)
{
    const profile_column *c = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < c->of->n_inputs; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)c->category_counts[i]);
    }
    buffer_add_text(b, "]");
}

static void add_categories(buffer *b, const void *object, const member *m)
{
    const profile_column *c = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < c->of->n_categories; i++) {
        json_add_separator(b);
        json_add_string(b, c->of->categories[i]);
    }
    buffer_add_text(b, "]");
}

static const member COLUMN_ROWS[] = {
    {"name", MEMBER_TEXT, "Its name.", AT(profile_column, name)},
    {"kind", MEMBER_NAME, "How it is taken.", AT(profile_column, kind), NAMES(COLUMN_KIND_NAMES)},
    {"missing", MEMBER_INTEGER, "Of the rows that were looked at.", AT(profile_column, n_missing)},
    {"mean", MEMBER_NUMBER, "Of a number; null: no value is there.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(profile_column, mean), .is_there = is_number},
    {"deviation", MEMBER_NUMBER, "Standard deviation of a number; null: no value is there.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(profile_column, deviation), .is_there = is_number},
    {"histogram", MEMBER_OBJECT, "Of a number, from the least to the greatest.", MEMBER_OPTIONAL,
     ITSELF(profile_column), .of = &HISTOGRAM, .is_there = is_number},
    {"categories", MEMBER_TEXT, "Of a category, its spellings...",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, .depth = 1, .is_there = is_category,
     .write = add_categories},
    {"counts", MEMBER_INTEGER, "... and how many rows have each.", MEMBER_OPTIONAL, .depth = 1,
     .is_there = is_category, .write = add_category_counts},
};
static const shape COLUMN = {
    .name = "ColumnStatistics", BYTES_OF(profile_column), MEMBERS(COLUMN_ROWS)};

/* ---- parts ---- */

typedef struct part_answer {
    int part;
    size_t n, k;
    bool is_drawn;
    const size_t *counts;
    double accuracy, loss, brier, rmse;
} part_answer;

static const char *const PART_WORDS[PART_COUNT] = {"train", "validation", "test"};

static bool has_classes(const void *object, const member *m)
{
    (void)m;
    return ((const part_answer *)object)->counts != NULL;
}

static bool has_targets(const void *object, const member *m)
{
    return !has_classes(object, m);
}

#define OF_CLASSES .is_there = has_classes
static const member SCORE_ROWS[] = {
    {"accuracy", MEMBER_NUMBER, "Of predicting the most frequent class.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(part_answer, accuracy), OF_CLASSES},
    {"loss", MEMBER_NUMBER, "Of predicting the shares of the classes.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(part_answer, loss), OF_CLASSES},
    {"brier", MEMBER_NUMBER, "Of predicting the shares of the classes.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(part_answer, brier), OF_CLASSES},
    {"rmse", MEMBER_NUMBER, "Of predicting the mean of each target, in their own units.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(part_answer, rmse), .is_there = has_targets},
};
static const shape SCORES = {.name = "ScoresWithoutLearning",
                             .help =
                                 "What comes of the part's own shares of the classes, or means.",
                             BYTES_OF(part_answer),
                             MEMBERS(SCORE_ROWS)};

static const member PART_ROWS[] = {
    {"part", MEMBER_NAME, "Which of them.", AT(part_answer, part), NAMES(PART_WORDS)},
    {"n", MEMBER_INTEGER, "Its rows.", AT(part_answer, n)},
    {"drawn", MEMBER_BOOLEAN, "Whether it is drawn from the rows stored for training.",
     AT(part_answer, is_drawn)},
    {"class_counts", MEMBER_INTEGER, "Rows of each class.", MEMBER_OPTIONAL,
     EACH(part_answer, counts, k), OF_CLASSES},
    {"without_learning", MEMBER_OBJECT, "What predicting without learning scores.",
     ITSELF(part_answer), .of = &SCORES},
};
static const shape PART = {.name = "Part", BYTES_OF(part_answer), MEMBERS(PART_ROWS)};

/* shares: (k), scratch. */
static part_answer describe_part(const profile *p, int part, double *shares)
{
    const profile_part *of = &p->parts[part];
    part_answer answer = {.part = part,
                          .n = of->n,
                          .k = p->set->k,
                          .is_drawn = of->is_drawn,
                          .counts = of->counts,
                          .accuracy = NAN,
                          .loss = NAN,
                          .brier = NAN,
                          .rmse = of->rmse};
    if (!of->counts || of->n == 0)
        return answer;
    for (size_t c = 0; c < p->set->k; c++)
        shares[c] = (double)of->counts[c] / (double)of->n;
    answer.accuracy = estimand_trivial("_accuracy", shares, p->set->k);
    answer.loss = estimand_trivial("_loss", shares, p->set->k);
    answer.brier = estimand_trivial("_brier", shares, p->set->k);
    return answer;
}

static void add_parts(buffer *b, const void *object, const member *m)
{
    const profile *p = object;
    double *shares = calloc(p->set->k, sizeof *shares);
    b->failed = b->failed || !shares;
    buffer_add_text(b, "[");
    for (int part = 0; shares && part < PART_COUNT; part++) {
        part_answer answer = describe_part(p, part, shares);
        shape_add_item(b, m->of, &answer);
    }
    buffer_add_text(b, "]");
    free(shares);
}

/* ---- all of it ---- */

static const member PROFILE_ROWS[] = {
    {"statistics", MEMBER_OBJECT,
     "The columns of the rows stored for training, in their own units; of many the first. Empty: "
     "the rows are pictures.",
     MEMBER_OPTIONAL, EACH(profile, columns, n_columns), .of = &COLUMN},
    {"statistics_n", MEMBER_INTEGER, "Rows that were looked at for them.", MEMBER_OPTIONAL,
     AT(profile, n)},
    {"parts", MEMBER_OBJECT, "Those of a run that asks for nothing, with data_seed 0.",
     MEMBER_OPTIONAL, .depth = 1, .of = &PART, .write = add_parts},
};
const shape SHAPE_PROFILE = {BYTES_OF(profile), MEMBERS(PROFILE_ROWS)};
