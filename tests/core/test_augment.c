/* Augmentation against a plain implementation of what core/regularizer/augment.h says, in double
 * and without tricks. */
#include "core/data/internal.h"
#include "core/math/rng.h"
#include "core/regularizer/augment.h"
#include "tests/check.h"

#include <stdlib.h>

#define PI 3.14159265358979323846

enum { MOST = 3 * 40 * 40 };

/* An image set of one shape, its split, and a spec: what augment_init() wants. */
typedef struct bench {
    dataset *set;
    split *data;
    train_spec spec;
    augment a;
    float *scratch;
    float in[MOST], out[MOST];
} bench;

static void bench_open(bench *b, size_t channels, size_t height, size_t width)
{
    dataset_arrays arrays;
    fail f = {0};
    memset(b, 0, sizeof *b);
    b->spec.scaling = SCALING_STANDARD;
    b->spec.train_evaluation_size = 1;
    b->set = dataset_new();
    b->set->channels = channels;
    b->set->height = height;
    b->set->width = width;
    b->set->d = channels * height * width;
    b->set->k = 2;
    b->set->shared_scaling = true;
    CHECK_OK(dataset_allocate(b->set, 10, 1, &arrays, &f), f);
    for (size_t i = 0; i < 10 * b->set->d; i++)
        arrays.bytes[i] = (uint8_t)(i * 2654435761U >> 24);
    for (int i = 0; i < 10; i++)
        arrays.labels[i] = i % 2;
    CHECK_OK(split_open(b->set, &b->spec, &b->data, &f), f);
    split_read_inputs(b->data, PART_TRAIN, NULL, 0, 1, b->in);
}

/* Takes over what the spec says now. */
static void bench_set(bench *b)
{
    free(b->scratch);
    augment_init(&b->spec, b->data, &b->a);
    b->scratch = aligned_alloc(64, (augment_bytes(&b->a) + 63) / 64 * 64);
}

static void bench_close(bench *b)
{
    free(b->scratch);
    split_close(b->data);
    dataset_close(b->set);
}

static bool are_same(const float *a, const float *b, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] == b[i])
        i++;
    return i == n;
}

/* ---- the plain implementation ---- */

static double pixel(const augment *a, const float *image, long x, long y)
{
    bool is_inside = x >= 0 && y >= 0 && x < (long)a->width && y < (long)a->height;
    return is_inside ? (double)image[(size_t)y * a->width + (size_t)x] : (double)a->background;
}

static double bilinear(const augment *a, const float *image, double x, double y)
{
    long left = (long)floor(x), top = (long)floor(y);
    double fx = x - (double)left, fy = y - (double)top;
    return (1 - fy) *
               ((1 - fx) * pixel(a, image, left, top) + fx * pixel(a, image, left + 1, top)) +
           fy * ((1 - fx) * pixel(a, image, left, top + 1) +
                 fx * pixel(a, image, left + 1, top + 1));
}

/* Field number `which` at (x, y), smoothed; words 16, ... of the stream. */
static double displacement(const augment *a, const rng_stream *stream, size_t which, long x, long y)
{
    double sigma = 4.0 * (double)(a->height < a->width ? a->height : a->width) / 28, sum = 0,
           total = 0;
    long radius = (long)ceil(3 * sigma);
    size_t area = a->height * a->width;
    for (long j = -radius; j <= radius; j++)
        for (long i = -radius; i <= radius; i++) {
            double weight = exp(-0.5 * (double)(i * i + j * j) / sigma / sigma);
            total += weight;
            if (x + i < 0 || y + j < 0 || x + i >= (long)a->width || y + j >= (long)a->height)
                continue;
            size_t u = 16 + which * area + (size_t)(y + j) * a->width + (size_t)(x + i);
            uint32_t words[4];
            rng_block(&stream->address, (uint32_t)(u / 4), words);
            sum += weight * (((double)words[u % 4] + 0.5) / 2147483648.0 - 1);
        }
    return a->elastic * sum / total;
}

static double between(rng_stream *stream, double limit)
{
    return limit > 0 ? (2 * rng_uniform(stream) - 1) * limit : 0;
}

static void apply_plainly(const augment *a, uint32_t row, uint32_t step, const float *in,
                          float *out)
{
    rng_stream stream = rng_stream_at(3, RNG_AUGMENTATION, row, step, 0);
    bool flip = a->flip && rng_uniform(&stream) < 0.5;
    double tx = between(&stream, a->shift), ty = between(&stream, a->shift);
    double angle = between(&stream, a->rotate), zoom = 1 + between(&stream, a->zoom);
    double shear = between(&stream, a->shear);
    long cut_x = a->cutout ? rng_below(&stream, (uint32_t)a->width) : 0;
    long cut_y = a->cutout ? rng_below(&stream, (uint32_t)a->height) : 0;
    long half = (long)a->cutout / 2, side = (long)a->cutout;
    double centre_x = ((double)a->width - 1) / 2, centre_y = ((double)a->height - 1) / 2;
    for (long y = 0; y < (long)a->height; y++)
        for (long x = 0; x < (long)a->width; x++) {
            double px = (double)x - centre_x - tx, py = (double)y - centre_y - ty;
            double rx = cos(angle) * px + sin(angle) * py, ry = -sin(angle) * px + cos(angle) * py;
            double sx = (rx - shear * ry) / zoom, sy = ry / zoom;
            double qx = (flip ? -sx : sx) + centre_x, qy = sy + centre_y;
            if (a->elastic > 0) {
                qx += displacement(a, &stream, 0, x, y);
                qy += displacement(a, &stream, 1, x, y);
            }
            bool is_cut = side > 0 && x >= cut_x - half && x < cut_x - half + side &&
                          y >= cut_y - half && y < cut_y - half + side;
            for (size_t c = 0; c < a->channels; c++) {
                size_t plane = c * a->height * a->width;
                double value = is_cut ? (double)a->background : bilinear(a, in + plane, qx, qy);
                out[plane + (size_t)y * a->width + (size_t)x] = (float)value;
            }
        }
}

/* Several rows and steps agree; returns the largest difference seen. */
static void compare(bench *b)
{
    static float expected[MOST];
    double worst = 0;
    bench_set(b);
    for (uint32_t i = 0; i < 6; i++) {
        augment_apply(&b->a, 3, i, 10 * i, b->in, b->out, b->scratch);
        apply_plainly(&b->a, i, 10 * i, b->in, expected);
        for (size_t j = 0; j < b->set->d; j++)
            worst = fmax(worst, fabs((double)expected[j] - (double)b->out[j]));
    }
    CHECK_WITHIN(worst, 0, 2e-4);
}

static void agrees_with_the_plain_one(void)
{
    static const size_t shapes[][3] = {{1, 28, 28}, {3, 9, 14}, {1, 16, 33}, {1, 40, 5}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        bench b;
        bench_open(&b, shapes[i][0], shapes[i][1], shapes[i][2]);
        b.spec.augmentation.shift = 2.5;
        compare(&b);
        b.spec.augmentation.rotate = 30;
        compare(&b);
        b.spec.augmentation.zoom = 0.3;
        compare(&b);
        b.spec.augmentation.shear = 0.2;
        compare(&b);
        b.spec.augmentation.flip = true;
        compare(&b);
        b.spec.augmentation.cutout = 5;
        compare(&b);
        b.spec.augmentation.elastic = 20;
        compare(&b);
        bench_close(&b);
    }
}

static void elastic_alone(void)
{
    bench b;
    bench_open(&b, 1, 28, 28);
    b.spec.augmentation.elastic = 34;
    compare(&b);
    bench_close(&b);
}

static void nothing_changes_nothing(void)
{
    bench b;
    bench_open(&b, 2, 8, 8);
    CHECK(!augment_is_on(&b.spec));
    bench_set(&b);
    augment_apply(&b.a, 3, 0, 0, b.in, b.out, b.scratch);
    CHECK_EQUAL_BYTES(b.out, b.in, b.set->d * sizeof(float));
    bench_close(&b);
}

/* A mirrored image is the image mirrored, bit for bit, in about half of the cases; the others are
 * untouched. */
static void mirror_is_exact(void)
{
    bench b;
    bench_open(&b, 1, 7, 10);
    b.spec.augmentation.flip = true;
    CHECK(augment_is_on(&b.spec));
    bench_set(&b);
    int n_mirrored = 0, n_bad = 0;
    for (uint32_t i = 0; i < 200; i++) {
        augment_apply(&b.a, 3, i, 0, b.in, b.out, b.scratch);
        bool is_same = are_same(b.in, b.out, 70);
        n_mirrored += !is_same;
        for (size_t j = 0; j < 70 && !is_same; j++)
            n_bad += b.out[j] != b.in[j / 10 * 10 + 9 - j % 10];
    }
    CHECK_EQUAL_INT(n_bad, 0);
    CHECK_WITHIN(n_mirrored, 100, 30);
    bench_close(&b);
}

static void cutout_is_background(void)
{
    bench b;
    bench_open(&b, 1, 12, 12);
    b.spec.augmentation.cutout = 4;
    bench_set(&b);
    size_t least = 144, most = 0, n_other = 0;
    for (uint32_t i = 0; i < 300; i++) {
        size_t n_cut = 0;
        augment_apply(&b.a, 3, i, 0, b.in, b.out, b.scratch);
        for (size_t j = 0; j < 144; j++) {
            n_cut += b.out[j] != b.in[j];
            n_other += b.out[j] != b.in[j] && b.out[j] != b.a.background;
        }
        least = n_cut < least ? n_cut : least;
        most = n_cut > most ? n_cut : most;
    }
    CHECK_EQUAL_INT(n_other, 0);
    CHECK(most <= 16 && most >= 15); /* a pixel may happen to have the background's value */
    CHECK(least >= 3 && least <= 6); /* it may hang over a corner */
    bench_close(&b);
}

/* The address alone decides. */
static void draws_are_addressed(void)
{
    bench b;
    static float again[MOST];
    bench_open(&b, 1, 28, 28);
    b.spec.augmentation.rotate = 20;
    b.spec.augmentation.elastic = 30;
    bench_set(&b);
    augment_apply(&b.a, 3, 1, 5, b.in, again, b.scratch);
    augment_apply(&b.a, 3, 2, 5, b.in, b.out, b.scratch);
    CHECK(!are_same(again, b.out, 784));
    augment_apply(&b.a, 3, 1, 6, b.in, b.out, b.scratch);
    CHECK(!are_same(again, b.out, 784));
    augment_apply(&b.a, 4, 1, 5, b.in, b.out, b.scratch);
    CHECK(!are_same(again, b.out, 784));
    augment_apply(&b.a, 3, 1, 5, b.in, b.out, b.scratch);
    CHECK_EQUAL_BYTES(again, b.out, 784 * sizeof(float));
    bench_close(&b);
}

/* Far out there is background only, and no position is wild. */
static void extremes_stay_inside(void)
{
    bench b;
    bench_open(&b, 1, 28, 28);
    b.spec.augmentation.shift = 64;
    b.spec.augmentation.rotate = 180;
    b.spec.augmentation.zoom = 0.999999;
    b.spec.augmentation.shear = 1;
    b.spec.augmentation.elastic = 1000;
    b.spec.augmentation.cutout = 1024;
    bench_set(&b);
    size_t n_bad = 0;
    for (uint32_t i = 0; i < 200; i++) {
        augment_apply(&b.a, 3, i, 0, b.in, b.out, b.scratch);
        for (size_t j = 0; j < 784; j++)
            n_bad += b.out[j] !=
                     b.a.background; /* the square is larger than the image, wherever it is */
    }
    CHECK_EQUAL_INT(n_bad, 0);
    b.spec.augmentation.cutout = 0;
    bench_set(&b);
    for (uint32_t i = 0; i < 200; i++) {
        augment_apply(&b.a, 3, i, 0, b.in, b.out, b.scratch);
        for (size_t j = 0; j < 784; j++)
            n_bad += !(fabsf(b.out[j]) < 10);
    }
    CHECK_EQUAL_INT(n_bad, 0);
    bench_close(&b);
}

/* The smoothed field of sigma 4 has the deviation sqrt(1/3) / (2 sigma sqrt(pi)) away from the
 * border. */
static void elastic_has_its_strength(void)
{
    bench b;
    bench_open(&b, 1, 28, 28);
    b.spec.augmentation.elastic = 10;
    bench_set(&b);
    for (size_t j = 0; j < 784; j++)
        b.in[j] = (float)(j % 28); /* a ramp reads its own displacement */
    double square = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        augment_apply(&b.a, 3, i, 0, b.in, b.out, b.scratch);
        double e = (double)b.out[14 * 28 + 14] - 14;
        square += e * e / 2000;
    }
    CHECK_NEAR(sqrt(square), 10 * sqrt(1.0 / 3) / (2 * 4 * sqrt(PI)), 0.06);
    bench_close(&b);
}

CHECK_MAIN("augment", agrees_with_the_plain_one, elastic_alone, nothing_changes_nothing,
           mirror_is_exact, cutout_is_background, draws_are_addressed, extremes_stay_inside,
           elastic_has_its_strength)
