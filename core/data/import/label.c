#include "core/data/import/label.h"

#include "core/data/container.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_LIMIT = 15 }; /* a double holds them exactly */

bool label_reserve(dataset_load_part *part, size_t n, fail *f)
{
    part->outputs = calloc(n + 1, sizeof *part->outputs);
    part->texts = malloc((n + 1) * sizeof *part->texts);
    if (!part->outputs || !part->texts)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu labels.", n);
    memset(part->texts, 255, (n + 1) * sizeof *part->texts);
    return true;
}

static bool read_whole(const char *text, double *value)
{
    bool is_negative = *text == '-';
    const char *digits = text + is_negative;
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > DIGITS_LIMIT || digits[n] || (*digits == '0' && (n > 1 || is_negative)))
        return false;
    *value = (double)strtoll(text, NULL, 10);
    return true;
}

bool label_put(dataset_load *load, dataset_load_part *part, size_t i, const char *text,
               size_t n_bytes, const char *where, fail *f)
{
    char label[CONTAINER_NAME_LIMIT];
    if (n_bytes == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s: the label of row %zu (from 0) is empty.", where,
                        i);
    size_t n = n_bytes < sizeof label ? n_bytes : sizeof label - 1;
    memcpy(label, text, n);
    label[n] = '\0';
    if (n < n_bytes || strlen(label) < n || !dataset_is_name_text(label))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: the label of row %zu (from 0) is no text of less than %d bytes of "
                        "UTF-8 without control characters.",
                        where, i, CONTAINER_NAME_LIMIT);
    return read_whole(label, &part->outputs[i]) ||
           dataset_texts_add(&load->labels, label, &part->texts[i], f);
}

/* The column of the only 1 among k numbers; k where they are no one-hot row. */
static size_t hot_column(const double *row, size_t k)
{
    size_t hot = k;
    for (size_t j = 0; j < k; j++) {
        if (row[j] == 0)
            continue;
        if (row[j] != 1 || hot < k)
            return k;
        hot = j;
    }
    return hot;
}

static bool is_one_hot(const dataset_load *load, caller_pace *pace)
{
    size_t k = load->n_outputs;
    for (int p = 0; p < PART_COUNT; p++)
        for (size_t i = 0; i < load->parts[p].n; i++)
            if (!caller_goes_on(pace, k) || hot_column(load->parts[p].outputs + i * k, k) == k)
                return false;
    return k >= 2;
}

bool label_from_one_hot(dataset_load *load, fail *f)
{
    caller_pace pace = {.by = load->by};
    size_t k = load->n_outputs;
    if (!is_one_hot(load, &pace))
        return caller_check_pace(&pace, f);
    for (int p = 0; p < PART_COUNT; p++)
        for (size_t i = 0; i < load->parts[p].n; i++)
            load->parts[p].outputs[i] = (double)hot_column(load->parts[p].outputs + i * k, k);
    load->n_outputs = 1;
    load->kind = OUTPUTS_INTEGERS;
    return true;
}
