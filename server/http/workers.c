#include "server/http/workers.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TURN_DEPTH = 64 }; /* how far a turn is looked for */

typedef struct task_list {
    workers_task *first, *last;
} task_list;

struct workers {
    pthread_mutex_t lock; /* guards everything but the threads */
    pthread_cond_t wake;
    task_list waiting, done;
    int n_waiting, waiting_limit;
    uint64_t last_client; /* that had a turn */
    bool is_stopping;
    int fd;
    int n_threads;
    pthread_t threads[];
};

static void append(task_list *list, workers_task *task)
{
    task->next = NULL;
    if (list->last)
        list->last->next = task;
    else
        list->first = task;
    list->last = task;
}

static workers_task *take_first(task_list *list)
{
    workers_task *task = list->first;
    list->first = task->next;
    if (!list->first)
        list->last = NULL;
    return task;
}

/* Of those that have waited for longest, the first of another client than had the last turn; else
 * the first. */
static workers_task *take_next(struct workers *w)
{
    workers_task *before = NULL, *task = w->waiting.first;
    for (int i = 0; i < TURN_DEPTH && task && task->client == w->last_client; i++) {
        before = task;
        task = task->next;
    }
    if (!before || !task || task->client == w->last_client) {
        task = take_first(&w->waiting);
    } else {
        before->next = task->next;
        if (!task->next)
            w->waiting.last = before;
    }
    w->last_client = task->client;
    return task;
}

/* Whether the client has its share of those that may wait. */
static bool has_share(const struct workers *w, uint64_t client)
{
    int n = 0, most = w->waiting_limit - w->waiting_limit / 4;
    if (client == 0 || w->n_waiting < most)
        return false;
    for (const workers_task *task = w->waiting.first; task; task = task->next)
        n += task->client == client;
    return n >= most;
}

static void signal_done(const workers *w)
{
    ssize_t written = write(w->fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* it can only be full, and then it is readable */
}

static void *work(void *context)
{
    workers *w = context;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->waiting.first && !w->is_stopping)
            pthread_cond_wait(&w->wake, &w->lock);
        if (w->is_stopping)
            break;
        workers_task *task = take_next(w);
        w->n_waiting--;
        pthread_mutex_unlock(&w->lock);
        task->work(task->context);
        pthread_mutex_lock(&w->lock);
        task->done = true;
        append(&w->done, task);
        signal_done(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static bool start_threads(workers *w, int n_threads)
{
    while (w->n_threads < n_threads) {
        if (pthread_create(&w->threads[w->n_threads], NULL, work, w) != 0)
            return false;
        w->n_threads++;
    }
    return true;
}

bool workers_open(int n_workers, int waiting_limit, workers **out, fail *f)
{
    assert(n_workers > 0 && waiting_limit > 0);
    workers *w = calloc(1, sizeof *w + (size_t)n_workers * sizeof *w->threads);
    if (!w)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the workers of the server.");
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->waiting_limit = waiting_limit;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    if (w->fd < 0 || !start_threads(w, n_workers)) {
        workers_close(w);
        return fail_set(f, FAIL_UNAVAILABLE, NULL, "The workers of the server cannot be started.");
    }
    *out = w;
    return true;
}

bool workers_add(workers *w, workers_task *task, bool always)
{
    pthread_mutex_lock(&w->lock);
    bool fits = !w->is_stopping &&
                (always || (w->n_waiting < w->waiting_limit && !has_share(w, task->client)));
    if (fits) {
        task->done = false;
        append(&w->waiting, task);
        w->n_waiting++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return fits;
}

workers_task *workers_take(workers *w)
{
    uint64_t n;
    ssize_t cleared = read(w->fd, &n, sizeof n);
    (void)cleared; /* nothing to clear is fine */
    pthread_mutex_lock(&w->lock);
    workers_task *first = w->done.first;
    w->done = (task_list){0};
    pthread_mutex_unlock(&w->lock);
    return first;
}

int workers_fd(const workers *w)
{
    return w->fd;
}

int workers_waiting(workers *w)
{
    pthread_mutex_lock(&w->lock);
    int n = w->n_waiting;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void workers_stop(workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    while (w->waiting.first)
        append(&w->done, take_first(&w->waiting));
    w->n_waiting = 0;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->n_threads; i++)
        pthread_join(w->threads[i], NULL);
    w->n_threads = 0;
    signal_done(w);
}

void workers_close(workers *w)
{
    if (!w)
        return;
    workers_stop(w);
    if (w->fd >= 0)
        close(w->fd);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
