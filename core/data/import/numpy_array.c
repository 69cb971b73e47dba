#include "core/data/import/numpy_array.h"

#include "core/base/array.h"
#include "core/data/container.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_ITEMS = 1024 };

static const size_t NO_COLUMN = SIZE_MAX;

/* ---- values ---- */

static double half_value(uint16_t bits)
{
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    double size = exponent == 31  ? (mantissa ? NAN : INFINITY)
                  : exponent == 0 ? ldexp(mantissa, -24)
                                  : ldexp(1024 + mantissa, exponent - 25);
    return bits >> 15 ? -size : size;
}

#define CONVERT(type)                                                                              \
    for (size_t i = 0; i < n; i++) {                                                               \
        type value;                                                                                \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                    \
        out[i] = (double)value;                                                                    \
    }

/* n items as doubles; 64-bit integers above 2^53 are rounded, and refused as labels by their
 * number. */
static void convert(const numpy_array *a, const uint8_t *bytes, size_t n, double *out)
{
    switch (a->kind << 8 | (int)a->item_bytes) {
    case 'b' << 8 | 1:
        for (size_t i = 0; i < n; i++)
            out[i] = bytes[i] != 0;
        break;
    case 'u' << 8 | 1:
        CONVERT(uint8_t)
        break;
    case 'i' << 8 | 1:
        CONVERT(int8_t)
        break;
    case 'u' << 8 | 2:
        CONVERT(uint16_t)
        break;
    case 'i' << 8 | 2:
        CONVERT(int16_t)
        break;
    case 'u' << 8 | 4:
        CONVERT(uint32_t)
        break;
    case 'i' << 8 | 4:
        CONVERT(int32_t)
        break;
    case 'u' << 8 | 8:
        CONVERT(uint64_t)
        break;
    case 'i' << 8 | 8:
        CONVERT(int64_t)
        break;
    case 'f' << 8 | 2:
        for (size_t i = 0; i < n; i++)
            out[i] = half_value((uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8));
        break;
    case 'f' << 8 | 4:
        CONVERT(float)
        break;
    default:
        assert(a->kind == 'f' && a->item_bytes == 8);
        CONVERT(double)
    }
}

static void swap_bytes(uint8_t *bytes, size_t n, size_t item_bytes)
{
    for (uint8_t *item = bytes; item < bytes + n * item_bytes; item += item_bytes)
        for (size_t i = 0; i < item_bytes / 2; i++) {
            uint8_t byte = item[i];
            item[i] = item[item_bytes - 1 - i];
            item[item_bytes - 1 - i] = byte;
        }
}

/* Where the values of an array go. */
typedef struct value_sink {
    float *floats; /* one of the two is filled; it grows as the file gives */
    double *doubles;
    bool are_floats;
    double limit;   /* of their size */
    double *column; /* (rows) the values of one column as they are, not among the floats; or NULL */
    size_t column_index;
    double column_limit;
} value_sink;

/* The place of value number i in the array. */
static size_t row_of(const numpy_array *a, size_t i, size_t per_row)
{
    return a->is_fortran ? i % (size_t)a->shape[0] : i / per_row;
}

static size_t column_of(const numpy_array *a, size_t i, size_t per_row)
{
    return a->is_fortran ? i / (size_t)a->shape[0] : i % per_row;
}

static bool bad_value(const dataset_source *s, const numpy_array *a, size_t i, size_t per_row,
                      double value, double limit, fail *f)
{
    return fail_set(f, FAIL_SYNTAX, NULL, "%s: value %zu of row %zu (both from 0) is %g, %s.",
                    s->name, column_of(a, i, per_row), row_of(a, i, per_row), value,
                    !isfinite(value)          ? "not a finite number"
                    : limit < (double)FLT_MAX ? "too large to be an exact label"
                                              : "more than a float holds");
}

/* Room for `wanted` values of the n. */
static bool grow(value_sink *v, size_t *capacity, size_t wanted, size_t n, const char *name,
                 fail *f)
{
    bool has_room = v->are_floats ? array_reserve(&v->floats, capacity, wanted, n)
                                  : array_reserve(&v->doubles, capacity, wanted, n);
    return has_room || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", name);
}

/* Value number i, checked. */
static bool put_value(const dataset_source *s, const numpy_array *a, value_sink *v, size_t i,
                      size_t per_row, double value, fail *f)
{
    bool is_kept = v->column && column_of(a, i, per_row) == v->column_index;
    double limit = is_kept ? v->column_limit : v->limit;
    if (!(fabs(value) <= limit))
        return bad_value(s, a, i, per_row, value, limit, f);
    if (is_kept)
        v->column[row_of(a, i, per_row)] = value;
    if (v->are_floats)
        v->floats[i] = is_kept ? 0 : (float)value;
    else
        v->doubles[i] = value;
    return true;
}

/* n values; on false the caller frees what there is, all the same. */
static bool read_values(dataset_source *s, const numpy_array *a, size_t n, size_t per_row,
                        value_sink *v, fail *f)
{
    uint8_t bytes[CHUNK_ITEMS * sizeof(double)];
    double chunk[CHUNK_ITEMS];
    size_t capacity = 0;
    for (size_t done = 0; done < n;) {
        size_t here = n - done < CHUNK_ITEMS ? n - done : CHUNK_ITEMS;
        if (!grow(v, &capacity, done + here, n, s->name, f) ||
            !source_read_all(s, bytes, here * a->item_bytes, f))
            return false;
        if (a->is_big_endian)
            swap_bytes(bytes, here, a->item_bytes);
        convert(a, bytes, here, chunk);
        for (size_t i = 0; i < here; i++)
            if (!put_value(s, a, v, done + i, per_row, chunk[i], f))
                return false;
        done += here;
    }
    return true;
}

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
                        dataset_load_part *part, fail *f)
{
    bool are_bytes = a->kind == 'u' && a->item_bytes == 1;
    size_t n = (size_t)a->shape[0];
    void *bytes = NULL;
    if (label != NO_COLUMN) {
        part->outputs = malloc(n * sizeof *part->outputs);
        if (!part->outputs)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu labels.", n);
    }
    value_sink v = {.are_floats = true,
                    .limit = (double)FLT_MAX,
                    .column = part->outputs,
                    .column_index = label,
                    .column_limit = label_limit(a)};
    bool is_good =
        are_bytes ? source_read_new(s, n * d, &bytes, f) : read_values(s, a, n * d, d, &v, f);
    part->bytes = bytes;
    part->floats = v.floats;
    for (size_t i = 0; is_good && are_bytes && part->outputs && i < n * d; i++)
        if (column_of(a, i, d) == label)
            part->outputs[row_of(a, i, d)] = part->bytes[i];
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
        !read_inputs(s, a, NO_COLUMN, row.d, part, f) || !put_inputs_in_order(a, part, f))
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
        !read_inputs(s, a, label, row.d, part, f) || !put_inputs_in_order(a, part, f))
        return false;
    part->n = (size_t)a->shape[0];
    remove_column(part->bytes ? (void *)part->bytes : (void *)part->floats, value_bytes, part->n,
                  row.d, label);
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
    value_sink v = {.limit = label_limit(a)};
    if (is_text(a))
        return numpy_array_read_texts(s, a, load, part, f);
    bool is_good = read_values(s, a, (size_t)a->shape[0] * k, k, &v, f);
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
