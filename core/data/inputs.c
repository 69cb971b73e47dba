/* The inputs of a split: scaled for the net, and in the set's own units. */
#include "core/data/split.h"
#include "core/math/kernel_gather.h"

#include <assert.h>
#include <math.h>

/* What is missing was gathered as NaN. */
static void fill_missing(const split *s, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < s->set->d; j++)
            if (isnan(out[i * s->set->d + j]))
                out[i * s->set->d + j] = s->fill[j];
}

void split_read_inputs(const split *s, dataset_part part, const uint32_t *positions, size_t first,
                       size_t n, float *out)
{
    const dataset_rows *stored = &s->set->parts[s->source[part]];
    gather g = {s->rows[part], positions, first, n, s->set->d};
    assert(positions || first + n <= s->n[part]);
    if (stored->bytes && s->is_uniform)
        kernel_gather_bytes_uniform(&g, stored->bytes, s->scale[0], s->shift[0], out);
    else if (stored->bytes)
        kernel_gather_bytes(&g, stored->bytes, s->scale, s->shift, out);
    else if (s->scaling == SCALING_NONE)
        kernel_gather_copy(&g, stored->floats, out);
    else if (s->is_uniform)
        kernel_gather_floats_uniform(&g, stored->floats, s->scale[0], s->shift[0], out);
    else
        kernel_gather_floats(&g, stored->floats, s->scale, s->shift, out);
    if (s->fill)
        fill_missing(s, n, out);
}

/* What was taken off input c before it was stored. */
static double offset_of(const dataset *set, size_t c)
{
    return set->input_offsets ? set->input_offsets[c] : 0;
}

double split_own_input(const dataset *set, dataset_part stored, size_t row, size_t c)
{
    const dataset_rows *rows = &set->parts[stored];
    if (rows->bytes)
        return rows->bytes[row * set->d + c] / 255.0;
    return (double)rows->floats[row * set->d + c] + offset_of(set, c);
}

float split_scale_input(const split *s, size_t c, double own)
{
    if (s->set->parts[PART_TRAIN].bytes)
        return (float)own * 255.0F * s->scale[c] + s->shift[c];
    if (isnan(own))
        return s->fill ? s->fill[c] : 0;
    return (float)(own - offset_of(s->set, c)) * s->scale[c] + s->shift[c];
}
