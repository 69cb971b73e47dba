/* `regulab lessons` and `regulab lesson`: a lesson's experiment, trained as the service trains it
 * in a place of its own, and what its runs say to the claims. */
#include "core/math/parallel.h"
#include "server/api/submit.h"
#include "server/cli/cli.h"
#include "server/codec/codec.h"
#include "server/events/events.h"
#include "server/jobs/errand.h"
#include "server/lesson/files.h"
#include "server/lesson/outcome.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUEUE_LIMIT = 10000, SQL_TIME_MS = 10000, WAIT_MS = 200, OPEN_FILES = 8 };
enum { JSON_BYTES_LIMIT = 1 << 20 };

typedef struct workshop { /* the place of its own */
    char directory[PATH_MAX - 32], database[PATH_MAX];
    app app;
} workshop;

/* ---- the place ---- */

static bool open_workshop(workshop *w, int64_t n_workers, fail *f)
{
    const char *parent = getenv("TMPDIR");
    app *a = &w->app;
    *w = (workshop){.app = {.sql_time_limit_ms = SQL_TIME_MS}};
    snprintf(w->directory, sizeof w->directory, "%.3000s/regulab-lesson-XXXXXX",
             parent ? parent : "/tmp");
    if (!mkdtemp(w->directory)) {
        w->directory[0] = '\0';
        return fail_set(f, FAIL_STORAGE, NULL, "a temporary folder cannot be made");
    }
    snprintf(w->database, sizeof w->database, "%s/regulab.db", w->directory);
    a->data_dir = w->directory;
    if (!memory_budget_open(0, &a->memory, f) || !errands_open(a->memory, &a->errands, f) ||
        !store_open(w->database, &a->store, f) || !events_open(a->store, &a->events, f))
        return false;
    jobs_options options = {.store = a->store,
                            .data_dir = w->directory,
                            .n_workers = (int)n_workers,
                            .queue_limit = QUEUE_LIMIT,
                            .memory = a->memory,
                            .checkpoint_seconds = CLI_CHECKPOINT_SECONDS};
    return jobs_open(&options, &a->jobs, f);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void close_workshop(workshop *w)
{
    app *a = &w->app;
    if (a->jobs)
        jobs_close(a->jobs);
    if (a->store)
        store_close(a->store);
    events_close(a->events);
    errands_close(a->errands);
    memory_budget_close(a->memory);
    if (w->directory[0])
        (void)nftw(w->directory, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
}

/* ---- training ---- */

static void tell_progress(const experiment *e)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\rtraining %" PRId64 " runs: %3.0f %%", e->n_runs,
                      100 * e->progress);
}

static bool wait_for_end(workshop *w, int64_t id, fail *f)
{
    bool is_over = false;
    struct pollfd change = {.fd = events_fd(w->app.events), .events = POLLIN};
    while (!is_over) {
        experiment e = {.id = 0};
        if (cli_is_interrupted())
            return fail_set(f, FAIL_INTERRUPTED, NULL, "interrupted");
        if (!store_get_experiment(w->app.store, id, &e, f))
            return false;
        is_over = run_state_is_terminal(e.status);
        tell_progress(&e);
        experiment_close(&e);
        if (!is_over && poll(&change, 1, WAIT_MS) > 0)
            events_clear(w->app.events);
    }
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r%40s\r", "");
    return true;
}

static bool train(workshop *w, const char *spec, int64_t *id, fail *f)
{
    submission made;
    fail_list faults = {.n = 0};
    if (!api_submit(&w->app, NULL, spec, strlen(spec), NULL, &made, &faults)) {
        *f = faults.items[0];
        return false;
    }
    free(made.run_ids);
    *id = made.experiment_id;
    return wait_for_end(w, *id, f);
}

/* ---- what came out ---- */

static void print_numbers(const lesson_result *r)
{
    printf("   ");
    for (int i = 0; i < r->n_numbers; i++)
        if (!isnan(r->numbers[i].value))
            printf("  %s %.3g", r->numbers[i].name, r->numbers[i].value);
    printf("\n");
}

static void print_outcome(const lesson_outcome *o)
{
    for (size_t i = 0; i < o->n_claims; i++) {
        const lesson_result *r = &o->claims[i];
        printf("%-9s  %s\n", CLAIM_OUTCOME_NAMES[r->outcome], r->claim->text);
        print_numbers(r);
    }
}

static bool print_json(const lesson_outcome *o)
{
    buffer b;
    buffer_init(&b, JSON_BYTES_LIMIT);
    shape_add(&b, &SHAPE_LESSON_OUTCOME, o);
    bool ok = !b.failed;
    if (ok)
        printf("%s\n", b.data);
    buffer_close(&b);
    return ok;
}

static bool judge(workshop *w, const lesson_part *part, int64_t id, bool is_json, bool *all_hold,
                  fail *f)
{
    lesson_outcome found;
    const lesson_question asked = {
        .store = w->app.store, .experiment_id = id, .part = part, .sql_time_limit_ms = SQL_TIME_MS};
    if (!lesson_outcome_open(&asked, &found, f))
        return false;
    *all_hold = true;
    for (size_t i = 0; i < found.n_claims; i++)
        *all_hold = *all_hold && found.claims[i].outcome == CLAIM_HOLDS;
    bool ok = !is_json || print_json(&found) ||
              fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the outcome");
    if (!is_json)
        print_outcome(&found);
    lesson_outcome_close(&found);
    return ok;
}

/* ---- the commands ---- */

static int run_part(const cli_arguments *a, const lesson_part *part, int64_t seed,
                    int64_t n_workers)
{
    workshop w;
    char *spec;
    int64_t id;
    bool all_hold = false;
    fail f;
    if (!codec_move_seeds(part->spec, seed, &spec, &f))
        return cli_failed(&f);
    cli_catch_signals();
    bool ok = open_workshop(&w, n_workers, &f) && train(&w, spec, &id, &f) &&
              judge(&w, part, id, cli_has(a, "--json"), &all_hold, &f);
    close_workshop(&w);
    free(spec);
    if (!ok)
        return cli_failed(&f);
    return all_hold ? CLI_DONE : CLI_FAILED;
}

int cli_lesson(const cli_arguments *a)
{
    char static_dir[PATH_MAX];
    int64_t seed, n_workers;
    lesson_file l;
    fail f;
    if (!cli_integer(a, "--seed", 0, LESSON_SHIFT_LIMIT, 0, &seed) ||
        !cli_integer(a, "--workers", 1, PARALLEL_THREADS_LIMIT, cli_processors(), &n_workers))
        return CLI_USAGE;
    cli_find_static(cli_value(a, "--static", NULL), static_dir);
    if (!lesson_files_open(static_dir, a->words[0], &l, &f))
        return cli_failed(&f);
    const lesson_part *part =
        cli_has(a, "--counterexample") ? &l.lesson.counterexample : &l.lesson.main;
    int status;
    if (!lesson_is_taught(&l.lesson) || !part->spec) {
        fail_set(&f, FAIL_NOT_FOUND, NULL, "\"%s\" %s", a->words[0],
                 part->spec ? "is a recipe, not a lesson; `regulab lessons` lists those"
                            : "has no counterexample");
        status = cli_failed(&f);
    } else {
        status = run_part(a, part, seed, n_workers);
    }
    lesson_file_close(&l);
    return status;
}

int cli_lessons(const cli_arguments *a)
{
    char static_dir[PATH_MAX];
    lesson_list all;
    fail f;
    cli_find_static(cli_value(a, "--static", NULL), static_dir);
    if (!lesson_files_list(static_dir, true, &all, &f))
        return cli_failed(&f);
    for (size_t i = 0; i < all.n; i++) {
        const lesson *l = &all.items[i].lesson;
        printf("%2d  %s: %s\n", l->step, l->name, l->title);
    }
    size_t n = all.n;
    lesson_list_close(&all);
    if (n > 0)
        return CLI_DONE;
    fail_set(&f, FAIL_NOT_FOUND, NULL, "there are no lessons in %s/lessons", static_dir);
    return cli_failed(&f);
}
