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

/* ---- activity ---- */

typedef struct activity {
    double mean, std;
} activity;

/* relu(W x + b) of n rows, plainly; x (n, inputs) becomes keep times it in out (n, units). */
static activity hidden_layer(const engine *e, int layer, const double *x, size_t n, double keep,
                             double *out)
{
    tensor w, b;
    for (int i = 0; tensor_get(&e->spec, e->set->d, e->set->k, i, &w); i++)
        if (w.layer == layer && w.kind == TENSOR_WEIGHT)
            break;
    for (int i = 0; tensor_get(&e->spec, e->set->d, e->set->k, i, &b); i++)
        if (b.layer == layer && b.kind == TENSOR_BIAS)
            break;
    double sum = 0, squares = 0;
    size_t units = w.shape[0], inputs = w.shape[1];
    for (size_t r = 0; r < n; r++)
        for (size_t u = 0; u < units; u++) {
            double z = (double)e->result.model[b.offset + u];
            for (size_t i = 0; i < inputs; i++)
                z += (double)e->result.model[w.offset + u * inputs + i] * x[r * inputs + i];
            z = fmax(z, 0);
            sum += z;
            squares += z * z;
            out[r * units + u] = keep * z;
        }
    double count = (double)(n * units), mean = sum / count;
    return (activity){mean, sqrt(squares / count - mean * mean)};
}

/* What a layer computes, not what it hands on: classic scaling multiplies after it. */
static void activity_is_before_the_masks(void)
{
    for (int scaling = DROPOUT_SCALING_INVERTED; scaling <= DROPOUT_SCALING_CLASSIC; scaling++) {
        engine e;
        train_spec s = engine_spec("glyphs", 300);
        s.dropout[0] = 0.5;
        s.dropout_scaling = scaling;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        size_t n = e.data->n[PART_VALIDATION], d = e.set->d;
        double keep = scaling == DROPOUT_SCALING_CLASSIC ? 0.5 : 1;
        float *rows = malloc(n * d * sizeof *rows);
        double *x = malloc(n * d * sizeof *x), *a = malloc(n * 24 * sizeof *a),
               *b = malloc(n * 16 * sizeof *b);
        CHECK_OR_RETURN(rows && x && a && b);
        split_read_inputs(e.data, PART_VALIDATION, NULL, 0, n, rows);
        for (size_t i = 0; i < n * d; i++)
            x[i] = (double)rows[i];
        const record *last = &e.records[e.n_records - 1];
        activity first = hidden_layer(&e, 0, x, n, keep, a),
                 second = hidden_layer(&e, 1, a, n, keep, b);
        CHECK_NEAR(last->layers[0][LAYER_METRIC_ACTIVATION_MEAN], first.mean, 1e-5);
        CHECK_NEAR(last->layers[0][LAYER_METRIC_ACTIVATION_STD], first.std, 1e-5);
        CHECK_NEAR(last->layers[1][LAYER_METRIC_ACTIVATION_MEAN], second.mean, 1e-5);
        CHECK_NEAR(last->layers[1][LAYER_METRIC_ACTIVATION_STD], second.std, 1e-5);
        free(rows);
        free(x);
        free(a);
        free(b);
        engine_close(&e);
    }
}

/* ---- what early stopping watches ---- */

static void any_metric_of_the_validation_split_is_watched(void)
{
    for (int monitor = 0; monitor < MONITOR_COUNT; monitor++) {
        const metric *row = &METRICS[METRIC_OF_MONITOR[monitor]];
        CHECK(strncmp(row->name, "val_", 4) == 0 && !row->is_test);
        engine e;
        train_spec s = engine_spec(row->classification ? "moons" : "sine", 300);
        s.epochs = 30;
        s.early_stopping.enabled = true;
        s.early_stopping.monitor = monitor;
        s.early_stopping.patience = 3;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        double sign = row->direction == METRIC_LOWER_IS_BETTER ? 1 : -1;
        int best = 1;
        for (int i = 2; i < e.n_records; i++)
            if (sign * e.records[i].values[METRIC_OF_MONITOR[monitor]] <
                sign * e.records[best].values[METRIC_OF_MONITOR[monitor]])
                best = i;
        CHECK_EQUAL_INT(e.result.best_epoch, e.records[best].epoch);
        CHECK_EQUAL_INT(e.result.selected_epoch, e.records[best].epoch);
        engine_close(&e);
    }
    fail_list faults = {0};
    train_spec s = engine_spec("sine", 200);
    s.early_stopping.enabled = true;
    s.early_stopping.criterion = CRITERION_GL;
    s.early_stopping.monitor = MONITOR_VAL_RMSE;
    CHECK(!spec_resolve(&s, &faults));
    CHECK_EQUAL_STRING(faults.items[0].field, "/early_stopping/monitor");
}

CHECK_MAIN("measure", penalties_and_objective, activity_is_before_the_masks,
           any_metric_of_the_validation_split_is_watched)
