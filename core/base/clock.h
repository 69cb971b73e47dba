/* clock — the one place that reads the clocks.
 *
 * 1. The steady clock (clock_steady_…) only goes forward and starts anywhere: for durations and
 *    deadlines. The date (clock_date_…) is what the wall says, and may jump: for what is shown.
 * 2. A date is milliseconds since 1970-01-01 UTC, 0: none; as text "2026-01-31T12:00:00.000Z".
 * Threads: any; no state. */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t clock_steady_ns(void);
int64_t clock_steady_ms(void);
double clock_steady_seconds(void);

/* A time of clock_steady_ms() as pthread_cond_timedwait() takes it, on a condition variable of
 * CLOCK_MONOTONIC. */
struct timespec clock_steady_timespec(int64_t ms);

int64_t clock_date_ms(void);

enum { CLOCK_DATE_BYTES = 32 }; /* room for a date's text, with its end */

/* Writes the date and returns `out`; NULL, and "" in out, for 0, for dates before 1970 and for
 * those beyond the year 9999. */
const char *clock_date_write(int64_t ms, char out[CLOCK_DATE_BYTES]);

/* Reads what clock_date_write() wrote; 0 for NULL and for any other text. */
int64_t clock_date_read(const char *text);

#endif
