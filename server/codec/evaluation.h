/* evaluation — what a run gets wrong on its test split as JSON: of a classification confusion,
 * calibration and the worst mistakes, of a regression its residuals. */
#ifndef SERVER_CODEC_EVALUATION_H
#define SERVER_CODEC_EVALUATION_H

#include "core/data/split.h"
#include "server/codec/shape.h"
#include "server/study/confusion.h"
#include "server/study/residuals.h"

enum {
    CODEC_CONFUSION_LIMIT = 256,     /* classes; with more there is no confusion matrix */
    CODEC_PICTURE_LIMIT = 128 * 128, /* pixels; larger pictures are not shown */
    CODEC_RESIDUALS_POINTS = 1000,   /* in even steps, but all outputs of one sample at least */
    CODEC_INPUTS_SHOWN = 12          /* more inputs than these are not shown */
};

/* Of the test part of `data`. Appends one of those that SHAPE_EVALUATION is. False for want of
 * memory. */
FAIL_CHECKED bool codec_add_evaluation(buffer *b, int64_t run_id, const split *data,
                                       const confusion *scores, fail *f);
void codec_add_residuals(buffer *b, int64_t run_id, const split *data, const residuals *all,
                         const residuals_summary *summary);

typedef struct evaluation_score {
    double loss, accuracy, rmse; /* NaN: not of the task */
} evaluation_score;

typedef struct train_mode_evaluation { /* with the masks of training, again and again */
    int64_t run_id;
    dataset_task task;
    size_t n, n_draws; /* test samples; draws */
    const evaluation_score *draws;
    const evaluation_score *averaged, *still;
} train_mode_evaluation;
void codec_add_train_mode(buffer *b, const train_mode_evaluation *e);

extern const shape SHAPE_EVALUATION; /* one of the three */

#endif
