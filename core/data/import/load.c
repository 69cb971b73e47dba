#include "core/data/import/load.h"

#include "core/base/array.h"
#include "core/data/container.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SLOTS = 32768, WARNINGS_LIMIT = 100 };

void dataset_load_close(dataset_load *load)
{
    for (int p = 0; p < PART_COUNT; p++) {
        dataset_load_part *part = &load->parts[p];
        free(part->bytes);
        free(part->floats);
        free(part->outputs);
        free(part->texts);
        free(part->labels);
        free(part->targets);
    }
    for (size_t i = 0; i < load->labels.n; i++)
        free(load->labels.texts[i]);
    free(load->labels.texts);
    free(load->labels.slots);
    for (size_t i = 0; i < load->origin.n_warnings; i++)
        free(load->warnings[i]);
    free(load->warnings);
    free(load->origin_memory[0]);
    free(load->origin_memory[1]);
    free(load->input_offsets);
    free(load->target_offsets);
    free(load->column_names);
    free(load->class_names);
    *load = (dataset_load){0};
}

static bool out_of_memory(fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this data set.");
}

bool dataset_load_warn(dataset_load *load, fail *f, const char *format, ...)
{
    char sentence[sizeof f->sentence];
    size_t n = load->origin.n_warnings;
    va_list arguments;
    if (n > WARNINGS_LIMIT)
        return true;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    char *kept = strdup(n == WARNINGS_LIMIT ? "There is more of this kind." : sentence);
    if (!kept || !array_reserve(&load->warnings, &load->warnings_capacity, n + 1,
                                (size_t)WARNINGS_LIMIT + 1)) {
        free(kept);
        return out_of_memory(f);
    }
    load->warnings[n] = kept;
    load->origin.n_warnings = n + 1;
    load->origin.warnings = (const char *const *)load->warnings;
    return true;
}

dataset_part dataset_load_part_of(const char *file_name)
{
    const char *slash = strrchr(file_name, '/');
    const char *name = slash ? slash + 1 : file_name;
    if (strcasestr(name, "t10k"))
        return PART_TEST;
    if (strcasestr(name, "train"))
        return PART_TRAIN;
    if (strcasestr(name, "test"))
        return PART_TEST;
    return strcasestr(name, "val") ? PART_VALIDATION : PART_TRAIN;
}

bool dataset_load_check_size(const dataset_load *load, uint64_t *granted, const char *name,
                             uint64_t n, uint64_t d, uint64_t value_bytes, fail *f)
{
    if (d > CONTAINER_COLUMNS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "%s has %llu columns; at most %d are allowed.",
                        name, (unsigned long long)d, CONTAINER_COLUMNS_LIMIT);
    if (d > 0 && n > CONTAINER_VALUES_LIMIT / d)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s has %llu rows of %llu values; at most %llu values are allowed.", name,
                        (unsigned long long)n, (unsigned long long)d, CONTAINER_VALUES_LIMIT);
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t needed = n * (d * value_bytes + sizeof(double) + 2 * sizeof(int32_t));
    if (needed > memory / 2)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "%s needs %llu MB; at most half of this machine's memory, %llu MB, is "
                        "used for a data set.",
                        name, (unsigned long long)(needed >> 20),
                        (unsigned long long)(memory >> 21));
    if (!granted || needed <= *granted)
        return true;
    bool is_granted = caller_grant(load->by, (size_t)(needed - *granted), f);
    if (is_granted)
        *granted = needed;
    return is_granted;
}

/* ---- texts ---- */

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261U;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash;
}

static bool texts_init(dataset_texts *t, fail *f)
{
    t->slots = malloc(TEXT_SLOTS * sizeof *t->slots);
    t->texts = calloc(CONTAINER_CLASSES_LIMIT, sizeof *t->texts);
    if (!t->slots || !t->texts)
        return out_of_memory(f);
    memset(t->slots, 255, TEXT_SLOTS * sizeof *t->slots);
    t->n_slots = TEXT_SLOTS;
    return true;
}

bool dataset_texts_add(dataset_texts *t, const char *text, int32_t *index, fail *f)
{
    if (t->n_slots == 0 && !texts_init(t, f))
        return false;
    size_t slot = hash_of(text) % t->n_slots;
    while (t->slots[slot] >= 0 && strcmp(t->texts[t->slots[slot]], text) != 0)
        slot = (slot + 1) % t->n_slots;
    if (t->slots[slot] < 0) {
        if (t->n == CONTAINER_CLASSES_LIMIT)
            return fail_set(f, FAIL_TOO_LARGE, "/label",
                            "There are more than %d different labels; is it the right column?",
                            CONTAINER_CLASSES_LIMIT);
        t->texts[t->n] = strdup(text);
        if (!t->texts[t->n])
            return out_of_memory(f);
        t->slots[slot] = (int32_t)t->n++;
    }
    *index = t->slots[slot];
    return true;
}

/* Bytes of the UTF-8 sequence at text (no overlong forms, no surrogates), or 0. */
static size_t sequence_bytes(const unsigned char *text)
{
    unsigned char c = text[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xC2 && c < 0xE0 ? 2
               : (c & 0xF0) == 0xE0    ? 3
               : c >= 0xF0 && c < 0xF5 ? 4
                                       : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] > 0x9F) ||
        (c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F))
        return 0;
    return n;
}

bool dataset_is_name_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t n = sequence_bytes(at);
        bool is_control = (*at < 0x20 && !strchr("\t\n\r", *at)) || *at == 0x7F;
        if (n == 0 || is_control)
            return false;
        at += n;
    }
    return strlen(text) < CONTAINER_NAME_LIMIT;
}

/* ---- the whole ---- */

static bool check_rows(const dataset_load *load, fail *f)
{
    size_t n = load->parts[PART_TRAIN].n, drawn = 0, total = 0;
    for (int p = 0; p < PART_COUNT; p++) {
        drawn += load->parts[p].n == 0;
        total += load->parts[p].n;
    }
    if (n < 1 + drawn)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "There are %zu training rows; at least %zu are needed to train, validate "
                        "and test.",
                        n, 1 + drawn);
    return dataset_load_check_size(load, NULL, "The data set", total, load->d,
                                   load->parts[PART_TRAIN].bytes ? 1 : 4, f) &&
           dataset_load_check_size(load, NULL, "The data set", total, load->n_outputs,
                                   sizeof(float), f);
}

bool dataset_load_finish(dataset_load *load, dataset_task_choice task, dataset *set, fail *f)
{
    dataset filled = *set;
    if (!check_rows(load, f) || !dataset_load_make_outputs(load, task, &filled, f))
        return false;
    bool is_image = load->channels > 0;
    filled.d = load->d;
    filled.height = load->height;
    filled.width = load->width;
    filled.channels = load->channels;
    filled.default_scaling = is_image ? SCALING_NONE : SCALING_STANDARD;
    filled.shared_scaling = is_image;
    filled.class_names = load->class_names;
    filled.column_names = load->column_names;
    filled.input_offsets = load->input_offsets;
    filled.target_offsets = load->target_offsets;
    filled.has_missing = load->has_missing;
    if (load->origin.n_columns + load->origin.n_warnings > 0)
        filled.origin = &load->origin;
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_load_part *part = &load->parts[p];
        filled.parts[p] = (dataset_rows){.n = part->n};
        if (part->n > 0)
            filled.parts[p] =
                (dataset_rows){part->n, part->bytes, part->floats, part->labels, part->targets};
    }
    *set = filled;
    return true;
}
