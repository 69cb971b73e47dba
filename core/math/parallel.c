#include "core/math/parallel.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SPINS = 4000 };

typedef struct helper {
    parallel *owner;
    pthread_t thread;
    int number; /* 1 .. : takes part while number < active */
} helper;

struct parallel {
    int n_helpers, active;
    const caller *by;
    helper *helpers;
    pthread_mutex_t lock; /* guards sleeping; `wake` is signalled under it */
    pthread_cond_t wake;
    atomic_int sleeping;
    atomic_bool closing;
    /* The job. Written by the caller before `generation` is raised, which publishes it. */
    parallel_part *part;
    void *context;
    int n_parts;
    atomic_int job_active;
    atomic_uint generation; /* odd while the job is being changed and no helper may join */
    atomic_int next, done, inside;
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void take_parts(parallel *p)
{
    int part;
    while ((part = atomic_fetch_add(&p->next, 1)) < p->n_parts) {
        if (!caller_has_left(p->by))
            p->part(p->context, part);
        atomic_fetch_add(&p->done, 1);
    }
}

/* Returns the generation of a job that this helper has not seen, or the old one when closing. */
static unsigned wait_for_job(parallel *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned now = atomic_load(&p->generation);
        if (now != seen || atomic_load(&p->closing))
            return now;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleeping, 1);
    while (atomic_load(&p->generation) == seen && !atomic_load(&p->closing))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleeping, 1);
    pthread_mutex_unlock(&p->lock);
    return atomic_load(&p->generation);
}

static void *help(void *argument)
{
    helper *self = argument;
    parallel *p = self->owner;
    unsigned seen = 0;
    while (!atomic_load(&p->closing)) {
        seen = wait_for_job(p, seen);
        /* `inside` first, then the generation again: the caller changes the job only while nobody
         * is inside. */
        atomic_fetch_add(&p->inside, 1);
        if (!atomic_load(&p->closing) && atomic_load(&p->generation) == seen && seen % 2 == 0 &&
            self->number < atomic_load(&p->job_active))
            take_parts(p);
        atomic_fetch_sub(&p->inside, 1);
    }
    return NULL;
}

bool parallel_new(int most_threads, parallel **out, fail *f)
{
    assert(most_threads >= 1);
    int n = (most_threads < PARALLEL_THREADS_LIMIT ? most_threads : PARALLEL_THREADS_LIMIT) - 1;
    parallel *p = calloc(1, sizeof *p);
    helper *helpers = calloc((size_t)n + 1, sizeof *helpers);
    if (!p || !helpers) {
        free(p);
        free(helpers);
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "there is no memory for the threads of a run");
    }
    p->helpers = helpers;
    p->active = 1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (int i = 0; i < n; i++) {
        helpers[i] = (helper){.owner = p, .number = i + 1};
        if (pthread_create(&helpers[i].thread, NULL, help, &helpers[i]))
            break; /* fewer threads are slower, not wrong */
        p->n_helpers++;
    }
    *out = p;
    return true;
}

static void wake_sleepers(parallel *p)
{
    if (atomic_load(&p->sleeping) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void parallel_free(parallel *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->closing, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_helpers; i++)
        pthread_join(p->helpers[i].thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->helpers);
    free(p);
}

void parallel_set_active(parallel *p, int n_threads)
{
    int most = p->n_helpers + 1;
    p->active = n_threads < 1 ? 1 : n_threads > most ? most : n_threads;
}

void parallel_set_caller(parallel *p, const caller *by)
{
    p->by = by;
}

/* A sleeper counts itself before it looks at the generation under the lock, and the caller raises
 * the generation before it looks at the count: one of the two sees the other, so no wake-up is
 * lost. */
static void publish(parallel *p, int n_parts, parallel_part *part, void *context)
{
    atomic_fetch_add(&p->generation, 1);
    while (atomic_load(&p->inside) > 0)
        relax();
    p->part = part;
    p->context = context;
    p->n_parts = n_parts;
    atomic_store(&p->job_active, p->active);
    atomic_store(&p->next, 0);
    atomic_store(&p->done, 0);
    atomic_fetch_add(&p->generation, 1);
    wake_sleepers(p);
}

void parallel_run(parallel *p, int n_parts, parallel_part *part, void *context)
{
    if (p->active == 1 || n_parts == 1) {
        for (int i = 0; i < n_parts && !caller_has_left(p->by); i++)
            part(context, i);
        return;
    }
    publish(p, n_parts, part, context);
    take_parts(p);
    while (atomic_load(&p->done) < n_parts)
        relax();
}
