/* A growing array: room, its maximum, and what is there before. */
#include "core/base/array.h"
#include "tests/check.h"

#include <stdlib.h>

typedef struct item {
    char letter;
    double number;
} item;

enum { N = 20000 };

static void items_stay_while_the_array_grows(void)
{
    item *items = NULL;
    size_t capacity = 0, n_grown = 0;
    for (size_t n = 0; n < N; n++) {
        size_t before = capacity;
        if (!CHECK(array_reserve(&items, &capacity, n + 1, ARRAY_BOUNDED_ELSEWHERE)))
            break;
        n_grown += capacity != before;
        items[n] = (item){(char)('a' + n % 26), (double)n};
    }
    size_t wrong = 0;
    for (size_t n = 0; n < N; n++)
        wrong += items[n].letter != (char)('a' + n % 26) || items[n].number != (double)n;
    CHECK_EQUAL_INT(wrong, 0);
    CHECK(n_grown >= 2 && n_grown <= 20); /* log(N / first) / log(1.5) */
    CHECK(capacity >= N && capacity <= N + N / 2 + 64);
    free(items);
}

static void room_that_is_there_is_left_alone(void)
{
    int *items = NULL;
    size_t capacity = 0;
    CHECK(array_reserve(&items, &capacity, 0, 10));
    CHECK(!items && capacity == 0);
    CHECK_OR_RETURN(array_reserve(&items, &capacity, 10, 10));
    const int *before = items;
    CHECK(array_reserve(&items, &capacity, 3, 10));
    CHECK(items == before);
    CHECK_EQUAL_INT(capacity, 10);
    free(items);
}

static void the_maximum_holds(void)
{
    static const size_t MAXIMA[] = {1, 2, 63, 64, 65, 100, 1000};
    for (size_t m = 0; m < sizeof MAXIMA / sizeof *MAXIMA; m++) {
        long *items = NULL;
        size_t capacity = 0, maximum = MAXIMA[m];
        for (size_t n = 1; n <= maximum; n++) {
            CHECK(array_reserve(&items, &capacity, n, maximum));
            CHECK(capacity >= n && capacity <= maximum);
            items[n - 1] = (long)n;
        }
        const long *before = items;
        CHECK(!array_reserve(&items, &capacity, maximum + 1, maximum));
        CHECK(items == before && items[maximum - 1] == (long)maximum);
        CHECK_EQUAL_INT(capacity, maximum);
        CHECK(!array_reserve(&items, &capacity, maximum, maximum - 1));
        free(items);
    }
}

static void exactly_as_many_as_the_maximum(void)
{
    item *items = NULL;
    size_t capacity = 0;
    CHECK(array_reserve(&items, &capacity, 3, 3));
    CHECK_EQUAL_INT(capacity, 3);
    CHECK(array_reserve(&items, &capacity, 100, 100));
    CHECK_EQUAL_INT(capacity, 100);
    free(items);
}

/* No memory, and sizes that do not fit a size_t: all is as it was. */
static void what_cannot_be_had_changes_nothing(void)
{
    static const size_t TOO_MANY[] = {
        SIZE_MAX,                         /* overflows with any item of two bytes */
        SIZE_MAX / sizeof(item) + 2,      /* wraps to a few bytes */
        SIZE_MAX / sizeof(item) / 2 + 10, /* more than an object may have */
        SIZE_MAX / sizeof(item) / 4,      /* more than there is */
    };
    item *items = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < sizeof TOO_MANY / sizeof *TOO_MANY; i++)
        CHECK(!array_reserve(&items, &capacity, TOO_MANY[i], ARRAY_BOUNDED_ELSEWHERE));
    CHECK(!items && capacity == 0);
    CHECK_OR_RETURN(array_reserve(&items, &capacity, 5, ARRAY_BOUNDED_ELSEWHERE));
    items[4] = (item){'x', 4};
    const item *before = items;
    size_t had = capacity;
    for (size_t i = 0; i < sizeof TOO_MANY / sizeof *TOO_MANY; i++)
        CHECK(!array_reserve(&items, &capacity, TOO_MANY[i], ARRAY_BOUNDED_ELSEWHERE));
    CHECK(items == before && capacity == had);
    CHECK(items[4].letter == 'x' && items[4].number == 4);
    free(items);
}

CHECK_MAIN("array", items_stay_while_the_array_grows, room_that_is_there_is_left_alone,
           the_maximum_holds, exactly_as_many_as_the_maximum, what_cannot_be_had_changes_nothing)
