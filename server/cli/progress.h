/* progress — the progress bar of `regulab run`: one line on standard error that is drawn over,
 * on a terminal only.
 *
 * Work is in the unit of the caller (nominal seconds); what remains is told from the time that the
 * work so far took. One thread. */
#ifndef SERVER_CLI_PROGRESS_H
#define SERVER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_progress {
    bool is_shown;
    double started, drawn;  /* seconds of the monotonic clock */
    double work, work_done; /* of all runs; of those that have ended */
    int64_t n_runs, n_done;
    double run_work, run_started; /* of the run that trains */
    int64_t last_step;
    double last_time, rate; /* steps a second, smoothed */
} cli_progress;

/* Shown unless `quiet` or where standard error is no terminal. */
void cli_progress_start(cli_progress *p, double work, int64_t n_runs, bool quiet);
void cli_progress_add(cli_progress *p, double work, int64_t n_runs); /* more than was known */
void cli_progress_run(cli_progress *p, double work);                 /* the next run begins */
void cli_progress_step(cli_progress *p, int64_t step, int64_t n_steps);
void cli_progress_end_run(cli_progress *p);
/* The line is empty again: something else may be printed. */
void cli_progress_clear(cli_progress *p);

#endif
