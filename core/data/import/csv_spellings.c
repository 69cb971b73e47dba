#include "core/data/import/csv_spellings.h"

#include "core/base/array.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 32 }; /* times a power of two */

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261U;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash;
}

/* The slot of the key, or the free one where it belongs. */
static size_t find_slot(const csv_spellings *s, const char *key)
{
    assert(s->slots);
    size_t slot = hash_of(key) & (s->n_slots - 1);
    while (s->slots[slot] >= 0 && strcmp(s->items[s->slots[slot]].key, key) != 0)
        slot = (slot + 1) & (s->n_slots - 1);
    return slot;
}

/* At most half of the slots are taken. */
static bool grow_slots(csv_spellings *s)
{
    if (2 * (s->n + 1) <= s->n_slots)
        return true;
    size_t n_slots = s->n_slots ? 4 * s->n_slots : FIRST_SLOTS;
    int32_t *slots = malloc(n_slots * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 255, n_slots * sizeof *slots);
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    assert(s->n == 0 || s->items);
    for (size_t i = 0; i < s->n; i++)
        s->slots[find_slot(s, s->items[i].key)] = (int32_t)i;
    return true;
}

csv_spelling *csv_spellings_find(const csv_spellings *s, const char *key)
{
    if (s->n == 0)
        return NULL;
    int32_t found = s->slots[find_slot(s, key)];
    return found < 0 ? NULL : &s->items[found];
}

static bool append(csv_spellings *s, const char *key, const char *text)
{
    if (!grow_slots(s) || !array_reserve(&s->items, &s->capacity, s->n + 1, s->limit))
        return false;
    csv_spelling item = {.text = strdup(text), .number = NAN, .index = -1};
    item.key = strcmp(key, text) == 0 ? item.text : strdup(key);
    if (!item.text || !item.key) {
        if (item.key != item.text)
            free(item.key);
        free(item.text);
        return false;
    }
    s->slots[find_slot(s, key)] = (int32_t)s->n;
    s->items[s->n++] = item;
    return true;
}

bool csv_spellings_add(csv_spellings *s, const char *key, const char *text, dataset_part part,
                       size_t row, csv_spelling **out)
{
    csv_spelling *found = csv_spellings_find(s, key);
    if (!found && s->n >= s->limit) {
        s->is_full = true;
    } else if (!found) {
        if (!append(s, key, text))
            return false;
        found = &s->items[s->n - 1];
    }
    if (found && found->n[part]++ == 0)
        found->row[part] = row;
    if (out)
        *out = found;
    return true;
}

void csv_spellings_close(csv_spellings *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].key != s->items[i].text)
            free(s->items[i].key);
        free(s->items[i].text);
    }
    free(s->items);
    free(s->slots);
    *s = (csv_spellings){.limit = s->limit};
}
