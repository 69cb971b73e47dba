#include "core/data/scaling.h"

#include "core/math/kernel_gather.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of each column over the training rows; arrays of d. */
typedef struct column_statistics {
    double *mean, *deviation, *least, *most;
    void *memory;
} column_statistics;

static bool statistics_init(column_statistics *s, size_t d, fail *f)
{
    double *memory = calloc(4 * d, sizeof *memory);
    if (!memory)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/scaling", "There is no memory for %zu columns.",
                        d);
    *s = (column_statistics){memory, memory + d, memory + 2 * d, memory + 3 * d, memory};
    return true;
}

static bool measure_bytes(const uint8_t *bytes, const uint32_t *rows, size_t n, size_t d,
                          column_statistics *s, fail *f)
{
    uint64_t *sums = calloc(2 * d, sizeof *sums);
    uint8_t *ends = calloc(2 * d, 1);
    bool is_good = sums && ends;
    if (is_good) {
        memset(ends, 255, d);
        kernel_gather_byte_sums(bytes, rows, n, d, sums, sums + d, ends, ends + d);
    } else {
        fail_set(f, FAIL_OUT_OF_MEMORY, "/scaling", "There is no memory for %zu columns.", d);
    }
    for (size_t j = 0; is_good && j < d; j++) {
        s->mean[j] = (double)sums[j] / (double)n;
        s->deviation[j] = sqrt(fmax(0, (double)sums[d + j] / (double)n - s->mean[j] * s->mean[j]));
        s->least[j] = ends[j];
        s->most[j] = ends[d + j];
    }
    free(sums);
    free(ends);
    return is_good;
}

/* In two passes, so that a large mean does not swallow a small deviation. */
static void measure_floats(const float *floats, const uint32_t *rows, size_t n, size_t d,
                           column_statistics *s)
{
    for (size_t j = 0; j < d; j++) {
        s->least[j] = INFINITY;
        s->most[j] = -INFINITY;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            double x = (double)floats[rows[i] * d + j];
            s->mean[j] += x / (double)n;
            s->least[j] = x < s->least[j] ? x : s->least[j];
            s->most[j] = x > s->most[j] ? x : s->most[j];
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            double x = (double)floats[rows[i] * d + j] - s->mean[j];
            s->deviation[j] += x * x / (double)n;
        }
    for (size_t j = 0; j < d; j++)
        s->deviation[j] = sqrt(s->deviation[j]);
}

/* The same where inputs may be missing (NaN): each takes the mean of the others, so that it moves
 * no mean, no least and no greatest, and adds nothing to the deviation. A column without any is 0.
 */
static void measure_present(const float *floats, const uint32_t *rows, size_t n, size_t d,
                            column_statistics *s)
{
    for (size_t j = 0; j < d; j++) {
        size_t n_present = 0;
        double sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            double x = (double)floats[rows[i] * d + j];
            if (isnan(x))
                continue;
            n_present++;
            sum += x;
            least = fmin(least, x);
            most = fmax(most, x);
        }
        s->mean[j] = n_present ? sum / (double)n_present : 0;
        s->least[j] = n_present ? least : 0;
        s->most[j] = n_present ? most : 0;
        for (size_t i = 0; i < n; i++) {
            double x = (double)floats[rows[i] * d + j];
            squares += isnan(x) ? 0 : (x - s->mean[j]) * (x - s->mean[j]);
        }
        s->deviation[j] = sqrt(squares / (double)n);
    }
}

/* All columns take the statistics of all values together. */
static void join_columns(column_statistics *s, size_t d)
{
    double mean = 0, variance = 0, least = s->least[0], most = s->most[0];
    for (size_t j = 0; j < d; j++) {
        mean += s->mean[j] / (double)d;
        least = fmin(least, s->least[j]);
        most = fmax(most, s->most[j]);
    }
    for (size_t j = 0; j < d; j++) {
        double offset = s->mean[j] - mean;
        variance += (s->deviation[j] * s->deviation[j] + offset * offset) / (double)d;
    }
    for (size_t j = 0; j < d; j++) {
        s->mean[j] = mean;
        s->deviation[j] = sqrt(variance);
        s->least[j] = least;
        s->most[j] = most;
    }
}

/* What is constant becomes 0: its scale would be infinite. */
static void set_column(const column_statistics *s, int scaling, size_t j, float *scale,
                       float *shift)
{
    double origin = scaling == SCALING_STANDARD ? s->mean[j] : s->least[j];
    double unit = scaling == SCALING_STANDARD ? s->deviation[j] : s->most[j] - s->least[j];
    bool is_constant = s->most[j] - s->least[j] < (double)FLT_MIN || unit < (double)FLT_MIN ||
                       fabs(origin / unit) > (double)FLT_MAX;
    scale[j] = is_constant ? 0 : (float)(1 / unit);
    shift[j] = is_constant ? 0 : (float)(-origin / unit);
}

bool dataset_fit_scaling(const dataset *set, int scaling, const uint32_t *rows, size_t n,
                         float *scale, float *shift, float *fill, fail *f)
{
    const dataset_rows *part = &set->parts[PART_TRAIN];
    column_statistics s = {0};
    if (scaling == SCALING_NONE) {
        for (size_t j = 0; j < set->d; j++)
            scale[j] = part->bytes ? 1 / 255.0F : 1;
        memset(shift, 0, set->d * sizeof *shift);
        if (!fill)
            return true;
    }
    assert(set->d > 0);
    if (!statistics_init(&s, set->d, f))
        return false;
    bool is_good = true;
    if (part->bytes)
        is_good = measure_bytes(part->bytes, rows, n, set->d, &s, f);
    else if (fill)
        measure_present(part->floats, rows, n, set->d, &s);
    else
        measure_floats(part->floats, rows, n, set->d, &s);
    if (is_good && set->shared_scaling)
        join_columns(&s, set->d);
    for (size_t j = 0; is_good && scaling != SCALING_NONE && j < set->d; j++)
        set_column(&s, scaling, j, scale, shift);
    for (size_t j = 0; is_good && fill && j < set->d; j++)
        fill[j] = (float)s.mean[j] * scale[j] + shift[j];
    free(s.memory);
    return is_good;
}
