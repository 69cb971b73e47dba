#include "core/data/import/numpy_values.h"

#include "core/base/array.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_ITEMS = 1024 };

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

size_t numpy_values_row(const numpy_array *a, size_t i, size_t per_row)
{
    return a->is_fortran ? i % (size_t)a->shape[0] : i / per_row;
}

size_t numpy_values_column(const numpy_array *a, size_t i, size_t per_row)
{
    return a->is_fortran ? i / (size_t)a->shape[0] : i % per_row;
}

static bool bad_value(const dataset_source *s, const numpy_array *a, size_t i, size_t per_row,
                      double value, double limit, fail *f)
{
    return fail_set(f, FAIL_SYNTAX, NULL, "%s: value %zu of row %zu (both from 0) is %g, %s.",
                    s->name, numpy_values_column(a, i, per_row), numpy_values_row(a, i, per_row),
                    value,
                    !isfinite(value)          ? "not a finite number"
                    : limit < (double)FLT_MAX ? "too large to be an exact label"
                                              : "more than a float holds");
}

/* Room for `wanted` values of the n. */
static bool grow(numpy_values *v, size_t *capacity, size_t wanted, size_t n, const char *name,
                 fail *f)
{
    bool has_room = v->are_floats ? array_reserve(&v->floats, capacity, wanted, n)
                                  : array_reserve(&v->doubles, capacity, wanted, n);
    return has_room || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", name);
}

static void store_value(numpy_values *v, const numpy_array *a, size_t i, size_t per_row,
                        bool is_kept, double value)
{
    size_t column = v->spreads || v->offsets ? numpy_values_column(a, i, per_row) : 0;
    if (is_kept && v->column)
        v->column[numpy_values_row(a, i, per_row)] = value;
    if (v->spreads)
        spread_add(&v->spreads[column], value, true);
    else if (v->are_floats)
        v->floats[i] = is_kept ? 0 : (float)(value - (v->offsets ? v->offsets[column] : 0));
    else
        v->doubles[i] = value;
}

/* Value number i, checked. */
static bool put_value(const dataset_source *s, const numpy_array *a, numpy_values *v, size_t i,
                      size_t per_row, double value, fail *f)
{
    bool is_kept = v->column && numpy_values_column(a, i, per_row) == v->column_index;
    double limit = is_kept ? v->column_limit : v->limit;
    if (!(fabs(value) <= limit))
        return bad_value(s, a, i, per_row, value, limit, f);
    store_value(v, a, i, per_row, is_kept, value);
    return true;
}

bool numpy_values_read(dataset_source *s, const numpy_array *a, size_t n, size_t per_row,
                       numpy_values *v, fail *f)
{
    uint8_t bytes[CHUNK_ITEMS * sizeof(double)];
    double chunk[CHUNK_ITEMS];
    size_t capacity = 0;
    for (size_t done = 0; done < n;) {
        size_t here = n - done < CHUNK_ITEMS ? n - done : CHUNK_ITEMS;
        if ((!v->spreads && !grow(v, &capacity, done + here, n, s->name, f)) ||
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
