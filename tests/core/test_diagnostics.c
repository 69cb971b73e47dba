/* Per-layer diagnostics against plain double-precision definitions and cases with a known answer.
 */
#include "core/math/rng.h"
#include "core/train/diagnostics.h"
#include "tests/check.h"

#include <stdlib.h>

static double values[LAYER_METRIC_COUNT];

static void read_values(diagnostics *d)
{
    metric_layer layer = diagnostics_finish(d);
    const metric_sums none = {0};
    const metric_moment known = {.sums = &none, .penalty = NAN};
    metric_measure_layer(&known, &layer, values);
}

/* Reads outputs (n, units) in chunks; a pair of modes too where `training` is given. */
static void measure(const real *outputs, const real *training, size_t n, size_t units, size_t chunk)
{
    void *memory = aligned_alloc(64, diagnostics_bytes(units));
    CHECK_OR_RETURN(memory != NULL);
    diagnostics d;
    diagnostics_init(&d, memory, units, n);
    for (size_t first = 0; first < n; first += chunk) {
        size_t rows = n - first < chunk ? n - first : chunk;
        diagnostics_add(&d, outputs + first * units, rows);
        if (training)
            diagnostics_add_pair(&d, outputs + first * units, training + first * units, rows);
    }
    read_values(&d);
    free(memory);
}

/* relu of a random mix of `sources` normals: (n, units), correlated and sparse. The caller frees.
 */
static real *mixed_outputs(size_t n, size_t units, size_t sources)
{
    real *out = calloc(n * units, sizeof *out);
    double *mix = malloc(sources * units * sizeof *mix), source[64];
    rng_stream stream = rng_stream_at(5, RNG_DATA, 0, 0, 0);
    for (size_t i = 0; out && mix && i < sources * units; i++)
        mix[i] = rng_normal(&stream);
    for (size_t i = 0; out && mix && i < n; i++) {
        for (size_t s = 0; s < sources; s++)
            source[s] = rng_normal(&stream);
        for (size_t u = 0; u < units; u++) {
            double sum = 0.2;
            for (size_t s = 0; s < sources; s++)
                sum += source[s] * mix[s * units + u];
            out[i * units + u] = (real)fmax(0, sum);
        }
    }
    free(mix);
    return out;
}

static double column_covariance(const real *x, size_t n, size_t units, size_t a, size_t b)
{
    double mean_a = 0, mean_b = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        mean_a += (double)x[i * units + a] / (double)n;
        mean_b += (double)x[i * units + b] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i * units + a] - mean_a) * ((double)x[i * units + b] - mean_b);
    return sum / (double)n;
}

/* Largest off-diagonal element of a symmetric (n, n) matrix set to zero, again and again (Jacobi
 * 1846). */
static void jacobi_eigenvalues(double *a, size_t n)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                double apq = a[p * n + q];
                if (fabs(apq) < 1e-300)
                    continue;
                double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
                double t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
                double c = 1 / hypot(t, 1), s = t * c;
                for (size_t k = 0; k < n; k++) {
                    double x = a[k * n + p], y = a[k * n + q];
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for (size_t k = 0; k < n; k++) {
                    double x = a[p * n + k], y = a[q * n + k];
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
            }
}

static double plain_effective_rank(const real *x, size_t n, size_t units)
{
    double *a = malloc(units * units * sizeof *a), trace = 0, entropy = 0;
    if (!a)
        return NAN;
    for (size_t i = 0; i < units; i++)
        for (size_t j = 0; j < units; j++)
            a[i * units + j] = column_covariance(x, n, units, i, j);
    jacobi_eigenvalues(a, units);
    for (size_t i = 0; i < units; i++)
        trace += fmax(0, a[i * units + i]);
    for (size_t i = 0; i < units; i++) {
        double p = a[i * units + i] / trace;
        entropy -= p > 0 ? p * log(p) : 0;
    }
    free(a);
    return exp(entropy);
}

static double plain_coadaptation(const real *x, size_t n, size_t units)
{
    double sum = 0, n_pairs = 0;
    for (size_t i = 0; i < units; i++)
        for (size_t j = i + 1; j < units; j++) {
            double vi = column_covariance(x, n, units, i, i);
            double vj = column_covariance(x, n, units, j, j);
            if (sqrt(vi) <= METRIC_LIVE_STD || sqrt(vj) <= METRIC_LIVE_STD)
                continue;
            sum += fabs(column_covariance(x, n, units, i, j)) / sqrt(vi * vj);
            n_pairs++;
        }
    return sum / n_pairs;
}

static void check_activity(const real *x, size_t n, size_t units)
{
    double sum = 0, squares = 0, n_zero = 0;
    for (size_t i = 0; i < n * units; i++)
        sum += (double)x[i];
    double mean = sum / (double)(n * units);
    for (size_t i = 0; i < n * units; i++) {
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        n_zero += x[i] == 0;
    }
    CHECK_NEAR(values[LAYER_METRIC_ACTIVATION_MEAN], mean, 1e-6);
    CHECK_NEAR(values[LAYER_METRIC_ACTIVATION_STD], sqrt(squares / (double)(n * units)), 1e-6);
    CHECK_NEAR(values[LAYER_METRIC_SPARSITY], n_zero / (double)(n * units), 1e-12);
}

/* Small enough to be looked at whole; the chunks must not matter. */
static void agrees_with_plain_definitions(void)
{
    static const size_t shapes[][2] = {{200, 37}, {256, 16}, {3, 2}, {60, 90}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t n = shapes[i][0], units = shapes[i][1];
        real *x = mixed_outputs(n, units, 6);
        CHECK_OR_RETURN(x != NULL);
        for (size_t chunk = 1; chunk <= n; chunk = chunk * 7 + 1) {
            measure(x, NULL, n, units, chunk);
            check_activity(x, n, units);
            CHECK_NEAR(values[LAYER_METRIC_COADAPTATION], plain_coadaptation(x, n, units), 1e-5);
            CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], plain_effective_rank(x, n, units),
                       1e-4);
        }
        free(x);
    }
}

/* Every n-th unit of x (n, units): what a layer above a limit is reduced to. The caller frees. */
static real *evenly_spaced(const real *x, size_t n, size_t units, size_t kept)
{
    real *out = malloc(n * kept * sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        for (size_t u = 0; u < kept; u++)
            out[i * kept + u] = x[i * units + u * units / kept];
    return out;
}

/* All samples and all pairs, but eigenvalues of 128 units only. */
static void the_rank_of_wide_layers_is_of_some_units(void)
{
    enum { N = 700, UNITS = 300, KEPT = METRIC_RANK_LIMIT };
    real *x = mixed_outputs(N, UNITS, 20), *some = evenly_spaced(x, N, UNITS, KEPT);
    CHECK_OR_RETURN(x != NULL && some != NULL);
    measure(x, NULL, N, UNITS, 99);
    check_activity(x, N, UNITS);
    CHECK_NEAR(values[LAYER_METRIC_COADAPTATION], plain_coadaptation(x, N, UNITS), 1e-5);
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], plain_effective_rank(some, N, KEPT), 1e-4);
    free(some);
    free(x);
}

static void pairs_of_very_wide_layers_are_of_some_units(void)
{
    enum { N = 40, UNITS = 1100, KEPT = METRIC_UNITS_LIMIT };
    real *x = mixed_outputs(N, UNITS, 20), *some = evenly_spaced(x, N, UNITS, KEPT);
    CHECK_OR_RETURN(x != NULL && some != NULL);
    measure(x, NULL, N, UNITS, 7);
    CHECK_NEAR(values[LAYER_METRIC_COADAPTATION], plain_coadaptation(some, N, KEPT), 1e-5);
    free(some);
    free(x);
}

static void copies_are_one_dimension(void)
{
    enum { N = 50, UNITS = 5 };
    real x[N * UNITS];
    for (int i = 0; i < N; i++)
        for (int u = 0; u < UNITS; u++)
            x[i * UNITS + u] = (real)((u % 2 ? -1 : 1) * (i * i % 17));
    measure(x, NULL, N, UNITS, N);
    CHECK_NEAR(values[LAYER_METRIC_COADAPTATION], 1, 1e-6);
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], 1, 1e-4);
}

/* Walsh functions: uncorrelated, of one variance. */
static void independent_units_are_all_dimensions(void)
{
    enum { N = 64, UNITS = 32 };
    real x[N * UNITS];
    for (unsigned i = 0; i < N; i++)
        for (unsigned u = 0; u < UNITS; u++)
            x[i * UNITS + u] = __builtin_parity(i & (u + 1)) ? 2 : 0;
    measure(x, NULL, N, UNITS, 10);
    CHECK_WITHIN(values[LAYER_METRIC_COADAPTATION], 0, 1e-7);
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], UNITS, 1e-5);
    CHECK_NEAR(values[LAYER_METRIC_SPARSITY], 0.5, 1e-12);
    CHECK_NEAR(values[LAYER_METRIC_ACTIVATION_STD], 1, 1e-6);
}

static void dead_units_are_counted_and_left_out(void)
{
    const real x[] = {0, 1, 0, 5, 0, 0, 0, 5,
                      0, 1, 0, 5, 0, 3, 0, 5}; /* (4, 4): dead, live, dead, still */
    measure(x, NULL, 4, 4, 2);
    CHECK_NEAR(values[LAYER_METRIC_DEAD_FRACTION], 0.5, 0);
    CHECK_NEAR(values[LAYER_METRIC_SPARSITY], 9.0 / 16, 1e-12);
    CHECK(isnan(values[LAYER_METRIC_COADAPTATION]));
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], 1, 1e-6);
    const real nothing[6] = {0};
    measure(nothing, NULL, 3, 2, 3);
    CHECK(values[LAYER_METRIC_DEAD_FRACTION] == 1 && isnan(values[LAYER_METRIC_EFFECTIVE_RANK]));
}

/* Inverted dropout at rate r of values with mean c and variance v: the ratio is v / ((c^2 +
 * v)/(1-r) - c^2). */
static void variance_shift_follows_the_formula(void)
{
    enum { N = 4000, UNITS = 20 };
    static const double means[] = {0, 1.5}, rate = 0.25;
    static real x[N * UNITS], masked[N * UNITS];
    for (size_t m = 0; m < 2; m++) {
        rng_stream stream = rng_stream_at(3, RNG_DATA, 0, 0, 0);
        for (size_t i = 0; i < N * UNITS; i++) {
            x[i] = (real)(means[m] + rng_normal(&stream));
            masked[i] = rng_uniform(&stream) < rate ? 0 : x[i] / (real)(1 - rate);
        }
        measure(x, masked, N, UNITS, 512);
        double square = means[m] * means[m];
        CHECK_NEAR(values[LAYER_METRIC_VARIANCE_SHIFT], 1 / ((square + 1) / (1 - rate) - square),
                   0.03);
    }
    measure(x, x, N, UNITS, 512);
    CHECK_NEAR(values[LAYER_METRIC_VARIANCE_SHIFT], 1, 1e-15);
    measure(x, NULL, N, UNITS, 512);
    CHECK_NEAR(values[LAYER_METRIC_VARIANCE_SHIFT], 1, 0);
}

static void what_is_not_there_is_not_a_number(void)
{
    real x[8] = {1, 2, NAN, 4, 5, 6, 7, 8};
    measure(x, NULL, 4, 2, 4);
    CHECK(isnan(values[LAYER_METRIC_ACTIVATION_MEAN]));
    CHECK(isnan(values[LAYER_METRIC_EFFECTIVE_RANK]));
    measure(x, NULL, 0, 2, 4);
    CHECK(isnan(values[LAYER_METRIC_SPARSITY]) && isnan(values[LAYER_METRIC_COADAPTATION]));
    measure(x + 4, NULL, 4, 1, 4);
    CHECK(isnan(values[LAYER_METRIC_WEIGHT_NORM])); /* whose weights are not known */
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], 1, 0);
}

/* Trained layers have eigenvalues over many magnitudes and units that stand still: random low
 * ranks, scales and rectified units, against Jacobi's method. */
static void graded_spectra_have_their_rank(void)
{
    enum { N = 60, UNITS = 40, CASES = 150 };
    real x[N * UNITS];
    for (uint32_t k = 0; k < CASES; k++) {
        rng_stream s = rng_stream_at(k, RNG_DATA, 1, 0, 0);
        size_t sources = 1 + rng_below(&s, 30);
        double decay = rng_uniform_between(&s, 0.2, 1), bias = rng_uniform_between(&s, -1, 0.5),
               loads[UNITS * 30];
        for (size_t i = 0; i < UNITS * sources; i++)
            loads[i] = rng_normal(&s) * pow(decay, (double)(i % sources));
        for (size_t n = 0; n < N; n++) {
            double z[30];
            for (size_t j = 0; j < sources; j++)
                z[j] = rng_normal(&s);
            for (size_t u = 0; u < UNITS; u++) {
                double sum = bias;
                for (size_t j = 0; j < sources; j++)
                    sum += loads[u * sources + j] * z[j];
                x[n * UNITS + u] = (real)fmax(0, sum);
            }
        }
        measure(x, NULL, N, UNITS, N);
        CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], plain_effective_rank(x, N, UNITS), 1e-3);
    }
}

/* Units far from zero, each at its own place, a third of which stand still. */
static void large_means_do_not_drown_the_deviations(void)
{
    enum { N = 600, UNITS = 30 };
    real *x = mixed_outputs(N, UNITS, 6);
    CHECK_OR_RETURN(x != NULL);
    for (size_t i = 0; i < N * UNITS; i++) {
        size_t u = i % UNITS;
        x[i] = u % 3 == 1 ? (real)(1234.56789 * (double)u) : x[i] + (real)(100 * (double)u);
    }
    measure(x, NULL, N, UNITS, N);
    CHECK_NEAR(values[LAYER_METRIC_COADAPTATION], plain_coadaptation(x, N, UNITS), 1e-5);
    CHECK_NEAR(values[LAYER_METRIC_EFFECTIVE_RANK], plain_effective_rank(x, N, UNITS), 1e-4);
    free(x);
}

/* The second difference matrix: its eigenvalues are 2 - 2 cos(k pi / (n + 1)). */
static void entropy_of_a_known_matrix(void)
{
    for (size_t n = 1; n <= KERNEL_SPECTRUM_LIMIT; n++) {
        float diagonal[KERNEL_SPECTRUM_LIMIT], off[KERNEL_SPECTRUM_LIMIT];
        double expected = 0;
        for (size_t i = 0; i < n; i++) {
            double p = (1 - cos((double)(i + 1) * M_PI / (double)(n + 1))) / (double)n;
            expected -= p * log(p);
            diagonal[i] = 2;
            off[i] = -1;
        }
        CHECK_WITHIN(kernel_spectrum_entropy(diagonal, off, n), expected, 1e-6);
    }
}

/* A diagonal matrix of order 128 with eigenvalues 1, decay, decay^2, ...: over up to 38
 * magnitudes. */
static void entropy_of_graded_eigenvalues(void)
{
    enum { N = KERNEL_SPECTRUM_LIMIT };
    for (double decay = 1; decay > 0.5; decay -= 0.02) {
        float diagonal[N], off[N] = {0};
        double sum = 0, expected = 0;
        for (int i = 0; i < N; i++) {
            diagonal[i] = (float)pow(decay, i);
            sum += (double)diagonal[i];
        }
        for (int i = 0; i < N; i++)
            expected -= (double)diagonal[i] / sum * log((double)diagonal[i] / sum);
        CHECK_WITHIN(kernel_spectrum_entropy(diagonal, off, N), expected, 2e-5);
    }
}

/* What rounding leaves of eigenvalues that are 0 does not matter; a matrix that is no covariance
 * has no entropy. */
static void entropy_of_what_is_not_positive(void)
{
    const float off[3] = {0};
    const float rounded[] = {0.5F, 0.5F, -3e-7F, 3e-7F}, noisy[] = {0.5F, 0.5F, -3e-5F, 3e-5F};
    const float wrong[] = {1, 1, -0.5F, 0.5F}, nothing[4] = {0}, unknown[] = {1, NAN, 1, 1};
    CHECK_WITHIN(kernel_spectrum_entropy(rounded, off, 4), log(2), 1e-6);
    CHECK_WITHIN(kernel_spectrum_entropy(noisy, off, 4), log(2), 1e-4);
    CHECK(isnan(kernel_spectrum_entropy(wrong, off, 4)));
    CHECK(isnan(kernel_spectrum_entropy(nothing, off, 4)));
    CHECK(isnan(kernel_spectrum_entropy(unknown, off, 4)));
}

CHECK_MAIN("diagnostics", agrees_with_plain_definitions, the_rank_of_wide_layers_is_of_some_units,
           pairs_of_very_wide_layers_are_of_some_units, copies_are_one_dimension,
           independent_units_are_all_dimensions, dead_units_are_counted_and_left_out,
           variance_shift_follows_the_formula, what_is_not_there_is_not_a_number,
           graded_spectra_have_their_rank, large_means_do_not_drown_the_deviations,
           entropy_of_a_known_matrix, entropy_of_graded_eigenvalues,
           entropy_of_what_is_not_positive)
