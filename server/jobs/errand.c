#include "server/jobs/errand.h"

#include "server/jobs/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* The limits are what takes ten to thirty seconds on one core, the light amounts some hundredths of
 * one. */
const errand_limit ERRAND_LIMITS[CALLER_UNIT_COUNT] = {
    [CALLER_VALUES] = {"generated values", 1 << 22, 1 << 28},
    [CALLER_PRODUCTS] = {"multiplications", 1 << 29, (uint64_t)1 << 38},
    [CALLER_BYTES] = {"bytes unpacked", 1 << 22, UINT64_MAX},
    [CALLER_RUNS] = {"runs compared", 2000, 2000000},
};

typedef struct errand_places {
    errand *taken[ERRAND_PLACES]; /* NULL: free */
    int n_waiting;
} errand_places;

struct errands {
    struct memory_budget *memory;
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t changed; /* a place is free, or an errand was called off */
    errand_places kinds[ERRAND_KIND_COUNT];
};

bool errands_open(struct memory_budget *memory, errands **out, fail *f)
{
    errands *desk = calloc(1, sizeof *desk);
    if (!desk)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for requests.");
    desk->memory = memory;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->changed, NULL);
    *out = desk;
    return true;
}

void errands_close(errands *desk)
{
    if (!desk)
        return;
    pthread_cond_destroy(&desk->changed);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

const char *const ERRAND_NAMES[ERRAND_KIND_COUNT] = {
    [ERRAND_QUICK] = "quick",     [ERRAND_PLAN] = "plan",     [ERRAND_SQL] = "sql",
    [ERRAND_PREDICT] = "predict", [ERRAND_UPLOAD] = "upload", [ERRAND_COMPARE] = "compare",
    [ERRAND_CHANGE] = "change",
};

void errands_count(errands *desk, errand_kind kind, int *n_taken, int *n_waiting)
{
    *n_taken = *n_waiting = 0;
    if (!desk)
        return;
    pthread_mutex_lock(&desk->lock);
    for (int i = 0; i < ERRAND_PLACES; i++)
        *n_taken += desk->kinds[kind].taken[i] != NULL;
    *n_waiting = desk->kinds[kind].n_waiting;
    pthread_mutex_unlock(&desk->lock);
}

/* ---- places; under the lock ---- */

static errand **find_place(errands *desk, const errand *e)
{
    errand_places *places = &desk->kinds[e->kind];
    errand **free_one = NULL;
    int n_own = 0;
    for (int i = 0; i < ERRAND_PLACES; i++) {
        if (!places->taken[i])
            free_one = &places->taken[i];
        else
            n_own += places->taken[i]->client == e->client;
    }
    return n_own < ERRAND_PLACES - 1 ? free_one : NULL;
}

static bool refuse_waiting(const errand *e, fail *f)
{
    return fail_set(f, FAIL_UNAVAILABLE, NULL,
                    "%d pieces of work of this kind and size wait already (at a time %d are done, "
                    "%d for one client): try again in a moment.",
                    e->desk->kinds[e->kind].n_waiting, ERRAND_PLACES, ERRAND_PLACES - 1);
}

static bool await_place(errand *e, fail *f)
{
    errands *desk = e->desk;
    errand_places *places = &desk->kinds[e->kind];
    errand **at = find_place(desk, e);
    if (!at && places->n_waiting == ERRAND_WAITING)
        return refuse_waiting(e, f);
    places->n_waiting++;
    while (!at && !atomic_load(&e->is_called_off)) {
        pthread_cond_wait(&desk->changed, &desk->lock);
        at = find_place(desk, e);
    }
    places->n_waiting--;
    if (!at)
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The work was called off before it began.");
    *at = e;
    e->has_place = true;
    return true;
}

static bool take_place(errand *e, fail *f)
{
    assert(e->kind != ERRAND_QUICK);
    pthread_mutex_lock(&e->desk->lock);
    bool is_taken = await_place(e, f);
    pthread_mutex_unlock(&e->desk->lock);
    return is_taken;
}

static void leave_place(errand *e)
{
    errand_places *places = &e->desk->kinds[e->kind];
    pthread_mutex_lock(&e->desk->lock);
    for (int i = 0; i < ERRAND_PLACES; i++)
        if (places->taken[i] == e)
            places->taken[i] = NULL;
    e->has_place = false;
    pthread_cond_broadcast(&e->desk->changed);
    pthread_mutex_unlock(&e->desk->lock);
}

/* ---- the caller's hooks ---- */

static bool has_left(void *context)
{
    const errand *e = context;
    return atomic_load_explicit(&e->is_called_off, memory_order_relaxed);
}

static bool begin(void *context, caller_unit unit, uint64_t amount, fail *f)
{
    errand *e = context;
    const errand_limit *limit = &ERRAND_LIMITS[unit];
    uint64_t most = limit->limit, before = e->amounts[unit];
    if (amount > most - before)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "This request needs %.4g %s; at most %.4g are allowed in one.",
                        (double)before + (double)amount, limit->unit, (double)most);
    e->amounts[unit] += amount;
    if (has_left(e))
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The work was called off before it began.");
    return e->has_place || e->amounts[unit] <= limit->light || take_place(e, f);
}

static bool grant(void *context, size_t n_bytes, fail *f)
{
    errand *e = context;
    bool is_granted = memory_budget_take(e->desk->memory, n_bytes, "This request", f);
    if (is_granted)
        e->n_bytes += n_bytes;
    return is_granted;
}

/* ---- an errand ---- */

void errand_init(errand *e, errands *desk, errand_kind kind, uint64_t client)
{
    e->desk = desk;
    e->kind = kind;
    e->client = client;
    e->caller = (caller){.context = e, .begin = begin, .has_left = has_left, .grant = grant};
}

void errand_end(errand *e)
{
    if (!e->desk)
        return;
    if (e->has_place)
        leave_place(e);
    memory_budget_give_back(e->desk->memory, e->n_bytes);
    e->n_bytes = 0;
}

void errand_call_off(errand *e)
{
    atomic_store(&e->is_called_off, true);
    if (!e->desk)
        return;
    pthread_mutex_lock(&e->desk->lock);
    pthread_cond_broadcast(&e->desk->changed);
    pthread_mutex_unlock(&e->desk->lock);
}

const caller *errand_caller(const errand *e)
{
    return e && e->desk ? &e->caller : NULL;
}
