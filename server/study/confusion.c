#include "server/study/confusion.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool confusion_open(size_t k, confusion *out, fail *f)
{
    assert(k > 0);
    confusion e = {.k = k, .counts = calloc(k * k, sizeof *e.counts)};
    if (!e.counts)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "There is no memory for a table of %zu by %zu classes.", k, k);
    *out = e;
    return true;
}

void confusion_close(confusion *e)
{
    free(e->counts);
    *e = (confusion){0};
}

/* The borders are floats, as where test_ece is measured, so that 1/5 falls into the same bin. */
static confusion_bin *find_bin(confusion *e, float confidence)
{
    int b = 0;
    while (b < METRIC_ECE_BINS - 1 && confidence > (float)((b + 1) / (double)METRIC_ECE_BINS))
        b++;
    return &e->bins[b];
}

/* Moves the less confident ones down; the last falls off when there is no room. */
static void add_mistake(confusion *e, const confusion_mistake *m)
{
    size_t at = e->n_mistakes;
    while (at > 0 && e->mistakes[at - 1].probability < m->probability)
        at--;
    if (at == CONFUSION_MISTAKES)
        return;
    if (e->n_mistakes < CONFUSION_MISTAKES)
        e->n_mistakes++;
    memmove(&e->mistakes[at + 1], &e->mistakes[at], (e->n_mistakes - at - 1) * sizeof *e->mistakes);
    e->mistakes[at] = *m;
}

static void add_sample(confusion *e, const float *row, size_t label)
{
    size_t best = 0;
    for (size_t c = 1; c < e->k; c++)
        best = row[c] > row[best] ? c : best;
    confusion_bin *bin = find_bin(e, row[best]);
    bin->n++;
    bin->n_right += best == label;
    bin->confidence += (double)row[best];
    e->counts[label * e->k + best]++;
    if (best != label)
        add_mistake(e, &(confusion_mistake){e->n, label, best, row[best]});
    e->n++;
}

bool confusion_add(confusion *e, const float *probabilities, const int32_t *labels, size_t n,
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

double confusion_bin_confidence(const confusion_bin *bin)
{
    return bin->n ? bin->confidence / (double)bin->n : NAN;
}

double confusion_bin_accuracy(const confusion_bin *bin)
{
    return bin->n ? (double)bin->n_right / (double)bin->n : NAN;
}

double confusion_error(const confusion *e)
{
    double sum = 0;
    for (int b = 0; b < METRIC_ECE_BINS; b++)
        sum += fabs((double)e->bins[b].n_right - e->bins[b].confidence);
    return e->n ? sum / (double)e->n : NAN;
}
