#include "server/http/workers.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct task_list {
    workers_task *first, *last;
} task_list;

struct offload {
    pthread_mutex_t lock; /* guards everything but the threads */
    pthread_cond_t wake;
    task_list waiting, done;
    int n_waiting, waiting_limit;
    bool is_stopping;
    int fd;
    int n_workers;
    pthread_t workers[];
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

static void signal_done(const offload *o)
{
    ssize_t written = write(o->fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* it can only be full, and then it is readable */
}

static void *work(void *context)
{
    offload *o = context;
    pthread_mutex_lock(&o->lock);
    for (;;) {
        while (!o->waiting.first && !o->is_stopping)
            pthread_cond_wait(&o->wake, &o->lock);
        if (o->is_stopping)
            break;
        workers_task *task = take_first(&o->waiting);
        o->n_waiting--;
        pthread_mutex_unlock(&o->lock);
        task->work(task->context);
        pthread_mutex_lock(&o->lock);
        task->done = true;
        append(&o->done, task);
        signal_done(o);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static bool start_workers(offload *o, int n_workers)
{
    while (o->n_workers < n_workers) {
        if (pthread_create(&o->workers[o->n_workers], NULL, work, o) != 0)
            return false;
        o->n_workers++;
    }
    return true;
}

bool workers_open(int n_workers, int waiting_limit, offload **out, fail *f)
{
    assert(n_workers > 0 && waiting_limit > 0);
    offload *o = calloc(1, sizeof *o + (size_t)n_workers * sizeof *o->workers);
    if (!o)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the offload workers.");
    o->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    o->waiting_limit = waiting_limit;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wake, NULL);
    if (o->fd < 0 || !start_workers(o, n_workers)) {
        workers_close(o);
        return fail_set(f, FAIL_UNAVAILABLE, NULL, "The offload workers cannot be started.");
    }
    *out = o;
    return true;
}

bool workers_add(offload *o, workers_task *task, bool always)
{
    pthread_mutex_lock(&o->lock);
    bool fits = !o->is_stopping && (always || o->n_waiting < o->waiting_limit);
    if (fits) {
        task->done = false;
        append(&o->waiting, task);
        o->n_waiting++;
        pthread_cond_signal(&o->wake);
    }
    pthread_mutex_unlock(&o->lock);
    return fits;
}

workers_task *workers_take(offload *o)
{
    uint64_t n;
    ssize_t cleared = read(o->fd, &n, sizeof n);
    (void)cleared; /* nothing to clear is fine */
    pthread_mutex_lock(&o->lock);
    workers_task *first = o->done.first;
    o->done = (task_list){0};
    pthread_mutex_unlock(&o->lock);
    return first;
}

int workers_fd(const offload *o)
{
    return o->fd;
}

int workers_waiting(offload *o)
{
    pthread_mutex_lock(&o->lock);
    int n = o->n_waiting;
    pthread_mutex_unlock(&o->lock);
    return n;
}

void workers_stop(offload *o)
{
    pthread_mutex_lock(&o->lock);
    o->is_stopping = true;
    while (o->waiting.first)
        append(&o->done, take_first(&o->waiting));
    o->n_waiting = 0;
    pthread_cond_broadcast(&o->wake);
    pthread_mutex_unlock(&o->lock);
    for (int i = 0; i < o->n_workers; i++)
        pthread_join(o->workers[i], NULL);
    o->n_workers = 0;
    signal_done(o);
}

void workers_close(offload *o)
{
    if (!o)
        return;
    workers_stop(o);
    if (o->fd >= 0)
        close(o->fd);
    pthread_cond_destroy(&o->wake);
    pthread_mutex_destroy(&o->lock);
    free(o);
}
