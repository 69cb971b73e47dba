/* results — what the runs of `regulab run` ended with, and the table of it.
 *
 * One thread; owned by the caller. */
#ifndef SERVER_CLI_RESULTS_H
#define SERVER_CLI_RESULTS_H

#include "core/spec/metric.h"
#include "core/train/train.h"
#include "server/plan/plan.h"

#include <stdio.h>

typedef struct cli_outcome { /* of one run */
    int config;
    int64_t seed, data_seed;
    bool is_completed;
    double selected[METRIC_COUNT]; /* NaN where there is none */
} cli_outcome;

typedef struct cli_results {
    cli_outcome *items;
    size_t n, capacity;
} cli_results;

/* Room for n more; false when out of memory. */
bool cli_results_reserve(cli_results *r, size_t n);
void cli_results_close(cli_results *r);

/* How many repeats the rule of the plan asks for after its first stage, as the service does it
 * (server/jobs/repeats.h); the present number without a rule, and when out of memory. */
int64_t cli_results_count_wanted(const cli_results *r, const plan *p);

/* One line per config: swept values, seeds, mean +- standard deviation of the metrics that there
 * are. False when out of memory. */
bool cli_results_print(const cli_results *r, const plan *p, FILE *file);

/* What they say of the configs: headline and summary of GET /experiments/{id}/comparison. Nothing
 * where there is one config. False when out of memory. */
bool cli_results_print_verdict(const cli_results *r, const plan *p, FILE *file);

#endif
