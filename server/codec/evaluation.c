/* What a classifier gets wrong as JSON. */
#include "server/codec/evaluation.h"

#include "server/codec/internal.h"

#include <stdlib.h>

typedef struct bin_answer {
    double low, high, confidence, accuracy;
    size_t n;
} bin_answer;

typedef struct class_evaluation {
    int64_t run_id;
    const dataset *set;
    const split *data;
    const confusion *scores;
    size_t k;
    const size_t *confusion; /* (k, k); NULL: too many classes */
    bin_answer bins[METRIC_ECE_BINS];
    double ece, accuracy;
    float *inputs; /* (d) of one picture */
} class_evaluation;

/* ---- calibration ---- */

static const member BIN_ROWS[] = {
    {"low", MEMBER_NUMBER, "Confidences above this.", AT(bin_answer, low)},
    {"high", MEMBER_NUMBER, "Confidences up to this.", AT(bin_answer, high)},
    {"n", MEMBER_INTEGER, "Samples.", AT(bin_answer, n)},
    {"confidence", MEMBER_NUMBER, "Their mean; null: no samples.", MEMBER_NULLABLE,
     AT(bin_answer, confidence)},
    {"accuracy", MEMBER_NUMBER, "Fraction that is right; null: no samples.", MEMBER_NULLABLE,
     AT(bin_answer, accuracy)},
};
static const shape BIN = {.name = "CalibrationBin", BYTES_OF(bin_answer), MEMBERS(BIN_ROWS)};

static void fill_bins(const confusion *e, class_evaluation *out)
{
    size_t n_right = 0;
    for (int i = 0; i < METRIC_ECE_BINS; i++) {
        const confusion_bin *bin = &e->bins[i];
        out->bins[i] = (bin_answer){.low = i / (double)METRIC_ECE_BINS,
                                    .high = (i + 1) / (double)METRIC_ECE_BINS,
                                    .n = bin->n,
                                    .confidence = confusion_bin_confidence(bin),
                                    .accuracy = confusion_bin_accuracy(bin)};
        n_right += bin->n_right;
    }
    out->accuracy = (double)n_right / (double)e->n;
}

/* ---- mistakes ---- */

typedef struct mistake_answer {
    const confusion_mistake *found;
    const class_evaluation *all;
    const dataset *set;
} mistake_answer;

/* One picture, channels averaged, from its least value (0) to its greatest (255). */
static void add_picture(buffer *b, const dataset *set, const float *inputs)
{
    size_t area = set->height * set->width;
    float least = inputs[0], most = inputs[0];
    for (size_t j = 1; j < set->d; j++) {
        least = inputs[j] < least ? inputs[j] : least;
        most = inputs[j] > most ? inputs[j] : most;
    }
    double span = most > least ? (double)most - (double)least : 1;
    buffer_add_text(b, "[");
    for (size_t p = 0; p < area; p++) {
        double sum = 0;
        for (size_t c = 0; c < set->channels; c++)
            sum += (double)inputs[c * area + p] - (double)least;
        json_add_separator(b);
        json_add_integer(b, (int64_t)(255 * (sum / (double)set->channels / span) + 0.5));
    }
    buffer_add_text(b, "]");
}

static void add_pixels(buffer *b, const void *object, const member *m)
{
    const mistake_answer *answer = object;
    const class_evaluation *all = answer->all;
    const dataset *set = answer->set;
    (void)m;
    if (set->channels == 0 || set->height * set->width > CODEC_PICTURE_LIMIT) {
        buffer_add_text(b, "null");
        return;
    }
    split_read_inputs(all->data, PART_TEST, NULL, answer->found->index, 1, all->inputs);
    add_picture(b, set, all->inputs);
}

static const member FOUND_ROWS[] = {
    {"index", MEMBER_INTEGER, "Of the sample in the test split.", AT(confusion_mistake, index)},
    {"label", MEMBER_INTEGER, "Its class.", AT(confusion_mistake, label)},
    {"predicted", MEMBER_INTEGER, "The class that was predicted.",
     AT(confusion_mistake, predicted)},
    {"probability", MEMBER_NUMBER, "With this probability.", AT(confusion_mistake, probability)},
};
static const shape FOUND = {BYTES_OF(confusion_mistake), MEMBERS(FOUND_ROWS)};

static const member SIZE_ROWS[] = {
    {"height", MEMBER_INTEGER, "Of its picture; 0: it is none.", AT(dataset, height)},
    {"width", MEMBER_INTEGER, "Of its picture; 0: it is none.", AT(dataset, width)},
};
static const shape SIZE = {BYTES_OF(dataset), MEMBERS(SIZE_ROWS)};

static const member MISTAKE_ROWS[] = {
    INCLUDE_FROM(mistake_answer, found, FOUND),
    INCLUDE_FROM(mistake_answer, set, SIZE),
    {"pixels", MEMBER_INTEGER, "0 to 255, row by row; null: no picture, or too large a one.",
     MEMBER_NULLABLE, .depth = 1, .write = add_pixels},
};
static const shape MISTAKE = {.name = "Mistake", BYTES_OF(mistake_answer), MEMBERS(MISTAKE_ROWS)};

static void add_mistakes(buffer *b, const void *object, const member *m)
{
    const class_evaluation *all = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < all->scores->n_mistakes; i++)
        shape_add_item(b, m->of, &(mistake_answer){&all->scores->mistakes[i], all, all->set});
    buffer_add_text(b, "]");
}

/* ---- all of it ---- */

static const member SCORES_ROWS[] = {{"n", MEMBER_INTEGER, "Test samples.", AT(confusion, n)}};
static const shape SCORES = {BYTES_OF(confusion), MEMBERS(SCORES_ROWS)};

static const member EVALUATION_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(class_evaluation, run_id)},
    {"part", MEMBER_NAME, "What it was tried on.", ONE_OF("test"), .write = member_add_only_name},
    {"task", MEMBER_NAME, "What was learned.", ONE_OF("classification"),
     .write = member_add_only_name},
    INCLUDE_FROM(class_evaluation, scores, SCORES),
    {"classes", MEMBER_TEXT, "Their names.", TO(class_evaluation, set), .depth = 1,
     .write = codec_write_class_names},
    {"confusion", MEMBER_INTEGER,
     "A row for each class, a column for each class that was predicted; null: too many classes.",
     MEMBER_NULLABLE, GRID(class_evaluation, confusion, k, k)},
    {"calibration", MEMBER_OBJECT, "Bins of confidence of equal width.",
     ALL(class_evaluation, bins), .of = &BIN},
    {"ece", MEMBER_NUMBER, "Expected calibration error.", MEMBER_NULLABLE,
     AT(class_evaluation, ece)},
    {"accuracy", MEMBER_NUMBER, "Fraction that is right.", MEMBER_NULLABLE,
     AT(class_evaluation, accuracy)},
    {"mistakes", MEMBER_OBJECT, "The most confident mistakes, the most confident first.",
     .depth = 1, .of = &MISTAKE, .write = add_mistakes},
};
static const shape CLASS_EVALUATION = {.name = "ClassEvaluation",
                                       .help = "What a classifier gets wrong.",
                                       BYTES_OF(class_evaluation),
                                       MEMBERS(EVALUATION_ROWS)};

static const shape *const EITHER[] = {&CLASS_EVALUATION, &CODEC_RESIDUAL_EVALUATION,
                                      &CODEC_TRAIN_MODE, NULL};
const shape SHAPE_EVALUATION = {.name = "Evaluation", .either = EITHER};

bool codec_add_evaluation(buffer *b, int64_t run_id, const split *data, const confusion *scores,
                          fail *f)
{
    class_evaluation answer = {.run_id = run_id,
                               .set = data->set,
                               .data = data,
                               .scores = scores,
                               .k = scores->k,
                               .ece = confusion_error(scores)};
    answer.inputs = calloc(data->set->d + 1, sizeof *answer.inputs);
    if (!answer.inputs)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the pictures.");
    answer.confusion = scores->k <= CODEC_CONFUSION_LIMIT ? scores->counts : NULL;
    fill_bins(scores, &answer);
    shape_add(b, &CLASS_EVALUATION, &answer);
    free(answer.inputs);
    return true;
}
