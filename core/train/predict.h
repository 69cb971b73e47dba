/* predict — a trained net that answers again and again: its memory is taken once.
 *
 * Answers are those of train_predict() and train_predict_sample() (core/train/train.h), bit for
 * bit. The caller (core/base/caller.h) is asked before each part of each product.
 * Threads: one at a time. */
#ifndef CORE_TRAIN_PREDICT_H
#define CORE_TRAIN_PREDICT_H

#include "core/base/caller.h"
#include "core/train/train.h"

typedef struct predictor predictor;

typedef struct predictor_input {
    const train_spec *spec;
    const float *model; /* tensor_model_size() */
    size_t inputs, outputs;
    dataset_task task;
    size_t rows;   /* that an answer is asked for at a time, about */
    bool samples;  /* with masks */
    int64_t epoch; /* 0-based, whose rates the masks have */
    const caller *by;
} predictor_input;

/* Multiplications that one row's answer takes, about. */
uint64_t predictor_products(const train_spec *spec, size_t inputs, size_t outputs);

/* Bytes that the predictor takes, besides what it is given. */
size_t predictor_bytes(const predictor_input *in);

/* What `in` points to is borrowed. */
FAIL_CHECKED bool predictor_open(const predictor_input *in, predictor **out, fail *f);
void predictor_close(predictor *p); /* NULL is fine */

/* x: (n, inputs) scaled; out: (n, outputs). The second only where it was opened with samples. */
FAIL_CHECKED bool predictor_answer(predictor *p, const float *x, size_t n, float *out, fail *f);
FAIL_CHECKED bool predictor_sample(predictor *p, const float *x, size_t n, uint32_t sample,
                                   float *out, fail *f);

#endif
