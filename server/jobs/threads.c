#include "server/jobs/threads.h"

#include "server/jobs/work.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_PER_PLACE = 2 };

typedef struct threads_engine {
    engine_owner owner;
    memory_budget *memory;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t offered;
    uint64_t n_offers;
    bool is_closing;
    int n_threads;
    pthread_t *threads;
} threads_engine;

/* Until there has been another offer than those seen; false: the end. */
static bool await_offer(threads_engine *e, uint64_t *n_seen)
{
    pthread_mutex_lock(&e->lock);
    while (!e->is_closing && e->n_offers == *n_seen)
        pthread_cond_wait(&e->offered, &e->lock);
    *n_seen = e->n_offers;
    bool is_open = !e->is_closing;
    pthread_mutex_unlock(&e->lock);
    return is_open;
}

static void *take_and_train(void *context)
{
    threads_engine *e = context;
    assignment a;
    uint64_t n_seen = 0; /* the first offer is made when the engine is open */
    while (await_offer(e, &n_seen))
        while (e->owner.take(e->owner.context, &a))
            work_train(&a, &e->owner, e->memory);
    return NULL;
}

static bool start(threads_engine *e, int n_threads, fail *f)
{
    while (e->n_threads < n_threads) {
        int error = pthread_create(&e->threads[e->n_threads], NULL, take_and_train, e);
        if (error)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Cannot start worker thread %d: %s.",
                            e->n_threads + 1, strerror(error));
        e->n_threads++;
    }
    return true;
}

bool threads_open(const engine_owner *owner, const engine_options *options, void **engine,
                  int *n_places, fail *f)
{
    int n_threads = THREADS_PER_PLACE * options->n_workers;
    threads_engine *e = calloc(1, sizeof *e);
    pthread_t *threads = calloc((size_t)n_threads, sizeof *threads);
    if (!e || !threads) {
        free(e);
        free(threads);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the workers.");
    }
    e->owner = *owner;
    e->memory = options->memory;
    e->threads = threads;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->offered, NULL);
    if (!start(e, n_threads, f)) {
        threads_close(e);
        return false;
    }
    *engine = e;
    *n_places = options->n_workers;
    return true;
}

void threads_offer(void *engine)
{
    threads_engine *e = engine;
    pthread_mutex_lock(&e->lock);
    e->n_offers++;
    pthread_cond_broadcast(&e->offered);
    pthread_mutex_unlock(&e->lock);
}

void threads_close(void *engine)
{
    threads_engine *e = engine;
    pthread_mutex_lock(&e->lock);
    e->is_closing = true;
    pthread_cond_broadcast(&e->offered);
    pthread_mutex_unlock(&e->lock);
    for (int i = 0; i < e->n_threads; i++)
        pthread_join(e->threads[i], NULL);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->offered);
    free(e->threads);
    free(e);
}
