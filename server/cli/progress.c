#include "server/cli/progress.h"
#include "core/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24 };
#define SECONDS_BETWEEN_DRAWINGS 0.1

void cli_progress_start(cli_progress *p, double work, int64_t n_runs, bool quiet)
{
    *p = (cli_progress){.is_shown = !quiet && isatty(STDERR_FILENO),
                        .started = clock_steady_seconds(),
                        .work = work,
                        .n_runs = n_runs};
}

void cli_progress_add(cli_progress *p, double work, int64_t n_runs)
{
    p->work += work;
    p->n_runs += n_runs;
}

void cli_progress_run(cli_progress *p, double work)
{
    p->run_work = work;
    p->run_started = p->last_time = clock_steady_seconds();
    p->last_step = 0;
    p->rate = 0;
}

static void write_time(double seconds, char *text, size_t n)
{
    int64_t s = (int64_t)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, n, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, n, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
}

static void draw(const cli_progress *p, double share, double time)
{
    char bar[BAR_WIDTH + 1], left[32] = "-:--";
    double elapsed = time - p->started;
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < (int)(share * BAR_WIDTH) ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    if (share > 0 && elapsed > 0.3)
        write_time(elapsed * (1 - share) / share, left, sizeof left);
    (void)fprintf(stderr,
                  "\r[%s] %3.0f %%  run %" PRId64 " of %" PRId64 "  %.0f steps/s  %s left\033[K",
                  bar, 100 * share, p->n_done + 1, p->n_runs, p->rate, left);
    (void)fflush(stderr);
}

void cli_progress_step(cli_progress *p, int64_t step, int64_t n_steps)
{
    if (!p->is_shown)
        return;
    double time = clock_steady_seconds();
    if (time - p->drawn < SECONDS_BETWEEN_DRAWINGS)
        return;
    if (time > p->last_time && step > p->last_step) {
        double rate = (double)(step - p->last_step) / (time - p->last_time);
        p->rate = p->rate > 0 ? 0.7 * p->rate + 0.3 * rate : rate;
    }
    p->last_step = step;
    p->last_time = p->drawn = time;
    double run_share = n_steps > 0 ? (double)step / (double)n_steps : 0;
    double share = p->work > 0 ? (p->work_done + run_share * p->run_work) / p->work : run_share;
    draw(p, share > 1 ? 1 : share, time);
}

void cli_progress_end_run(cli_progress *p)
{
    p->work_done += p->run_work;
    p->n_done++;
}

void cli_progress_clear(cli_progress *p)
{
    if (p->is_shown && p->drawn > 0)
        (void)fprintf(stderr, "\r\033[K");
}
