/* offload — work over a millisecond, away from the event loop: a queue and a few worker threads.
 *
 *   loop: offload_add ──▶ queue ──▶ worker: work(context) ──▶ done list, fd readable ──▶ loop: offload_take
 *
 * 1. The task belongs to the queue from offload_add() until offload_take() hands it back; memory is the caller's.
 * 2. Tasks start in the order in which they were added and are handed back in the order in which they end.
 * 3. The limit counts tasks that wait; those added with `always` go in beyond it (continuations of work under way).
 * Threads: every function may be called from any thread. */
#ifndef SERVER_OFFLOAD_H
#define SERVER_OFFLOAD_H

#include "core/fail.h"

typedef struct offload offload;

typedef struct offload_task {
    void (*work)(void *context);   /* called once, in a worker */
    void (*finish)(void *context); /* for whoever takes the task back to call */
    void *context;
    bool done; /* false when handed back by offload_stop() without having run */
    struct offload_task *next;
} offload_task;

FAIL_CHECKED bool offload_open(int n_workers, int waiting_limit, offload **out, fail *f);

/* False when as many wait as may, or after offload_stop(). */
bool offload_add(offload *o, offload_task *task, bool always);

/* The tasks that have ended since the last call, linked by `next`, or NULL. Clears the descriptor. */
offload_task *offload_take(offload *o);

/* An eventfd, readable while there is something to take. */
int offload_fd(const offload *o);

int offload_waiting(offload *o);

/* Waits for the tasks that run, and puts those that wait on the done list unrun; the workers end. */
void offload_stop(offload *o);

/* Stops if need be and frees. Tasks not taken are forgotten. NULL: nothing. */
void offload_close(offload *o);

#endif
