#include "server/study/config_table.h"

#include "core/spec/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time through the finalizer of SplitMix64. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, n - i < 8 ? n - i : 8);
        hash = (hash ^ word) + 0x9E3779B97F4A7C15u;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 27;
    }
    return hash;
}

static uint64_t mix_value(uint64_t hash, const field *row, const train_spec *spec)
{
    const void *value = field_value_const(row, spec);
    size_t n = field_value_count(row, spec);
    switch (row->type) {
    case FIELD_INTEGER:
    case FIELD_INTEGER_ARRAY:
        return mix(hash, value, n * sizeof(int64_t));
    case FIELD_NUMBER:
    case FIELD_RATES:
        for (size_t i = 0; i < n; i++) {
            double number = ((const double *)value)[i] + 0.0; /* -0 equals 0 and hashes as it */
            hash = isnan(number) ? mix(hash, "NaN", 3) : mix(hash, &number, sizeof number);
        }
        return hash;
    case FIELD_BOOLEAN:
    case FIELD_OBJECT:
        return mix(hash, value, sizeof(bool));
    case FIELD_ENUM:
        return mix(hash, value, sizeof(int));
    case FIELD_DATASET:
        return mix(hash, value, strlen(value));
    default:
        return hash;
    }
}

static uint64_t hash_spec(const train_spec *spec)
{
    uint64_t hash = 0;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (field_has_place(&FIELDS[i]))
            hash = mix_value(hash, &FIELDS[i], spec);
    return hash;
}

bool config_table_same(const train_spec *a, const train_spec *b)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (!field_equal(&FIELDS[i], a, b))
            return false;
    return true;
}

bool config_table_open(config_table *t, int64_t n)
{
    size_t size = 16;
    while (size < 2 * (size_t)n)
        size *= 2;
    t->slots = calloc(size, sizeof *t->slots);
    t->mask = size - 1;
    return t->slots != NULL;
}

void config_table_add(config_table *t, const grid_config *config, grid *p)
{
    const train_spec *spec = &config->spec;
    uint64_t hash = hash_spec(spec);
    size_t at = (size_t)hash & t->mask;
    for (; t->slots[at].config; at = (at + 1) & t->mask)
        if (t->slots[at].hash == hash &&
            config_table_same(&p->configs[t->slots[at].config - 1].spec, spec))
            return;
    p->configs[p->n_configs++] = *config;
    t->slots[at] = (config_slot){hash, p->n_configs};
}

void config_table_close(config_table *t)
{
    free(t->slots);
}
