/* memory — one budget of memory for everything large that the service holds: runs, data sets,
 * uploads, plans, predictions.
 *
 * 1. What is held was taken before; nothing looks at what happens to be free.
 * 2. The total is what the user says, else nine tenths of the control group's limit where there is
 *    one, else of the machine's memory.
 * Threads: any. */
#ifndef SERVER_JOBS_MEMORY_H
#define SERVER_JOBS_MEMORY_H

#include "core/base/fail.h"

#include <stddef.h>

typedef struct memory_budget memory_budget;

/* total_bytes 0: found out. */
FAIL_CHECKED bool memory_budget_open(size_t total_bytes, memory_budget **out, fail *f);
void memory_budget_close(memory_budget *b); /* NULL: nothing */

/* False with the figures: FAIL_OUT_OF_MEMORY for more than the whole budget, FAIL_UNAVAILABLE for
 * more than is left now. `what` begins the sentence: "The run". A NULL budget has room for all. */
FAIL_CHECKED bool memory_budget_take(memory_budget *b, size_t n_bytes, const char *what, fail *f);
void memory_budget_give_back(memory_budget *b, size_t n_bytes);

/* Asked, without a lock, when something does not fit: true where it has given something back, and
 * there may be more. Before anybody takes; NULL: nobody is asked. */
void memory_budget_on_shortage(memory_budget *b, bool (*hook)(void *context), void *context);

size_t memory_budget_total(const memory_budget *b); /* SIZE_MAX of NULL */
size_t memory_budget_left(memory_budget *b);

#endif
