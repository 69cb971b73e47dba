#include "server/plan/baseline.h"

#include "server/plan/inquiry.h"
#include "server/study/arms.h"
#include "server/study/config_table.h"

#include <stdlib.h>

static bool no_memory(fail_list *faults)
{
    return fail_list_add(faults, FAIL_OUT_OF_MEMORY, NULL,
                         "There is no memory to plan this experiment.");
}

/* ---- a given baseline ---- */

static bool has_all(const study_table *t, const study_config *config)
{
    for (int i = 0; i < t->n_factors; i++)
        if (t->factors[i].role == QUESTION_TREATMENT && !config->levels[i].is_baseline)
            return false;
    return true;
}

/* What the baseline asks for, applied to a config, leaves it as it is. */
static bool matches(const experiment_spec *e, const train_spec *config)
{
    train_spec wanted = *config;
    fail_list ignored;
    ignored.n = ignored.n_found = 0;
    sweep_apply_all(&e->baseline, &wanted);
    return spec_resolve(&wanted, &ignored) && config_table_same(&wanted, config);
}

static bool check_given(const experiment_spec *e, const grid *g, const study_table *t,
                        fail_list *faults)
{
    int n_found = 0;
    bool is_whole = false;
    for (int c = 0; c < g->n_configs; c++) {
        n_found += matches(e, &g->configs[c].spec);
        is_whole = is_whole || has_all(t, &t->configs[c]);
    }
    if (n_found == 0)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, "/baseline",
                             "the baseline matches none (0 of %d) of the configs", g->n_configs);
    return is_whole || fail_list_add(faults, FAIL_INCOMPATIBLE, "/baseline",
                                     "the baseline matches %d of %d configs, in none of which the "
                                     "treatments that it does not name are at their defaults; give "
                                     "it more values",
                                     n_found, g->n_configs);
}

/* ---- any ---- */

static bool find(const study_table *t, plan_design *out, fail *f)
{
    arms a;
    if (!arms_open(t, NULL, &a, f))
        return false;
    *out = (plan_design){.baseline = (int)a.items[a.contexts[0].baseline].configs[0],
                         .n_arms = a.n_arms,
                         .n_contexts = a.n_contexts};
    arms_close(&a);
    return true;
}

bool plan_find_design(const experiment_spec *e, const grid *g, plan_design *out, fail_list *faults)
{
    static const measure by_loss = {
        .name = "val_loss", .metric = METRIC_VAL_LOSS, .direction = METRIC_LOWER_IS_BETTER};
    inquiry_config *configs = calloc((size_t)g->n_configs, sizeof *configs);
    const inquiry_source source = {
        .spec = e, .configs = configs, .n_configs = (size_t)g->n_configs};
    inquiry x;
    fail f;
    for (int c = 0; configs && c < g->n_configs; c++)
        configs[c] = (inquiry_config){.id = "", .spec = &g->configs[c].spec};
    bool is_open = configs && inquiry_open(&source, &by_loss, METRIC_VAL_LOSS, &x, &f);
    bool is_found = is_open && (!e->has_baseline || check_given(e, g, &x.table, faults));
    if (!is_open || (is_found && !find(&x.table, out, &f)))
        is_found = no_memory(faults);
    if (is_open)
        inquiry_close(&x);
    free(configs);
    return is_found;
}
