/* request — the JSON bodies of requests other than a specification.
 *
 * Readers add every fault found to the list with its JSON pointer; on true *out is to be closed by
 * the caller. */
#ifndef SERVER_CODEC_REQUEST_H
#define SERVER_CODEC_REQUEST_H

#include "core/base/fail.h"
#include "server/study/sweep.h"

/* PATCH /experiments/{id}: texts on the heap; NULL: leave as it is. An empty object is a fault. */
typedef struct experiment_patch {
    char *name, *description, *tags; /* tags: JSON array text */
    bool has_priority;
    int priority;
} experiment_patch;
FAIL_CHECKED bool codec_read_patch(const char *text, size_t n, experiment_patch *out,
                                   fail_list *faults);
void experiment_patch_close(experiment_patch *p);

/* POST /experiments/{id}/extend: {"repeats", "sweep"} is merged into *spec, the specification of
 * the experiment so far: `repeats` is the new total (not below the present one), `sweep` adds
 * values to its axes; a new axis starts with the value that the field has had, if any. On false
 * *spec may be half merged: only good for closing. */
FAIL_CHECKED bool codec_read_extension(const char *text, size_t n, experiment_spec *spec,
                                       fail_list *faults);

/* POST /runs/{id}/predict: {"inputs": [[...]], "mode", "samples"}. */
enum { PREDICT_SAMPLES_LIMIT = 1000 };
typedef struct predict_request {
    size_t n, d;
    float *inputs; /* (n, d) row-major */
    bool is_train; /* "mode": "train"; default "eval" */
    int samples;   /* 1 .. PREDICT_SAMPLES_LIMIT, of mode train; default 1 */
} predict_request;
/* Every row must have d numbers. */
FAIL_CHECKED bool codec_read_predict(const char *text, size_t n, size_t d, predict_request *out,
                                     fail_list *faults);
void predict_request_close(predict_request *p);

/* POST /sql: {"query", "parameters": {name: scalar}, "limit"}. */
enum { SQL_PARAMETERS_LIMIT = 64 };
typedef enum sql_value_type {
    SQL_VALUE_NULL,
    SQL_VALUE_INTEGER,
    SQL_VALUE_REAL,
    SQL_VALUE_TEXT
} sql_value_type;
typedef struct sql_parameter {
    const char *name; /* without the colon */
    sql_value_type type;
    int64_t integer; /* also true and false: 1 and 0 */
    double real;
    const char *text;
} sql_parameter;
typedef struct sql_request {
    char *query;
    int n_parameters;
    sql_parameter parameters[SQL_PARAMETERS_LIMIT];
    int64_t limit; /* 0: not given */
    int n_texts;
    char *texts[2 * SQL_PARAMETERS_LIMIT]; /* heap: what the parameters' names and texts are */
} sql_request;
FAIL_CHECKED bool codec_read_sql(const char *text, size_t n, sql_request *out, fail_list *faults);
/* One more parameter, with a value as it stands in a link: an integer or a number where it reads as
 * one, else text. The request has less than SQL_PARAMETERS_LIMIT. False for want of memory. */
FAIL_CHECKED bool codec_read_sql_parameter(const char *name, const char *value, sql_request *r);
void sql_request_close(sql_request *r);

#endif
