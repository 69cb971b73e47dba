/* The feed of events: rings, cursors, filters, and who comes back later. */
/* First: a name of its own is one of the next one's types. */
#include "tests/server/store_fixture.h"

#include "server/events/events.h"
#include "server/store/events.h"
#include "tests/check.h"

#include <poll.h>

typedef struct stage {
    fixture x;
    events *e;
    event_subscription *probe; /* of all: how far the ring has come */
    int64_t seen;
    int64_t experiment, runs[2];
} stage;

static event_subscription *subscribe(stage *s, event_filter filter, int64_t after)
{
    fail f;
    event_subscription *out = NULL;
    CHECK_OK(events_subscribe(s->e, &filter, after, &out, &f), f);
    return out;
}

static bool stage_open(stage *s)
{
    fail f;
    *s = (stage){0};
    if (!fixture_open(&s->x) || !CHECK_OK(events_open(s->x.s, &s->e, &f), f))
        return false;
    s->probe = subscribe(s, (event_filter){0}, EVENTS_FROM_NOW);
    s->experiment = fixture_insert(&s->x, "first", 2, 1, s->runs);
    return s->experiment > 0;
}

static void stage_close(stage *s)
{
    store_close(s->x.s);
    s->x.s = NULL;
    events_unsubscribe(s->probe);
    events_close(s->e);
    fixture_close(&s->x);
}

static char text[1 << 20]; /* what read_all() has read last */

/* All that can be read now, in pieces of `limit` bytes; the ids go to `ids`. Returns how many
 * frames. */
static int read_all(event_subscription *s, size_t limit, int64_t *ids, int most)
{
    size_t n = 0;
    events_next next = events_check(s);
    for (; next == EVENTS_READY || next == EVENTS_FETCH; next = events_check(s)) {
        if (next == EVENTS_FETCH)
            events_fetch(s);
        else
            n += events_read(s, text + n, limit);
    }
    CHECK_EQUAL_INT(next, EVENTS_WAIT);
    text[n] = '\0';
    int found = 0;
    for (const char *at = text; *at && found < most; found++) {
        CHECK(strncmp(at, "id: ", 4) == 0);
        ids[found] = strtoll(at + 4, NULL, 10);
        at = strstr(at, "\n\n");
        CHECK(at != NULL);
        if (!at)
            return found;
        at += 2;
    }
    return found;
}

static void check_increasing(const int64_t *ids, int n, int64_t after)
{
    for (int i = 0; i < n; i++)
        CHECK(ids[i] > (i ? ids[i - 1] : after));
}

static int64_t last_event(stage *s)
{
    fail f;
    int64_t first, last = -1;
    CHECK_OK(store_event_range(s->x.s, &first, &last, &f), f);
    return last;
}

/* Waits, as the loop does, until the ring has everything that the store has. */
static void wait_for_events(stage *s)
{
    int64_t ids[64] = {0};
    while (s->seen < last_event(s)) {
        int n = read_all(s->probe, 1 << 16, ids, 64);
        if (n > 0)
            s->seen = ids[n - 1];
        struct pollfd p = {.fd = events_fd(s->e), .events = POLLIN};
        if (s->seen < last_event(s) && !CHECK_EQUAL_INT(poll(&p, 1, 10000), 1))
            return;
        events_clear(s->e);
    }
}

/* A stream from now on tells what is committed later, a replay from 0 tells all; whatever the size
 * of the pieces. */
static void live_and_replay_agree(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    int64_t before = last_event(&s), live[64] = {0}, replay[64] = {0}, pieces[64] = {0};
    event_subscription *now = subscribe(&s, (event_filter){0}, EVENTS_FROM_NOW);
    CHECK_EQUAL_INT(events_check(now), EVENTS_WAIT);
    fixture_train(&s.x, s.runs[0], 0.5);
    wait_for_events(&s);
    int n_live = read_all(now, 1 << 16, live, 64);
    char *told = strdup(text);
    CHECK(n_live >= 6); /* four epochs, running, completed */
    check_increasing(live, n_live, before);
    event_subscription *all = subscribe(&s, (event_filter){0}, 0);
    CHECK_EQUAL_INT(events_check(all), EVENTS_FETCH);
    int n_replay = read_all(all, 1 << 16, replay, 64);
    CHECK_OR_RETURN(told && n_replay > n_live);
    CHECK_EQUAL_BYTES(replay + n_replay - n_live, live, (size_t)n_live * sizeof *live);
    CHECK_EQUAL_STRING(text + strlen(text) - strlen(told), told);
    check_increasing(replay, n_replay, 0);
    free(told);
    event_subscription *small = subscribe(&s, (event_filter){0}, 0);
    CHECK_EQUAL_INT(read_all(small, 7, pieces, 64), n_replay);
    CHECK_EQUAL_BYTES(pieces, replay, (size_t)n_replay * sizeof *pieces);
    events_unsubscribe(now);
    events_unsubscribe(all);
    events_unsubscribe(small);
    stage_close(&s);
}

/* Resumed after each event in turn, a client has seen everything once. */
static void resuming_loses_and_repeats_nothing(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    fixture_train(&s.x, s.runs[0], 0.5);
    wait_for_events(&s);
    int64_t all[64] = {0}, rest[64] = {0};
    event_subscription *whole = subscribe(&s, (event_filter){0}, 0);
    int n = read_all(whole, 4096, all, 64);
    events_unsubscribe(whole);
    for (int i = 0; i < n; i++) {
        event_subscription *resumed = subscribe(&s, (event_filter){0}, all[i]);
        int n_rest = read_all(resumed, 4096, rest, 64);
        CHECK_EQUAL_INT(n_rest, n - i - 1);
        CHECK_EQUAL_BYTES(rest, all + i + 1, (size_t)n_rest * sizeof *rest);
        events_unsubscribe(resumed);
    }
    stage_close(&s);
}

/* After a reopening the ring is empty: the past comes from the store, what follows from the ring,
 * in one sequence. */
static void replay_goes_over_into_live(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    fixture_train(&s.x, s.runs[0], 0.5);
    store_close(s.x.s);
    s.x.s = NULL;
    events_unsubscribe(s.probe);
    events_close(s.e);
    fail f;
    CHECK_OR_RETURN(CHECK_OK(store_open(s.x.path, &s.x.s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(events_open(s.x.s, &s.e, &f), f));
    s.probe = subscribe(&s, (event_filter){0}, EVENTS_FROM_NOW);
    int64_t past[64] = {0}, later[64] = {0}, last = last_event(&s);
    event_subscription *sub = subscribe(&s, (event_filter){.run_id = s.runs[1]}, 0);
    event_subscription *of_first = subscribe(&s, (event_filter){.run_id = s.runs[0]}, 0);
    int n_past = read_all(of_first, 4096, past, 64);
    CHECK(n_past >= 6);
    read_all(sub, 4096, past, 64);
    fixture_train(&s.x, s.runs[1], 0.25);
    wait_for_events(&s);
    CHECK_EQUAL_INT(read_all(of_first, 4096, later, 64), 0);
    int n_later = read_all(sub, 4096, later, 64);
    CHECK(n_later >= 6);
    check_increasing(later, n_later, last);
    events_unsubscribe(sub);
    events_unsubscribe(of_first);
    stage_close(&s);
}

/* How many frames of read_all()'s text are of that experiment. */
static int count_of(int64_t experiment_id)
{
    char wanted[64];
    int n = 0;
    snprintf(wanted, sizeof wanted, "\"experiment\":%lld,", (long long)experiment_id);
    for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted))
        n++;
    return n;
}

static void filters_hold_in_ring_and_store(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    int64_t other_run, ids[64] = {0}, again[64] = {0};
    int64_t other = fixture_insert(&s.x, "other", 1, 1, &other_run);
    int64_t wanted[] = {other};
    event_filter filter = {.n_experiments = 1, .experiment_ids = wanted};
    event_subscription *live = subscribe(&s, filter, EVENTS_FROM_NOW);
    int64_t before = last_event(&s);
    fixture_train(&s.x, s.runs[0], 0.5);
    fixture_train(&s.x, other_run, 0.5);
    wait_for_events(&s);
    int n = read_all(live, 4096, ids, 64);
    CHECK(n >= 6);
    CHECK_EQUAL_INT(count_of(other), n);
    event_subscription *replay = subscribe(&s, filter, before);
    CHECK_EQUAL_INT(read_all(replay, 4096, again, 64), n);
    CHECK_EQUAL_BYTES(again, ids, (size_t)n * sizeof *ids);
    CHECK_EQUAL_INT(count_of(other), n);
    events_unsubscribe(live);
    events_unsubscribe(replay);
    stage_close(&s);
}

static void an_id_from_the_future_resets(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    char expected[256];
    int64_t last = last_event(&s);
    event_subscription *sub = subscribe(&s, (event_filter){0}, last + 1000);
    CHECK_EQUAL_INT(events_check(sub), EVENTS_FETCH);
    events_fetch(sub);
    text[events_read(sub, text, sizeof text - 1)] = '\0';
    snprintf(expected, sizeof expected,
             "id: %lld\nevent: reset\ndata: {\"last_event_id\":%lld}\n\n", (long long)last,
             (long long)last);
    CHECK_EQUAL_STRING(text, expected);
    CHECK_EQUAL_INT(events_check(sub), EVENTS_WAIT);
    events_unsubscribe(sub);
    stage_close(&s);
}

static void a_first_word_comes_before_all(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    event_subscription *sub = subscribe(&s, (event_filter){0}, EVENTS_FROM_NOW);
    event_row event = {.kind = EVENT_RUN, .run_id = 1, .status = RUN_STATE_COMPLETED};
    events_add_first(sub, &event);
    CHECK_EQUAL_INT(events_check(sub), EVENTS_READY);
    text[events_read(sub, text, sizeof text - 1)] = '\0';
    CHECK_CONTAINS(text, "event: run\n");
    CHECK_CONTAINS(text, "\"completed\"");
    CHECK_EQUAL_INT(events_check(sub), EVENTS_WAIT);
    events_unsubscribe(sub);
    stage_close(&s);
}

CHECK_MAIN("events", live_and_replay_agree, resuming_loses_and_repeats_nothing,
           replay_goes_over_into_live, filters_hold_in_ring_and_store, an_id_from_the_future_resets,
           a_first_word_comes_before_all)
