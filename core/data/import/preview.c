/* What a person wants to see of a data set before training on it. */
#include "core/data/import/register.h"

#include <assert.h>
#include <string.h>

enum { COLOURS = 3 };

void dataset_count_classes(const dataset *set, dataset_part part, size_t *counts)
{
    const dataset_rows *rows = &set->parts[part];
    assert(set->task == TASK_CLASSIFICATION);
    memset(counts, 0, set->k * sizeof *counts);
    for (size_t i = 0; i < rows->n; i++)
        counts[rows->labels[i]]++;
}

static float value_at(const dataset_rows *rows, size_t i)
{
    assert(rows->bytes || rows->floats);
    return rows->bytes ? rows->bytes[i] : rows->floats[i];
}

/* The row that is number `turn` of its class; rows->n if the class has fewer. */
static size_t find_row(const dataset_rows *rows, int32_t class, size_t turn)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->labels[i] == class && turn-- == 0)
            return i;
    return rows->n;
}

size_t dataset_preview_channels(const dataset *set)
{
    return set->channels == COLOURS ? COLOURS : 1;
}

/* From the least to the greatest value of a row of floats; bytes as they are. */
static void find_range(const dataset *set, const dataset_rows *rows, size_t first, double *least,
                       double *span)
{
    double most = *least = rows->floats ? (double)rows->floats[first] : 0;
    for (size_t j = 0; rows->floats && j < set->d; j++) {
        double x = (double)rows->floats[first + j];
        *least = x < *least ? x : *least;
        most = x > most ? x : most;
    }
    *span = !rows->floats ? 255 : most > *least ? most - *least : 1;
}

/* Colours side by side; other channels averaged. */
static void draw_image(const dataset *set, size_t row, uint8_t *pixels)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t area = set->height * set->width, first = row * set->d;
    size_t n_shown = dataset_preview_channels(set), n_each = set->channels / n_shown;
    double least, span;
    find_range(set, rows, first, &least, &span);
    for (size_t i = 0; i < area * n_shown; i++) {
        double sum = 0;
        for (size_t c = 0; c < n_each; c++)
            sum += (double)value_at(rows, first + (i % n_shown + c) * area + i / n_shown) - least;
        pixels[i] = (uint8_t)(255 * (sum / (double)n_each / span) + 0.5);
    }
}

size_t dataset_preview_images(const dataset *set, size_t n_images, uint8_t *pixels, int32_t *labels)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t n_values = set->height * set->width * dataset_preview_channels(set);
    size_t n = 0, n_before = 0;
    if (set->channels == 0)
        return 0;
    for (; !rows->labels && n < n_images && n < rows->n; n++) {
        labels[n] = -1;
        draw_image(set, n, pixels + n * n_values);
    }
    for (size_t turn = 0; rows->labels && n < n_images && (turn == 0 || n > n_before); turn++) {
        n_before = n;
        for (size_t class = 0; class < set->k && n < n_images; class ++) {
            size_t row = find_row(rows, (int32_t) class, turn);
            if (row == rows->n)
                continue;
            labels[n] = (int32_t) class;
            draw_image(set, row, pixels + n * n_values);
            n++;
        }
    }
    return n;
}
