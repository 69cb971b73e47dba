#include "server/study/confusion.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool evaluation_open(size_t k, evaluation *out, fail *f)
{
    assert(k > 0);
    evaluation e = {.k = k, .confusion = calloc(k * k, sizeof *e.confusion)};
    if (!e.confusion)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "There is no memory for a table of %zu by %zu classes.", k, k);
    *out = e;
    return true;
}

void evaluation_close(evaluation *e)
{
    free(e->confusion);
    *e = (evaluation){0};
}

/* The borders are floats, as where test_ece is measured, so that 1/5 falls into the same bin. */
static evaluation_bin *find_bin(evaluation *e, float confidence)
{
    int b = 0;
    while (b < METRIC_ECE_BINS - 1 && confidence > (float)((b + 1) / (double)METRIC_ECE_BINS))
        b++;
    return &e->bins[b];
}

/* Moves the less confident ones down; the last falls off when there is no room. */
static void add_mistake(evaluation *e, const evaluation_mistake *m)
{
    size_t at = e->n_mistakes;
    while (at > 0 && e->mistakes[at - 1].probability < m->probability)
        at--;
    if (at == EVALUATION_MISTAKES)
        return;
    if (e->n_mistakes < EVALUATION_MISTAKES)
        e->n_mistakes++;
    memmove(&e->mistakes[at + 1], &e->mistakes[at], (e->n_mistakes - at - 1) * sizeof *e->mistakes);
    e->mistakes[at] = *m;
}

static void add_sample(evaluation *e, const float *row, size_t label)
{
    size_t best = 0;
    for (size_t c = 1; c < e->k; c++)
        best = row[c] > row[best] ? c : best;
    evaluation_bin *bin = find_bin(e, row[best]);
    bin->n++;
    bin->n_right += best == label;
    bin->confidence += (double)row[best];
    e->confusion[label * e->k + best]++;
    if (best != label)
        add_mistake(e, &(evaluation_mistake){e->n, label, best, row[best]});
    e->n++;
}

bool evaluation_add(evaluation *e, const float *probabilities, const int32_t *labels, size_t n,
                    fail *f)
{
    for (size_t i = 0; i < n * e->k; i++)
        if (!isfinite(probabilities[i]))
            return fail_set(f, FAIL_CONFLICT, NULL,
                            "The model's probabilities are not finite numbers: it diverged.");
    for (size_t i = 0; i < n; i++) {
        assert(labels[i] >= 0 && (size_t)labels[i] < e->k);
        add_sample(e, probabilities + i * e->k, (size_t)labels[i]);
    }
    return true;
}

double evaluation_bin_confidence(const evaluation_bin *bin)
{
    return bin->n ? bin->confidence / (double)bin->n : NAN;
}

double evaluation_bin_accuracy(const evaluation_bin *bin)
{
    return bin->n ? (double)bin->n_right / (double)bin->n : NAN;
}

double evaluation_error(const evaluation *e)
{
    double sum = 0;
    for (int b = 0; b < METRIC_ECE_BINS; b++)
        sum += fabs((double)e->bins[b].n_right - e->bins[b].confidence);
    return e->n ? sum / (double)e->n : NAN;
}
