/* trained_run — a finished run with its model, its data set and its split: what predictions and
 * evaluations start from.
 *
 * Ownership: trained_run_open() fills, trained_run_close() frees; a zeroed one may be closed.
 * Threads: each caller has its own. */
#ifndef SERVER_API_TRAINED_RUN_H
#define SERVER_API_TRAINED_RUN_H

#include "core/train/predict.h"
#include "core/train/train.h"
#include "server/api/app.h"
#include "server/jobs/jobs.h"

typedef struct trained_run {
    train_spec spec;
    size_t inputs, outputs; /* of the model, and so of the data set */
    dataset *set;
    split *data;
    int64_t epoch; /* 0-based: the last that the selected weights were trained in */
    const caller *by;
    float *model; /* core/net/tensor.h has its order */
} trained_run;

/* FAIL_NOT_FOUND: no such run, or it left no model; FAIL_CONFLICT: it has not ended, or its data
 * set is another one by now; what its caller says of its memory. */
FAIL_CHECKED bool trained_run_open(app *a, const caller *by, int64_t run_id, trained_run *out,
                                   fail *f);
void trained_run_close(trained_run *t);

/* A predictor of its model for `rows` rows at once, with masks where `samples`: its memory is
 * asked of the caller. */
FAIL_CHECKED bool trained_run_open_predictor(const trained_run *t, size_t rows, bool samples,
                                             predictor **out, fail *f);
/* Asks the caller for the work of so many answers. */
FAIL_CHECKED bool trained_run_begin(const trained_run *t, uint64_t n_answers, fail *f);

/* The run's row (to be closed by the caller) and its specification. */
FAIL_CHECKED bool trained_run_read(app *a, int64_t run_id, run *row, train_spec *spec, fail *f);

/* Where its model lies; the bytes in *out are for the caller to free. Fails as
 * trained_run_open(). */
FAIL_CHECKED bool trained_run_find_model(app *a, const run *row, jobs_model *out, fail *f);

#endif
