#include "server/jobs/memory.h"

#include "core/base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct memory_budget {
    size_t total;
    bool (*on_shortage)(void *context);
    void *context;
    pthread_mutex_t lock; /* guards: */
    size_t taken;
};

bool memory_budget_open(size_t total_bytes, memory_budget **out, fail *f)
{
    memory_budget *b = calloc(1, sizeof *b);
    if (!b)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to keep account of it.");
    b->total = total_bytes ? total_bytes : memory_limit_bytes("") / 10 * 9;
    pthread_mutex_init(&b->lock, NULL);
    *out = b;
    return true;
}

void memory_budget_close(memory_budget *b)
{
    if (!b)
        return;
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void memory_budget_on_shortage(memory_budget *b, bool (*hook)(void *context), void *context)
{
    b->on_shortage = hook;
    b->context = context;
}

/* What was left before. */
static size_t take(memory_budget *b, size_t n_bytes)
{
    pthread_mutex_lock(&b->lock);
    size_t left = b->total - b->taken;
    if (n_bytes <= left)
        b->taken += n_bytes;
    pthread_mutex_unlock(&b->lock);
    return left;
}

bool memory_budget_take(memory_budget *b, size_t n_bytes, const char *what, fail *f)
{
    if (!b)
        return true;
    size_t left = take(b, n_bytes);
    while (n_bytes > left && n_bytes <= b->total && b->on_shortage && b->on_shortage(b->context))
        left = take(b, n_bytes);
    if (n_bytes <= left)
        return true;
    if (n_bytes > b->total)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "%s needs %.0f MB of memory; the service may use %.0f MB in all.", what,
                        (double)n_bytes / 1e6, (double)b->total / 1e6);
    return fail_set(f, FAIL_UNAVAILABLE, NULL,
                    "%s needs %.0f MB of memory; of the %.0f MB that the service may use, %.0f MB "
                    "are left now. Try again when other work has ended.",
                    what, (double)n_bytes / 1e6, (double)b->total / 1e6, (double)left / 1e6);
}

void memory_budget_give_back(memory_budget *b, size_t n_bytes)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock);
    assert(n_bytes <= b->taken);
    b->taken -= n_bytes;
    pthread_mutex_unlock(&b->lock);
}

size_t memory_budget_total(const memory_budget *b)
{
    return b ? b->total : SIZE_MAX;
}

size_t memory_budget_left(memory_budget *b)
{
    if (!b)
        return SIZE_MAX;
    pthread_mutex_lock(&b->lock);
    size_t left = b->total - b->taken;
    pthread_mutex_unlock(&b->lock);
    return left;
}
