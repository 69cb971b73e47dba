#include "server/api/api.h"

#include "core/base/digest.h"
#include "server/api/route.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SOURCE_BYTES = 16384 };

#define LIMIT_ROW(help)                                                                            \
    "limit", MEMBER_INTEGER, help, MEMBER_OPTIONAL, AT(page_query, limit), RANGE(1, 500)
#define CURSOR_ROW                                                                                 \
    "cursor", MEMBER_TEXT, "next_cursor of the page before; empty: the first page.",               \
        MEMBER_OPTIONAL, AT(page_query, cursor), RANGE(0, 24), .alphabet = "0-9a-f"

static const member PAGE_ROWS[] = {{LIMIT_ROW("Items in the answer."), OTHERWISE(50)},
                                   {CURSOR_ROW}};
const shape SHAPE_PAGE_QUERY = {BYTES_OF(page_query), MEMBERS(PAGE_ROWS)};

static const member PART_ROWS[] = {{LIMIT_ROW("Items in the answer; all if not given.")},
                                   {CURSOR_ROW}};
const shape SHAPE_PART_QUERY = {BYTES_OF(page_query), MEMBERS(PART_ROWS)};

bool api_read_page(const request *q, int64_t *first, int64_t *limit, fail *f)
{
    page_query page = {.cursor = NULL};
    if (!request_read_query(q, &page, f))
        return false;
    const char *text = page.cursor ? page.cursor : "";
    size_t n = strlen(text);
    if (n > 9 || strspn(text, "0123456789") < n)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/cursor",
                        "This is not a cursor of this list: take next_cursor as it was answered, "
                        "or leave it out to start at the beginning.");
    *first = strtoll(text, NULL, 10);
    *limit = page.limit;
    return true;
}

experiment_answer api_experiment_answer(app *a, const experiment *e)
{
    bool is_waiting = !run_state_is_terminal(e->status) && e->status != RUN_STATE_PAUSED;
    return (experiment_answer){
        .row = e, .remaining_seconds = is_waiting ? jobs_remaining_seconds(a->jobs, e->id) : NAN};
}

void api_send_experiment(app *a, int64_t id, const int64_t *run_ids, int64_t n_run_ids, response *r)
{
    experiment e = {0};
    fail f;
    if (!store_get_experiment(a->store, id, &e, &f)) {
        response_fail(r, &f);
        return;
    }
    experiment_answer answer = api_experiment_answer(a, &e);
    answer.run_ids = run_ids;
    answer.n_run_ids = n_run_ids;
    shape_add(&r->body, &SHAPE_EXPERIMENT, &answer);
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
    shape_add(&r->body, &SHAPE_RUN, &row);
    run_close(&row);
    response_set(r, 200, MESSAGE_JSON);
}

bool api_open_run_dataset(app *a, const caller *by, const run *row, const train_spec *spec,
                          dataset **out, fail *f)
{
    jobs_set_source sets = {.jobs = a->jobs, .by = by};
    dataset *set;
    fail why;
    if (!jobs_open_dataset(&sets, spec, &set, &why)) {
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

/* Of everything that the answer depends on. */
static bool write_lasting_tag(app *a, const run *row, const request *q, char tag[40])
{
    char text[DIGEST_TEXT_BYTES];
    buffer b;
    buffer_init(&b, TAG_SOURCE_BYTES);
    buffer_add_format(&b, "%s %s %s %d %" PRId64 " %" PRId64 " %" PRId64, REGULAB_VERSION,
                      store_identity(a->store), q->route->pattern, request_wants_csv(q), row->id,
                      row->attempt, row->finished_ms);
    for (int i = 0; i < q->n_query; i++)
        buffer_add_format(&b, " %s=%s", q->query[i].name, q->query[i].value);
    bool is_written = !b.failed;
    if (is_written) {
        digest_write_of(b.data, b.n, text);
        snprintf(tag, 40, "\"%.32s\"", text);
    }
    buffer_close(&b);
    return is_written;
}

/* True where the client has it. */
static bool tag_answer(const request *q, const char *tag, response *r)
{
    bool is_known = request_has_etag(q, tag);
    response_add_header(r, "ETag", "%s", tag);
    if (is_known)
        response_set(r, 304, NULL);
    return is_known;
}

bool api_answer_lasting(app *a, const run *row, const request *q, response *r)
{
    char tag[40];
    if (!run_state_is_terminal(row->status) || !write_lasting_tag(a, row, q, tag))
        return false;
    r->lasting_run = row->id;
    return tag_answer(q, tag, r);
}

bool api_answer_digest(const char *sha256, const request *q, response *r)
{
    char tag[40];
    snprintf(tag, sizeof tag, "\"%.32s\"", sha256);
    return tag_answer(q, tag, r);
}

void api_send_tagged(const request *q, const char *content_type, response *r)
{
    char text[DIGEST_TEXT_BYTES];
    bool is_known = false;
    if (!r->lasting_run && !r->body.failed) {
        digest_write_of(r->body.data ? r->body.data : "", r->body.n, text);
        is_known = api_answer_digest(text, q, r);
    }
    if (!is_known)
        response_set(r, 200, content_type);
}
