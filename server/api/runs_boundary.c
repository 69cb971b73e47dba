#include "server/api/runs_boundary.h"
#include "server/plan/check.h"

#include "core/base/digest.h"
#include "core/train/train.h"
#include "server/api/api.h"
#include "server/api/trained_run.h"
#include "server/codec/boundary.h"
#include "server/jobs/engine.h"
#include "server/jobs/errand.h"
#include "server/plan/boundary.h"
#include "server/study/boundary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_SIZE = 48, KEY_BYTES_LIMIT = 1 << 16 };

typedef struct asked { /* one request, once it is known what it wants */
    const caller *by;
    run row;
    train_spec spec;
    dataset *set;
    split *data;
    const char *epochs_text; /* NULL: not told */
    int64_t size;
    size_t n_epochs;
    int64_t epochs[BOUNDARY_EPOCHS_LIMIT];
} asked;

static void asked_close(asked *x)
{
    split_close(x->data);
    dataset_close(x->set);
    run_close(&x->row);
}

/* ---- what is wanted ---- */

static const member QUERY_ROWS[] = {
    {"epochs", MEMBER_INTEGER,
     "The epochs, increasing whole numbers separated by commas; 0, 1, 2, 5, 10, ... and the last "
     "if not given.",
     MEMBER_OPTIONAL, AT(asked, epochs_text), RANGE(0, 1e6), .depth = 1, .least = 1,
     .most = BOUNDARY_EPOCHS_LIMIT},
    {"size", MEMBER_INTEGER, "Cells along each side.", MEMBER_OPTIONAL, AT(asked, size),
     RANGE(BOUNDARY_SIZE_LEAST, BOUNDARY_SIZE_LIMIT), OTHERWISE(DEFAULT_SIZE)},
};
const shape SHAPE_BOUNDARY_QUERY = {BYTES_OF(asked), MEMBERS(QUERY_ROWS)};

static bool check_started(const run *row, fail *f)
{
    if (row->provenance)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "Run %" PRId64 " is %s: it has no epochs until it has started.", row->id,
                    RUN_STATE_NAMES[row->status]);
}

/* The last epoch that was trained to its end: the one in which a run diverged was not. */
static int64_t last_epoch(const run *row)
{
    bool is_cut = row->reason == STOP_REASON_DIVERGED && row->epoch > 0;
    return is_cut ? row->epoch - 1 : row->epoch;
}

static boundary_request request_of(const asked *x)
{
    return (boundary_request){.spec = &x->spec,
                              .data = x->data,
                              .size = (size_t)x->size,
                              .n_epochs = x->n_epochs,
                              .epochs = x->epochs};
}

/* Leaves in *x what asked_close() gives back, after a failure too. */
static bool open_asked(app *a, const request *q, asked *x, fail *f)
{
    if (!request_read_query(q, x, f) || !trained_run_read(a, q->ids[0], &x->row, &x->spec, f) ||
        !check_started(&x->row, f) ||
        !api_open_run_dataset(a, x->by, &x->row, &x->spec, &x->set, f) ||
        !boundary_check_set(x->set, f) ||
        !boundary_read_epochs(x->epochs_text, last_epoch(&x->row), x->epochs, &x->n_epochs, f) ||
        !split_open(x->set, &x->spec, &x->data, f))
        return false;
    boundary_request wanted = request_of(x);
    return plan_check_boundary(&wanted, f) &&
           caller_grant(x->by, plan_run_memory_bytes(&x->spec, x->set), f);
}

/* ---- the answer ---- */

/* Of everything that the answer depends on, so that it is known before the work. */
static bool make_tag(const asked *x, char tag[40], fail *f)
{
    char text[DIGEST_TEXT_BYTES];
    buffer b;
    buffer_init(&b, KEY_BYTES_LIMIT);
    buffer_add_format(&b, "boundary %s %s %s %" PRId64 " %" PRId64, REGULAB_VERSION,
                      train_blas_core(), x->set->sha256, x->row.id, x->size);
    for (size_t i = 0; i < x->n_epochs; i++)
        buffer_add_format(&b, " %" PRId64, x->epochs[i]);
    buffer_add_text(&b, x->row.config);
    bool is_made = !b.failed;
    if (is_made) {
        digest_write_of(b.data, b.n, text);
        snprintf(tag, 40, "\"%.32s\"", text);
    } else {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the answer.");
    }
    buffer_close(&b);
    return is_made;
}

static bool is_stopped(void *context)
{
    const asked *x = context;
    return caller_has_left(x->by);
}

static bool write_boundary(asked *x, buffer *b, fail *f)
{
    boundary drawn;
    boundary_request wanted = request_of(x);
    wanted.context = x;
    wanted.is_stopped = is_stopped;
    if (!boundary_open(&wanted, &drawn, f))
        return false;
    codec_add_boundary(b, x->row.id, &drawn);
    boundary_close(&drawn);
    return true;
}

void api_runs_boundary(app *a, const request *q, response *r)
{
    asked x = {.by = errand_caller(q->errand)};
    char tag[40];
    fail f;
    bool is_good = open_asked(a, q, &x, &f) && make_tag(&x, tag, &f);
    bool is_known = is_good && request_has_etag(q, tag);
    if (is_known || (is_good && write_boundary(&x, &r->body, &f))) {
        response_set(r, is_known ? 304 : 200, MESSAGE_JSON);
        response_add_header(r, "ETag", "%s", tag);
    } else {
        response_fail(r, &f);
    }
    asked_close(&x);
}
