/* What theory says exactly: dropout and noise as ridge, moments of masks, the variance shift, the
 * floor of smoothed labels. */
#include "tests/check.h"

#include "core/math/mat.h"
#include "core/regularizer/regularizer.h"
#include "core/train/diagnostics.h"

#include <math.h>
#include <stdlib.h>

enum { INPUTS = 12, ROWS = 64, MASKS = 4000 };

typedef struct bench {
    train_spec spec;
    net net;
    arena arena;
    net_work work;
    regularization regularization;
    parallel *parallel;
    real *model;
} bench;

static void take(bench *b, arena *a, size_t rows)
{
    b->model = arena_take(a, b->net.n_model, sizeof(real));
    net_take_work(&b->net, a, rows, false, &b->work);
    regularization_take(&b->regularization, a, &b->spec, &b->net, &b->work, NULL, rows, false);
}

static bool bench_open(bench *b, const train_spec *spec, size_t inputs, size_t outputs,
                       dataset_task task, size_t rows)
{
    fail f;
    fail_list faults = {0};
    arena counting = {0};
    *b = (bench){.spec = *spec};
    if (!spec_resolve(&b->spec, &faults))
        return false;
    net_init(&b->net, &b->spec, inputs, outputs, task);
    take(b, &counting, rows);
    if (!arena_open(&b->arena, counting.used, &f) || !parallel_new(1, &b->parallel, &f))
        return false;
    take(b, &b->arena, rows);
    mat_setup();
    net_initialize(&b->net, &b->spec, b->model);
    b->work.n = rows;
    return true;
}

static void bench_close(bench *b)
{
    parallel_free(b->parallel);
    arena_close(&b->arena);
}

/* Forward with the masks of step `step`; the input must have been filled. */
static void forward(bench *b, uint32_t step)
{
    net_hooks hooks = regularization_hooks(&b->regularization);
    regularization_start_epoch(&b->regularization, 0);
    net_use_model(&b->net, b->model, &b->work);
    regularization_start_step(&b->regularization, step, b->parallel);
    regularization_apply_batch(&b->regularization, b->parallel);
    net_forward(&b->net, &b->work, b->model, NET_TRAIN, &hooks, b->parallel);
}

static void draw_regression(real x[ROWS * INPUTS], real y[ROWS], real w[INPUTS])
{
    rng_stream s = rng_stream_at(11, RNG_DATA, 0, 0, 0);
    for (int i = 0; i < ROWS * INPUTS; i++)
        x[i] = (real)rng_normal(&s);
    for (int i = 0; i < ROWS; i++)
        y[i] = (real)rng_normal(&s);
    for (int i = 0; i < INPUTS; i++)
        w[i] = (real)rng_normal(&s);
}

/* The mean over many masks of the squared error of a linear model, and its error without masks. */
static bool mean_losses(const train_spec *spec, const real *x, const real *y, const real *w,
                        double *masked, double *plain)
{
    bench b;
    if (!bench_open(&b, spec, INPUTS, 1, TASK_REGRESSION, ROWS))
        return false;
    *masked = *plain = 0;
    memcpy(b.model + b.net.layers[0].weight, w, INPUTS * sizeof *w);
    for (uint32_t step = 0; step < MASKS; step++) {
        memcpy(b.work.input, x, ROWS * INPUTS * sizeof *x);
        memcpy(b.work.target, y, ROWS * sizeof *y);
        forward(&b, step);
        net_loss(&b.net, &b.work, false);
        for (int r = 0; r < ROWS; r++)
            *masked += b.work.losses[r] / ROWS / MASKS;
    }
    for (int r = 0; r < ROWS; r++) {
        double e = (double)y[r];
        for (int i = 0; i < INPUTS; i++)
            e -= (double)x[r * INPUTS + i] * (double)w[i];
        *plain += e * e / ROWS;
    }
    bench_close(&b);
    return true;
}

/* E||y - (R*X)w||^2 = ||y - Xw||^2 + rate/(1 - rate) * sum_j w_j^2 (X'X)_jj (Srivastava et al.
 * 2014, section 9.1; inverted scaling). */
static void input_dropout_is_ridge(void)
{
    real x[ROWS * INPUTS], y[ROWS], w[INPUTS];
    static const double RATES[] = {0.2, 0.5, 0.8};
    draw_regression(x, y, w);
    for (int k = 0; k < 3; k++) {
        double masked, plain, ridge = 0;
        train_spec s;
        spec_init(&s);
        s.n_hidden = 0;
        s.input_dropout = RATES[k];
        CHECK_OR_RETURN(mean_losses(&s, x, y, w, &masked, &plain));
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < INPUTS; i++)
                ridge += pow((double)w[i] * (double)x[r * INPUTS + i], 2) / ROWS;
        CHECK(fabs(masked - plain - RATES[k] / (1 - RATES[k]) * ridge) < 0.02 * (masked - plain));
        CHECK(masked > plain * 1.05);
    }
}

/* E||y - (X + e)w||^2 / n = ||y - Xw||^2 / n + sigma^2 ||w||^2 (Bishop 1995). */
static void input_noise_is_ridge(void)
{
    real x[ROWS * INPUTS], y[ROWS], w[INPUTS];
    double masked, plain, squares = 0;
    train_spec s;
    draw_regression(x, y, w);
    spec_init(&s);
    s.n_hidden = 0;
    s.input_noise = 0.5;
    CHECK_OR_RETURN(mean_losses(&s, x, y, w, &masked, &plain));
    for (int i = 0; i < INPUTS; i++)
        squares += (double)w[i] * (double)w[i];
    CHECK(fabs(masked - plain - 0.25 * squares) < 0.04 * 0.25 * squares); /* 1 % is one deviation */
}

/* Mean and variance of what the masks make of N(mean, 1) inputs: 200 x 1000 of them, by input
 * dropout. */
static bool masked_moments(int kind, double rate, double center, double *mean, double *variance)
{
    enum { N = 1000, AT_ONCE = 200 };
    bench b;
    train_spec s;
    double sum = 0, squares = 0, n = (double)N * AT_ONCE;
    spec_init(&s);
    s.n_hidden = 0;
    s.input_dropout = rate;
    s.dropout_kind = kind;
    if (!bench_open(&b, &s, N, 1, TASK_REGRESSION, AT_ONCE))
        return false;
    rng_stream draws = rng_stream_at(3, RNG_DATA, 9, 0, 0);
    for (int i = 0; i < N * AT_ONCE; i++)
        b.work.input[i] = (real)(center + rng_normal(&draws));
    forward(&b, 5);
    for (int i = 0; i < N * AT_ONCE; i++) {
        sum += (double)b.work.input[i];
        squares += (double)b.work.input[i] * (double)b.work.input[i];
    }
    *mean = sum / n;
    *variance = squares / n - *mean * *mean;
    bench_close(&b);
    return true;
}

static void masks_have_their_moments(void)
{
    double mean, variance;
    for (double rate = 0.1; rate < 0.6; rate += 0.2) {
        CHECK_OR_RETURN(masked_moments(DROPOUT_ALPHA, rate, 0, &mean, &variance));
        CHECK(fabs(mean) < 0.01); /* Klambauer et al. 2017: mean 0 and variance 1 stay */
        CHECK(fabs(variance - 1) < 0.015);
        CHECK_OR_RETURN(masked_moments(DROPOUT_GAUSSIAN, rate, 1, &mean, &variance));
        CHECK(fabs(mean - 1) < 0.01); /* x*m with x ~ N(1, 1), m ~ N(1, v): variance 1 + v + v*1 */
        double v = rate / (1 - rate);
        CHECK(fabs(variance / (1 + 2 * v) - 1) < 0.02);
        CHECK_OR_RETURN(masked_moments(DROPOUT_BERNOULLI, rate, 1, &mean, &variance));
        CHECK(fabs(mean - 1) < 0.01); /* inverted: the same two moments as gaussian */
        CHECK(fabs(variance / (1 + 2 * v) - 1) < 0.02);
    }
}

/* Li et al. 2018: variance at inference over that in training, v / ((c^2 + v)/keep - c^2). */
static void the_variance_shifts_by_the_formula(void)
{
    enum { UNITS = 64, SAMPLES = 20000 };
    for (double center = 0; center < 2; center += 0.8)
        for (double rate = 0.3; rate < 0.8; rate += 0.2) {
            rng_stream s = rng_stream_at(4, RNG_DATA, 0, 0, 0);
            rng_address address = {rng_key_of(4, RNG_DIAGNOSTICS), 0, 0, 1};
            void *memory = aligned_alloc(64, (diagnostics_bytes(UNITS) + 63) / 64 * 64);
            double values[LAYER_METRIC_COUNT], keep = 1 - (double)rng_threshold(rate) / 65536;
            diagnostics d;
            CHECK_OR_RETURN(memory);
            diagnostics_init(&d, memory, UNITS, SAMPLES);
            for (int n = 0; n < SAMPLES; n++) {
                real plain[UNITS], masked[UNITS];
                uint32_t bits[UNITS / 32];
                for (int u = 0; u < UNITS; u++)
                    plain[u] = masked[u] = (real)(center + rng_normal(&s));
                address.row = (uint32_t)n;
                rng_fill_mask(&address, UNITS, rng_threshold(rate), bits);
                kernel_mask_apply(masked, bits, UNITS, (real)(1 / keep), 0, 0);
                diagnostics_add(&d, plain, 1);
                diagnostics_add_pair(&d, plain, masked, 1);
            }
            metric_layer layer = diagnostics_finish(&d);
            metric_measure_layer(&(metric_moment){.sums = &(metric_sums){0}}, &layer, values);
            double expected = 1 / ((center * center + 1) / keep - center * center);
            CHECK_NEAR(values[LAYER_METRIC_VARIANCE_SHIFT], expected, 0.03);
            free(memory);
        }
}

/* With e = 0.1 and ten classes no logits do better than 0.5003 nats, reached at a gap of
 * ln(0.91/0.01). */
static void smoothed_labels_have_a_floor(void)
{
    bench b;
    train_spec s;
    spec_init(&s);
    s.n_hidden = 0;
    s.label_smoothing = 0.1;
    CHECK_OR_RETURN(bench_open(&b, &s, 4, 10, TASK_CLASSIFICATION, 3));
    double least = INFINITY;
    for (double gap = 3.5; gap < 5.5; gap += 0.001) {
        memset(b.work.target, 0, 30 * sizeof(real));
        for (int r = 0; r < 3; r++)
            b.work.target[11 * r] = 1;
        regularization_start_step(&b.regularization, 0, b.parallel);
        regularization_apply_batch(&b.regularization, b.parallel);
        for (int i = 0; i < 30; i++)
            b.work.states[0].out[i] = i % 11 == 0 ? (real)gap : 0;
        net_loss(&b.net, &b.work, false);
        least = fmin(least, b.work.losses[0]);
        if (fabs(gap - 4.511) < 5e-4)
            CHECK_NEAR(b.work.losses[0], 0.50026, 1e-4);
    }
    CHECK_NEAR(least, 0.50026, 1e-4);
    bench_close(&b);
}

CHECK_MAIN("identities", input_dropout_is_ridge, input_noise_is_ridge, masks_have_their_moments,
           the_variance_shifts_by_the_formula, smoothed_labels_have_a_floor)
