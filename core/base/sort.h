/* sort — sorting that can be called off.
 *
 * Threads: any; no state. */
#ifndef CORE_BASE_SORT_H
#define CORE_BASE_SORT_H

#include "core/base/caller.h"

#include <stddef.h>

/* As of qsort(). */
typedef int sort_order(const void *a, const void *b);

/* Sorts n items of `size` bytes; equal ones keep their order. False without memory, and once the
 * pace's caller has left: then the items are in a muddle. */
bool sort_items(void *items, size_t n, size_t size, sort_order *order, caller_pace *pace);

#endif
