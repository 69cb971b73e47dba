/* comparison — comparisons and curves per config as JSON, and what a comparison reads out of
 * the JSON of a run. */
#ifndef SERVER_CODEC_COMPARISON_H
#define SERVER_CODEC_COMPARISON_H

#include "server/codec/shape.h"
#include "server/study/comparison.h"
#include "server/study/curves.h"
#include "server/study/effects.h"

/* What a person calls a config, from the JSON text of its swept values: "dropout=0.5,
 * hidden=[64,64]"; "only config" where nothing is swept. On the heap, NULL for want of memory. */
char *codec_config_label(const char *values);

/* Labels all configs of a comparison, which has no labels of its own yet, so; until
 * comparison_close(). False for want of memory. */
bool codec_set_labels(comparison *c);

/* The factors of a config and its levels of them, from the same text. Texts are on the heap until
 * codec_factors_close(), which is to be called after a failure too; config_id is borrowed. False
 * for want of memory. */
bool codec_read_factors(const char *config_id, const char *values, effects_config *out);
void codec_factors_close(effects_config *factors);

/* The answer of GET /experiments/{id}/comparison. */
extern const shape SHAPE_COMPARISON;
void codec_add_comparison(buffer *b, const comparison *c, const effects *e);

/* The answer of GET /experiments/{id}/curves: codec_add_band() adds one of its configs. */
typedef struct bands_answer {
    int64_t experiment_id;
    int metric; /* a metric_id */
    member_stream configs;
    const int64_t *last_event_id; /* looked at after the configs */
} bands_answer;
typedef struct band_answer {
    const char *config_id, *label, *values; /* values: JSON text */
    const comparison_band *band;
} band_answer;
extern const shape SHAPE_BANDS; /* of a bands_answer */
void codec_add_band(buffer *b, const band_answer *band);

#endif
