#include "core/data/import/numpy_array.h"

#include "core/data/container.h"
#include "core/data/import/numpy_values.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t NO_COLUMN = SIZE_MAX;

/* Moves n values that came in Fortran order into C order. */
static bool put_in_order(const numpy_array *a, size_t item_bytes, void **values, fail *f)
{
    size_t n = 1, strides[NUMPY_DIMENSIONS_LIMIT], index[NUMPY_DIMENSIONS_LIMIT] = {0}, from = 0;
    if (!a->is_fortran || a->n_dimensions < 2)
        return true;
    for (int i = 0; i < a->n_dimensions; i++) {
        strides[i] = n;
        n *= (size_t)a->shape[i];
    }
    char *out = malloc(n * item_bytes);
    if (!out)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to order %zu values.", n);
    for (size_t to = 0; to < n; to++) {
        memcpy(out + to * item_bytes, (char *)*values + from * item_bytes, item_bytes);
        for (int i = a->n_dimensions - 1; i >= 0; i--) {
            from += strides[i];
            if (++index[i] < a->shape[i])
                break;
            from -= strides[i] * index[i];
            index[i] = 0;
        }
    }
    free(*values);
    *values = out;
    return true;
}

/* ---- inputs ---- */

static bool is_text(const numpy_array *a)
{
    return a->kind == 'U' || a->kind == 'S';
}

static bool is_channel_count(uint64_t n)
{
    return n == 1 || n == 3 || n == 4;
}

/* Shape of one row: d = channels * height * width; height 0 for tables. *is_last: the channels come
 * last. */
static bool row_shape(const dataset_source *s, const numpy_array *a, dataset_load *row,
                      bool *is_last, fail *f)
{
    const uint64_t *shape = a->shape;
    uint64_t product = 1;
    if (is_text(a))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has texts; only labels may be texts, inputs are numbers.", s->name);
    *is_last = a->n_dimensions == 4 && is_channel_count(shape[3]);
    for (int i = 0; i < a->n_dimensions; i++) {
        if (shape[i] == 0)
            return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty: dimension %d is 0.", s->name, i);
        if (i > 0 && shape[i] > CONTAINER_COLUMNS_LIMIT)
            return fail_set(f, FAIL_TOO_LARGE, NULL,
                            "%s has %llu values in dimension %d; at most %d are allowed.", s->name,
                            (unsigned long long)shape[i], i, CONTAINER_COLUMNS_LIMIT);
        product *= i > 0 ? shape[i] : 1;
        if (product > CONTAINER_COLUMNS_LIMIT)
            return fail_set(f, FAIL_TOO_LARGE, NULL,
                            "%s has %llu values or more in a row; at most %d are allowed.", s->name,
                            (unsigned long long)product, CONTAINER_COLUMNS_LIMIT);
    }
    if (a->n_dimensions == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is a single number, not an array.", s->name);
    if (a->n_dimensions == 4 && !*is_last && !is_channel_count(shape[1]))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has 4 dimensions, but neither the second nor the last is 1, 3 or 4 "
                        "channels.",
                        s->name);
    bool is_first = a->n_dimensions == 4 && !*is_last;
    *row = (dataset_load){.d = (size_t)product};
    if (a->n_dimensions >= 3) {
        row->channels = a->n_dimensions == 3 ? 1 : (size_t)shape[*is_last ? 3 : 1];
        row->height = (size_t)shape[is_first ? 2 : 1];
        row->width = (size_t)shape[is_first ? 3 : 2];
    }
    return true;
}

/* One shape for all parts. */
static bool merge_shape(const dataset_source *s, const dataset_load *row, dataset_load *load,
                        fail *f)
{
    if (load->d > 0 && (load->d != row->d || load->height != row->height ||
                        load->width != row->width || load->channels != row->channels))
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s has rows of another shape (%zu values) than the other part (%zu).",
                        s->name, row->d, load->d);
    load->d = row->d;
    load->height = row->height;
    load->width = row->width;
    load->channels = row->channels;
    return true;
}

/* (n, h*w, c) to (n, c, h*w), with one row of room at `row`. */
static void move_channels(char *values, size_t item_bytes, size_t n, const dataset_load *shape,
                          char *row)
{
    size_t c = shape->channels, area = shape->height * shape->width,
           row_bytes = shape->d * item_bytes;
    for (size_t i = 0; i < n; i++, values += row_bytes) {
        for (size_t p = 0; p < area; p++)
            for (size_t j = 0; j < c; j++)
                memcpy(row + (j * area + p) * item_bytes, values + (p * c + j) * item_bytes,
                       item_bytes);
        memcpy(values, row, row_bytes);
    }
}

static bool put_channels_first(dataset_load_part *part, const dataset_load *shape, fail *f)
{
    size_t item_bytes = part->bytes ? 1 : sizeof(float);
    void *values = part->bytes ? (void *)part->bytes : (void *)part->floats;
    char *row = malloc(shape->d * item_bytes);
    if (!row)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for an image.");
    move_channels(values, item_bytes, part->n, shape, row);
    free(row);
    return true;
}

/* From 2^53 on different integers would become one label. */
static double label_limit(const numpy_array *a)
{
    return a->kind == 'f' ? DBL_MAX : 0x1p53 - 1;
}

/* The values into the part, in the order of the file; column `label` (NO_COLUMN: none) into its
 * outputs. */
static bool read_inputs(dataset_source *s, const numpy_array *a, size_t label, size_t d,
                        const double *offsets, dataset_load_part *part, fail *f)
{
    bool are_bytes = a->kind == 'u' && a->item_bytes == 1;
    size_t n = (size_t)a->shape[0];
    void *bytes = NULL;
    if (label != NO_COLUMN) {
        part->outputs = malloc(n * sizeof *part->outputs);
        if (!part->outputs)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu labels.", n);
    }
    numpy_values v = {.are_floats = true,
                      .limit = (double)FLT_MAX,
                      .column = part->outputs,
                      .column_index = label,
                      .column_limit = label_limit(a),
                      .offsets = offsets};
    bool is_good =
        are_bytes ? source_read_new(s, n * d, &bytes, f) : numpy_values_read(s, a, n * d, d, &v, f);
    part->bytes = bytes;
    part->floats = v.floats;
    for (size_t i = 0; is_good && are_bytes && part->outputs && i < n * d; i++)
        if (numpy_values_column(a, i, d) == label)
            part->outputs[numpy_values_row(a, i, d)] = part->bytes[i];
    return is_good;
}

static bool put_inputs_in_order(const numpy_array *a, dataset_load_part *part, fail *f)
{
    bool are_bytes = part->bytes != NULL;
    void *inputs = are_bytes ? (void *)part->bytes : (void *)part->floats;
    bool is_good = put_in_order(a, are_bytes ? 1 : sizeof(float), &inputs, f);
    part->bytes = are_bytes ? inputs : NULL;
    part->floats = are_bytes ? NULL : inputs;
    return is_good;
}

/* Whether float32 may not hold the values of a table as they are. */
static bool is_wide_table(const numpy_array *a)
{
    return a->n_dimensions <= 2 && !is_text(a) &&
           (a->item_bytes == 8 || (a->kind != 'f' && a->item_bytes == 4));
}

bool numpy_array_survey(dataset_source *s, const numpy_array *a, dataset_load *load,
                        spread **columns, fail *f)
{
    bool is_last;
    dataset_load row = {0};
    if (!is_wide_table(a))
        return true;
    if (!row_shape(s, a, &row, &is_last, f) || !merge_shape(s, &row, load, f) ||
        !dataset_load_check_size(load, NULL, s->name, a->shape[0], row.d, sizeof(float), f))
        return false;
    if (!*columns)
        *columns = calloc(row.d, sizeof **columns);
    if (!*columns)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.", row.d);
    numpy_values v = {.spreads = *columns, .limit = DBL_MAX};
    return numpy_values_read(s, a, (size_t)a->shape[0] * row.d, row.d, &v, f);
}

bool numpy_array_centre(dataset_load *load, const spread *columns, fail *f)
{
    bool has_any = false;
    for (size_t j = 0; columns && j < load->d && !has_any; j++)
        has_any = spread_offset(&columns[j]) != 0;
    if (!has_any)
        return true;
    load->input_offsets = calloc(load->d, sizeof *load->input_offsets);
    if (!load->input_offsets)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                        load->d);
    for (size_t j = 0; j < load->d; j++) {
        double offset = load->input_offsets[j] = spread_offset(&columns[j]);
        if (offset != 0 &&
            !dataset_load_warn(load, f,
                               "Column %zu (from 0): its values lie close together, far from 0: it "
                               "is centred (its mean, about %.10g, is taken off) so that they stay "
                               "apart.",
                               j, offset))
            return false;
    }
    return true;
}

bool numpy_array_read_inputs(dataset_source *s, const numpy_array *a, dataset_load *load,
                             dataset_load_part *part, fail *f)
{
    bool is_last;
    dataset_load row = {0};
    uint64_t granted = 0;
    size_t value_bytes = a->kind == 'u' && a->item_bytes == 1 ? 1 : sizeof(float);
    if (!row_shape(s, a, &row, &is_last, f) || !merge_shape(s, &row, load, f) ||
        !dataset_load_check_size(load, &granted, s->name, a->shape[0], row.d,
                                 value_bytes * (a->is_fortran ? 2 : 1), f) ||
        !read_inputs(s, a, NO_COLUMN, row.d, load->input_offsets, part, f) ||
        !put_inputs_in_order(a, part, f))
        return false;
    part->n = (size_t)a->shape[0];
    if (is_last && row.channels > 1 && !put_channels_first(part, &row, f))
        return false;
    return source_check_end(s, f);
}

/* Takes column `label` out of n rows of d values, in place. */
static void remove_column(void *inputs, size_t item_bytes, size_t n, size_t d, size_t label)
{
    char *to = inputs;
    for (size_t i = 0; i < n * d; i++) {
        if (i % d == label)
            continue;
        memmove(to, (char *)inputs + i * item_bytes, item_bytes);
        to += item_bytes;
    }
}

bool numpy_array_read_table(dataset_source *s, const numpy_array *a, size_t label,
                            dataset_load *load, dataset_load_part *part, fail *f)
{
    bool is_last;
    dataset_load row = {0};
    uint64_t granted = 0;
    size_t value_bytes = a->kind == 'u' && a->item_bytes == 1 ? 1 : sizeof(float);
    if (!row_shape(s, a, &row, &is_last, f) ||
        !dataset_load_check_size(load, &granted, s->name, a->shape[0], row.d,
                                 value_bytes * (a->is_fortran ? 2 : 1), f) ||
        !read_inputs(s, a, label, row.d, load->input_offsets, part, f) ||
        !put_inputs_in_order(a, part, f))
        return false;
    part->n = (size_t)a->shape[0];
    remove_column(part->bytes ? (void *)part->bytes : (void *)part->floats, value_bytes, part->n,
                  row.d, label);
    if (load->input_offsets)
        remove_column(load->input_offsets, sizeof(double), 1, row.d, label);
    load->d = row.d - 1;
    load->n_outputs = 1;
    load->kind = OUTPUTS_NUMBERS;
    return source_check_end(s, f);
}

static bool check_outputs(const dataset_source *s, const numpy_array *a, uint64_t k,
                          const dataset_load *load, fail *f)
{
    if (a->n_dimensions < 1 || a->n_dimensions > 2)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has %d dimensions; labels or targets have 1 or 2.", s->name,
                        a->n_dimensions);
    if (a->shape[0] == 0 || k == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty.", s->name);
    if (load->n_outputs > 0 && load->n_outputs != k)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s has %llu columns, the other part has %zu.",
                        s->name, (unsigned long long)k, load->n_outputs);
    return !is_text(a) || k == 1 ||
           fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s has %llu texts in a row; one is a label.",
                    s->name, (unsigned long long)k);
}

static bool read_outputs(dataset_source *s, const numpy_array *a, size_t k, dataset_load *load,
                         dataset_load_part *part, fail *f)
{
    numpy_values v = {.limit = label_limit(a)};
    if (is_text(a))
        return numpy_array_read_texts(s, a, load, part, f);
    bool is_good = numpy_values_read(s, a, (size_t)a->shape[0] * k, k, &v, f);
    void *outputs = v.doubles;
    is_good = is_good && put_in_order(a, sizeof(double), &outputs, f);
    part->outputs = outputs;
    return is_good && source_check_end(s, f);
}

bool numpy_array_read_outputs(dataset_source *s, const numpy_array *a, dataset_load *load,
                              dataset_load_part *part, size_t *n, fail *f)
{
    uint64_t k = a->n_dimensions == 2 ? a->shape[1] : 1, granted = 0;
    if (!check_outputs(s, a, k, load, f) ||
        !dataset_load_check_size(load, &granted, s->name, a->shape[0], k,
                                 sizeof(double) * (a->is_fortran ? 2 : 1), f) ||
        !read_outputs(s, a, (size_t)k, load, part, f))
        return false;
    load->n_outputs = (size_t)k;
    load->kind = a->kind == 'f' || load->kind == OUTPUTS_FLOATS ? OUTPUTS_FLOATS : OUTPUTS_INTEGERS;
    *n = (size_t)a->shape[0];
    return true;
}
