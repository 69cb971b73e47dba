/* array — room in an array that grows: a pointer to its items and a capacity, both the caller's.
 *
 *     struct { size_t n, capacity; point *points; } curve = {0};
 *     if (!array_reserve(&curve.points, &curve.capacity, curve.n + 1, POINTS_LIMIT))
 *         return fail_set(f, FAIL_OUT_OF_MEMORY, ...);
 *     curve.points[curve.n++] = (point){...};
 *
 * 1. The capacity is 0 exactly while the pointer is NULL; the items lie in one block of realloc().
 * 2. It grows by half or more, so n additions copy O(n) items; never beyond the maximum, which
 *    every caller states, so that what comes from outside cannot take all memory.
 * 3. On false nothing has changed: the items are where they were.
 * Ownership: free(items) is the caller's. Threads: none of its own, no state. */
#ifndef CORE_BASE_ARRAY_H
#define CORE_BASE_ARRAY_H

#include "core/base/fail.h"

#include <stddef.h>
#include <stdint.h>

/* The maximum of an array that another limit bounds: the rows of a file, the runs of a table. */
#define ARRAY_BOUNDED_ELSEWHERE SIZE_MAX

/* Makes room for at least `n` items in all: *items (of type T *, `items` a T **) may move,
 * *capacity (a size_t) rises. False when n > maximum, or there is no memory. With maximum == n
 * there is room for exactly n. The items beyond those that were there are not initialized. */
#define array_reserve(items, capacity, n, maximum)                                                 \
    array_reserve_bytes((items), (capacity), (n), sizeof **(items), (maximum))

/* The same without the type: `items` points to the pointer. Only for array_reserve(). */
FAIL_CHECKED bool array_reserve_bytes(void *items, size_t *capacity, size_t n, size_t item_bytes,
                                      size_t maximum);

#endif
