/* What a run measures against plain definitions: penalties and objective, activity of layers, units
 * taken out, noise of gradients. */
#include "tests/core/engine.h"

#include "core/math/rng.h"
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

/* ---- units taken out ---- */

/* One hidden layer's units of a mask: 0 where they are taken out, else 1/(1 - share). */
static void mask_of(const engine *e, uint32_t mask, int layer, size_t n, int percent, double *out)
{
    uint32_t order[64];
    rng_stream stream = rng_stream_at(e->spec.seed, RNG_ABLATION, 0, mask, (uint32_t)layer + 1);
    for (uint32_t u = 0; u < n; u++)
        order[u] = u;
    rng_permute(&stream, order, n);
    for (size_t j = 0; j < n; j++)
        out[order[j]] = j < (n * (size_t)percent + 50) / 100 ? 0 : 100.0 / (100 - percent);
}

static const float *tensor_of(const engine *e, int layer, tensor_kind kind)
{
    tensor t;
    for (int i = 0; tensor_get(&e->spec, e->set->d, e->set->k, i, &t); i++)
        if (t.layer == layer && t.kind == kind)
            return e->result.model + t.offset;
    return NULL;
}

/* Normalization and activation of a hidden layer's row. */
static void finish_row(const engine *e, int layer, double *z, size_t n)
{
    const float *gamma = tensor_of(e, layer, TENSOR_NORM_WEIGHT),
                *beta = tensor_of(e, layer, TENSOR_NORM_BIAS),
                *means = tensor_of(e, layer, TENSOR_RUNNING_MEAN),
                *variances = tensor_of(e, layer, TENSOR_RUNNING_VAR);
    double mean = 0, variance = 0;
    for (size_t u = 0; u < n; u++)
        mean += z[u] / (double)n;
    for (size_t u = 0; u < n; u++)
        variance += (z[u] - mean) * (z[u] - mean) / (double)n;
    for (size_t u = 0; u < n; u++) {
        double m = means ? (double)means[u] : mean, v = variances ? (double)variances[u] : variance;
        if (gamma)
            z[u] = (double)gamma[u] * (z[u] - m) / sqrt(v + 1e-5) + (double)beta[u];
        z[u] = fmax(z[u], 0);
    }
}

/* A row's answers with every hidden unit times its mask, layer by layer: in out. */
static void answer_row(const engine *e, const float *x, double masks[2][64], double *out)
{
    size_t n = e->set->d;
    double from[256], z[64];
    for (size_t i = 0; i < n; i++)
        from[i] = (double)x[i];
    for (int layer = 0; layer < 3; layer++) {
        size_t units = layer < 2 ? (size_t)e->spec.hidden[layer] : e->set->k;
        const float *w = tensor_of(e, layer, TENSOR_WEIGHT), *b = tensor_of(e, layer, TENSOR_BIAS);
        for (size_t u = 0; u < units; u++) {
            z[u] = b ? (double)b[u] : 0;
            for (size_t i = 0; i < n; i++)
                z[u] += (double)w[u * n + i] * from[i];
        }
        if (layer < 2)
            finish_row(e, layer, z, units);
        for (size_t u = 0; u < units; u++)
            (layer < 2 ? from : out)[u] = layer < 2 ? z[u] * masks[layer][u] : z[u];
        n = units;
    }
}

/* Of one mask: how many of the validation split are right, or the squared errors. */
static double sum_of_mask(const engine *e, const float *rows, double masks[2][64])
{
    size_t n = e->data->n[PART_VALIDATION], k = e->set->k;
    double sum = 0, out[16];
    for (size_t r = 0; r < n; r++) {
        size_t best = 0;
        float target;
        answer_row(e, rows + r * e->set->d, masks, out);
        for (size_t c = 1; c < k; c++)
            best = out[c] > out[best] ? c : best;
        if (e->set->task == TASK_CLASSIFICATION) {
            sum += best == (size_t)e->data->labels[PART_VALIDATION][r];
            continue;
        }
        split_read_targets(e->data, PART_VALIDATION, NULL, r, 1, &target);
        sum += (out[0] - (double)target) * (out[0] - (double)target);
    }
    return sum;
}

static double plain_ablation(const engine *e, const float *rows, int percent)
{
    enum { MASKS = 20 };
    size_t n = e->data->n[PART_VALIDATION];
    double total = 0, masks[2][64], sum = 0, target_sum = 0, squares = 0;
    for (uint32_t mask = 0; mask < MASKS; mask++) {
        for (int layer = 0; layer < 2; layer++)
            mask_of(e, mask, layer, (size_t)e->spec.hidden[layer], percent, masks[layer]);
        sum += sum_of_mask(e, rows, masks);
    }
    if (e->set->task == TASK_CLASSIFICATION)
        return sum / (MASKS * (double)n);
    for (size_t r = 0; r < n; r++) {
        float target;
        split_read_targets(e->data, PART_VALIDATION, NULL, r, 1, &target);
        target_sum += (double)target;
        squares += (double)target * (double)target;
    }
    total = squares - target_sum * target_sum / (double)n;
    return 1 - sum / (MASKS * total);
}

static void ablation_is_of_fixed_masks(void)
{
    static const int PERCENT[] = {25, 50, 75};
    static const metric_id IDS[] = {METRIC_ABLATION_25, METRIC_ABLATION_50, METRIC_ABLATION_75};
    for (int i = 0; i < 5; i++) {
        engine e;
        train_spec s = engine_spec(i == 4 ? "sine" : "glyphs", 400);
        s.normalization = i < 3 ? i : NORMALIZATION_NONE;
        s.dropout[0] = i == 3 ? 0.3 : 0;
        s.hidden[1] = i == 3 ? 1 : 16; /* of which none stays */
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        size_t n = e.data->n[PART_VALIDATION];
        float *rows = malloc(n * e.set->d * sizeof *rows);
        CHECK_OR_RETURN(rows != NULL);
        split_read_inputs(e.data, PART_VALIDATION, NULL, 0, n, rows);
        for (int j = 0; j < 3; j++) {
            double plain = plain_ablation(&e, rows, PERCENT[j]);
            /* a near tie may fall otherwise in single precision */
            CHECK_WITHIN(e.result.selected[IDS[j]], plain, i == 4 ? 1e-4 * fabs(plain) : 1e-3);
        }
        free(rows);
        engine_close(&e);
    }
}

static void a_linear_model_has_no_units_to_take_out(void)
{
    engine e;
    train_spec s = engine_spec("moons", 200);
    s.n_hidden = 0;
    CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
    CHECK(isnan(e.result.selected[METRIC_ABLATION_50]));
    CHECK(isfinite(e.result.selected[METRIC_TEST_LOSS]));
    engine_close(&e);
}

/* ---- noise of gradients ---- */

typedef struct record_model {
    float model[64];
    size_t n;
} record_model;

static bool keep_model(void *context, int64_t epoch, const float *model, fail *f)
{
    record_model *kept = context;
    (void)f;
    if (epoch == 1)
        memcpy(kept->model, model, kept->n * sizeof *model);
    return true;
}

/* Adds the gradient of a linear classifier's loss on one sample, over n: (2, 2) weights, 2 biases.
 */
static void add_linear_gradient(const engine *e, const float *model, uint32_t row, double n,
                                double *gradient)
{
    float x[2];
    double z[2];
    split_read_inputs(e->data, PART_TRAIN, &row, 0, 1, x);
    for (int c = 0; c < 2; c++)
        z[c] = (double)model[2 * c] * (double)x[0] + (double)model[2 * c + 1] * (double)x[1] +
               (double)model[4 + c];
    for (int c = 0; c < 2; c++) {
        double delta = 1 / (1 + exp(z[1 - c] - z[c]));
        delta -= e->data->labels[PART_TRAIN][row] == c;
        gradient[2 * c] += delta * (double)x[0] / n;
        gradient[2 * c + 1] += delta * (double)x[1] / n;
        gradient[4 + c] += delta / n;
    }
}

/* Of the first 8 minibatches of epoch 1 (0-based), which follow the record of epoch 1. */
static double plain_noise_ratio(const engine *e, const float *model)
{
    double g[8][6] = {{0}}, mean[6] = {0}, scatter = 0, squares = 0;
    uint32_t order[512];
    size_t n = e->data->n[PART_TRAIN], batch = (size_t)e->spec.batch_size;
    rng_stream stream = rng_stream_at(e->spec.seed, RNG_ORDER, 0, 1, 0);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    rng_permute(&stream, order, n);
    for (size_t b = 0; b < 8; b++)
        for (size_t i = b * batch; i < (b + 1) * batch; i++)
            add_linear_gradient(e, model, order[i], (double)batch, g[b]);
    for (int j = 0; j < 6; j++) {
        for (int b = 0; b < 8; b++)
            mean[j] += g[b][j] / 8;
        for (int b = 0; b < 8; b++)
            scatter += (g[b][j] - mean[j]) * (g[b][j] - mean[j]) / 7;
        squares += mean[j] * mean[j];
    }
    return scatter / (squares - scatter / 8);
}

static void noise_ratio_is_of_the_next_minibatches(void)
{
    engine e;
    train_spec s = engine_spec("moons", 500);
    record_model kept = {.n = 6};
    s.n_hidden = 0;
    s.batch_size = 16;
    CHECK_OR_RETURN(engine_open(&e, &s));
    e.on_model = keep_model;
    e.on_model_context = &kept;
    CHECK_OR_RETURN(engine_train(&e) && e.result.n_model == kept.n);
    CHECK(e.data->n[PART_TRAIN] >= 8 * 16 && e.data->n[PART_TRAIN] <= 512);
    CHECK_NEAR(e.records[1].values[METRIC_GRADIENT_NOISE_RATIO], plain_noise_ratio(&e, kept.model),
               1e-4);
    engine_close(&e);
}

/* The whole training part at once has no noise but that of masks. */
static void noise_ratio_without_noise(void)
{
    for (int masked = 0; masked < 2; masked++) {
        engine e;
        train_spec s = engine_spec("moons", 200);
        s.batch_size = 1000;
        s.shuffle = false;
        s.normalization = NORMALIZATION_BATCH;
        s.dropout[0] = masked ? 0.5 : 0;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        double ratio = e.records[0].values[METRIC_GRADIENT_NOISE_RATIO];
        CHECK(masked ? ratio > 0.01 : ratio == 0);
        engine_close(&e);
        s.record_layers = false;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        CHECK(isnan(e.records[0].values[METRIC_GRADIENT_NOISE_RATIO]));
        engine_close(&e);
    }
}

/* What the evaluation of the training part computed is not computed again; a noise that moves
 * nothing makes it so. */
static void noise_ratio_is_the_same_with_a_forward_pass_of_its_own(void)
{
    double ratios[2][2];
    for (int is_own = 0; is_own < 2; is_own++) {
        engine e;
        train_spec s = engine_spec("moons", 400);
        s.batch_size = 17;
        s.epochs = 1;
        s.input_noise = is_own ? 1e-9 : 0;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        CHECK(e.data->n[PART_TRAIN] >= 8 * 17);
        for (int i = 0; i < 2; i++)
            ratios[is_own][i] = e.records[i].values[METRIC_GRADIENT_NOISE_RATIO];
        engine_close(&e);
    }
    CHECK(isfinite(ratios[0][0]) && isfinite(ratios[0][1]) && ratios[0][0] != ratios[0][1]);
    for (int i = 0; i < 2; i++)
        CHECK_NEAR(ratios[0][i] / ratios[1][i], 1, 1e-4);
}

CHECK_MAIN("measure", noise_ratio_is_of_the_next_minibatches, noise_ratio_without_noise,
           noise_ratio_is_the_same_with_a_forward_pass_of_its_own, ablation_is_of_fixed_masks,
           a_linear_model_has_no_units_to_take_out, penalties_and_objective,
           activity_is_before_the_masks, any_metric_of_the_validation_split_is_watched)
