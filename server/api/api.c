#include "server/api/api.h"

#include "core/base/digest.h"
#include "server/codec/codec.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void api_list_begin(buffer *b)
{
    buffer_add_text(b, "{\"items\":[");
}

void api_list_end(buffer *b, const char *next_cursor)
{
    buffer_add_text(b, "],\"next_cursor\":");
    json_add_string(b, next_cursor && *next_cursor ? next_cursor : NULL);
    buffer_add_text(b, "}");
}

bool api_read_limit(const request *q, int *limit, fail *f)
{
    int64_t value;
    if (!request_query_integer(q, "limit", 1, 500, 50, &value, f))
        return false;
    *limit = (int)value;
    return true;
}

bool api_read_page(const request *q, int64_t *first, int64_t *limit, fail *f)
{
    return request_query_integer(q, "limit", 1, 500, 50, limit, f) &&
           request_query_integer(q, "cursor", 0, 1000000, 0, first, f);
}

bool api_read_status(const request *q, int *status, fail *f)
{
    const char *text = request_query(q, "status");
    int state = text ? 0 : -1;
    while (text && state < RUN_STATE_COUNT && strcmp(RUN_STATE_NAMES[state], text) != 0)
        state++;
    if (state == RUN_STATE_COUNT)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/status",
                        "status must be queued, running, paused, completed, failed or cancelled.");
    *status = state;
    return true;
}

void api_reopen_object(buffer *b)
{
    if (b->failed)
        return;
    assert(b->n > 0 && b->data[b->n - 1] == '}');
    b->data[--b->n] = '\0';
}

void api_add_experiment(app *a, buffer *b, const experiment *e, const int64_t *run_ids,
                        int64_t n_run_ids)
{
    codec_add_experiment(b, e, run_ids, n_run_ids);
    api_reopen_object(b);
    json_add_key(b, "remaining_seconds");
    if (run_state_is_terminal(e->status) || e->status == RUN_STATE_PAUSED)
        buffer_add_text(b, "null");
    else
        json_add_number(b, jobs_remaining_seconds(a->jobs, e->id));
    buffer_add_text(b, "}");
}

void api_send_experiment(app *a, int64_t id, const int64_t *run_ids, int64_t n_run_ids, response *r)
{
    experiment e = {0};
    fail f;
    if (!store_get_experiment(a->store, id, &e, &f)) {
        response_fail(r, &f);
        return;
    }
    api_add_experiment(a, &r->body, &e, run_ids, n_run_ids);
    experiment_close(&e);
    response_set(r, 200, MESSAGE_JSON);
}

void api_send_run(app *a, int64_t id, response *r)
{
    run row = {0};
    fail f;
    if (!store_get_run(a->store, id, &row, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_run(&r->body, &row);
    run_close(&row);
    response_set(r, 200, MESSAGE_JSON);
}

bool api_open_run_dataset(app *a, const run *row, const train_spec *spec, dataset **out, fail *f)
{
    dataset *set;
    fail why;
    if (!jobs_open_dataset(a->jobs, spec, &set, &why)) {
        if (why.code == FAIL_NOT_FOUND)
            return fail_set(f, FAIL_CONFLICT, NULL,
                            "The data set \"%s\" that run %" PRId64 " was trained on is gone.",
                            spec->dataset, row->id);
        *f = why;
        return false;
    }
    if (*row->data_sha256 && strcmp(row->data_sha256, set->sha256) != 0) {
        dataset_close(set);
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The data set \"%s\" is no longer what this run was trained on.",
                        spec->dataset);
    }
    *out = set;
    return true;
}

void api_send_tagged(const request *q, const char *content_type, response *r)
{
    char text[DIGEST_TEXT_BYTES], tag[40];
    digest_write_of(r->body.data ? r->body.data : "", r->body.n, text);
    snprintf(tag, sizeof tag, "\"%.32s\"", text);
    bool is_known = !r->body.failed && request_has_etag(q, tag);
    response_set(r, is_known ? 304 : 200, content_type);
    response_add_header(r, "ETag", "%s", tag);
}
