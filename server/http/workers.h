/* workers — work over a millisecond, away from the event loop: a queue and a few worker threads.
 *
 *   loop: workers_add ──▶ queue ──▶ worker: work(context) ──▶ done list, fd readable ──▶ loop:
 *   workers_take
 *
 * 1. The task belongs to the queue from workers_add() until workers_take() hands it back; memory is
 *    the caller's.
 * 2. Clients take turns; tasks of one start in the order in which they were added. They are handed
 *    back in the order in which they end.
 * 3. The limit counts tasks that wait, of one client three quarters of it; those added with
 * `always` go in beyond it (continuations of work under way). Threads: every function may be called
 * from any thread. */
#ifndef SERVER_HTTP_WORKERS_H
#define SERVER_HTTP_WORKERS_H

#include "core/base/fail.h"

#include <stdint.h>

typedef struct workers workers;

typedef struct workers_task {
    void (*work)(void *context);   /* called once, in a worker */
    void (*finish)(void *context); /* for whoever takes the task back to call */
    void *context;
    uint64_t client; /* whose; 0: nobody's, which has no share */
    bool done;       /* false when handed back by workers_stop() without having run */
    struct workers_task *next;
} workers_task;

FAIL_CHECKED bool workers_open(int n_workers, int waiting_limit, workers **out, fail *f);

/* False when as many wait as may, or after workers_stop(). */
bool workers_add(workers *w, workers_task *task, bool always);

/* The tasks that have ended since the last call, linked by `next`, or NULL. Clears the
 * descriptor. */
workers_task *workers_take(workers *w);

/* An eventfd, readable while there is something to take. */
int workers_fd(const workers *w);

int workers_waiting(workers *w);

/* Waits for the tasks that run, and puts those that wait on the done list unrun; the workers
 * end. */
void workers_stop(workers *w);

/* Stops if need be and frees. Tasks not taken are forgotten. NULL: nothing. */
void workers_close(workers *w);

#endif
