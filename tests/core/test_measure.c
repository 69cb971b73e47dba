/* What a run measures against plain definitions: penalties and objective, activity of layers, units
 * taken out, noise of gradients. */
#include "tests/core/engine.h"

#include "core/net/tensor.h"

/* ---- penalties ---- */

typedef struct weight_sums {
    double absolute, squares;
} weight_sums;

static weight_sums sums_of(const engine *e, bool of_all)
{
    weight_sums sums = {0};
    tensor t;
    for (int i = 0; tensor_get(&e->spec, e->set->d, e->set->k, i, &t); i++)
        for (size_t j = t.offset; j < t.offset + t.n; j++)
            if (t.kind == TENSOR_WEIGHT || (of_all && t.kind < TENSOR_RUNNING_MEAN)) {
                double x = (double)e->result.model[j];
                sums.absolute += fabs(x);
                sums.squares += x * x;
            }
    return sums;
}

static void check_penalties(int scope, double l1, double l2)
{
    engine e;
    train_spec s = engine_spec("moons", 300);
    s.l1 = l1;
    s.l2 = l2;
    s.penalty_applies_to = scope;
    s.normalization = NORMALIZATION_BATCH;
    CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
    weight_sums sums = sums_of(&e, scope == PENALTY_ALL);
    const double *last = e.records[e.n_records - 1].values, *first = e.records[0].values;
    CHECK_NEAR(last[METRIC_L1_PENALTY], l1 * sums.absolute, 1e-5);
    CHECK_NEAR(last[METRIC_L2_PENALTY], l2 / 2 * sums.squares, 1e-5);
    CHECK_NEAR(last[METRIC_PENALTY], last[METRIC_L1_PENALTY] + last[METRIC_L2_PENALTY], 1e-14);
    CHECK_WITHIN(last[METRIC_OBJECTIVE], last[METRIC_BATCH_LOSS] + last[METRIC_PENALTY], 0);
    CHECK(isnan(first[METRIC_OBJECTIVE]) && isfinite(first[METRIC_L2_PENALTY]));
    CHECK_WITHIN(e.result.selected[METRIC_L1_PENALTY], last[METRIC_L1_PENALTY], 0);
    engine_close(&e);
}

static void penalties_and_objective(void)
{
    for (int scope = PENALTY_WEIGHTS; scope <= PENALTY_ALL; scope++) {
        check_penalties(scope, 1e-3, 2e-3);
        check_penalties(scope, 0, 0.1);
        check_penalties(scope, 0.1, 0);
    }
    check_penalties(PENALTY_WEIGHTS, 0, 0);
}

CHECK_MAIN("measure", penalties_and_objective)
