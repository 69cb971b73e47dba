/* codec — JSON text ⇄ structs, the only cJSON. Writers append to a buffer by server/text/json.h.
 * Further headers of this room hold what belongs to one resource. */
#ifndef SERVER_CODEC_CODEC_H
#define SERVER_CODEC_CODEC_H

#include "core/base/fail.h"
#include "server/codec/resource.h"
#include "server/model/config_id.h"
#include "server/study/sweep.h"
#include "server/text/buffer.h"
#include "server/text/json.h"

/* ---- specification ---- */
/* Reads a whole specification; adds every fault found. On true *out is to be closed by the caller.
 */
FAIL_CHECKED bool codec_read_experiment_spec(const char *text, size_t n, experiment_spec *out,
                                             fail_list *faults);
/* The specification of an experiment that is stored, with what was settled at its submission and
 * the variants that extensions have added. */
FAIL_CHECKED bool codec_read_stored_spec(const experiment *e, experiment_spec *out,
                                         fail_list *faults);
/* Of a specification with faults, what has none: the other fields and axes are left at their
 * defaults, or out. False where the text is no JSON object at all. */
FAIL_CHECKED bool codec_salvage_experiment_spec(const char *text, size_t n, experiment_spec *out);
/* Canonical JSON of a resolved spec: every field that applies, in table order, no nulls but
 * early_stopping; the data set's options as resolved. `sha256` (may be NULL) is put beside a
 * registered data set's name in canonical form for config_id only. */
void codec_add_config(buffer *b, const train_spec *spec, bool with_seed);
/* Reads it back (also from the database). */
FAIL_CHECKED bool codec_read_config(const char *text, size_t n, train_spec *out, fail *f);
/* 12 hex digits: SHA-256 of the canonical JSON without seed (and without data_seed where the
 * repeats vary it), the data set with its SHA-256. */
void codec_config_id(const train_spec *spec, const char *dataset_sha256, bool without_data_seed,
                     char out[CONFIG_ID_BYTES]);
/* One field's value as JSON text. */
void codec_field_add(buffer *b, const field *row, const train_spec *spec);
/* The same; null where it does not apply, or where the data set has not told it yet. */
void codec_add_value(buffer *b, const field *row, const train_spec *spec);
/* {"dropout": 0.5, ...}: the swept fields of one config, and those that any variant names. */
void codec_add_values(buffer *b, const experiment_spec *e, const train_spec *spec);

/* ---- resources ---- */
void codec_add_event(buffer *b, const event_row *e); /* the JSON of an SSE data line */
void codec_add_problem(buffer *b, int status, const char *title, const char *detail,
                       const fail_list *faults); /* faults may be NULL */

/* ---- FIELDS[] ---- */
const char *codec_field_type_name(const field *row); /* "integer", "rates", ... as in GET /fields */
void codec_field_add_default(buffer *b,
                             const field *row); /* JSON; null where it depends on other fields */
/* Names of metric_direction. */
enum { CODEC_DIRECTION_COUNT = METRIC_NEITHER + 1 };
extern const char *const CODEC_DIRECTION_NAMES[CODEC_DIRECTION_COUNT];
extern const shape SHAPE_FIELDS;
/* GET /fields: `limit` rows of the table from row `first` on, all metrics, all built-in data
 * sets. */
void codec_add_fields(buffer *b, int64_t first, int64_t limit);

#endif
