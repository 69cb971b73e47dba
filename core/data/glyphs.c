/* The glyphs: each digit is a few lines and arcs in a box of -1 .. 1 (y downwards), bent, turned
 * and drawn with a round pen.
 *
 * Draws of sample i, in this order, from its stream: rotation, scale x, scale y, shear, shift x,
 * shift y, pen half-width, ink; then for each of the WAVES waves: amplitude x, amplitude y,
 * frequency x, frequency y, phase; then the smudge: x, y, direction, length. Pixel u gets noise *
 * normal u of (row i, step 1, layer 0). */
#include "core/data/generators.h"
#include "core/data/internal.h"
#include "core/math/rng.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum {
    SIDE = 16,
    N_PIXELS = SIDE * SIDE,
    N_DIGITS = 10,
    MAX_STROKES = 4,
    ARC_STEPS = 14,
    LINE_STEPS = 6,
    WAVES = 2
};

/* How far the drawing may go: half ranges of uniform draws, or low and high. */
static const double ROTATION = 0.2, SHEAR = 0.2, SHIFT = 0.75, SCALE_LOW = 0.87, SCALE_HIGH = 1.1;
static const double PEN_LOW = 0.55, PEN_HIGH = 1.0, INK_LOW = 0.6, INK_HIGH = 1.0;
static const double WAVE_AMPLITUDE = 0.11, WAVE_FREQUENCY = 3.0;
static const double PIXELS_PER_UNIT = 6.2, SMUDGE_LENGTH = 5.0;

/* A line from (a, b) to (c, d), or an arc around (a, b) with radii c, d from angle `from` to `to`
 * in degrees. */
typedef struct stroke {
    enum { STROKE_END, STROKE_LINE, STROKE_ARC } kind;
    double a, b, c, d, from, to;
} stroke;

static const stroke DIGITS[N_DIGITS][MAX_STROKES] = {
    {{STROKE_ARC, 0, 0, 0.55, 0.85, 0, 360}},
    {{STROKE_LINE, -0.4, -0.45, 0.05, -0.85, 0, 0}, {STROKE_LINE, 0.05, -0.85, 0.05, 0.85, 0, 0}},
    {{STROKE_ARC, 0, -0.38, 0.5, 0.47, 190, 395},
     {STROKE_LINE, 0.41, -0.11, -0.5, 0.85, 0, 0},
     {STROKE_LINE, -0.5, 0.85, 0.55, 0.85, 0, 0}},
    {{STROKE_ARC, 0, -0.43, 0.45, 0.43, -155, 90}, {STROKE_ARC, 0, 0.43, 0.52, 0.43, -90, 155}},
    {{STROKE_LINE, 0.15, -0.85, -0.55, 0.25, 0, 0},
     {STROKE_LINE, -0.55, 0.25, 0.6, 0.25, 0, 0},
     {STROKE_LINE, 0.25, -0.3, 0.25, 0.85, 0, 0}},
    {{STROKE_LINE, 0.5, -0.85, -0.38, -0.85, 0, 0},
     {STROKE_LINE, -0.38, -0.85, -0.42, -0.05, 0, 0},
     {STROKE_ARC, 0, 0.32, 0.52, 0.52, -140, 145}},
    {{STROKE_ARC, 0, 0.37, 0.48, 0.48, 0, 360}, {STROKE_ARC, 0.5, 0.37, 0.98, 1.22, 180, 255}},
    {{STROKE_LINE, -0.5, -0.85, 0.5, -0.85, 0, 0}, {STROKE_LINE, 0.5, -0.85, -0.12, 0.85, 0, 0}},
    {{STROKE_ARC, 0, -0.43, 0.42, 0.42, 0, 360}, {STROKE_ARC, 0, 0.43, 0.5, 0.43, 0, 360}},
    {{STROKE_ARC, 0, -0.37, 0.47, 0.48, 0, 360}, {STROKE_ARC, -0.5, -0.37, 0.97, 1.22, 0, 75}},
};

typedef struct wave {
    double x, y, fx, fy, phase;
} wave;

/* How one sample is drawn. */
typedef struct hand {
    double matrix[4], shift[2]; /* from the box to pixels */
    double pen, ink;
    wave waves[WAVES];
} hand;

/* Squared distance of each pixel's centre to the nearest stroke. */
typedef struct sheet {
    float distance[N_PIXELS];
    float reach; /* pixels further away than this from a stroke get no ink */
} sheet;

static hand draw_hand(rng_stream *stream)
{
    double rotation = rng_uniform_between(stream, -ROTATION, ROTATION);
    double scale_x = PIXELS_PER_UNIT * rng_uniform_between(stream, SCALE_LOW, SCALE_HIGH);
    double scale_y = PIXELS_PER_UNIT * rng_uniform_between(stream, SCALE_LOW, SCALE_HIGH);
    double shear = rng_uniform_between(stream, -SHEAR, SHEAR);
    double c = cos(rotation), s = sin(rotation);
    hand h = {
        .matrix = {c * scale_x, (c * shear - s) * scale_y, s * scale_x, (s * shear + c) * scale_y}};
    for (int i = 0; i < 2; i++)
        h.shift[i] = 0.5 * (SIDE - 1) + rng_uniform_between(stream, -SHIFT, SHIFT);
    h.pen = rng_uniform_between(stream, PEN_LOW, PEN_HIGH);
    h.ink = rng_uniform_between(stream, INK_LOW, INK_HIGH);
    for (int i = 0; i < WAVES; i++) {
        wave *w = &h.waves[i];
        w->x = rng_uniform_between(stream, -WAVE_AMPLITUDE, WAVE_AMPLITUDE);
        w->y = rng_uniform_between(stream, -WAVE_AMPLITUDE, WAVE_AMPLITUDE);
        w->fx = rng_uniform_between(stream, -WAVE_FREQUENCY, WAVE_FREQUENCY);
        w->fy = rng_uniform_between(stream, -WAVE_FREQUENCY, WAVE_FREQUENCY);
        w->phase = rng_uniform_between(stream, 0, 2 * PI);
    }
    return h;
}

/* A point of the box on the sheet, in pixels. */
static void place(const hand *h, double x, double y, float out[2])
{
    double bent_x = x, bent_y = y;
    for (int i = 0; i < WAVES; i++) {
        const wave *w = &h->waves[i];
        double height = sin(w->fx * x + w->fy * y + w->phase);
        bent_x += w->x * height;
        bent_y += w->y * height;
    }
    out[0] = (float)(h->matrix[0] * bent_x + h->matrix[1] * bent_y + h->shift[0]);
    out[1] = (float)(h->matrix[2] * bent_x + h->matrix[3] * bent_y + h->shift[1]);
}

static int clamp_pixel(float x)
{
    return x < 0 ? 0 : x > SIDE - 1 ? SIDE - 1 : (int)x;
}

/* Lowers the distances of the pixels near the segment from p to q. */
static void draw_segment(sheet *s, const float p[2], const float q[2])
{
    float dx = q[0] - p[0], dy = q[1] - p[1], square = dx * dx + dy * dy;
    float inverse = square > 1e-12F ? 1 / square : 0;
    int left = clamp_pixel(fminf(p[0], q[0]) - s->reach);
    int right = clamp_pixel(fmaxf(p[0], q[0]) + s->reach + 1);
    int top = clamp_pixel(fminf(p[1], q[1]) - s->reach);
    int bottom = clamp_pixel(fmaxf(p[1], q[1]) + s->reach + 1);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            float px = (float)x - p[0], py = (float)y - p[1];
            float t = (px * dx + py * dy) * inverse;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            float ex = px - t * dx, ey = py - t * dy, distance = ex * ex + ey * ey;
            if (distance < s->distance[y * SIDE + x])
                s->distance[y * SIDE + x] = distance;
        }
}

/* Every stroke is cut into short pieces, so that it bends with the waves. */
static void draw_stroke(sheet *s, const hand *h, const stroke *k)
{
    float last[2], next[2];
    int n_steps = k->kind == STROKE_ARC ? ARC_STEPS : LINE_STEPS;
    for (int i = 0; i <= n_steps; i++) {
        double t = (double)i / n_steps, x = k->a + t * (k->c - k->a), y = k->b + t * (k->d - k->b);
        if (k->kind == STROKE_ARC) {
            double angle = (k->from + t * (k->to - k->from)) * PI / 180;
            x = k->a + k->c * cos(angle);
            y = k->b + k->d * sin(angle);
        }
        place(h, x, y, next);
        if (i > 0)
            draw_segment(s, last, next);
        memcpy(last, next, sizeof last);
    }
}

/* A short line anywhere, of no meaning. */
static void draw_smudge(sheet *s, rng_stream *stream)
{
    float from[2] = {(float)rng_uniform_between(stream, 0, SIDE - 1),
                     (float)rng_uniform_between(stream, 0, SIDE - 1)};
    double direction = rng_uniform_between(stream, 0, 2 * PI);
    double length = rng_uniform_between(stream, 0, SMUDGE_LENGTH);
    float to[2] = {from[0] + (float)(length * cos(direction)),
                   from[1] + (float)(length * sin(direction))};
    draw_segment(s, from, to);
}

static void draw_glyph(int64_t data_seed, uint32_t row, size_t digit, double noise, uint8_t *out)
{
    rng_stream stream = rng_stream_at(data_seed, RNG_DATA, row, 0, 0);
    hand h = draw_hand(&stream);
    sheet s = {.reach = (float)h.pen + 0.5F};
    float grain[N_PIXELS];
    for (int u = 0; u < N_PIXELS; u++)
        s.distance[u] = 1e9F;
    for (int i = 0; i < MAX_STROKES && DIGITS[digit][i].kind != STROKE_END; i++)
        draw_stroke(&s, &h, &DIGITS[digit][i]);
    draw_smudge(&s, &stream);
    rng_address address = {rng_key_of(data_seed, RNG_DATA), row, 1, 0};
    rng_fill_normal(&address, 0, N_PIXELS, grain);
    for (int u = 0; u < N_PIXELS; u++) {
        float cover = s.reach - sqrtf(s.distance[u]);
        cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;
        float gray = 255 * ((float)h.ink * cover + (float)noise * grain[u]) + 0.5F;
        out[u] = (uint8_t)(gray < 0 ? 0 : gray > 255 ? 255 : gray);
    }
}

bool dataset_generate_glyphs(const dataset_options *options, int64_t data_seed, const caller *by,
                             dataset *out, fail *f)
{
    dataset_arrays arrays;
    out->d = N_PIXELS;
    out->k = (size_t)options->classes;
    out->height = out->width = SIDE;
    out->channels = 1;
    out->default_scaling = SCALING_NONE;
    out->shared_scaling = true;
    if (!dataset_allocate(out, (size_t)options->n, 1, &arrays, f))
        return false;
    for (size_t i = 0; i < (size_t)options->n; i++) {
        if (i % GENERATE_ROWS_AT_ONCE == 0 && !caller_check(by, f))
            return false;
        arrays.labels[i] = (int32_t)(i % out->k);
        draw_glyph(data_seed, (uint32_t)i, i % out->k, options->noise, arrays.bytes + i * N_PIXELS);
    }
    return true;
}
