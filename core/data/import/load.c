#include "core/data/import/load.h"

#include "core/base/array.h"
#include "core/data/container.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_SLOTS = 32768,
    NUMBER_SLOTS = 32768,
    DISTINCT_LIMIT = 100,
    DISTINCT_MOST = CONTAINER_CLASSES_LIMIT,
    ROWS_AT_ONCE = 1 << 18, /* after so many the caller is asked */
    WARNINGS_LIMIT = 100
};

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

/* ---- classes ---- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_number(const dataset_load_part *part, size_t i)
{
    return !part->texts || part->texts[i] < 0;
}

/* Up to DISTINCT_MOST different numbers, hashed. */
typedef struct number_set {
    size_t n;
    double *values; /* (DISTINCT_MOST + 1) in the order in which they came */
    int32_t *slots; /* (NUMBER_SLOTS) indices, -1: free */
} number_set;

static bool number_set_open(number_set *s)
{
    s->values = malloc((DISTINCT_MOST + 1) * sizeof *s->values);
    s->slots = malloc(NUMBER_SLOTS * sizeof *s->slots);
    if (!s->values || !s->slots)
        return false;
    memset(s->slots, 255, NUMBER_SLOTS * sizeof *s->slots);
    return true;
}

/* Two zeros are two values here, and a NaN is itself. */
static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void number_set_add(number_set *s, double value)
{
    uint64_t bits = bits_of(value);
    size_t slot = (size_t)((bits * 0x9E3779B97F4A7C15U) >> 40) % NUMBER_SLOTS;
    while (s->slots[slot] >= 0 && bits_of(s->values[s->slots[slot]]) != bits)
        slot = (slot + 1) % NUMBER_SLOTS;
    if (s->slots[slot] >= 0)
        return;
    s->slots[slot] = (int32_t)s->n;
    s->values[s->n++] = value;
}

static bool fill_numbers(const dataset_load *load, number_set *s, fail *f)
{
    for (int p = 0; p < PART_COUNT; p++)
        for (size_t i = 0; i < load->parts[p].n && s->n <= DISTINCT_MOST; i++) {
            if (i % ROWS_AT_ONCE == 0 && !caller_check(load->by, f))
                return false;
            if (is_number(&load->parts[p], i))
                number_set_add(s, load->parts[p].outputs[i] + 0.0); /* -0 is 0 */
        }
    return true;
}

/* The distinct numbers among the outputs, increasing; the caller frees. Of more than DISTINCT_MOST,
 * which are no classes any more, only the first. Called with one output column. */
static bool find_numbers(const dataset_load *load, double **values, size_t *n, fail *f)
{
    number_set s = {0};
    bool is_filled = number_set_open(&s) ? fill_numbers(load, &s, f) : out_of_memory(f);
    free(s.slots);
    if (!is_filled) {
        free(s.values);
        return false;
    }
    qsort(s.values, s.n, sizeof *s.values, compare_doubles);
    *values = s.values;
    *n = s.n;
    return true;
}

static bool are_whole(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] != floor(values[i]))
            return false;
    return true;
}

static bool is_classification(const dataset_load *load, dataset_task_choice task,
                              const double *values, size_t n_values)
{
    if (task != CHOICE_AUTO)
        return task == CHOICE_CLASSIFICATION;
    if (load->labels.n > 0 || load->kind == OUTPUTS_INTEGERS)
        return true;
    size_t n_rows = 0;
    for (int p = 0; p < PART_COUNT; p++)
        n_rows += load->parts[p].n;
    return load->kind == OUTPUTS_NUMBERS && n_values <= DISTINCT_LIMIT && 2 * n_values <= n_rows &&
           are_whole(values, n_values);
}

/* Names of the classes; none where they are 0 .. k-1. */
static bool name_classes(dataset_load *load, const double *values, size_t n_values,
                         char *const *sorted, fail *f)
{
    bool are_plain = load->labels.n == 0;
    for (size_t i = 0; i < n_values && are_plain; i++)
        are_plain = values[i] == (double)i;
    if (are_plain)
        return true;
    size_t used = 0, capacity = 32 * n_values;
    for (size_t i = 0; i < load->labels.n; i++)
        capacity += strlen(sorted[i]) + 1;
    load->class_names = calloc(1, capacity);
    if (!load->class_names)
        return out_of_memory(f);
    for (size_t i = 0; i < n_values; i++)
        used += 1 + (size_t)snprintf(load->class_names + used, capacity - used, "%.15g", values[i]);
    for (size_t i = 0; i < load->labels.n; i++) {
        size_t n_bytes = strlen(sorted[i]) + 1;
        memcpy(load->class_names + used, sorted[i], n_bytes);
        used += n_bytes;
    }
    return true;
}

/* Class of every row: rank[t] is the class of text t. */
static bool label_part(const caller *by, dataset_load_part *part, const double *values,
                       size_t n_values, const int32_t *rank, fail *f)
{
    part->labels = calloc(part->n + 1, sizeof *part->labels);
    if (!part->labels)
        return out_of_memory(f);
    for (size_t i = 0; i < part->n; i++) {
        if (i % ROWS_AT_ONCE == 0 && !caller_check(by, f))
            return false;
        if (!is_number(part, i)) {
            part->labels[i] = rank[part->texts[i]];
            continue;
        }
        const double *found =
            bsearch(&part->outputs[i], values, n_values, sizeof *values, compare_doubles);
        part->labels[i] = (int32_t)(found - values);
    }
    return true;
}

/* sorted (n): the texts in order; rank (n): the class of each text. */
static void rank_texts(const dataset_texts *t, size_t n_values, char **sorted, int32_t *rank)
{
    for (size_t i = 0; i < t->n; i++)
        sorted[i] = t->texts[i];
    qsort(sorted, t->n, sizeof *sorted, compare_texts);
    for (size_t i = 0; i < t->n; i++) {
        char **found = bsearch(&t->texts[i], sorted, t->n, sizeof *sorted, compare_texts);
        rank[i] = (int32_t)(n_values + (size_t)(found - sorted));
    }
}

static bool make_classes(dataset_load *load, const double *values, size_t n_values, size_t *k,
                         fail *f)
{
    size_t n_texts = load->labels.n;
    if (n_values + n_texts > CONTAINER_CLASSES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, "/task",
                        "There are %s%zu different labels; at most %d classes are allowed. Is it a "
                        "regression?",
                        n_values > DISTINCT_MOST ? "more than " : "",
                        n_values > DISTINCT_MOST ? (size_t)DISTINCT_MOST : n_values + n_texts,
                        CONTAINER_CLASSES_LIMIT);
    if (n_values + n_texts < 2)
        return fail_set(f, FAIL_SYNTAX, NULL, "All labels are the same: nothing can be learned.");
    char **sorted = calloc(n_texts + 1, sizeof *sorted);
    int32_t *rank = calloc(n_texts + 1, sizeof *rank);
    bool is_good = sorted && rank;
    if (is_good) {
        rank_texts(&load->labels, n_values, sorted, rank);
        is_good = name_classes(load, values, n_values, sorted, f);
    } else {
        out_of_memory(f);
    }
    for (int p = 0; is_good && p < PART_COUNT; p++)
        is_good = label_part(load->by, &load->parts[p], values, n_values, rank, f);
    free(sorted);
    free(rank);
    if (is_good)
        *k = n_values + n_texts;
    return is_good;
}

static bool make_targets(dataset_load *load, fail *f)
{
    if (load->labels.n > 0)
        return fail_set(f, FAIL_INCOMPATIBLE, "/task",
                        "A regression wants numbers, but a label is the text \"%.100s\".",
                        load->labels.texts[0]);
    for (int p = 0; p < PART_COUNT; p++) {
        dataset_load_part *part = &load->parts[p];
        size_t n = part->n * load->n_outputs;
        part->targets = calloc(n + 1, sizeof *part->targets);
        if (!part->targets)
            return out_of_memory(f);
        for (size_t i = 0; i < n; i++) {
            if (i % ROWS_AT_ONCE == 0 && !caller_check(load->by, f))
                return false;
            if (fabs(part->outputs[i]) > (double)FLT_MAX)
                return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                                "A target of row %zu is %g, more than a float holds.",
                                i / load->n_outputs, part->outputs[i]);
            part->targets[i] = (float)part->outputs[i];
        }
    }
    return true;
}

/* Decides between classes and numbers, and makes them. */
static bool make_outputs(dataset_load *load, dataset_task_choice task, dataset *set, fail *f)
{
    double *values = NULL;
    size_t n_values = 0;
    bool is_good = true, has_classes = false;
    if (load->has_outputs) {
        set->task = load->task;
        set->k = load->k;
        return true;
    }
    if (load->n_outputs == 1) {
        is_good = find_numbers(load, &values, &n_values, f);
        has_classes = is_good && is_classification(load, task, values, n_values);
    } else if (task == CHOICE_CLASSIFICATION) {
        is_good = fail_set(f, FAIL_INCOMPATIBLE, "/task",
                           "A classification wants one label per row; there are %zu columns.",
                           load->n_outputs);
    }
    set->task = has_classes ? TASK_CLASSIFICATION : TASK_REGRESSION;
    set->k = load->n_outputs;
    if (is_good)
        is_good =
            has_classes ? make_classes(load, values, n_values, &set->k, f) : make_targets(load, f);
    free(values);
    return is_good;
}

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
    if (!check_rows(load, f) || !make_outputs(load, task, &filled, f))
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
