/* caller — who has started long work: the hooks through which that says what it is about to do,
 * asks whether it is still wanted, and for memory.
 *
 * 1. Work that takes more than some milliseconds says its amount to caller_begin() before it
 *    begins.
 * 2. Loops ask caller_check() at least every 50 ms.
 * 3. Memory beyond some megabytes is asked for with caller_grant() before it is taken. The caller
 *    takes back what it has granted when the work is over.
 * A NULL caller, or one without hooks, wants everything and grants everything.
 * Threads: whatever the hooks allow; they are asked from the thread that works. */
#ifndef CORE_BASE_CALLER_H
#define CORE_BASE_CALLER_H

#include "core/base/fail.h"

#include <stdint.h>

typedef enum caller_unit {
    CALLER_VALUES,   /* numbers generated */
    CALLER_PRODUCTS, /* multiplications and additions of a net's answers */
    CALLER_BYTES,    /* unpacked, at most */
    CALLER_RUNS,     /* compared */
    CALLER_UNIT_COUNT
} caller_unit;

typedef struct caller {
    void *context;
    bool (*begin)(void *context, caller_unit unit, uint64_t amount, fail *f);
    bool (*has_left)(void *context);
    bool (*grant)(void *context, size_t n_bytes, fail *f);
} caller;

/* False with FAIL_TOO_LARGE above the caller's limit, FAIL_UNAVAILABLE where it has no place for
 * more work of the kind, FAIL_INTERRUPTED. Amounts of one unit add up. */
FAIL_CHECKED bool caller_begin(const caller *by, caller_unit unit, uint64_t amount, fail *f);

/* False with FAIL_INTERRUPTED once nobody wants the work any more. */
FAIL_CHECKED bool caller_check(const caller *by, fail *f);
bool caller_has_left(const caller *by);

/* Counts the steps of a long loop, each some ten nanoseconds, and asks now and then. */
typedef struct caller_pace {
    const caller *by;
    uint64_t n_steps; /* since it was asked */
    bool has_left;
} caller_pace;
/* False once nobody wants the work any more. */
bool caller_goes_on(caller_pace *pace, uint64_t n_steps);
/* What was seen last; false with FAIL_INTERRUPTED. */
FAIL_CHECKED bool caller_check_pace(const caller_pace *pace, fail *f);

/* False with the caller's own fail where so many bytes more are not to be had. */
FAIL_CHECKED bool caller_grant(const caller *by, size_t n_bytes, fail *f);

#endif
