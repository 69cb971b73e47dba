#include "core/dataset_array.h"

#include "core/dataset_container.h"

#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES_LIMIT = 1 << 16, PREFIX_BYTES = 8, CHUNK_ITEMS = 1024 };

/* ---- the header: a Python dictionary with the keys descr, fortran_order and shape ---- */

typedef struct scanner {
    const char *at;
} scanner;

static void skip_blanks(scanner *s)
{
    while (*s->at == ' ' || *s->at == '\n' || *s->at == '\t')
        s->at++;
}

static bool skip(scanner *s, const char *token)
{
    size_t n = strlen(token);
    skip_blanks(s);
    if (strncmp(s->at, token, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* A quoted text without escapes, of less than n_bytes. */
static bool scan_text(scanner *s, char *text, size_t n_bytes)
{
    skip_blanks(s);
    char quote = *s->at;
    if (quote != '\'' && quote != '"')
        return false;
    const char *end = strchr(s->at + 1, quote);
    size_t n = end ? (size_t)(end - s->at - 1) : n_bytes;
    if (n >= n_bytes)
        return false;
    memcpy(text, s->at + 1, n);
    text[n] = '\0';
    s->at = end + 1;
    return true;
}

/* (), (3,), (3, 4) ... */
static bool scan_shape(scanner *s, dataset_array *a)
{
    if (!skip(s, "("))
        return false;
    for (a->n_dimensions = 0; !skip(s, ")"); a->n_dimensions++) {
        char *end;
        if (a->n_dimensions == ARRAY_DIMENSIONS_LIMIT || !isdigit((unsigned char)*s->at))
            return false;
        a->shape[a->n_dimensions] = strtoull(s->at, &end, 10);
        if (end - s->at > 15)
            return false;
        s->at = end;
        if (!skip(s, ",") && *s->at != ')')
            return false;
    }
    return true;
}

/* "<f4" and its like; false where the type is not taken. */
static bool read_type(const char *text, dataset_array *a)
{
    static const char *const taken[] = {"b1", "u1", "i1", "u2", "i2", "u4", "i4",
                                        "u8", "i8", "f2", "f4", "f8", NULL};
    if (!text[0] || !strchr("<>|=", text[0]))
        return false;
    a->is_big_endian = text[0] == '>';
    for (int i = 0; taken[i]; i++)
        if (strcmp(text + 1, taken[i]) == 0) {
            a->kind = taken[i][0];
            a->item_bytes = (size_t)(taken[i][1] - '0');
            return true;
        }
    return false;
}

static bool scan_header(scanner *s, const char *name, dataset_array *a, fail *f)
{
    bool has_type = false, has_order = false, has_shape = false;
    char key[16], type[64];
    bool is_good = skip(s, "{");
    while (is_good && !skip(s, "}")) {
        is_good = scan_text(s, key, sizeof key) && skip(s, ":");
        if (is_good && strcmp(key, "descr") == 0) {
            is_good = has_type = scan_text(s, type, sizeof type);
        } else if (is_good && strcmp(key, "fortran_order") == 0) {
            a->is_fortran = skip(s, "True");
            is_good = has_order = a->is_fortran || skip(s, "False");
        } else if (is_good && strcmp(key, "shape") == 0) {
            is_good = has_shape = scan_shape(s, a);
        } else {
            is_good = false;
        }
        if (is_good && !skip(s, ",") && *s->at != '}')
            is_good = false;
    }
    if (!is_good || !has_type || !has_order || !has_shape)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: its header cannot be read: an array of numbers with at most %d "
                        "dimensions is needed.",
                        name, ARRAY_DIMENSIONS_LIMIT);
    if (!read_type(type, a))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has values of type %.20s; integers, floats up to 64 bits and booleans "
                        "are taken.",
                        name, type);
    return true;
}

bool array_read_header(dataset_source *s, dataset_array *out, fail *f)
{
    uint8_t prefix[PREFIX_BYTES], size[4] = {0};
    if (!source_read_all(s, prefix, sizeof prefix, f))
        return false;
    if (memcmp(prefix, "\x93NUMPY", 6) != 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s does not start like a .npy file.", s->name);
    if (prefix[6] < 1 || prefix[6] > 3)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has .npy version %d; 1 to 3 are taken.", s->name,
                        prefix[6]);
    if (!source_read_all(s, size, prefix[6] == 1 ? 2 : 4, f))
        return false;
    uint32_t n =
        size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
    if (n > HEADER_BYTES_LIMIT)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has a header of %u bytes; at most %d are taken.",
                        s->name, n, HEADER_BYTES_LIMIT);
    char *text = calloc(n + 1, 1);
    if (!text)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %u bytes.", n);
    dataset_array a = {0};
    scanner scan = {text};
    bool is_good = source_read_all(s, text, n, f) && scan_header(&scan, s->name, &a, f);
    free(text);
    if (is_good)
        *out = a;
    return is_good;
}

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

/* n items as doubles; 64-bit integers above 2^53 are rounded, and refused as labels by their number. */
static void convert(const dataset_array *a, const uint8_t *bytes, size_t n, double *out)
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

/* Where in the array value number i stands, for sentences. */
static bool bad_value(const dataset_source *s, const dataset_array *a, size_t i, size_t per_row,
                      double value, fail *f)
{
    size_t n_rows = (size_t)a->shape[0];
    size_t row = a->is_fortran ? i % n_rows : i / per_row;
    return fail_set(f, FAIL_SYNTAX, NULL, "%s: value %zu of row %zu (both from 0) is %g, %s.",
                    s->name, a->is_fortran ? i / n_rows : i % per_row, row, value,
                    isfinite(value) ? "more than a float holds" : "not a finite number");
}

/* n values, checked to be at most `limit` in size; one of floats and doubles is filled. They grow as the file gives. */
static bool read_values(dataset_source *s, const dataset_array *a, size_t n, size_t per_row,
                        double limit, float **floats, double **doubles, fail *f)
{
    uint8_t bytes[CHUNK_ITEMS * sizeof(double)];
    double values[CHUNK_ITEMS];
    size_t capacity = 0;
    char *out = NULL;
    size_t out_bytes = floats ? sizeof(float) : sizeof(double);
    for (size_t done = 0; done < n;) {
        size_t here = n - done < CHUNK_ITEMS ? n - done : CHUNK_ITEMS;
        if (done + here > capacity) {
            capacity = capacity < n / 2 ? 2 * capacity + 16 * CHUNK_ITEMS : n;
            capacity = capacity < n ? capacity : n;
            char *grown = realloc(out, capacity * out_bytes);
            if (!grown) {
                free(out);
                return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", s->name);
            }
            out = grown;
        }
        bool is_good = source_read_all(s, bytes, here * a->item_bytes, f);
        if (a->is_big_endian)
            swap_bytes(bytes, here, a->item_bytes);
        if (is_good)
            convert(a, bytes, here, values);
        for (size_t i = 0; is_good && i < here; i++) {
            if (!(fabs(values[i]) <= limit))
                is_good = bad_value(s, a, done + i, per_row, values[i], f);
            else if (floats)
                ((float *)(void *)out)[done + i] = (float)values[i];
            else
                ((double *)(void *)out)[done + i] = values[i];
        }
        if (!is_good) {
            free(out);
            return false;
        }
        done += here;
    }
    if (floats)
        *floats = (float *)(void *)out;
    else
        *doubles = (double *)(void *)out;
    return true;
}

/* Moves n values that came in Fortran order into C order. */
static bool put_in_order(const dataset_array *a, size_t item_bytes, void **values, fail *f)
{
    size_t n = 1, strides[ARRAY_DIMENSIONS_LIMIT], index[ARRAY_DIMENSIONS_LIMIT] = {0}, from = 0;
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

static bool is_channel_count(uint64_t n)
{
    return n == 1 || n == 3 || n == 4;
}

/* Shape of one row: d = channels * height * width; height 0 for tables. *is_last: the channels come last. */
static bool row_shape(const dataset_source *s, const dataset_array *a, dataset_load *row,
                      bool *is_last, fail *f)
{
    const uint64_t *shape = a->shape;
    uint64_t product = 1;
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

bool array_read_inputs(dataset_source *s, const dataset_array *a, dataset_load *load,
                       dataset_load_part *part, fail *f)
{
    bool is_last, is_good, are_bytes = a->kind == 'u' && a->item_bytes == 1;
    dataset_load row = {0};
    float *floats = NULL;
    void *values = NULL;
    if (!row_shape(s, a, &row, &is_last, f) || !merge_shape(s, &row, load, f) ||
        !dataset_load_check_size(s->name, a->shape[0], row.d, are_bytes ? 1 : sizeof(float), f))
        return false;
    size_t n = (size_t)a->shape[0];
    if (are_bytes)
        is_good = source_read_new(s, n * row.d, &values, f);
    else
        is_good = read_values(s, a, n * row.d, row.d, (double)FLT_MAX, &floats, NULL, f);
    if (!is_good)
        return false;
    values = are_bytes ? values : floats;
    is_good = put_in_order(a, are_bytes ? 1 : sizeof(float), &values, f);
    part->bytes = are_bytes ? values : NULL;
    part->floats = are_bytes ? NULL : values;
    part->n = n;
    if (!is_good)
        return false;
    if (is_last && row.channels > 1 && !put_channels_first(part, &row, f))
        return false;
    return source_check_end(s, f);
}

bool array_read_outputs(dataset_source *s, const dataset_array *a, dataset_load *load,
                        dataset_load_part *part, size_t *n, fail *f)
{
    if (a->n_dimensions < 1 || a->n_dimensions > 2)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has %d dimensions; labels or targets have 1 or 2.", s->name,
                        a->n_dimensions);
    uint64_t k = a->n_dimensions == 2 ? a->shape[1] : 1;
    if (a->shape[0] == 0 || k == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty.", s->name);
    if (load->n_outputs > 0 && load->n_outputs != k)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s has %llu columns, the other part has %zu.",
                        s->name, (unsigned long long)k, load->n_outputs);
    /* Above 2^53 different integers would become one label. */
    double limit = a->kind == 'f' ? DBL_MAX : 0x1p53;
    if (!dataset_load_check_size(s->name, a->shape[0], k, sizeof(double), f) ||
        !read_values(s, a, (size_t)(a->shape[0] * k), (size_t)k, limit, NULL, &part->outputs, f))
        return false;
    void *values = part->outputs;
    bool is_good = put_in_order(a, sizeof(double), &values, f);
    part->outputs = values;
    if (!is_good)
        return false;
    load->n_outputs = (size_t)k;
    load->kind = a->kind == 'f' || load->kind == OUTPUTS_FLOATS ? OUTPUTS_FLOATS : OUTPUTS_INTEGERS;
    *n = (size_t)a->shape[0];
    return source_check_end(s, f);
}
