/* The learning curves of an experiment's configs as JSON. */
#include "server/codec/codec.h"
#include "server/codec/comparison.h"

#include <math.h>

typedef double point_value(const band_point *point);

static double point_mean(const band_point *point)
{
    return point->n ? point->mean : NAN;
}

static double point_least(const band_point *point)
{
    return point->least;
}

static double point_greatest(const band_point *point)
{
    return point->greatest;
}

static double point_count(const band_point *point)
{
    return (double)point->n;
}

static double point_epoch(const band_point *point)
{
    return (double)point->epoch;
}

enum { OF_EPOCH, OF_MEAN, OF_STD, OF_MIN, OF_MAX, OF_N };
static point_value *const VALUES[] = {
    [OF_EPOCH] = point_epoch, [OF_MEAN] = point_mean,    [OF_STD] = comparison_band_std,
    [OF_MIN] = point_least,   [OF_MAX] = point_greatest, [OF_N] = point_count};

static void add_column(buffer *b, const void *object, const member *m)
{
    const comparison_band *band = ((const band_answer *)object)->band;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < band->n; i++) {
        buffer_add_text(b, i ? "," : "");
        json_add_number(b, VALUES[m->index](&band->points[i]));
    }
    buffer_add_text(b, "]");
}

#define COLUMN(name, type, help, flags, of)                                                        \
    {                                                                                              \
        name, type, help, flags, .depth = 1, .index = (of), .write = add_column                    \
    }
static const member BAND_ROWS[] = {
    {"config_id", MEMBER_TEXT, "Short hash of the configuration.", AT(band_answer, config_id)},
    {"label", MEMBER_TEXT, "What a person calls it.", MEMBER_NULLABLE, AT(band_answer, label)},
    {"values", MEMBER_OBJECT, "Its swept fields.", MEMBER_AS_JSON, AT(band_answer, values),
     .of = &SHAPE_VALUES},
    COLUMN("epoch", MEMBER_INTEGER,
           "The recorded epochs; the other columns are of the same length.", 0, OF_EPOCH),
    COLUMN("mean", MEMBER_NUMBER, "Mean over the runs.", MEMBER_NULLABLE_ITEMS, OF_MEAN),
    COLUMN("std", MEMBER_NUMBER, "Sample standard deviation.", MEMBER_NULLABLE_ITEMS, OF_STD),
    COLUMN("min", MEMBER_NUMBER, "The least value.", MEMBER_NULLABLE_ITEMS, OF_MIN),
    COLUMN("max", MEMBER_NUMBER, "The greatest value.", MEMBER_NULLABLE_ITEMS, OF_MAX),
    COLUMN("n", MEMBER_INTEGER, "Runs that have a value there.", 0, OF_N),
};
static const shape BAND = {.name = "Band", BYTES_OF(band_answer), MEMBERS(BAND_ROWS)};

static const member BANDS_ROWS[] = {
    {"experiment", MEMBER_INTEGER, "The experiment.", AT(bands_answer, experiment_id)},
    {"metric", MEMBER_NAME, "What the curves are of.", AT(bands_answer, metric),
     NAMES_IN(METRICS, name, METRIC_COUNT)},
    {"configs", MEMBER_OBJECT, "One for each config that has a recorded epoch.",
     AT(bands_answer, configs), .depth = 1, .of = &BAND, .write = member_add_stream},
    {"last_event_id", MEMBER_INTEGER, "The event up to which they are told.",
     TO(bands_answer, last_event_id)},
};
const shape SHAPE_BANDS = {.name = "ExperimentCurves",
                           .help = "The learning curves of each config, over its repeats.",
                           BYTES_OF(bands_answer),
                           MEMBERS(BANDS_ROWS)};

void codec_add_band(buffer *b, const band_answer *band)
{
    shape_add_item(b, &BAND, band);
}
