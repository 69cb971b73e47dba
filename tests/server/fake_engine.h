/* fake_engine — a row like those of ENGINES[] that trains nothing: a test takes its leases and
 * says its reports, in any order; and a service with such an engine and one lease. */
#ifndef TESTS_SERVER_FAKE_ENGINE_H
#define TESTS_SERVER_FAKE_ENGINE_H

#include "core/net/tensor.h"
#include "server/jobs/internal.h"
#include "server/store/curves.h"
#include "tests/server/jobs_fixture.h"

#include <sched.h>
#include <time.h>

enum { FAKES_LIMIT = 2, FAKE_PLACES = 3 };

typedef struct fake_engine {
    engine_owner owner;
    atomic_int n_offers;
} fake_engine;

static fake_engine fakes[FAKES_LIMIT]; /* in the order in which they were opened */
static int n_fakes;

static bool fake_open(const engine_owner *owner, const engine_options *options, void **engine,
                      int *n_places, fail *f)
{
    (void)options;
    if (n_fakes == FAKES_LIMIT)
        return fail_set(f, FAIL_INTERNAL, NULL, "There are fakes enough.");
    fake_engine *x = &fakes[n_fakes++];
    x->owner = *owner;
    atomic_store(&x->n_offers, 0);
    *engine = x;
    *n_places = FAKE_PLACES;
    return true;
}

static void fake_offer(void *engine)
{
    fake_engine *x = engine;
    atomic_fetch_add(&x->n_offers, 1);
}

static void fake_close(void *engine)
{
    (void)engine;
    n_fakes = 0;
}

static const engine_kind FAKE_ENGINES[FAKES_LIMIT] = {
    {.name = "fake", .help = "-", .open = fake_open, .offer = fake_offer, .close = fake_close},
    {.name = "other", .help = "-", .open = fake_open, .offer = fake_offer, .close = fake_close},
};

/* Asks as often as it is offered something, until it has a lease. */
CHECK_UNUSED static bool fake_take(fake_engine *x, assignment *out)
{
    const time_t end = time(NULL) + PATIENCE_MS / 1000;
    bool is_taken = false;
    for (int n_seen = -1; !is_taken && time(NULL) < end; sched_yield()) {
        int n_offers = atomic_load(&x->n_offers);
        is_taken = n_offers != n_seen && x->owner.take(x->owner.context, out);
        n_seen = n_offers;
    }
    return CHECK(is_taken);
}

/* A result that stops so, with a model where there is one; the caller closes it. */
static train_result fake_result(const assignment *a, train_stop stop, double val_loss)
{
    bool has_model = stop != TRAIN_STOP_PAUSED && stop != TRAIN_STOP_CANCELLED;
    train_result result = {.stop = stop, .epoch = 3, .step = 30, .wall_seconds = 0.25};
    for (int m = 0; m < METRIC_COUNT; m++)
        result.selected[m] = NAN;
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        result.last[m] = result.best[m] = NAN;
    result.selected[METRIC_VAL_LOSS] = val_loss;
    if (has_model) {
        result.n_model = tensor_model_size(&a->spec, 2, 2);
        result.model = calloc(result.n_model, sizeof(float));
    }
    return result;
}

/* One report under the lease of the assignment; `i`: the epoch or step. */
static bool fake_say(fake_engine *x, const assignment *a, report_kind kind, train_stop stop,
                     int64_t i, command *answer)
{
    record line = {.epoch = i};
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        line.values[m] = NAN;
    train_result result = fake_result(a, stop, 0.5);
    report r = {.lease = a->lease, .kind = kind};
    fail f;
    if (kind == REPORT_STARTED)
        r.started = (report_started){.data_sha256 = "0",
                                     .blas = "abacus",
                                     .blas_core = "beads",
                                     .inputs = 2,
                                     .outputs = 2,
                                     .n = {120, 40, 40},
                                     .n_steps = 30,
                                     .note = ""};
    else if (kind == REPORT_PROGRESS)
        r.progress = (report_progress){.step = i, .n_steps = 30};
    else if (kind == REPORT_RECORD)
        r.record = &line;
    else if (kind == REPORT_CHECKPOINT)
        r.checkpoint = (report_checkpoint){.blas_core = "beads", .bytes = "state", .n_bytes = 5};
    else
        r.ended = (report_ended){.result = &result};
    bool is_taken = x->owner.report(x->owner.context, &r, answer, &f);
    if (!is_taken) {
        CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
        CHECK_EQUAL_INT(answer->kind, COMMAND_CANCEL);
    }
    train_result_close(&result);
    return is_taken;
}

#define MOONS "\"dataset\":{\"name\":\"moons\",\"n\":200},\"hidden\":[4],\"epochs\":3"

static const jobs_options FAKE = {
    .n_workers = 1, .queue_limit = 500, .engines = FAKE_ENGINES, .n_engines = 1};
/* ---- what the store's writer is kept at ---- */

static atomic_int blocked_kind; /* 1 + event_kind; 0: none */

CHECK_UNUSED static bool block(const event_row *event)
{
    while (atomic_load(&blocked_kind) == 1 + (int)event->kind)
        sched_yield();
    return true;
}

CHECK_UNUSED static bool hear_nothing(const event_row *event)
{
    (void)event;
    return false;
}

CHECK_UNUSED static void block_at(event_kind kind)
{
    atomic_store(&blocked_kind, 1 + (int)kind);
}

CHECK_UNUSED static void unblock(void)
{
    atomic_store(&blocked_kind, 0);
}

/* ---- a service with one lease ---- */

typedef struct leased { /* and who reports under it */
    bench b;
    submission s;
    fake_engine *x;
    assignment a;
} leased;

CHECK_UNUSED static lease_stage stage_of(const bench *b, int64_t run_id)
{
    jobs_lock(b->jobs);
    const leased_run *l = jobs_find(b->jobs, run_id);
    lease_stage stage = l ? l->stage : LEASE_OVER;
    jobs_unlock(b->jobs);
    return stage;
}

CHECK_UNUSED static bool await_stage(const bench *b, int64_t run_id, lease_stage stage)
{
    const time_t end = time(NULL) + PATIENCE_MS / 1000;
    while (stage_of(b, run_id) != stage && time(NULL) < end)
        sched_yield();
    return CHECK_EQUAL_STRING(STAGES[stage_of(b, run_id)].name, STAGES[stage].name);
}

CHECK_UNUSED static bool open_leased(leased *t, const jobs_options *options, const char *text)
{
    n_fakes = 0;
    t->x = &fakes[0];
    return bench_open(&t->b, *options, block) && bench_submit(&t->b, text, &t->s) &&
           fake_take(t->x, &t->a);
}

CHECK_UNUSED static void close_leased(leased *t)
{
    free(t->s.run_ids);
    bench_close(&t->b);
}

CHECK_UNUSED static bool say(leased *t, report_kind kind, train_stop stop, int64_t i)
{
    command answer;
    return fake_say(t->x, &t->a, kind, stop, i, &answer);
}

CHECK_UNUSED static command_kind answer_to(leased *t, report_kind kind, train_stop stop, int64_t i)
{
    command answer;
    CHECK(fake_say(t->x, &t->a, kind, stop, i, &answer));
    return answer.kind;
}

CHECK_UNUSED static bool count_record(void *context, const record *r)
{
    (void)r;
    ++*(int *)context;
    return true;
}

CHECK_UNUSED static int n_records(const bench *b, int64_t run_id)
{
    int n = 0;
    fail f;
    CHECK_OK(store_flush(b->store, &f), f);
    CHECK_OK(store_list_records(b->store, run_id, 0, count_record, &n, &f), f);
    return n;
}

/* Says everything that leads to no other stage, or nowhere, where the run is. */
CHECK_UNUSED static void feed(leased *t)
{
    static const train_stop STOPS[] = {TRAIN_STOP_FINISHED, TRAIN_STOP_CANCELLED,
                                       TRAIN_STOP_PAUSED};
    int64_t run_id = t->a.lease.run_id;
    lease_stage from = stage_of(&t->b, run_id), to;
    for (report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        for (int i = 0; i < (kind == REPORT_ENDED ? 3 : 1); i++) {
            bool is_paused = STOPS[i] == TRAIN_STOP_PAUSED;
            bool fits = stage_after_report(from, kind, is_paused, true, &to);
            if (fits && to != from)
                continue;
            CHECK_EQUAL_INT(say(t, kind, STOPS[i], 3), fits);
            CHECK_EQUAL_STRING(STAGES[stage_of(&t->b, run_id)].name, STAGES[from].name);
        }
}

#endif
