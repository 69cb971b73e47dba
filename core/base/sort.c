#include "core/base/sort.h"

#include <stdlib.h>
#include <string.h>

typedef struct halves {
    const char *left, *middle, *end;
} halves;

enum { ORDER_STEPS = 8 }; /* to compare two items, for the pace */

/* Both halves, each in order, become one at `out`. */
static bool merge(halves h, size_t size, sort_order *order, caller_pace *pace, char *out)
{
    const char *left = h.left, *right = h.middle;
    while (left < h.middle && right < h.end && caller_goes_on(pace, ORDER_STEPS)) {
        const char **next = order(left, right) <= 0 ? &left : &right;
        memcpy(out, *next, size);
        *next += size;
        out += size;
    }
    memcpy(out, left, (size_t)(h.middle - left));
    memcpy(out + (h.middle - left), right, (size_t)(h.end - right));
    return !pace->has_left;
}

/* Pieces of `width` items, each in order, at `from` become pieces of twice as many at `to`. */
static bool merge_all(const char *from, char *to, size_t n, size_t width, size_t size,
                      sort_order *order, caller_pace *pace)
{
    bool goes_on = true;
    for (size_t start = 0; goes_on && start < n; start += 2 * width) {
        size_t middle = start + width < n ? start + width : n;
        size_t end = middle + width < n ? middle + width : n;
        goes_on = merge((halves){from + start * size, from + middle * size, from + end * size},
                        size, order, pace, to + start * size);
    }
    return goes_on;
}

bool sort_items(void *items, size_t n, size_t size, sort_order *order, caller_pace *pace)
{
    char *given = items, *scratch = malloc(n * size + 1), *from = given, *to = scratch;
    bool goes_on = scratch;
    for (size_t width = 1; goes_on && width < n; width *= 2) {
        goes_on = merge_all(from, to, n, width, size, order, pace);
        char *sorted = goes_on ? to : from;
        to = goes_on ? from : to;
        from = sorted;
    }
    if (goes_on && from != given)
        memcpy(given, from, n * size);
    free(scratch);
    return goes_on;
}
