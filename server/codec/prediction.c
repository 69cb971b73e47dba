#include "server/codec/prediction.h"

#include "server/codec/internal.h"

/* The most probable class of each row. */
static void add_best(buffer *b, const void *object, const member *m)
{
    const prediction_answer *p = object;
    const double *outputs = p->outputs ? p->outputs : p->mean;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < p->n; i++) {
        size_t best = 0;
        for (size_t c = 1; c < p->k; c++)
            if (outputs[i * p->k + c] > outputs[i * p->k + best])
                best = c;
        json_add_separator(b);
        json_add_integer(b, (int64_t)best);
    }
    buffer_add_text(b, "]");
}

static bool has_classes(const void *object, const member *m)
{
    (void)m;
    return ((const prediction_answer *)object)->classes != NULL;
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
     TO(prediction_answer, classes), .depth = 1, .is_there = has_classes,
     .write = codec_write_class_names},
    {"variance", MEMBER_NUMBER, "Of each output over the draws; null: there was one.", NUMBERS,
     GRID(prediction_answer, variance, n, k)},
};
const shape SHAPE_PREDICTION = {.name = "Prediction",
                                .help = "Mode eval has outputs, mode train has samples, mean and "
                                        "variance.",
                                BYTES_OF(prediction_answer),
                                MEMBERS(PREDICTION_ROWS)};
