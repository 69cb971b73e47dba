#include "core/spec/field.h"

#include "core/base/nearest.h"
#include "core/base/number.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool field_selects_epoch(const field *row)
{
    static const char STOPPING[] = "early_stopping";
    return strncmp(row->name, STOPPING, sizeof STOPPING - 1) == 0;
}

const field *field_find(const char *name)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (strcmp(FIELDS[i].name, name) == 0)
            return &FIELDS[i];
    return NULL;
}

const char *field_nearest_name(const char *name)
{
    const char *known[SPEC_FIELD_LIMIT + 1] = {NULL};
    assert(FIELD_COUNT <= SPEC_FIELD_LIMIT);
    for (int i = 0; i < FIELD_COUNT; i++)
        known[i] = FIELDS[i].name;
    return nearest_name(name, known);
}

bool field_has_place(const field *row)
{
    return row->offset != (size_t)-1;
}

void *field_value(const field *row, train_spec *spec)
{
    assert(field_has_place(row));
    return (char *)spec + row->offset;
}

const void *field_value_const(const field *row, const train_spec *spec)
{
    assert(field_has_place(row));
    return (const char *)spec + row->offset;
}

size_t field_value_count(const field *row, const train_spec *spec)
{
    int n = row->count_offset == 0
                ? 1
                : *(const int *)(const void *)((const char *)spec + row->count_offset);
    return n == 0 && row->type == FIELD_RATES ? 1 : (size_t)n;
}

int field_enum_index(const field *row, const char *text)
{
    for (int i = 0; row->values && row->values[i]; i++)
        if (strcmp(row->values[i], text) == 0)
            return i;
    for (int i = 0; row->aliases && row->aliases[i]; i += 2)
        if (strcmp(row->aliases[i], text) == 0)
            return field_enum_index(row, row->aliases[i + 1]);
    return -1;
}

bool field_applies(const field *row, const train_spec *spec)
{
    return !row->applies || row->applies(spec);
}

/* Bytes of the field's value, arrays without their count. */
static size_t value_bytes(const field *row)
{
    switch (row->type) {
    case FIELD_INTEGER:
        return sizeof(int64_t);
    case FIELD_NUMBER:
        return sizeof(double);
    case FIELD_BOOLEAN:
    case FIELD_OBJECT:
        return sizeof(bool);
    case FIELD_ENUM:
        return sizeof(int);
    case FIELD_INTEGER_ARRAY:
        return SPEC_LAYERS_LIMIT * sizeof(int64_t);
    case FIELD_RATES:
        return SPEC_LAYERS_LIMIT * sizeof(double);
    case FIELD_DATASET:
        return SPEC_NAME_LIMIT;
    default:
        return 0;
    }
}

static int count_of(const field *row, const train_spec *spec)
{
    return *(const int *)(const void *)((const char *)spec + row->count_offset);
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a >= b && a <= b);
}

static bool same_dataset(const train_spec *a, const train_spec *b)
{
    const dataset_options *x = &a->dataset_options, *y = &b->dataset_options;
    return strcmp(a->dataset, b->dataset) == 0 && x->n == y->n && x->classes == y->classes &&
           x->dimensions == y->dimensions && same_number(x->noise, y->noise);
}

bool field_equal(const field *row, const train_spec *a, const train_spec *b)
{
    if (!field_has_place(row))
        return true;
    if (row->type == FIELD_DATASET)
        return same_dataset(a, b);
    const void *x = field_value_const(row, a), *y = field_value_const(row, b);
    if (row->type == FIELD_NUMBER)
        return same_number(*(const double *)x, *(const double *)y);
    if (row->type != FIELD_INTEGER_ARRAY && row->type != FIELD_RATES)
        return memcmp(x, y, value_bytes(row)) == 0;
    size_t n = field_value_count(row, a);
    return count_of(row, a) == count_of(row, b) && memcmp(x, y, n * sizeof(int64_t)) == 0;
}

void field_copy(const field *row, const train_spec *from, train_spec *to)
{
    if (!field_has_place(row)) /* the parent of dotted fields: they are copied by themselves */
        return;
    memcpy(field_value(row, to), field_value_const(row, from), value_bytes(row));
    if (row->type == FIELD_DATASET)
        to->dataset_options = from->dataset_options;
    if (row->count_offset)
        memcpy((char *)to + row->count_offset, (const char *)from + row->count_offset, sizeof(int));
    to->is_set[row - FIELDS] = from->is_set[row - FIELDS];
}

void field_set_default(const field *row, train_spec *spec)
{
    if (!field_has_place(row))
        return;
    void *value = field_value(row, spec);
    double number = row->default_number;
    bool depends = isnan(number);
    switch (row->type) {
    case FIELD_INTEGER:
        *(int64_t *)value = depends ? 0 : (int64_t)number;
        break;
    case FIELD_NUMBER:
        *(double *)value = number;
        break;
    case FIELD_BOOLEAN:
        *(bool *)value = number > 0;
        break;
    case FIELD_ENUM:
        *(int *)value = depends ? -1 : (int)number;
        break;
    case FIELD_OBJECT:
        *(bool *)value = false;
        break;
    case FIELD_DATASET:
        memcpy(spec->dataset, "glyphs", sizeof "glyphs");
        spec->dataset_options = (dataset_options){.noise = NAN};
        break;
    case FIELD_INTEGER_ARRAY:
        spec->n_hidden = 2;
        spec->hidden[0] = spec->hidden[1] = 128;
        break;
    case FIELD_RATES:
        spec->n_dropout = 0;
        spec->dropout[0] = 0;
        break;
    default:
        break;
    }
}

static bool refuse_number(const field *row, const char *as_written, const char *pointer, fail *f)
{
    char minimum[NUMBER_BYTES], maximum[NUMBER_BYTES];
    number_write(row->minimum, minimum);
    number_write(row->maximum, maximum);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be in %c%s, %s%c, not %.60s", row->name,
                    row->exclusive_minimum ? '(' : '[', minimum, maximum,
                    row->exclusive_maximum ? ')' : ']', as_written);
}

bool field_check_number(const field *row, double value, const char *as_written, const char *pointer,
                        fail *f)
{
    char text[NUMBER_BYTES];
    if (!isfinite(value))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be a finite number", row->name);
    if (!as_written) {
        number_write(value, text);
        as_written = text;
    }
    bool whole = row->type == FIELD_INTEGER || row->type == FIELD_INTEGER_ARRAY;
    if (whole && (floor(value) < value || floor(value) > value))
        return fail_set(f, FAIL_WRONG_TYPE, pointer, "%s must be a whole number, not %.60s",
                        row->name, as_written);
    bool low = value < row->minimum || (row->exclusive_minimum && value <= row->minimum);
    bool high = value > row->maximum || (row->exclusive_maximum && value >= row->maximum);
    return (!low && !high) || refuse_number(row, as_written, pointer, f);
}
