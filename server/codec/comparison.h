/* comparison — comparisons and curves per config as JSON and CSV, what configs are called, and what
 * is kept for a comparison. */
#ifndef SERVER_CODEC_COMPARISON_H
#define SERVER_CODEC_COMPARISON_H

#include "server/codec/shape.h"
#include "server/study/checks.h"
#include "server/study/curves.h"
#include "server/study/estimand.h"
#include "server/study/factorial.h"

/* What a person calls a config: its variant's label, where one config alone has that; with the
 * values, "dropout=0.5, hidden=[64,64]", where several have, or where there is none (NULL); "only
 * config" where nothing is swept. On the heap, NULL for want of memory. */
char *codec_config_label(const char *variant, bool is_alone, const char *values);

/* A JSON text as a person writes it: texts without quotes, names before an equals sign, null as
 * none. */
void codec_add_plain(buffer *b, const char *json);

/* The names of what a comparison measures, as a schema's type and pattern. */
member_describer codec_describe_measure, codec_describe_metric; /* the second: not epochs_to */

/* What is kept of the rows of a config, as JSON. False where the text (may be NULL) is none. */
void codec_add_facts(buffer *b, const estimand_facts *facts);
bool codec_read_facts(const char *text, estimand_facts *out);

/* The answer of GET /experiments/{id}/comparison. */
typedef struct comparison_answer {
    const arms *a;
    const checks *checks;
    const factorial *effects;
    const char *const *labels, *const *values; /* by config; values: JSON text */
    const char *paragraph;                     /* what a paper says of the method */
    bool is_sequential;
} comparison_answer;
extern const shape SHAPE_COMPARISON;

/* The same as a table of its arms. */
void codec_add_comparison_csv(buffer *b, const arms *a);

/* {"dropout": 0.5}: the levels that an arm has of the factors with this role, of tuned ones those
 * of its tuned config; null where it has none of them. */
void codec_add_levels(buffer *b, const arms *a, const arm *x, question_role role);

/* In the answer: arms, contexts, checks, effects, and the intervals of all. */
extern const shape CODEC_ARM, CODEC_CONTEXT, CODEC_CHECK, CODEC_EFFECTS;
extern const shape CODEC_ESTIMATE, CODEC_DIFFERENCE; /* of a stats_estimate, of an arm */
member_writer codec_write_arms, codec_write_contexts, codec_write_checks, codec_write_effects;

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
