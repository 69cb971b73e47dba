/* A pool of workers: order, limit, stopping, and what is left undone. */
#include "server/http/workers.h"
#include "tests/check.h"

#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { TASKS = 200 };

typedef struct job {
    workers_task task;
    atomic_int n_runs;
} job;

static sem_t started, gate; /* of held() */

static void count_run(void *context)
{
    atomic_fetch_add(&((job *)context)->n_runs, 1);
}

/* Says that it runs, then waits to be let go. */
static void held(void *context)
{
    count_run(context);
    sem_post(&started);
    sem_wait(&gate);
}

static void ignore(void *context)
{
    (void)context;
}

static void prepare(job *j, void (*work)(void *))
{
    j->task = (workers_task){.work = work, .finish = ignore, .context = j};
    atomic_store(&j->n_runs, 0);
}

/* Takes until n tasks have come back; counts those that did not run. */
static int take(workers *w, int n)
{
    int unrun = 0;
    while (n > 0) {
        struct pollfd p = {.fd = workers_fd(w), .events = POLLIN};
        if (!CHECK_EQUAL_INT(poll(&p, 1, 10000), 1))
            break;
        for (workers_task *task = workers_take(w); task; task = task->next, n--)
            unrun += !task->done;
    }
    return unrun;
}

static void every_task_runs_once(void)
{
    static job jobs[TASKS];
    workers *w;
    fail f;
    CHECK_OR_RETURN(CHECK_OK(workers_open(4, TASKS, &w, &f), f));
    for (int i = 0; i < TASKS; i++) {
        prepare(&jobs[i], count_run);
        CHECK(workers_add(w, &jobs[i].task, false));
    }
    CHECK_EQUAL_INT(take(w, TASKS), 0);
    for (int i = 0; i < TASKS; i++)
        CHECK_EQUAL_INT(atomic_load(&jobs[i].n_runs), 1);
    CHECK_EQUAL_INT(workers_waiting(w), 0);
    CHECK(workers_take(w) == NULL);
    workers_close(w);
}

/* One worker is held; two more may wait, the next may not, unless it must. */
static void the_queue_is_bounded(void)
{
    job jobs[5];
    workers *w;
    fail f;
    sem_init(&started, 0, 0);
    sem_init(&gate, 0, 0);
    CHECK_OR_RETURN(CHECK_OK(workers_open(1, 2, &w, &f), f));
    for (int i = 0; i < 5; i++)
        prepare(&jobs[i], i == 0 ? held : count_run);
    CHECK(workers_add(w, &jobs[0].task, false));
    sem_wait(&started);
    CHECK(workers_add(w, &jobs[1].task, false));
    CHECK(workers_add(w, &jobs[2].task, false));
    CHECK(!workers_add(w, &jobs[3].task, false));
    CHECK(workers_add(w, &jobs[4].task, true));
    CHECK_EQUAL_INT(workers_waiting(w), 3);
    sem_post(&gate);
    CHECK_EQUAL_INT(take(w, 4), 0);
    CHECK_EQUAL_INT(atomic_load(&jobs[3].n_runs), 0);
    workers_close(w);
}

/* A stop waits for what runs and hands back what waits, unrun; nothing is taken in any more. */
static void a_stop_hands_everything_back(void)
{
    job jobs[4];
    workers *w;
    fail f;
    sem_init(&started, 0, 0);
    sem_init(&gate, 0, 0);
    CHECK_OR_RETURN(CHECK_OK(workers_open(1, 8, &w, &f), f));
    for (int i = 0; i < 4; i++) {
        prepare(&jobs[i], i == 0 ? held : count_run);
        if (i < 3)
            CHECK(workers_add(w, &jobs[i].task, false));
    }
    sem_wait(&started);
    sem_post(&gate);
    workers_stop(w);
    CHECK(!workers_add(w, &jobs[3].task, true));
    int n = 0, unrun = 0;
    for (workers_task *task = workers_take(w); task; task = task->next, n++)
        unrun += !task->done;
    CHECK_EQUAL_INT(n, 3);
    for (int i = 1; i < 3; i++)
        unrun -= atomic_load(&jobs[i].n_runs) == 0;
    CHECK_EQUAL_INT(unrun, 0);
    workers_close(w);
}

CHECK_MAIN("workers", every_task_runs_once, the_queue_is_bounded, a_stop_hands_everything_back)
