#include "core/data/targets.h"

#include "core/math/kernel_gather.h"

#include <assert.h>
#include <float.h>
#include <math.h>

size_t targets_count(const dataset *set, const train_spec *spec)
{
    bool scales = set->task == TASK_REGRESSION && spec->target_scaling == TARGET_SCALING_STANDARD;
    return scales ? 2 * set->k : 0;
}

/* In two passes, as the inputs are measured. */
void targets_fit(const dataset *set, const uint32_t *rows, size_t n, double *mean,
                 double *deviation)
{
    const float *targets = set->parts[PART_TRAIN].targets;
    size_t k = set->k;
    for (size_t j = 0; j < k; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)targets[rows[i] * k + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            squares += pow((double)targets[rows[i] * k + j] - sum, 2) / (double)n;
        mean[j] = sum;
        deviation[j] = squares < (double)FLT_MIN * (double)FLT_MIN ? 1 : sqrt(squares);
    }
}

/* As a float where that is as good, within a millionth of a deviation: it has fewer digits. */
static double shorten(double value, double deviation)
{
    double shorter = (double)(float)value;
    return fabs(value - shorter) > 1e-6 * deviation ? value : shorter;
}

/* What was taken off target j before it was stored. */
static double offset_of(const dataset *set, size_t j)
{
    return set->target_offsets ? set->target_offsets[j] : 0;
}

static size_t row_of(const split *s, dataset_part part, const uint32_t *positions, size_t i)
{
    return s->rows[part][positions ? positions[i] : i];
}

void split_read_targets(const split *s, dataset_part part, const uint32_t *positions, size_t first,
                        size_t n, float *out)
{
    const float *stored = s->set->parts[s->source[part]].targets;
    size_t k = s->set->k;
    gather g = {s->rows[part], positions, first, n, k};
    assert(positions || first + n <= s->n[part]);
    if (!s->target_deviation) {
        kernel_gather_copy(&g, stored, out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const float *from = stored + k * row_of(s, part, positions, positions ? i : first + i);
        for (size_t j = 0; j < k; j++)
            out[i * k + j] =
                (float)(((double)from[j] - s->target_mean[j]) / s->target_deviation[j]);
    }
}

double split_own_target(const dataset *set, dataset_part stored, size_t row, size_t j)
{
    double value = (double)set->parts[stored].targets[row * set->k + j];
    return shorten(value + offset_of(set, j), fabs(value));
}

void split_read_own_targets(const split *s, dataset_part part, size_t first, size_t n, double *out)
{
    size_t k = s->set->k;
    assert(first + n <= s->n[part]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            out[i * k + j] = split_own_target(s->set, s->source[part], s->rows[part][first + i], j);
}

double split_own_output(const split *s, size_t j, double output)
{
    double offset = offset_of(s->set, j);
    if (!s->target_deviation)
        return output + offset;
    double deviation = s->target_deviation[j];
    return shorten(output * deviation + (s->target_mean[j] + offset), deviation);
}
