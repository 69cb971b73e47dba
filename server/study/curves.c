#include "server/study/curves.h"
#include "core/base/array.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static void add_value(band_point *point, double value)
{
    double before = value - point->mean;
    point->n++;
    point->mean += before / (double)point->n;
    point->squares += before * (value - point->mean);
    point->least = point->n == 1 ? value : fmin(point->least, value);
    point->greatest = point->n == 1 ? value : fmax(point->greatest, value);
}

bool comparison_band_add(comparison_band *band, int64_t epoch, double value, fail *f)
{
    bool is_new = band->n == 0 || band->points[band->n - 1].epoch != epoch;
    if (is_new) {
        assert(band->n == 0 || band->points[band->n - 1].epoch < epoch);
        if (!array_reserve(&band->points, &band->capacity, band->n + 1, ARRAY_BOUNDED_ELSEWHERE))
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                            "Not enough memory for a curve of %zu epochs.", band->n + 1);
        band->points[band->n++] = (band_point){.epoch = epoch, .least = NAN, .greatest = NAN};
    }
    if (isfinite(value))
        add_value(&band->points[band->n - 1], value);
    return true;
}

double comparison_band_std(const band_point *point)
{
    return point->n < 2 ? NAN : sqrt(point->squares / (double)(point->n - 1));
}

void comparison_band_close(comparison_band *band)
{
    free(band->points);
    *band = (comparison_band){0};
}
