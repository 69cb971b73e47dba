/* `regulab check`: what a specification means, or everything that is wrong with it. */
#include "core/base/memory.h"
#include "server/cli/cli.h"
#include "server/plan/plan.h"

#include <inttypes.h>

static void print_warning(void *context, const char *sentence)
{
    (void)context;
    printf("warning: %s\n", sentence);
}

static void print_plan(const plan *p)
{
    const char *more = p->spec.until.enabled ? " or more" : "";
    int64_t n_runs = p->grid.n_configs * p->grid.n_seeds;
    printf("valid: %d config%s, %" PRId64 " seed%s%s, %" PRId64
           " run%s%s, at most %.0f MB of memory each\n",
           p->grid.n_configs, p->grid.n_configs == 1 ? "" : "s", p->grid.n_seeds,
           p->grid.n_seeds == 1 ? "" : "s", more, n_runs, n_runs == 1 ? "" : "s", more,
           (double)plan_memory_bytes(p) / 1e6);
    plan_list_warnings(p, print_warning, NULL);
}

typedef struct source {
    const char *data_dir;
} source;

static bool open_dataset(void *context, const train_spec *spec, dataset **out, fail *f)
{
    const source *s = context;
    return dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, s->data_dir, out,
                        f);
}

int cli_check(const cli_arguments *a)
{
    buffer text;
    fail f;
    plan p;
    fail_list faults;
    faults.n = faults.n_found = 0;
    if (!cli_load(a->words[0], &text, &f))
        return cli_failed(&f);
    source here = {.data_dir = cli_value(a, "--data-dir", "regulab-data")};
    plan_source sets = {
        .open_dataset = open_dataset, .context = &here, .free_bytes = memory_available_bytes()};
    bool ok = plan_read(&sets, text.data, text.n, false, &p, &faults);
    buffer_close(&text);
    if (!ok)
        return cli_faulty(stdout, &faults);
    print_plan(&p);
    plan_close(&p);
    return CLI_DONE;
}
