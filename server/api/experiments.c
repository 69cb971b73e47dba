#include "server/api/experiments.h"

#include "server/api/api.h"
#include "server/api/runs.h"
#include "server/api/submit.h"
#include "server/codec/list.h"
#include "server/codec/request.h"
#include "server/jobs/errand.h"
#include "server/jobs/extend.h"
#include "server/store/experiments.h"

#include <stdlib.h>

void api_experiments_create(app *a, const request *q, response *r)
{
    api_submit_answer(a, q, q->body, q->body_bytes, r);
}

/* ---- reading ---- */

typedef struct experiments_query {
    int status; /* a run_state; -1: any */
    const char *tag, *text, *sort;
    page_query page;
} experiments_query;

static const member LIST_ROWS[] = {
    {"status", MEMBER_NAME, "Only those in this state.", MEMBER_OPTIONAL,
     AT(experiments_query, status), NAMES(RUN_STATE_NAMES)},
    {"tag", MEMBER_TEXT, "Only those with this tag.", MEMBER_OPTIONAL, AT(experiments_query, tag)},
    {"q", MEMBER_TEXT, "Only those with this text in name or description.", MEMBER_OPTIONAL,
     AT(experiments_query, text)},
    {"sort", MEMBER_NAME, "A column; with - before it, the greatest first.",
     MEMBER_OPTIONAL | MEMBER_SIGNED, AT(experiments_query, sort),
     .name_at = store_experiment_sort},
    INCLUDE(experiments_query, page, SHAPE_PAGE_QUERY),
};
const shape SHAPE_EXPERIMENTS_QUERY = {BYTES_OF(experiments_query), MEMBERS(LIST_ROWS)};

typedef struct experiment_listing {
    app *app;
    buffer *body;
    experiment_query query;
    char next_cursor[64];
    bool is_good;
    fail f;
} experiment_listing;

static bool add_item(void *context, const experiment *e)
{
    const experiment_listing *l = context;
    const experiment_answer answer = api_experiment_answer(l->app, e);
    shape_add_item(l->body, &SHAPE_EXPERIMENT, &answer);
    return !l->body->failed;
}

static void add_items(void *context, buffer *b)
{
    experiment_listing *l = context;
    l->body = b;
    l->is_good =
        store_list_experiments(l->app->store, &l->query, add_item, l, l->next_cursor, &l->f);
}

void api_experiments_list(app *a, const request *q, response *r)
{
    experiments_query wanted = {.status = -1};
    experiment_listing l = {.app = a};
    fail f;
    if (!request_read_query(q, &wanted, &f)) {
        response_fail(r, &f);
        return;
    }
    l.query = (experiment_query){.status = wanted.status,
                                 .tag = wanted.tag,
                                 .text = wanted.text,
                                 .sort = wanted.sort,
                                 .cursor = wanted.page.cursor,
                                 .limit = wanted.page.limit};
    codec_add_list(&r->body, add_items, &l, l.next_cursor);
    if (l.is_good)
        response_set(r, 200, MESSAGE_JSON);
    else
        response_fail(r, &l.f);
}

void api_experiments_get(app *a, const request *q, response *r)
{
    api_send_experiment(a, q->ids[0], NULL, 0, r);
}

void api_experiments_runs(app *a, const request *q, response *r)
{
    experiment e = {0};
    fail f;
    bool is_there = store_get_experiment(a->store, q->ids[0], &e, &f);
    experiment_close(&e);
    if (is_there)
        api_runs_list_of(a, q, q->ids[0], r);
    else
        response_fail(r, &f);
}

/* ---- changing ---- */

void api_experiments_update(app *a, const request *q, response *r)
{
    experiment_patch patch = {.name = NULL};
    fail f;
    if (!request_read_body(q, &patch, r))
        return;
    experiment_change change = {.name = patch.name,
                                .description = patch.description,
                                .tags = patch.tags,
                                .priority = patch.has_priority ? &patch.priority : NULL};
    bool is_updated = jobs_update_experiment(a->jobs, q->ids[0], &change, &f);
    shape_close(&SHAPE_EXPERIMENT_PATCH, &patch);
    if (is_updated)
        api_send_experiment(a, q->ids[0], NULL, 0, r);
    else
        response_fail(r, &f);
}

typedef struct delete_query {
    bool force;
} delete_query;

static const member DELETE_ROWS[] = {
    {"force", MEMBER_BOOLEAN, "Also while runs are running: they are cancelled first.",
     MEMBER_OPTIONAL, AT(delete_query, force), OTHERWISE(false)},
};
const shape SHAPE_DELETE_QUERY = {BYTES_OF(delete_query), MEMBERS(DELETE_ROWS)};

void api_experiments_delete(app *a, const request *q, response *r)
{
    delete_query wanted;
    fail f;
    r->forgotten_run = -1;
    if (!request_read_query(q, &wanted, &f) ||
        !jobs_delete_experiment(a->jobs, q->ids[0], wanted.force, &f))
        response_fail(r, &f);
    else
        response_set(r, 204, NULL);
}

typedef bool experiment_action(jobs *j, int64_t id, fail *f);

static void act(app *a, const request *q, response *r, experiment_action *action)
{
    fail f;
    if (request_check_no_body(q, "This takes no body.", &f) && action(a->jobs, q->ids[0], &f))
        api_send_experiment(a, q->ids[0], NULL, 0, r);
    else
        response_fail(r, &f);
}

void api_experiments_cancel(app *a, const request *q, response *r)
{
    act(a, q, r, jobs_cancel_experiment);
}

void api_experiments_pause(app *a, const request *q, response *r)
{
    act(a, q, r, jobs_pause_experiment);
}

void api_experiments_resume(app *a, const request *q, response *r)
{
    act(a, q, r, jobs_resume_experiment);
}

void api_experiments_extend(app *a, const request *q, response *r)
{
    jobs_extension extension = {
        .body = q->body, .body_bytes = q->body_bytes, .by = errand_caller(q->errand)};
    int64_t *run_ids, n_run_ids;
    fail_list faults = {.n = 0};
    if (!jobs_extend_experiment(a->jobs, q->ids[0], &extension, &run_ids, &n_run_ids, &faults)) {
        const fail *first = &faults.items[0];
        if (faults.n_found == 1 && !*first->field)
            response_fail(r, first);
        else
            response_fail_list(r, first->sentence, &faults);
        return;
    }
    api_send_experiment(a, q->ids[0], run_ids, n_run_ids, r);
    free(run_ids);
}
