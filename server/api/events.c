#include "server/api/events.h"

#include "server/api/app.h"
#include "server/events/events.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <stdlib.h>
#include <string.h>

enum { EXPERIMENTS_LIMIT = 256 };

static bool read_id(const char *text, size_t n, int64_t *out)
{
    if (n == 0 || n > 16 || strspn(text, "0123456789") < n)
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

typedef struct events_query {
    const char *experiments; /* NULL: all */
    int64_t after;
} events_query;

static const member STREAM_ROWS[] = {
    {"last_event_id", MEMBER_INTEGER, "As the header Last-Event-ID, for what cannot set headers.",
     MEMBER_OPTIONAL, AT(events_query, after), RANGE(0, (double)SPEC_SEED_LIMIT)},
};
const shape SHAPE_EVENTS_QUERY = {BYTES_OF(events_query), MEMBERS(STREAM_ROWS)};

static const member ALL_ROWS[] = {
    {"experiments", MEMBER_INTEGER, "Ids, separated by commas; all if not given.", MEMBER_OPTIONAL,
     AT(events_query, experiments), RANGE(1, (double)SPEC_SEED_LIMIT), .depth = 1, .least = 1,
     .most = EXPERIMENTS_LIMIT},
    {.type = MEMBER_INCLUDED, ITSELF(events_query), .of = &SHAPE_EVENTS_QUERY},
};
const shape SHAPE_ALL_EVENTS_QUERY = {BYTES_OF(events_query), MEMBERS(ALL_ROWS)};

/* The header goes before the parameter; EVENTS_FROM_NOW without either. */
static bool read_query(const request *q, events_query *out, fail *f)
{
    const char *header = request_header(q, "last-event-id");
    *out = (events_query){.after = EVENTS_FROM_NOW};
    if (!request_read_query(q, out, f))
        return false;
    if (!header || !*header || read_id(header, strlen(header), &out->after))
        return true;
    return fail_set(f, FAIL_OUT_OF_RANGE, "",
                    "The last event's id must be a whole number, as the stream has told it.");
}

/* Ids that are known to be ids. */
static int read_experiments(const char *text, int64_t ids[EXPERIMENTS_LIMIT])
{
    int n = 0;
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        ids[n++] = strtoll(at, NULL, 10);
    return n;
}

/* A stream that starts now would tell nothing of what has ended: a last word for those who come
 * late. */
static bool add_ended_run(struct app *shared, int64_t id, event_subscription *s, bool is_late,
                          fail *f)
{
    run row = {0};
    if (!store_get_run(shared->store, id, &row, f))
        return false;
    event_row event = {.kind = EVENT_RUN,
                       .experiment_id = row.experiment_id,
                       .run_id = row.id,
                       .status = row.status,
                       .reason = row.reason,
                       .epoch = row.epoch};
    if (is_late && run_state_is_terminal(row.status))
        events_add_first(s, &event);
    run_close(&row);
    return true;
}

static bool add_ended_experiment(struct app *shared, int64_t id, event_subscription *s,
                                 bool is_late, fail *f)
{
    experiment row = {0};
    if (!store_get_experiment(shared->store, id, &row, f))
        return false;
    event_row event = {.kind = EVENT_EXPERIMENT,
                       .experiment_id = row.id,
                       .status = row.status,
                       .progress = row.progress};
    memcpy(event.runs, row.runs, sizeof event.runs);
    if (is_late && run_state_is_terminal(row.status))
        events_add_first(s, &event);
    experiment_close(&row);
    return true;
}

/* The subscription comes before the look at the row: what happens between the two is told. */
static bool subscribe(struct app *shared, const request *q, const event_filter *filter,
                      int64_t after, event_subscription **out, fail *f)
{
    event_subscription *s;
    if (!events_subscribe(shared->events, filter, after, &s, f))
        return false;
    bool ok = true, is_late = after == EVENTS_FROM_NOW;
    if (filter->run_id)
        ok = add_ended_run(shared, filter->run_id, s, is_late, f);
    else if (q->ids[0])
        ok = add_ended_experiment(shared, q->ids[0], s, is_late, f);
    if (ok)
        *out = s;
    else
        events_unsubscribe(s);
    return ok;
}

static void answer(struct app *shared, const request *q, event_filter *filter, response *r)
{
    fail f;
    events_query wanted;
    int64_t ids[EXPERIMENTS_LIMIT];
    bool is_read = read_query(q, &wanted, &f);
    if (is_read && wanted.experiments) {
        filter->experiment_ids = ids;
        filter->n_experiments = read_experiments(wanted.experiments, ids);
    }
    if (is_read && subscribe(shared, q, filter, wanted.after, &r->stream, &f))
        response_set(r, 200, "text/event-stream; charset=utf-8");
    else
        response_fail(r, &f);
}

void api_events_list(struct app *shared, const request *q, response *r)
{
    answer(shared, q, &(event_filter){.n_experiments = 0}, r);
}

void api_events_experiment(struct app *shared, const request *q, response *r)
{
    answer(shared, q, &(event_filter){.n_experiments = 1, .experiment_ids = q->ids}, r);
}

void api_events_run(struct app *shared, const request *q, response *r)
{
    answer(shared, q, &(event_filter){.run_id = q->ids[0]}, r);
}
