/* request — the JSON bodies of requests other than a specification: structs, and the shapes that
 * shape_read() reads them by. */
#ifndef SERVER_CODEC_REQUEST_H
#define SERVER_CODEC_REQUEST_H

#include "core/base/fail.h"
#include "server/codec/shape.h"
#include "server/study/sweep.h"

extern const shape SHAPE_NOTHING; /* what takes no body */

/* PATCH /experiments/{id}: NULL: leave as it is. */
typedef struct experiment_patch {
    char *name, *description, *tags; /* tags: JSON array text */
    bool has_priority;
    int priority;
} experiment_patch;
extern const shape SHAPE_EXPERIMENT_PATCH;

/* POST /experiments/{id}/extend: {"repeats", "sweep"} is merged into *spec, the specification of
 * the experiment so far: `repeats` is the new total (not below the present one), `sweep` adds
 * values to its axes; a new axis starts with the value that the field has had, if any. On false
 * *spec may be half merged: only good for closing. */
extern const shape SHAPE_EXTENSION;
FAIL_CHECKED bool codec_read_extension(const char *text, size_t n, experiment_spec *spec,
                                       fail_list *faults);

/* POST /runs/{id}/predict. */
enum { PREDICT_SAMPLES_LIMIT = 1000 };
typedef struct predict_request {
    /* told before reading: how many numbers every row must have, and whose columns it may name
     * (NULL: none) */
    size_t d;
    const struct dataset *set;
    size_t n;
    double *inputs; /* (n, d) row-major, in the set's own units; NaN: missing */
    bool is_train;  /* "mode": "train"; default "eval" */
    int samples;    /* 1 .. PREDICT_SAMPLES_LIMIT, of mode train; default 1 */
} predict_request;
extern const shape SHAPE_PREDICT_REQUEST;

/* POST /session. */
typedef struct token_request {
    char *token;
} token_request;
extern const shape SHAPE_TOKEN_REQUEST;

/* POST /sql. */
enum { SQL_PARAMETERS_LIMIT = 64, SQL_QUERY_LIMIT = 20000 /* characters */ };
#define SQL_MEDIA_TYPE "application/sql"
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
extern const shape SHAPE_SQL_REQUEST;
/* One more parameter, with a value as it stands in a link: an integer or a number where it reads as
 * one, else text. The request has less than SQL_PARAMETERS_LIMIT. False for want of memory, and for
 * an integer of more than 64 bits. */
FAIL_CHECKED bool codec_read_sql_parameter(const char *name, const char *value, sql_request *r,
                                           fail *f);

#endif
