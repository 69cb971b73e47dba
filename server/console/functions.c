/* The statistical functions of the SQL console: aggregates over the numbers of a column. NULL and
 * what is no number are left out; a result that is not defined is NULL. */
#include "core/stats/stats.h"
#include "server/console/guard.h"

#include <math.h>

typedef struct moments { /* Welford 1962 */
    int64_t n;
    double mean, squares;
} moments;

static bool is_number(sqlite3_value *value)
{
    int type = sqlite3_value_numeric_type(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static void moments_step(sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
    (void)n_arguments;
    moments *m = sqlite3_aggregate_context(context, sizeof *m);
    if (!m) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!is_number(arguments[0]))
        return;
    double value = sqlite3_value_double(arguments[0]), before = value - m->mean;
    m->n++;
    m->mean += before / (double)m->n;
    m->squares += before * (value - m->mean);
}

static double moments_std(const moments *m)
{
    return m && m->n > 1 ? sqrt(m->squares / (double)(m->n - 1)) : NAN;
}

/* SQLite makes NaN NULL, and infinity stays: neither is a number to show. */
static void answer(sqlite3_context *context, double value)
{
    if (isfinite(value))
        sqlite3_result_double(context, value);
    else
        sqlite3_result_null(context);
}

static void stddev_final(sqlite3_context *context)
{
    answer(context, moments_std(sqlite3_aggregate_context(context, 0)));
}

static void ci95_final(sqlite3_context *context, double sign)
{
    const moments *m = sqlite3_aggregate_context(context, 0);
    if (m && m->n > 1)
        answer(context, m->mean + sign * stats_half_width(moments_std(m), (size_t)m->n));
    else
        sqlite3_result_null(context);
}

static void ci95_low_final(sqlite3_context *context)
{
    ci95_final(context, -1);
}

static void ci95_high_final(sqlite3_context *context)
{
    ci95_final(context, 1);
}

typedef struct number_list {
    double *values; /* sqlite3_malloc: counted by the heap limit */
    int64_t n, capacity;
} number_list;

static void median_step(sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
    (void)n_arguments;
    number_list *list = sqlite3_aggregate_context(context, sizeof *list);
    if (list && !is_number(arguments[0]))
        return;
    if (list && list->n == list->capacity) {
        int64_t capacity = list->capacity ? 2 * list->capacity : 64;
        double *values = sqlite3_realloc64(list->values, (uint64_t)capacity * sizeof *values);
        if (values) {
            list->values = values;
            list->capacity = capacity;
        }
    }
    if (!list || list->n == list->capacity) {
        sqlite3_result_error_nomem(context);
        return;
    }
    list->values[list->n++] = sqlite3_value_double(arguments[0]);
}

static void median_final(sqlite3_context *context)
{
    number_list *list = sqlite3_aggregate_context(context, 0);
    if (!list) {
        sqlite3_result_null(context);
        return;
    }
    answer(context, stats_median(list->values, (size_t)list->n));
    sqlite3_free(list->values);
    list->values = NULL;
}

int console_register_functions(sqlite3 *db)
{
    static const struct {
        const char *name;
        void (*step)(sqlite3_context *, int, sqlite3_value **);
        void (*final)(sqlite3_context *);
    } functions[] = {{"stddev", moments_step, stddev_final},
                     {"median", median_step, median_final},
                     {"ci95_low", moments_step, ci95_low_final},
                     {"ci95_high", moments_step, ci95_high_final}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        code = sqlite3_create_function_v2(db, functions[i].name, 1, flags, NULL, NULL,
                                          functions[i].step, functions[i].final, NULL);
    return code;
}
