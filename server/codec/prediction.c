#include "server/codec/prediction.h"

#include "server/codec/internal.h"

enum { NAME_BYTES = 256 };

static size_t find_best(const prediction_answer *p, size_t row)
{
    const double *outputs = (p->outputs ? p->outputs : p->mean) + row * p->k;
    size_t best = 0;
    for (size_t c = 1; c < p->k; c++)
        best = outputs[c] > outputs[best] ? c : best;
    return best;
}

/* The most probable class of each row. */
static void add_best(buffer *b, const void *object, const member *m)
{
    const prediction_answer *p = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < p->n; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)find_best(p, i));
    }
    buffer_add_text(b, "]");
}

static void add_labels(buffer *b, const void *object, const member *m)
{
    const prediction_answer *p = object;
    char name[NAME_BYTES];
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < p->n; i++) {
        dataset_write_class_name(p->set, find_best(p, i), name, sizeof name);
        json_add_separator(b);
        json_add_string(b, name);
    }
    buffer_add_text(b, "]");
}

static bool has_classes(const void *object, const member *m)
{
    (void)m;
    return ((const prediction_answer *)object)->set->task == TASK_CLASSIFICATION;
}

static bool has_targets(const void *object, const member *m)
{
    return !has_classes(object, m);
}

enum { NUMBERS = MEMBER_OPTIONAL | MEMBER_NULLABLE_ITEMS | MEMBER_SHORT };

static const member PREDICTION_ROWS[] = {
    {"mode", MEMBER_NAME, "train: with masks and noise drawn.", AT(prediction_answer, is_train),
     ONE_OF("eval", "train")},
    {"outputs", MEMBER_NUMBER,
     "Of each row the probabilities, or the numbers predicted, in the data set's own units.",
     NUMBERS, GRID(prediction_answer, outputs, n, k)},
    {"samples", MEMBER_NUMBER, "The outputs of each draw.", NUMBERS,
     STACK(prediction_answer, drawn, samples, n, k)},
    {"mean", MEMBER_NUMBER, "Of each output over the draws.", NUMBERS,
     GRID(prediction_answer, mean, n, k)},
    {"classes", MEMBER_INTEGER, "The most probable class of each row.", MEMBER_OPTIONAL, .depth = 1,
     .is_there = has_classes, .write = add_best},
    {"class_names", MEMBER_TEXT, "What the classes are called.", MEMBER_OPTIONAL,
     TO(prediction_answer, set), .depth = 1, .is_there = has_classes,
     .write = codec_write_class_names},
    {"labels", MEMBER_TEXT, "The name of the most probable class of each row.",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, .depth = 1, .is_there = has_classes, .write = add_labels},
    {"target_names", MEMBER_TEXT, "What the numbers predicted are called.",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, TO(prediction_answer, set), .depth = 1,
     .is_there = has_targets, .write = codec_write_target_names},
    {"variance", MEMBER_NUMBER, "Of each output over the draws; null: there was one.", NUMBERS,
     GRID(prediction_answer, variance, n, k)},
};
const shape SHAPE_PREDICTION = {.name = "Prediction",
                                .help = "Mode eval has outputs, mode train has samples, mean and "
                                        "variance.",
                                BYTES_OF(prediction_answer),
                                MEMBERS(PREDICTION_ROWS)};
