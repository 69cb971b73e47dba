#include "core/base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DATE_FORMAT[] = "%Y-%m-%dT%H:%M:%S"; /* then ".000Z" */
static const int64_t DATE_END_MS = 253402300800000; /* year 10000: would not have 24 characters */

/* ---- the steady clock ---- */

int64_t clock_steady_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_steady_ms(void)
{
    return clock_steady_ns() / 1000000;
}

double clock_steady_seconds(void)
{
    return 1e-9 * (double)clock_steady_ns();
}

struct timespec clock_steady_timespec(int64_t ms)
{
    return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* ---- the date ---- */

int64_t clock_date_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *clock_date_write(int64_t ms, char out[CLOCK_DATE_BYTES])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    out[0] = '\0';
    if (ms <= 0 || ms >= DATE_END_MS || !gmtime_r(&seconds, &parts))
        return NULL;
    size_t n = strftime(out, CLOCK_DATE_BYTES, DATE_FORMAT, &parts);
    snprintf(out + n, CLOCK_DATE_BYTES - n, ".%03dZ", (int)(ms % 1000));
    return out;
}

int64_t clock_date_read(const char *text)
{
    struct tm parts = {0};
    const char *rest = text ? strptime(text, DATE_FORMAT, &parts) : NULL;
    bool is_date = rest && rest[0] == '.' && isdigit((unsigned char)rest[1]) &&
                   isdigit((unsigned char)rest[2]) && isdigit((unsigned char)rest[3]) &&
                   strcmp(rest + 4, "Z") == 0;
    return is_date ? (int64_t)timegm(&parts) * 1000 + strtol(rest + 1, NULL, 10) : 0;
}
