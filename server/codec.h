/* codec — JSON text ⇄ structs, the only cJSON. Writers append to a buffer; numbers are written in
 * the shortest form that reads back the same, non-finite ones as null. Further codec_*.h headers
 * hold what belongs to one resource. */
#ifndef SERVER_CODEC_H
#define SERVER_CODEC_H

#include "core/dataset.h"
#include "core/fail.h"
#include "server/buffer.h"
#include "server/model.h"
#include "server/store_datasets.h"
#include "server/sweep.h"

/* ---- text pieces ---- */
void codec_add_number(buffer *b, double value); /* shortest round-trip; null if not finite */
void codec_add_float(buffer *b, float value);   /* shortest that reads back the same float */
void codec_add_integer(buffer *b, int64_t value);
void codec_add_string(buffer *b, const char *text); /* quoted and escaped; NULL gives null */
void codec_add_time(buffer *b, int64_t ms); /* "2026-01-31T12:00:00.000Z" quoted; null for 0 */
void codec_add_boolean(buffer *b, bool value);
void codec_add_json(buffer *b, const char *json); /* JSON text as it is; NULL or "" gives null */
void codec_add_separator(buffer *b);            /* a comma, unless the buffer ends with {, [ or : */
void codec_add_key(buffer *b, const char *key); /* `"key":`, with a separator before it */
/* Key and value. */
void codec_add_member_text(buffer *b, const char *key, const char *text);
void codec_add_member_number(buffer *b, const char *key, double value);
void codec_add_member_integer(buffer *b, const char *key, int64_t value);
/* The same number as text for CSV. */
void codec_add_csv_number(buffer *b, double value);   /* empty if not finite */
void codec_add_csv_text(buffer *b, const char *text); /* RFC 4180 */

/* Bytes of the well-formed UTF-8 character at the start of the text of n bytes, 0 if there is none.
 */
size_t codec_utf8_length(const char *text, size_t n);

/* Checks what cJSON lets through: UTF-8, control characters, \u0000, duplicate keys, depth (32),
 * trailing text, number syntax, size and node count. False with the byte position in the sentence.
 */
FAIL_CHECKED bool codec_check_text(const char *text, size_t n, fail *f);

/* ---- specification ---- */
/* Reads a whole specification; adds every fault found. On true *out is to be closed by the caller.
 */
FAIL_CHECKED bool codec_read_experiment_spec(const char *text, size_t n, experiment_spec *out,
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
                     char out[17]);
/* One field's value as JSON text. */
void codec_field_add(buffer *b, const field *row, const train_spec *spec);
/* {"dropout": 0.5, ...}: the swept fields of one config. */
void codec_add_values(buffer *b, const experiment_spec *e, const train_spec *spec);

/* Reads {"token": "..."} of POST /session into `token`. */
FAIL_CHECKED bool codec_read_token(const char *text, size_t n, char *token, size_t token_bytes,
                                   fail *f);

/* ---- resources ---- */
void codec_add_experiment(buffer *b, const experiment *e, const int64_t *run_ids,
                          int64_t n_run_ids); /* NULL: without */
void codec_add_run(buffer *b, const run *r);
/* {name: value}, those that there are; with_missing: null for what every run should have. */
void codec_add_metrics(buffer *b, const run_metrics *metrics, bool with_missing);
void codec_add_record_metrics(buffer *b, const record *r); /* the same of one epoch */
void codec_add_fault(buffer *b, const fail *f);            /* {"pointer", "code", "detail"} */
const char *codec_field_type_name(const field *row); /* "integer", "rates", ... as in GET /fields */
void codec_field_add_default(buffer *b,
                             const field *row); /* JSON; null where it depends on other fields */
/* GET /fields: `limit` rows of the table from row `first` on, all metrics, all built-in data sets. */
void codec_add_fields(buffer *b, int64_t first, int64_t limit);
void codec_add_event(buffer *b, const store_event *e); /* the JSON of an SSE data line */
void codec_add_dataset(buffer *b, const dataset_info *d);
void codec_add_problem(buffer *b, int status, const char *title, const char *detail,
                       const fail_list *faults); /* faults may be NULL */

#endif
