#include "core/data/import/resize.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3 };

static void axis_close(const resize_axis *a)
{
    free(a->starts);
    free(a->counts);
    free(a->first);
    free(a->weights);
}

/* New pixel j covers the old ones from j * scale to (j + 1) * scale. */
static uint32_t average(const resize_axis *a, size_t j, uint32_t *start, float *weights)
{
    double scale = (double)a->n_old / (double)a->n_new;
    double from = (double)j * scale, to = (double)(j + 1) * scale;
    size_t first = (size_t)from, last = (size_t)ceil(to);
    if (last > a->n_old)
        last = a->n_old;
    *start = (uint32_t)first;
    for (size_t i = first; i < last; i++) {
        double low = (double)i > from ? (double)i : from;
        double high = (double)(i + 1) < to ? (double)(i + 1) : to;
        weights[i - first] = (float)((high > low ? high - low : 0) / scale);
    }
    return (uint32_t)(last - first);
}

static uint32_t interpolate(const resize_axis *a, size_t j, uint32_t *start, float *weights)
{
    double at = ((double)j + 0.5) * (double)a->n_old / (double)a->n_new - 0.5;
    double low = floor(at);
    if (at <= 0 || low >= (double)(a->n_old - 1)) {
        *start = (uint32_t)(at <= 0 ? 0 : a->n_old - 1);
        weights[0] = 1;
        return 1;
    }
    *start = (uint32_t)low;
    weights[1] = (float)(at - low);
    weights[0] = 1 - weights[1];
    return 2;
}

/* Room for n items in place of what there was; `items` points to the pointer. */
static bool renew(void *items, size_t n, size_t item_bytes)
{
    void *memory;
    memcpy(&memory, items, sizeof memory);
    free(memory);
    memory = calloc(n, item_bytes);
    memcpy(items, &memory, sizeof memory);
    return memory != NULL;
}

static bool axis_begin(resize_axis *a, size_t n_old, size_t n_new)
{
    if (a->n_old == n_old && a->n_new == n_new)
        return true;
    a->n_old = a->n_new = 0;
    if (!renew(&a->starts, n_new, sizeof *a->starts) ||
        !renew(&a->counts, n_new, sizeof *a->counts) ||
        !renew(&a->first, n_new, sizeof *a->first) ||
        !renew(&a->weights, n_old + 2 * n_new, sizeof *a->weights))
        return false;
    a->n_old = n_old;
    a->n_new = n_new;
    uint32_t used = 0;
    for (size_t j = 0; j < n_new; j++) {
        a->first[j] = used;
        a->counts[j] = n_new <= n_old ? average(a, j, &a->starts[j], a->weights + used)
                                      : interpolate(a, j, &a->starts[j], a->weights + used);
        used += a->counts[j];
    }
    assert(used <= n_old + 2 * n_new);
    return true;
}

void resize_close(resize *r)
{
    axis_close(&r->x);
    axis_close(&r->y);
    free(r->row);
    free(r->sums);
    *r = (resize){0};
}

bool resize_begin(resize *r, size_t width, size_t height, size_t new_width, size_t new_height,
                  fail *f)
{
    assert(width > 0 && height > 0 && new_width > 0 && new_height > 0);
    size_t n_row = new_width * CHANNELS, n_all = new_height * n_row;
    bool is_good = r->x.n_new == new_width && r->y.n_new == new_height;
    if (!is_good)
        is_good = renew(&r->row, n_row, sizeof *r->row) && renew(&r->sums, n_all, sizeof *r->sums);
    if (!is_good || !axis_begin(&r->x, width, new_width) || !axis_begin(&r->y, height, new_height))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "There is no memory for a picture of %zu x %zu.", new_width, new_height);
    memset(r->sums, 0, n_all * sizeof *r->sums);
    r->n_rows = r->next = 0;
    return true;
}

static void shrink_row(resize *r, const uint8_t *rgb)
{
    float *to = r->row;
    for (size_t j = 0; j < r->x.n_new; j++, to += CHANNELS) {
        const uint8_t *from = rgb + CHANNELS * r->x.starts[j];
        const float *weights = r->x.weights + r->x.first[j];
        to[0] = to[1] = to[2] = 0;
        for (uint32_t i = 0; i < r->x.counts[j]; i++, from += CHANNELS)
            for (int c = 0; c < CHANNELS; c++)
                to[c] += weights[i] * (float)from[c];
    }
}

static bool is_before(const resize_axis *y, size_t j, size_t row)
{
    return y->starts[j] + y->counts[j] <= row;
}

void resize_put_row(resize *r, const uint8_t *rgb)
{
    const resize_axis *y = &r->y;
    size_t row = r->n_rows++, n_row = r->x.n_new * CHANNELS;
    assert(row < y->n_old);
    shrink_row(r, rgb);
    while (r->next < y->n_new && is_before(y, r->next, row))
        r->next++;
    for (size_t j = r->next; j < y->n_new && y->starts[j] <= row; j++) {
        float weight = y->weights[y->first[j] + row - y->starts[j]];
        float *sums = r->sums + j * n_row;
        for (size_t i = 0; i < n_row; i++)
            sums[i] += weight * r->row[i];
    }
}

void resize_end(const resize *r, uint8_t *rgb)
{
    assert(r->n_rows == r->y.n_old);
    size_t n = r->y.n_new * r->x.n_new * CHANNELS;
    for (size_t i = 0; i < n; i++)
        rgb[i] = (uint8_t)(r->sums[i] > 255 ? 255 : r->sums[i] + 0.5F);
}
