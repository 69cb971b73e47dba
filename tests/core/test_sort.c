/* Sorting that can be called off. */
#include "core/base/sort.h"
#include "tests/check.h"

#include <stdlib.h>

enum { ITEMS = 5000 };

typedef struct item {
    int key, index;
} item;

static int by_key(const void *a, const void *b)
{
    const item *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void fill(item *items, int n)
{
    uint32_t state = 1;
    for (int i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        items[i] = (item){.key = (int)(state >> 16) % (n / 3 + 1), .index = i};
    }
}

static void equal_ones_keep_their_order(void)
{
    static item items[ITEMS];
    caller_pace pace = {0};
    for (int n = 0; n < ITEMS; n = n < 40 ? n + 1 : n * 3) {
        fill(items, n);
        CHECK(sort_items(items, (size_t)n, sizeof *items, by_key, &pace));
        bool is_sorted = true, seen[ITEMS] = {false};
        for (int i = 0; i < n; i++) {
            is_sorted = is_sorted && !seen[items[i].index];
            seen[items[i].index] = true;
            if (i > 0)
                is_sorted =
                    is_sorted &&
                    (items[i - 1].key < items[i].key ||
                     (items[i - 1].key == items[i].key && items[i - 1].index < items[i].index));
        }
        CHECK(is_sorted);
    }
}

static bool count_down(void *context)
{
    int *left = context;
    return --*left <= 0;
}

static void it_ends_when_the_caller_has_left(void)
{
    static item items[ITEMS];
    int left = 3;
    const caller by = {.context = &left, .has_left = count_down};
    caller_pace pace = {.by = &by};
    fail f;
    fill(items, ITEMS);
    CHECK(!sort_items(items, ITEMS, sizeof *items, by_key, &pace));
    CHECK_EQUAL_INT(left, 0); /* and is not asked again */
    CHECK(!caller_check_pace(&pace, &f));
    CHECK_EQUAL_INT(f.code, FAIL_INTERRUPTED);
}

CHECK_MAIN("sort", equal_ones_keep_their_order, it_ends_when_the_caller_has_left)
