#include "core/data/import/spread.h"

#include <float.h>
#include <math.h>

static const double SHARED = 4096, SHARED_ROUNDED = 64, SHARED_WHOLE = 4;

void spread_add(spread *s, double value, bool is_long)
{
    if (s->n++ == 0)
        s->first = value;
    double difference = value - s->first, size = fabs(value);
    s->sum += difference;
    s->squares += difference * difference;
    s->largest = size > s->largest ? size : s->largest;
    if (!s->has_fractions)
        s->has_fractions = value != floor(value);
    if (is_long && !s->is_rounded)
        s->is_rounded = size > (double)FLT_MAX || (double)(float)value != value;
}

static double deviation_of(const spread *s)
{
    double mean = s->sum / (double)s->n;
    return sqrt(fmax(0, s->squares / (double)s->n - mean * mean));
}

double spread_offset(const spread *s)
{
    double deviation = s->n > 0 ? deviation_of(s) : 0;
    double rounded = s->has_fractions ? SHARED_ROUNDED : SHARED_WHOLE;
    bool is_far =
        s->largest > SHARED * deviation || (s->is_rounded && s->largest > rounded * deviation);
    return deviation > 0 && is_far && isfinite(deviation) ? s->first + s->sum / (double)s->n : 0;
}

bool spread_is_lost(const spread *s)
{
    double deviation = s->n > 0 ? deviation_of(s) : 0;
    return deviation > 0 && s->largest * DBL_EPSILON > deviation / SHARED;
}
