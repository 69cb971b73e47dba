#include "core/data/generators.h"

#include "core/data/internal.h"
#include "core/math/rng.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

enum { TEACHER_UNITS = 16 };

static rng_stream sample_stream(int64_t data_seed, size_t i)
{
    return rng_stream_at(data_seed, RNG_DATA, (uint32_t)i, 0, 0);
}

/* Before sample i. */
static bool goes_on(const caller *by, size_t i, fail *f)
{
    return i % GENERATE_ROWS_AT_ONCE > 0 || caller_check(by, f);
}

/* A table of floats with the shape that the options say. */
static bool allocate_table(const dataset_options *options, size_t d, size_t k, dataset *out,
                           dataset_arrays *arrays, fail *f)
{
    out->d = d;
    out->k = k;
    out->default_scaling = SCALING_STANDARD;
    return dataset_allocate(out, (size_t)options->n, sizeof(float), arrays, f);
}

bool dataset_generate_blobs(const dataset_options *options, int64_t data_seed, const caller *by,
                            dataset *out, fail *f)
{
    dataset_arrays arrays;
    size_t d = (size_t)options->dimensions, k = (size_t)options->classes;
    double *centres = calloc(k * d, sizeof *centres);
    if (!centres)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for %zu blobs.", k);
    bool is_good = allocate_table(options, d, k, out, &arrays, f);
    for (size_t c = 0; is_good && c < k; c++) {
        rng_stream stream = rng_stream_at(data_seed, RNG_DATA, (uint32_t)c, 0, 1);
        for (size_t j = 0; j < d; j++)
            centres[c * d + j] = rng_uniform_between(&stream, -10, 10);
    }
    for (size_t i = 0; is_good && i < (size_t)options->n; i++) {
        is_good = goes_on(by, i, f);
        rng_stream stream = sample_stream(data_seed, i);
        arrays.labels[i] = (int32_t)(i % k);
        for (size_t j = 0; j < d; j++)
            arrays.floats[i * d + j] =
                (float)(centres[i % k * d + j] + options->noise * rng_normal(&stream));
    }
    free(centres);
    return is_good;
}

/* ---- in the plane ---- */

/* The point of class c before noise. */
typedef void draw_point(rng_stream *stream, size_t c, size_t k, double point[2]);

static bool generate_plane(const dataset_options *options, int64_t data_seed, size_t k,
                           draw_point *draw, const caller *by, dataset *out, fail *f)
{
    dataset_arrays arrays;
    if (!allocate_table(options, 2, k, out, &arrays, f))
        return false;
    for (size_t i = 0; i < (size_t)options->n; i++) {
        if (!goes_on(by, i, f))
            return false;
        rng_stream stream = sample_stream(data_seed, i);
        double point[2];
        draw(&stream, i % k, k, point);
        arrays.labels[i] = (int32_t)(i % k);
        for (size_t j = 0; j < 2; j++)
            arrays.floats[2 * i + j] = (float)(point[j] + options->noise * rng_normal(&stream));
    }
    return true;
}

static void draw_moon(rng_stream *stream, size_t c, size_t k, double point[2])
{
    (void)k;
    double t = PI * rng_uniform(stream);
    point[0] = c == 0 ? cos(t) : 1 - cos(t);
    point[1] = c == 0 ? sin(t) : 0.5 - sin(t);
}

static void draw_circle(rng_stream *stream, size_t c, size_t k, double point[2])
{
    (void)k;
    double t = 2 * PI * rng_uniform(stream), radius = c == 0 ? 1 : 0.5;
    point[0] = radius * cos(t);
    point[1] = radius * sin(t);
}

static void draw_spiral(rng_stream *stream, size_t c, size_t k, double point[2])
{
    double radius = sqrt(rng_uniform(stream));
    double angle = 2 * PI * (double)c / (double)k + 3 * PI * radius;
    point[0] = radius * cos(angle);
    point[1] = radius * sin(angle);
}

static void draw_xor(rng_stream *stream, size_t c, size_t k, double point[2])
{
    (void)k;
    point[0] = rng_uniform_between(stream, -1, 1);
    point[1] = fabs(rng_uniform_between(stream, -1, 1));
    if ((point[0] > 0) == (c == 1))
        point[1] = -point[1];
}

bool dataset_generate_moons(const dataset_options *options, int64_t data_seed, const caller *by,
                            dataset *out, fail *f)
{
    return generate_plane(options, data_seed, 2, draw_moon, by, out, f);
}

bool dataset_generate_circles(const dataset_options *options, int64_t data_seed, const caller *by,
                              dataset *out, fail *f)
{
    return generate_plane(options, data_seed, 2, draw_circle, by, out, f);
}

bool dataset_generate_spirals(const dataset_options *options, int64_t data_seed, const caller *by,
                              dataset *out, fail *f)
{
    return generate_plane(options, data_seed, (size_t)options->classes, draw_spiral, by, out, f);
}

bool dataset_generate_xor(const dataset_options *options, int64_t data_seed, const caller *by,
                          dataset *out, fail *f)
{
    return generate_plane(options, data_seed, 2, draw_xor, by, out, f);
}

/* ---- teacher ---- */

/* Rows of normals times factor: matrix (n_rows, n_columns) row-major. */
static void draw_matrix(uint32_t layer, size_t n_rows, size_t n_columns, double factor,
                        float *matrix)
{
    for (size_t r = 0; r < n_rows; r++) {
        rng_address address = {rng_key_of(0, RNG_DATA), (uint32_t)r, 0, layer};
        rng_fill_normal(&address, 0, n_columns, matrix + r * n_columns);
    }
    for (size_t i = 0; i < n_rows * n_columns; i++)
        matrix[i] *= (float)factor;
}

/* W x with W (n, d). */
static void multiply(const float *matrix, const float *x, size_t n, size_t d, double *out)
{
    for (size_t r = 0; r < n; r++) {
        out[r] = 0;
        for (size_t j = 0; j < d; j++)
            out[r] += (double)matrix[r * d + j] * (double)x[j];
    }
}

/* The label that the teacher gives to x (d). */
static int32_t ask_teacher(const float *w, const float *v, const float *x, size_t d, size_t k,
                           double noise, rng_stream *stream)
{
    double sums[TEACHER_UNITS], output;
    float units[TEACHER_UNITS];
    multiply(w, x, TEACHER_UNITS, d, sums);
    for (size_t u = 0; u < TEACHER_UNITS; u++)
        units[u] = (float)tanh(sums[u]);
    int32_t best = 0;
    double best_output = -INFINITY;
    for (size_t c = 0; c < k; c++) {
        multiply(v + c * TEACHER_UNITS, units, 1, TEACHER_UNITS, &output);
        output += noise * rng_normal(stream);
        if (output > best_output) {
            best_output = output;
            best = (int32_t)c;
        }
    }
    return best;
}

bool dataset_generate_teacher(const dataset_options *options, int64_t data_seed, const caller *by,
                              dataset *out, fail *f)
{
    dataset_arrays arrays;
    size_t d = (size_t)options->dimensions, k = (size_t)options->classes;
    float *w = calloc(TEACHER_UNITS * (d + k), sizeof *w);
    if (!w)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for a teacher.");
    float *v = w + TEACHER_UNITS * d;
    draw_matrix(1, TEACHER_UNITS, d, 2 / sqrt((double)d), w);
    draw_matrix(2, k, TEACHER_UNITS, 0.32, v);
    bool is_good = allocate_table(options, d, k, out, &arrays, f);
    for (size_t i = 0; is_good && i < (size_t)options->n; i++) {
        is_good = goes_on(by, i, f);
        rng_stream stream = sample_stream(data_seed, i);
        float *x = arrays.floats + i * d;
        for (size_t j = 0; j < d; j++)
            x[j] = (float)rng_normal(&stream);
        arrays.labels[i] = ask_teacher(w, v, x, d, k, options->noise, &stream);
    }
    free(w);
    return is_good;
}

/* ---- regression ---- */

bool dataset_generate_sine(const dataset_options *options, int64_t data_seed, const caller *by,
                           dataset *out, fail *f)
{
    dataset_arrays arrays;
    if (!allocate_table(options, 1, 1, out, &arrays, f))
        return false;
    for (size_t i = 0; i < (size_t)options->n; i++) {
        if (!goes_on(by, i, f))
            return false;
        rng_stream stream = sample_stream(data_seed, i);
        double x = rng_uniform_between(&stream, -2, 2);
        arrays.floats[i] = (float)x;
        arrays.targets[i] = (float)(sin(PI * x) + options->noise * rng_normal(&stream));
    }
    return true;
}

bool dataset_generate_polynomial(const dataset_options *options, int64_t data_seed,
                                 const caller *by, dataset *out, fail *f)
{
    dataset_arrays arrays;
    size_t d = (size_t)options->dimensions;
    if (!allocate_table(options, d, 1, out, &arrays, f))
        return false;
    for (size_t i = 0; i < (size_t)options->n; i++) {
        if (!goes_on(by, i, f))
            return false;
        rng_stream stream = sample_stream(data_seed, i);
        double sum = 0;
        for (size_t j = 0; j < d; j++) {
            double x = rng_uniform_between(&stream, -1, 1);
            arrays.floats[i * d + j] = (float)x;
            sum += 4 * x * x * x - 3 * x;
        }
        arrays.targets[i] = (float)(sum / (double)d + options->noise * rng_normal(&stream));
    }
    return true;
}
