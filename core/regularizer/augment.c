#include "core/regularizer/augment.h"

#include "core/math/kernel.h"
#include "core/math/kernel_augment.h"
#include "core/math/rng.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { FIELD_WORD = 16, ALIGNMENT = 64 };

bool augment_is_on(const train_spec *spec)
{
    return spec->augmentation.shift > 0 || spec->augmentation.rotate > 0 ||
           spec->augmentation.zoom > 0 || spec->augmentation.shear > 0 ||
           spec->augmentation.cutout > 0 || spec->augmentation.elastic > 0 ||
           spec->augmentation.flip;
}

static void set_weights(augment *a)
{
    size_t side = a->height < a->width ? a->height : a->width;
    double sigma = 4 * (double)side / 28, sum = 0;
    size_t radius = (size_t)ceil(3 * sigma);
    a->radius = radius < AUGMENT_RADIUS_LIMIT ? radius : AUGMENT_RADIUS_LIMIT;
    for (size_t t = 0; t <= 2 * a->radius; t++) {
        double x = ((double)t - (double)a->radius) / sigma;
        sum += exp(-0.5 * x * x);
    }
    for (size_t t = 0; t <= 2 * a->radius; t++) {
        double x = ((double)t - (double)a->radius) / sigma;
        a->weights[t] = (float)(exp(-0.5 * x * x) / sum);
    }
}

void augment_init(const train_spec *spec, const split *data, augment *out)
{
    const dataset *set = data->set;
    assert(set->channels > 0 && data->is_uniform);
    *out = (augment){.channels = set->channels,
                     .height = set->height,
                     .width = set->width,
                     .shift = spec->augmentation.shift,
                     .rotate = spec->augmentation.rotate * PI / 180,
                     .zoom = spec->augmentation.zoom,
                     .shear = spec->augmentation.shear,
                     .elastic = spec->augmentation.elastic,
                     .cutout = (size_t)llround(spec->augmentation.cutout),
                     .flip = spec->augmentation.flip,
                     .background = data->shift[0]};
    set_weights(out);
}

/* ---- scratch ---- */

static size_t align_floats(size_t n)
{
    size_t lanes = ALIGNMENT / sizeof(float);
    return (n + lanes - 1) / lanes * lanes;
}

/* Where things lie in the scratch memory, in floats from its start. */
typedef struct scratch_layout {
    size_t stride;                     /* of a plane */
    size_t wide;                       /* of a row padded for smoothing */
    size_t image, x, y, words, field;  /* padded image; positions; random words; the fields dense */
    size_t rows, columns, dx, dy, end; /* padded rows; padded columns; smooth planes */
} scratch_layout;

static scratch_layout layout_of(const augment *a)
{
    size_t area = a->height * a->width, n_random = align_floats(2 * area + 4);
    scratch_layout l = {.stride = align_floats(a->width)};
    l.wide = align_floats(l.stride + 2 * a->radius);
    l.x = l.image + align_floats((a->height + 3) * (a->width + 3));
    l.y = l.x + align_floats(area);
    l.words = l.y + align_floats(area);
    l.field = l.words + (a->elastic > 0 ? n_random : 0);
    l.rows = l.field + (a->elastic > 0 ? n_random : 0);
    l.columns = l.rows + (a->elastic > 0 ? a->height * l.wide : 0);
    l.dx = l.columns + (a->elastic > 0 ? (a->height + 2 * a->radius) * l.stride : 0);
    l.dy = l.dx + (a->elastic > 0 ? a->height * l.stride : 0);
    l.end = l.dy + (a->elastic > 0 ? a->height * l.stride : 0);
    return l;
}

size_t augment_bytes(const augment *a)
{
    return layout_of(a).end * sizeof(float);
}

/* ---- draws ---- */

/* What one sample was dealt. */
typedef struct deal {
    double tx, ty, angle, zoom, shear;
    bool flip;
    size_t cutout_x, cutout_y;
} deal;

static double draw_signed(rng_stream *stream, double limit)
{
    return limit > 0 ? rng_uniform_between(stream, -limit, limit) : 0;
}

static deal draw_deal(const augment *a, rng_stream *stream)
{
    deal d = {0};
    d.flip = a->flip && rng_uniform(stream) < 0.5;
    d.tx = draw_signed(stream, a->shift);
    d.ty = draw_signed(stream, a->shift);
    d.angle = draw_signed(stream, a->rotate);
    d.zoom = 1 + draw_signed(stream, a->zoom);
    d.shear = draw_signed(stream, a->shear);
    if (a->cutout > 0) {
        d.cutout_x = rng_below(stream, (uint32_t)a->width);
        d.cutout_y = rng_below(stream, (uint32_t)a->height);
    }
    return d;
}

/* ---- elastic ---- */

/* Smooths one dense field into a plane; the paddings of rows and columns are 0 already. */
static void smooth_field(const augment *a, const scratch_layout *l, const float *noise,
                         float *scratch, float *plane)
{
    float *rows = scratch + l->rows, *columns = scratch + l->columns;
    for (size_t y = 0; y < a->height; y++)
        memcpy(rows + y * l->wide + a->radius, noise + y * a->width, a->width * sizeof *noise);
    kernel_augment_smooth(rows, l->wide, 1, a->weights, 2 * a->radius + 1, a->height, l->stride,
                          columns + a->radius * l->stride);
    kernel_augment_smooth(columns, l->stride, l->stride, a->weights, 2 * a->radius + 1, a->height,
                          l->stride, plane);
}

static void draw_fields(const augment *a, const scratch_layout *l, const rng_address *address,
                        float *scratch)
{
    size_t area = a->height * a->width;
    uint32_t *words = (uint32_t *)(void *)(scratch + l->words);
    memset(scratch + l->rows, 0, (l->dx - l->rows) * sizeof *scratch);
    kernel_blocks(address, address->row, 1, FIELD_WORD / 4, (2 * area + 3) / 4, words);
    kernel_augment_signed(words, 2 * area, scratch + l->field);
    smooth_field(a, l, scratch + l->field, scratch, scratch + l->dx);
    smooth_field(a, l, scratch + l->field + area, scratch, scratch + l->dy);
}

/* ---- moving ---- */

/* q = M (p - t - centre) + centre + padding, written for column and row numbers. */
static void set_matrix(const augment *a, const deal *d, augment_grid *grid)
{
    double c = cos(d->angle), s = sin(d->angle), zoom = 1 / d->zoom;
    double m[4] = {zoom * (c + d->shear * s), zoom * (s - d->shear * c), -zoom * s, zoom * c};
    if (d->flip) {
        m[0] = -m[0];
        m[1] = -m[1];
    }
    double centre_x = 0.5 * (double)(a->width - 1), centre_y = 0.5 * (double)(a->height - 1);
    double x = -centre_x - d->tx, y = -centre_y - d->ty;
    for (int i = 0; i < 4; i++)
        grid->matrix[i] = (float)m[i];
    grid->origin[0] = (float)(m[0] * x + m[1] * y + centre_x + 1);
    grid->origin[1] = (float)(m[2] * x + m[3] * y + centre_y + 1);
}

/* The image with one pixel of background before it and two after. */
static void pad_image(const augment *a, const float *in, float *image)
{
    size_t width = a->width + 3, n = (a->height + 3) * width;
    for (size_t i = 0; i < n; i++)
        image[i] = a->background;
    for (size_t y = 0; y < a->height; y++)
        memcpy(image + (y + 1) * width + 1, in + y * a->width, a->width * sizeof *in);
}

static void move_image(const augment *a, const scratch_layout *l, const deal *d, const float *in,
                       float *out, float *scratch)
{
    size_t area = a->height * a->width;
    augment_grid grid = {.height = a->height, .width = a->width, .stride = l->stride};
    set_matrix(a, d, &grid);
    if (a->elastic > 0) {
        grid.dx = scratch + l->dx;
        grid.dy = scratch + l->dy;
        grid.elastic = (float)a->elastic;
    }
    kernel_augment_positions(&grid, scratch + l->x, scratch + l->y);
    for (size_t c = 0; c < a->channels; c++) {
        pad_image(a, in + c * area, scratch + l->image);
        kernel_augment_sample(scratch + l->image, a->width + 3, scratch + l->x, scratch + l->y,
                              area, out + c * area);
    }
}

/* First and last + 1 of the side's pixels around `centre` that are in 0 .. n-1. */
static void cut_range(size_t centre, size_t side, size_t n, size_t *first, size_t *end)
{
    size_t half = side / 2;
    *first = centre > half ? centre - half : 0;
    *end = centre + side - half < n ? centre + side - half : n;
}

static void cut_out(const augment *a, const deal *d, float *out)
{
    size_t left, right, top, bottom;
    cut_range(d->cutout_x, a->cutout, a->width, &left, &right);
    cut_range(d->cutout_y, a->cutout, a->height, &top, &bottom);
    for (size_t c = 0; c < a->channels; c++)
        for (size_t y = top; y < bottom; y++)
            for (size_t x = left; x < right; x++)
                out[(c * a->height + y) * a->width + x] = a->background;
}

void augment_apply(const augment *a, int64_t seed, uint32_t row, uint32_t step, const float *in,
                   float *out, void *scratch)
{
    scratch_layout l = layout_of(a);
    rng_stream stream = rng_stream_at(seed, RNG_AUGMENTATION, row, step, 0);
    deal d = draw_deal(a, &stream);
    bool moves = d.flip || a->shift > 0 || a->rotate > 0 || a->zoom > 0 || a->shear > 0;
    if (a->elastic > 0)
        draw_fields(a, &l, &stream.address, scratch);
    if (moves || a->elastic > 0)
        move_image(a, &l, &d, in, out, scratch);
    else
        memcpy(out, in, a->channels * a->height * a->width * sizeof *in);
    if (a->cutout > 0)
        cut_out(a, &d, out);
}
