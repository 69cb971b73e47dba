#include "core/data/split.h"

#include "core/data/scaling.h"
#include "core/data/targets.h"
#include "core/math/kernel_gather.h"
#include "core/math/rng.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER_TRAIN, LAYER_VALIDATION, LAYER_TEST, LAYER_TRAIN_EVALUATION };

static const char *const SIZE_FIELDS[PART_COUNT] = {"/train_size", "/validation_size",
                                                    "/test_size"};
static const char *const PART_NAMES[PART_COUNT] = {"training", "validation", "test"};

/* ---- how many ---- */

static size_t size_of(const train_spec *spec, int part)
{
    int64_t size = part == PART_TRAIN        ? spec->train_size
                   : part == PART_VALIDATION ? spec->validation_size
                                             : spec->test_size;
    return (size_t)size;
}

static size_t share_of(size_t n, double share)
{
    size_t rows = (size_t)llround(share * (double)n);
    return rows > 0 ? rows : 1;
}

/* A part that the set has. */
static bool count_stored(const dataset *set, const train_spec *spec, int part, size_t *n, fail *f)
{
    size_t wanted = size_of(spec, part), stored = set->parts[part].n;
    if (wanted > stored)
        return fail_set(f, FAIL_INCOMPATIBLE, SIZE_FIELDS[part],
                        "%s is %zu, but the data set %s has %zu %s rows.", SIZE_FIELDS[part] + 1,
                        wanted, set->name, stored, PART_NAMES[part]);
    *n = wanted ? wanted : stored;
    return true;
}

/* Which field to blame when the drawn parts leave too little. */
static const char *greedy_field(const train_spec *spec)
{
    return spec->test_size >= spec->validation_size && spec->test_size > 0 ? "/test_size"
           : spec->validation_size > 0                                     ? "/validation_size"
                                                                           : "/dataset";
}

static bool count_classes(const int32_t *labels, size_t n, size_t k, size_t *n_classes, fail *f)
{
    uint8_t *seen = calloc(k, 1);
    if (!seen)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset",
                        "There is no memory to count %zu classes.", k);
    *n_classes = 0;
    for (size_t i = 0; i < n && *n_classes < k; i++) {
        *n_classes += !seen[labels[i]];
        seen[labels[i]] = 1;
    }
    free(seen);
    return true;
}

/* Every class that the stored training part has needs a row to train on. */
static bool check_classes(const dataset *set, const train_spec *spec, size_t n_train,
                          size_t n_drawn, fail *f)
{
    const dataset_rows *stored = &set->parts[PART_TRAIN];
    size_t n_classes = 0;
    if (!stored->labels || (n_drawn + set->k <= stored->n && n_train >= set->k))
        return true;
    if (!count_classes(stored->labels, stored->n, set->k, &n_classes, f))
        return false;
    if (n_drawn + n_classes > stored->n)
        return fail_set(f, FAIL_INCOMPATIBLE, greedy_field(spec),
                        "%zu of the %zu rows of %s for validation and testing would leave a class "
                        "without a training row (%zu classes).",
                        n_drawn, stored->n, set->name, n_classes);
    if (n_train < n_classes)
        return fail_set(f, FAIL_INCOMPATIBLE, "/train_size",
                        "train_size is %zu: fewer than the %zu classes, each of which needs a "
                        "training row.",
                        n_train, n_classes);
    return true;
}

bool split_count(const dataset *set, const train_spec *spec, size_t n[PART_COUNT], fail *f)
{
    size_t counts[PART_COUNT], stored = set->parts[PART_TRAIN].n, drawn = 0;
    bool has_test = set->parts[PART_TEST].n > 0;
    for (int p = PART_VALIDATION; p < PART_COUNT; p++) {
        double share = p == PART_VALIDATION && has_test ? 0.1 : 0.2;
        if (set->parts[p].n > 0) {
            if (!count_stored(set, spec, p, &counts[p], f))
                return false;
        } else {
            counts[p] = size_of(spec, p) ? size_of(spec, p) : share_of(stored, share);
            drawn += counts[p] < stored ? counts[p] : stored;
        }
    }
    if (drawn >= stored)
        return fail_set(f, FAIL_INCOMPATIBLE, greedy_field(spec),
                        "The data set %s has %zu rows to draw from; %zu for validation and %zu for "
                        "testing leave none to train on.",
                        set->name, stored, counts[PART_VALIDATION], counts[PART_TEST]);
    size_t pool = stored - drawn;
    counts[PART_TRAIN] = spec->train_size ? (size_t)spec->train_size : pool;
    if (counts[PART_TRAIN] > pool)
        return fail_set(f, FAIL_INCOMPATIBLE, "/train_size",
                        "train_size is %zu, but %zu training rows are there (%zu stored, %zu of "
                        "them drawn for the parts that the data set %s does not have).",
                        counts[PART_TRAIN], pool, stored, drawn, set->name);
    if (!check_classes(set, spec, counts[PART_TRAIN], drawn, f))
        return false;
    memcpy(n, counts, sizeof counts);
    return true;
}

static size_t evaluation_count(const train_spec *spec, size_t n_train)
{
    return (uint64_t)spec->train_evaluation_size < n_train ? (size_t)spec->train_evaluation_size
                                                           : n_train;
}

/* ---- strata ---- */

/* Rows grouped by class, each group permuted. Arrays share one allocation. */
typedef struct strata {
    size_t n, k;
    size_t *counts; /* (k) rows of each class */
    size_t *taken;  /* (k) already given away, from the group's start */
    size_t *quota;  /* (k) for the next taking */
    uint32_t *rows; /* (n) */
} strata;

/* labels (n) in 0 .. k-1, or NULL: all in one class. */
static bool strata_init(strata *s, const int32_t *labels, size_t n, size_t k, int64_t data_seed,
                        uint32_t layer, fail *f)
{
    s->n = n;
    s->k = labels ? k : 1;
    s->counts = calloc(1, 3 * s->k * sizeof *s->counts + n * sizeof *s->rows);
    if (!s->counts)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory to split %zu rows.",
                        n);
    s->taken = s->counts + s->k;
    s->quota = s->taken + s->k;
    s->rows = (uint32_t *)(void *)(s->quota + s->k);
    for (size_t i = 0; i < n; i++)
        s->counts[labels ? labels[i] : 0]++;
    for (size_t c = 1; c < s->k; c++)
        s->quota[c] = s->quota[c - 1] + s->counts[c - 1];
    for (size_t i = 0; i < n; i++)
        s->rows[s->quota[labels ? labels[i] : 0]++] = (uint32_t)i;
    uint32_t *group = s->rows;
    for (size_t c = 0; c < s->k; c++) {
        rng_stream stream = rng_stream_at(data_seed, RNG_SPLIT, (uint32_t)c, 0, layer);
        rng_permute(&stream, group, s->counts[c]);
        group += s->counts[c];
    }
    return true;
}

static void strata_close(strata *s)
{
    free(s->counts);
}

/* The class that is furthest below (sign 1) or above (-1) its proportional share and may move. */
static size_t strata_furthest(const strata *s, double share, const size_t *bounds, double sign)
{
    size_t best = s->k;
    double best_gap = 0;
    for (size_t c = 0; c < s->k; c++) {
        double gap = sign * (share * (double)s->counts[c] - (double)s->quota[c]);
        if (s->quota[c] != bounds[c] && (best == s->k || gap > best_gap)) {
            best = c;
            best_gap = gap;
        }
    }
    return best;
}

/* Fills quota: `total` rows in proportion to the classes' counts, by largest remainders, at least
 * least[c] and at most most[c] of class c; the sums of the bounds allow it. */
static void strata_share(strata *s, size_t total, const size_t *least, const size_t *most)
{
    double share = (double)total / (double)s->n;
    size_t sum = 0;
    for (size_t c = 0; c < s->k; c++) {
        /* 1e-9: a share that is whole but for rounding. */
        size_t quota = (size_t)(share * (double)s->counts[c] + 1e-9);
        s->quota[c] = quota < least[c] ? least[c] : quota > most[c] ? most[c] : quota;
        sum += s->quota[c];
    }
    for (; sum < total; sum++)
        s->quota[strata_furthest(s, share, most, 1)]++;
    for (; sum > total; sum--)
        s->quota[strata_furthest(s, share, least, -1)]--;
}

/* Marks the next quota[c] rows of every class. */
static void strata_take(strata *s, uint8_t mark, uint8_t *marks)
{
    const uint32_t *group = s->rows;
    for (size_t c = 0; c < s->k; c++) {
        for (size_t i = 0; i < s->quota[c]; i++)
            marks[group[s->taken[c] + i]] = mark;
        s->taken[c] += s->quota[c];
        group += s->counts[c];
    }
}

/* Takes `total` rows; every class keeps `reserve` of those that it still has, and gives at least
 * `least`, if it has so many. */
static bool strata_draw(strata *s, size_t total, size_t least, size_t reserve, uint8_t mark,
                        uint8_t *marks, fail *f)
{
    size_t *bounds = calloc(2 * s->k, sizeof *bounds);
    if (!bounds)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory to split %zu rows.",
                        s->n);
    for (size_t c = 0; c < s->k; c++) {
        size_t left = s->counts[c] - s->taken[c];
        bounds[s->k + c] = left > reserve ? left - reserve : 0;
        bounds[c] = least < bounds[s->k + c] ? least : bounds[s->k + c];
    }
    strata_share(s, total, bounds, bounds + s->k);
    strata_take(s, mark, marks);
    free(bounds);
    return true;
}

/* ---- which ---- */

/* The split's arrays while they are filled. */
typedef struct draft {
    const dataset *set;
    const train_spec *spec;
    size_t n[PART_COUNT], n_train_evaluation;
    uint32_t *rows[PART_COUNT];
    int32_t *labels[PART_COUNT];
    uint32_t *train_evaluation;
    float *scale, *shift, *fill;
    double *target_mean, *target_deviation; /* NULL: not scaled */
} draft;

static void collect(const uint8_t *marks, size_t n, uint8_t mark, uint32_t *rows)
{
    for (size_t i = 0; i < n; i++)
        if (marks[i] == mark)
            *rows++ = (uint32_t)i;
}

/* The training part, and those that are drawn from it. */
static bool draw_train(draft *x, uint8_t *marks, fail *f)
{
    const dataset_rows *stored = &x->set->parts[PART_TRAIN];
    bool draws_validation = x->set->parts[PART_VALIDATION].n == 0;
    bool draws_test = x->set->parts[PART_TEST].n == 0;
    strata s;
    if (!strata_init(&s, stored->labels, stored->n, x->set->k, x->spec->data_seed, LAYER_TRAIN, f))
        return false;
    bool is_good =
        (!draws_test || strata_draw(&s, x->n[PART_TEST], 0, 1, 1 + PART_TEST, marks, f)) &&
        (!draws_validation ||
         strata_draw(&s, x->n[PART_VALIDATION], 0, 1, 1 + PART_VALIDATION, marks, f)) &&
        strata_draw(&s, x->n[PART_TRAIN], 1, 0, 1 + PART_TRAIN, marks, f);
    strata_close(&s);
    if (!is_good)
        return false;
    collect(marks, stored->n, 1 + PART_TRAIN, x->rows[PART_TRAIN]);
    if (draws_validation)
        collect(marks, stored->n, 1 + PART_VALIDATION, x->rows[PART_VALIDATION]);
    if (draws_test)
        collect(marks, stored->n, 1 + PART_TEST, x->rows[PART_TEST]);
    return true;
}

/* n_wanted of the n rows with these labels, increasing. */
static bool draw_subset(const draft *x, const int32_t *labels, size_t n, uint32_t layer,
                        size_t n_wanted, uint8_t *marks, uint32_t *rows, fail *f)
{
    strata s;
    if (!strata_init(&s, labels, n, x->set->k, x->spec->data_seed, layer, f))
        return false;
    memset(marks, 0, n);
    bool is_good = strata_draw(&s, n_wanted, 0, 0, 1, marks, f);
    strata_close(&s);
    if (is_good)
        collect(marks, n, 1, rows);
    return is_good;
}

static void read_labels(draft *x, int part)
{
    bool is_drawn = x->set->parts[part].n == 0;
    const int32_t *labels = x->set->parts[is_drawn ? PART_TRAIN : part].labels;
    int32_t *to = x->labels[part];
    for (size_t i = 0; labels && to && i < x->n[part]; i++)
        to[i] = labels[x->rows[part][i]];
}

static bool draw_rows(draft *x, fail *f)
{
    static const uint32_t layers[PART_COUNT] = {LAYER_TRAIN, LAYER_VALIDATION, LAYER_TEST};
    const dataset_rows *parts = x->set->parts;
    size_t most = parts[PART_TRAIN].n;
    for (int p = 0; p < PART_COUNT; p++)
        most = parts[p].n > most ? parts[p].n : most;
    uint8_t *marks = calloc(most, 1);
    if (!marks)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory to split %zu rows.",
                        most);
    bool is_good = draw_train(x, marks, f);
    for (int p = PART_VALIDATION; is_good && p < PART_COUNT; p++)
        if (parts[p].n > 0)
            is_good = draw_subset(x, parts[p].labels, parts[p].n, layers[p], x->n[p], marks,
                                  x->rows[p], f);
    for (int p = 0; is_good && p < PART_COUNT; p++)
        read_labels(x, p);
    is_good =
        is_good && draw_subset(x, x->labels[PART_TRAIN], x->n[PART_TRAIN], LAYER_TRAIN_EVALUATION,
                               x->n_train_evaluation, marks, x->train_evaluation, f);
    free(marks);
    return is_good;
}

/* ---- label noise ---- */

static bool change_labels(draft *x, fail *f)
{
    size_t n = x->n[PART_TRAIN], n_changed = (size_t)llround(x->spec->label_noise * (double)n);
    if (n_changed == 0)
        return true;
    if (!x->labels[PART_TRAIN])
        return fail_set(f, FAIL_INCOMPATIBLE, "/label_noise",
                        "label_noise changes classes; %s is a regression.", x->set->name);
    uint32_t *order = malloc(n * sizeof *order);
    if (!order)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/label_noise",
                        "There is no memory for the order of %zu labels.", n);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    rng_stream which = rng_stream_at(x->spec->data_seed, RNG_LABEL_NOISE, 0, 0, 0);
    rng_stream what = rng_stream_at(x->spec->data_seed, RNG_LABEL_NOISE, 0, 1, 0);
    rng_permute(&which, order, n);
    uint32_t k = (uint32_t)x->set->k;
    for (size_t i = 0; i < n_changed; i++) {
        int32_t *label = &x->labels[PART_TRAIN][order[i]];
        *label = (int32_t)(((uint32_t)*label + 1 + rng_below(&what, k - 1)) % k);
    }
    free(order);
    return true;
}

/* ---- the split ---- */

static size_t bytes_for(const dataset *set, const train_spec *spec, const size_t n[PART_COUNT])
{
    size_t n_evaluation = evaluation_count(spec, n[PART_TRAIN]);
    size_t n_rows = n[PART_TRAIN] + n[PART_VALIDATION] + n[PART_TEST];
    size_t per_row = sizeof(uint32_t) + (set->task == TASK_CLASSIFICATION ? sizeof(int32_t) : 0);
    return sizeof(split) + targets_count(set, spec) * sizeof(double) + n_rows * per_row +
           n_evaluation * sizeof(uint32_t) + (set->has_missing ? 3 : 2) * set->d * sizeof(float);
}

size_t split_bytes(const dataset *set, const train_spec *spec)
{
    size_t n[PART_COUNT];
    fail ignored;
    if (!split_count(set, spec, n, &ignored))
        return 0;
    return bytes_for(set, spec, n);
}

/* Hands out the allocation piece by piece; everything after the doubles has 4 bytes. */
static void place(draft *x, split *s)
{
    size_t n_doubles = targets_count(x->set, x->spec);
    double *doubles = (double *)(void *)(s + 1);
    char *at = (char *)(doubles + n_doubles);
    bool has_labels = x->set->task == TASK_CLASSIFICATION;
    x->target_mean = n_doubles ? doubles : NULL;
    x->target_deviation = n_doubles ? doubles + x->set->k : NULL;
    x->scale = (float *)(void *)at;
    x->shift = x->scale + x->set->d;
    float *behind = x->shift + x->set->d;
    x->fill = x->set->has_missing ? behind : NULL;
    uint32_t *next = (uint32_t *)(void *)(behind + (x->fill ? x->set->d : 0));
    for (int p = 0; p < PART_COUNT; p++) {
        x->rows[p] = next;
        next += x->n[p];
        x->labels[p] = has_labels ? (int32_t *)next : NULL;
        next += has_labels ? x->n[p] : 0;
    }
    x->train_evaluation = next;
}

static void finish(const draft *x, int scaling, split *s)
{
    s->set = dataset_share(x->set);
    s->scaling = scaling;
    s->memory = s;
    for (int p = 0; p < PART_COUNT; p++) {
        s->n[p] = x->n[p];
        s->rows[p] = x->rows[p];
        s->labels[p] = x->labels[p];
        s->source[p] = x->set->parts[p].n > 0 ? (dataset_part)p : PART_TRAIN;
    }
    s->n_train_evaluation = x->n_train_evaluation;
    s->train_evaluation = x->train_evaluation;
    s->scale = x->scale;
    s->shift = x->shift;
    s->fill = x->fill;
    s->target_mean = x->target_mean;
    s->target_deviation = x->target_deviation;
    s->is_uniform = true;
    for (size_t j = 1; j < x->set->d; j++)
        if (x->scale[j] != x->scale[0] || x->shift[j] != x->shift[0])
            s->is_uniform = false;
}

bool split_open(const dataset *set, const train_spec *spec, split **out, fail *f)
{
    draft x = {.set = set, .spec = spec};
    if (!split_count(set, spec, x.n, f))
        return false;
    x.n_train_evaluation = evaluation_count(spec, x.n[PART_TRAIN]);
    size_t n_bytes = bytes_for(set, spec, x.n);
    split *s = calloc(1, n_bytes);
    if (!s)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "The split of %s needs %zu bytes.",
                        set->name, n_bytes);
    place(&x, s);
    int scaling = spec->scaling < 0 ? set->default_scaling : spec->scaling;
    if (!draw_rows(&x, f) || !change_labels(&x, f) ||
        !dataset_fit_scaling(set, scaling, x.rows[PART_TRAIN], x.n[PART_TRAIN], x.scale, x.shift,
                             x.fill, f)) {
        free(s);
        return false;
    }
    if (x.target_mean)
        targets_fit(set, x.rows[PART_TRAIN], x.n[PART_TRAIN], x.target_mean, x.target_deviation);
    finish(&x, scaling, s);
    *out = s;
    return true;
}

void split_close(split *s)
{
    if (!s)
        return;
    dataset_close(s->set);
    free(s->memory);
}
