/* What a person wants to see of a data set before training on it. */
#include "core/data/import/register.h"

#include <assert.h>
#include <string.h>

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

/* Channels averaged; bytes as they are, floats from their least to their greatest. */
static void draw_image(const dataset *set, size_t row, uint8_t *pixels)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t area = set->height * set->width, first = row * set->d;
    double least = 0, span = 255;
    if (rows->floats) {
        double most = least = (double)value_at(rows, first);
        for (size_t j = 0; j < set->d; j++) {
            double x = (double)value_at(rows, first + j);
            least = x < least ? x : least;
            most = x > most ? x : most;
        }
        span = most > least ? most - least : 1;
    }
    for (size_t p = 0; p < area; p++) {
        double sum = 0;
        for (size_t c = 0; c < set->channels; c++)
            sum += (double)value_at(rows, first + c * area + p) - least;
        pixels[p] = (uint8_t)(255 * (sum / (double)set->channels / span) + 0.5);
    }
}

size_t dataset_preview_images(const dataset *set, size_t n_images, uint8_t *pixels, int32_t *labels)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t area = set->height * set->width, n = 0, n_before = 0;
    if (set->channels == 0)
        return 0;
    for (; !rows->labels && n < n_images && n < rows->n; n++) {
        labels[n] = -1;
        draw_image(set, n, pixels + n * area);
    }
    for (size_t turn = 0; rows->labels && n < n_images && (turn == 0 || n > n_before); turn++) {
        n_before = n;
        for (size_t class = 0; class < set->k && n < n_images; class ++) {
            size_t row = find_row(rows, (int32_t) class, turn);
            if (row == rows->n)
                continue;
            labels[n] = (int32_t) class;
            draw_image(set, row, pixels + n * area);
            n++;
        }
    }
    return n;
}
