/* Every part once, whatever the number of threads, over many short jobs. */
#include "tests/check.h"

#include "core/math/parallel.h"

#include <stdatomic.h>

enum { PARTS = 37, JOBS = 3000 };

static atomic_int counts[PARTS];

static void count(void *context, int part)
{
    atomic_fetch_add(&counts[part], *(int *)context);
}

/* Parts that did not run exactly once, with the job's own context, since the last look. */
static int n_wrong(int n, int weight)
{
    int wrong = 0;
    for (int i = 0; i < PARTS; i++)
        wrong += atomic_exchange(&counts[i], 0) != (i < n ? weight : 0);
    return wrong;
}

static void each_part_runs_once(void)
{
    fail f;
    parallel *p;
    for (int threads = 1; threads <= 4; threads++) {
        CHECK_OR_RETURN(parallel_new(threads, &p, &f));
        int wrong = 0;
        for (int job = 0; job < JOBS; job++) {
            int weight = 1 + job % 3, n = job % 2 ? PARTS : 1 + job % PARTS;
            parallel_set_active(p, 1 + job / 7 % 5); /* also more than there are */
            parallel_run(p, n, count, &weight);
            wrong += n_wrong(n, weight);
        }
        CHECK_EQUAL_INT(wrong, 0);
        parallel_free(p);
    }
    parallel_free(NULL);
}

CHECK_MAIN("parallel", each_part_runs_once)
