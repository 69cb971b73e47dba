/* `regulab prune`: old experiments are deleted with their files, and the room is given back. */
#include "server/store/prune.h"
#include "core/base/clock.h"
#include "server/cli/cli.h"
#include "server/jobs/claim.h"
#include "server/jobs/files.h"
#include "server/store/experiments.h"
#include "server/store/files.h"
#include "server/text/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct pruning {
    store *store;
    jobs_files files;
    bool is_dry;
    size_t n_experiments;
    int64_t n_runs, n_bytes;
} pruning;

/* ---- what is asked for ---- */

/* "30d", "12h", "4w"; false: it is none. */
static bool read_age(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t hours;
    } UNITS[] = {{"h", 1}, {"d", 24}, {"w", 7 * 24}};
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || n < 0 || n > 100000 || *text < '0' || *text > '9')
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (strcmp(end, UNITS[i].unit) == 0) {
            *ms = n * UNITS[i].hours * 3600 * 1000;
            return true;
        }
    return false;
}

static void add_tags(const cli_arguments *a, buffer *b)
{
    int n = 0;
    buffer_add_text(b, "[");
    for (int i = 0; i < a->n_flags; i++)
        if (strcmp(a->flags[i].row->name, "--keep-tagged") == 0) {
            buffer_add_text(b, n++ ? "," : "");
            json_add_string(b, a->flags[i].value);
        }
    buffer_add_text(b, "]");
}

/* ---- one experiment ---- */

static void remove_files(pruning *p, const run_files *r)
{
    jobs_files_remove_checkpoint(&p->files, r->run_id, &r->checkpoint);
    if (!r->in_row)
        jobs_files_remove_model(&p->files, r->run_id, &r->model);
}

/* The rows first: what a crash leaves behind them the next start of the service removes. */
static bool prune_one(pruning *p, const old_experiment *e, fail *f)
{
    run_files_list list;
    if (!store_load_files(p->store, e->id, &list, f))
        return false;
    bool is_done = p->is_dry || store_delete_experiment(p->store, e->id, NULL, NULL, f);
    for (size_t i = 0; is_done && i < list.n; i++) {
        p->n_bytes += list.items[i].in_row ? 0 : list.items[i].model.bytes;
        if (!p->is_dry)
            remove_files(p, &list.items[i]);
    }
    free(list.items);
    if (!is_done)
        return false;
    printf("%s experiment %" PRId64 " of %.10s, %" PRId64 " run%s%s%s\n",
           p->is_dry ? "would remove" : "removed", e->id, e->finished_at, e->n_runs,
           e->n_runs == 1 ? "" : "s", *e->name ? ": " : "", e->name);
    p->n_experiments++;
    p->n_runs += e->n_runs;
    return true;
}

static bool prune_all(pruning *p, int64_t before_ms, const char *tags, fail *f)
{
    old_experiment *old;
    size_t n;
    if (!store_load_old(p->store, before_ms, tags, &old, &n, f))
        return false;
    bool is_good = true;
    for (size_t i = 0; is_good && i < n; i++)
        is_good = prune_one(p, &old[i], f);
    free(old);
    return is_good && (p->is_dry || store_remove_deleted(p->store, f));
}

/* ---- the command ---- */

static bool open_and_prune(pruning *p, const char *database, int64_t before_ms, const char *tags,
                           fail *f)
{
    int claim = -1;
    if (!jobs_files_open(p->files.data_dir, f) || !store_open(database, &p->store, f))
        return false;
    bool is_good = jobs_claim_open(p->store, p->files.data_dir, &claim, f);
    p->files.database = store_identity(p->store);
    is_good = is_good && prune_all(p, before_ms, tags, f);
    store_close(p->store);
    jobs_claim_close(claim);
    return is_good;
}

static int tell(const pruning *p, int64_t n_given_back)
{
    printf(
        "%s %zu experiment%s with %" PRId64 " run%s; %.1f MB of files, %.1f MB of the database\n",
        p->is_dry ? "would remove" : "removed", p->n_experiments, p->n_experiments == 1 ? "" : "s",
        p->n_runs, p->n_runs == 1 ? "" : "s", (double)p->n_bytes / 1e6, (double)n_given_back / 1e6);
    return CLI_DONE;
}

int cli_prune(const cli_arguments *a)
{
    const char *database = cli_value(a, "--db", "regulab.db");
    const char *age = cli_value(a, "--older-than", NULL);
    pruning p = {.files.data_dir = cli_value(a, "--data-dir", "regulab-data"),
                 .is_dry = cli_has(a, "--dry-run")};
    int64_t age_ms, n_given_back = 0;
    buffer tags;
    fail f;
    if (!age || !read_age(age, &age_ms))
        return cli_usage(a->command, "--older-than must be an age like 12h, 30d or 8w");
    if (access(database, R_OK | W_OK) != 0) {
        fail_set(&f, FAIL_NOT_FOUND, NULL, "there is no database %s that can be written", database);
        return cli_failed(&f);
    }
    buffer_init(&tags, 1 << 16);
    add_tags(a, &tags);
    bool is_pruned = open_and_prune(&p, database, clock_date_ms() - age_ms, tags.data, &f);
    buffer_close(&tags);
    if (!is_pruned || (!p.is_dry && !store_compact(database, &n_given_back, &f)))
        return cli_failed(&f);
    return tell(&p, n_given_back);
}
