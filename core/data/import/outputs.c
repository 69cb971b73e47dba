/* What becomes of the labels that a reader has put down: classes, or numbers to be learned. */
#include "core/data/container.h"
#include "core/data/import/load.h"
#include "core/data/import/spread.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_SLOTS = 32768,
    DISTINCT_LIMIT = 100,
    DISTINCT_MOST = CONTAINER_CLASSES_LIMIT,
    ROWS_AT_ONCE = 1 << 18 /* after so many the caller is asked */
};

static const char *const PART_NAMES[PART_COUNT] = {"training", "validation", "test"};

static bool out_of_memory(fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this data set.");
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

/* Text of class c among k: its number where classes have no names. */
static void write_class(const dataset_load *load, size_t c, char *text, size_t n_bytes)
{
    const char *name = load->class_names;
    for (size_t i = 0; name && i < c; i++)
        name += strlen(name) + 1;
    if (name)
        snprintf(text, n_bytes, "%.*s", (int)n_bytes - 1, name);
    else
        snprintf(text, n_bytes, "%zu", c);
}

/* A class that is to be validated or tested is one that can be learned. */
static bool check_lacking(const dataset_load *load, const bool *is_trained, fail *f)
{
    char name[100];
    for (int p = PART_VALIDATION; p < PART_COUNT; p++)
        for (size_t i = 0; i < load->parts[p].n; i++) {
            size_t c = (size_t)load->parts[p].labels[i];
            if (is_trained[c])
                continue;
            write_class(load, c, name, sizeof name);
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The class %s is in the %s part (row %zu, from 0) and not in training.",
                            name, PART_NAMES[p], i);
        }
    return true;
}

static bool check_parts(const dataset_load *load, size_t k, fail *f)
{
    const dataset_load_part *train = &load->parts[PART_TRAIN];
    bool *is_trained = calloc(k, sizeof *is_trained);
    if (!is_trained)
        return out_of_memory(f);
    for (size_t i = 0; i < train->n; i++)
        is_trained[train->labels[i]] = true;
    bool is_good = check_lacking(load, is_trained, f);
    free(is_trained);
    return is_good;
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
    return is_good && check_parts(load, *k, f);
}

/* ---- numbers ---- */

/* What is taken off the targets, where any column is to be centred. */
static bool find_offsets(dataset_load *load, fail *f)
{
    size_t k = load->n_outputs;
    spread *columns = calloc(k, sizeof *columns);
    double *offsets = calloc(k, sizeof *offsets);
    bool is_good = columns && offsets, has_any = false;
    caller_pace pace = {.by = load->by};
    for (int p = 0; is_good && p < PART_COUNT; p++)
        for (size_t i = 0; i < load->parts[p].n * k && caller_goes_on(&pace, 1); i++)
            spread_add(&columns[i % k], load->parts[p].outputs[i], true);
    for (size_t j = 0; is_good && j < k; j++) {
        offsets[j] = spread_offset(&columns[j]);
        has_any = has_any || offsets[j] != 0;
    }
    free(columns);
    if (has_any)
        load->target_offsets = offsets;
    else
        free(offsets);
    return is_good ? caller_check_pace(&pace, f) : out_of_memory(f);
}

static bool make_part_targets(const dataset_load *load, dataset_load_part *part, fail *f)
{
    size_t k = load->n_outputs, n = part->n * k;
    part->targets = calloc(n + 1, sizeof *part->targets);
    if (!part->targets)
        return out_of_memory(f);
    for (size_t i = 0; i < n; i++) {
        double offset = load->target_offsets ? load->target_offsets[i % k] : 0;
        if (i % ROWS_AT_ONCE == 0 && !caller_check(load->by, f))
            return false;
        if (fabs(part->outputs[i]) > (double)FLT_MAX)
            return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                            "A target of row %zu is %g, more than a float holds.", i / k,
                            part->outputs[i]);
        part->targets[i] = (float)(part->outputs[i] - offset);
    }
    return true;
}

static bool make_targets(dataset_load *load, fail *f)
{
    if (load->labels.n > 0)
        return fail_set(f, FAIL_INCOMPATIBLE, "/task",
                        "A regression wants numbers, but a label is the text \"%.100s\".",
                        load->labels.texts[0]);
    if (!find_offsets(load, f))
        return false;
    for (int p = 0; p < PART_COUNT; p++)
        if (!make_part_targets(load, &load->parts[p], f))
            return false;
    return true;
}

/* Decides between classes and numbers, and makes them. */
bool dataset_load_make_outputs(dataset_load *load, dataset_task_choice task, dataset *set, fail *f)
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
