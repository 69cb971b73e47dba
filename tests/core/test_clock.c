/* The clocks: which of them goes back, and waiting by one that does not. */
#include "core/base/clock.h"
#include "tests/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static void the_steady_clock_goes_forward(void)
{
    int64_t before_ns = clock_steady_ns(), before_ms = clock_steady_ms(), n_backward = 0;
    double before = clock_steady_seconds();
    int64_t last = before_ns;
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_steady_ns();
        n_backward += now < last;
        last = now;
    }
    CHECK_EQUAL_INT(n_backward, 0);
    CHECK(last > before_ns);
    /* One clock in three units, read one after the other. */
    CHECK(before_ms - before_ns / 1000000 <= 1000);
    CHECK_WITHIN(before, (double)before_ns * 1e-9, 1);
    CHECK(before_ms >= before_ns / 1000000 && before >= (double)before_ns * 1e-9);
}

/* The system itself waits until such a time, not less. */
static void a_deadline_is_of_the_steady_clock(void)
{
    pthread_condattr_t steady;
    pthread_cond_t never;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&never, &steady);
    int64_t end_ms = clock_steady_ms() + 20;
    struct timespec end = clock_steady_timespec(end_ms);
    int error = 0;
    pthread_mutex_lock(&lock);
    while (error == 0)
        error = pthread_cond_timedwait(&never, &lock, &end);
    pthread_mutex_unlock(&lock);
    CHECK_EQUAL_INT(error, ETIMEDOUT);
    CHECK(clock_steady_ms() >= end_ms);
    CHECK(clock_steady_ms() < end_ms + 5000);
    pthread_cond_destroy(&never);
    pthread_condattr_destroy(&steady);
}

static void the_date_is_that_of_the_system(void)
{
    int64_t before = (int64_t)time(NULL) * 1000, now = clock_date_ms();
    CHECK(now >= before && now <= ((int64_t)time(NULL) + 1) * 1000);
}

static const struct {
    int64_t ms;
    const char *text;
} DATES[] = {
    {1, "1970-01-01T00:00:00.001Z"},
    {1000, "1970-01-01T00:00:01.000Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {1769860800007, "2026-01-31T12:00:00.007Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
};

static void a_date_is_read_as_it_was_written(void)
{
    char text[CLOCK_DATE_BYTES];
    setenv("TZ", "Pacific/Auckland", 1); /* where the service stands plays no part */
    tzset();
    for (size_t i = 0; i < sizeof DATES / sizeof *DATES; i++) {
        CHECK(clock_date_write(DATES[i].ms, text) == text);
        CHECK_EQUAL_STRING(text, DATES[i].text);
        CHECK_EQUAL_INT(clock_date_read(text), DATES[i].ms);
    }
}

static void what_is_no_date_is_none(void)
{
    static const int64_t NO_DATES[] = {0, -1, INT64_MIN, 253402300800000, INT64_MAX};
    static const char *const NO_TEXTS[] = {
        NULL,
        "",
        "2026",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00.000",
        "2026-01-31T12:00:00.0Z",
        "2026-01-31T12:00:00.000Z ",
        "2026-13-31T12:00:00.000Z",
        "2026-01-31 12:00:00.000Z",
    };
    char text[CLOCK_DATE_BYTES];
    for (size_t i = 0; i < sizeof NO_DATES / sizeof *NO_DATES; i++) {
        snprintf(text, sizeof text, "before");
        CHECK(clock_date_write(NO_DATES[i], text) == NULL);
        CHECK_EQUAL_STRING(text, "");
    }
    for (size_t i = 0; i < sizeof NO_TEXTS / sizeof *NO_TEXTS; i++)
        CHECK_EQUAL_INT(clock_date_read(NO_TEXTS[i]), 0);
}

CHECK_MAIN("clock", the_steady_clock_goes_forward, a_deadline_is_of_the_steady_clock,
           the_date_is_that_of_the_system, a_date_is_read_as_it_was_written,
           what_is_no_date_is_none)
