#include "server/study/boundary.h"

#include "core/net/tensor.h"
#include "core/train/replay.h"
#include "core/train/train.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 1024 };

/* ---- what may be asked for ---- */

bool boundary_check_set(const dataset *set, fail *f)
{
    if (set->d != 2)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The data set %s has %zu input%s: a boundary is drawn in the plane of two.",
                        set->name, set->d, set->d == 1 ? "" : "s");
    if (set->task == TASK_REGRESSION && set->k != 1)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The data set %s has %zu targets: only one can be drawn over the plane.",
                        set->name, set->k);
    return true;
}

/* ---- epochs ---- */

static size_t spread_epochs(int64_t last, int64_t epochs[BOUNDARY_EPOCHS_LIMIT])
{
    static const int64_t DIGITS[] = {1, 2, 5};
    size_t n = 0;
    epochs[n++] = 0;
    for (int64_t power = 1; power < last; power *= 10)
        for (size_t i = 0; i < 3 && DIGITS[i] * power < last; i++)
            epochs[n++] = DIGITS[i] * power;
    if (last > 0)
        epochs[n++] = last;
    return n;
}

static bool refuse_epochs(fail_code code, fail *f)
{
    return fail_set(f, code, "/query/epochs",
                    "epochs must be 1 to %d increasing whole numbers, separated by commas.",
                    BOUNDARY_EPOCHS_LIMIT);
}

/* Reads one number and moves on; -1 where there is none. */
static int64_t read_epoch(const char **at)
{
    char *end;
    if (**at < '0' || **at > '9')
        return -1;
    errno = 0;
    int64_t value = strtoll(*at, &end, 10);
    *at = end;
    return errno == 0 ? value : -1;
}

bool boundary_read_epochs(const char *text, int64_t last, int64_t epochs[BOUNDARY_EPOCHS_LIMIT],
                          size_t *n, fail *f)
{
    int64_t found[BOUNDARY_EPOCHS_LIMIT];
    size_t n_found = 0;
    if (!text) {
        *n = spread_epochs(last, epochs);
        return true;
    }
    for (const char *at = text;; at++) {
        int64_t epoch = read_epoch(&at);
        if (n_found == BOUNDARY_EPOCHS_LIMIT || epoch < 0 || (*at && *at != ','))
            return refuse_epochs(FAIL_OUT_OF_RANGE, f);
        if (n_found > 0 && epoch <= found[n_found - 1])
            return refuse_epochs(FAIL_INCOMPATIBLE, f);
        if (epoch > last)
            return fail_set(f, FAIL_INCOMPATIBLE, "/query/epochs",
                            "Epoch %" PRId64 " is not there: the run has recorded 0 to %" PRId64
                            ".",
                            epoch, last);
        found[n_found++] = epoch;
        if (!*at)
            break;
    }
    memcpy(epochs, found, n_found * sizeof *found);
    *n = n_found;
    return true;
}

/* ---- the plane ---- */

static void measure_range(const dataset *set, double low[2], double high[2])
{
    for (size_t c = 0; c < 2; c++) {
        double least = INFINITY, most = -INFINITY;
        for (int part = 0; part < PART_COUNT; part++)
            for (size_t i = 0; i < set->parts[part].n; i++) {
                double x = split_own_input(set, (dataset_part)part, i, c); /* NaN: left out */
                least = fmin(least, x);
                most = fmax(most, x);
            }
        double air = most > least ? BOUNDARY_AIR * (most - least) : 1;
        low[c] = least - air;
        high[c] = most + air;
    }
}

/* Training samples in even steps through the training part. */
static void read_points(const split *data, boundary *b)
{
    size_t n = data->n[PART_TRAIN];
    for (size_t p = 0; p < b->n_points; p++) {
        size_t at = p * n / b->n_points, row = data->rows[PART_TRAIN][at];
        for (size_t c = 0; c < 2; c++)
            b->points[2 * p + c] =
                (float)split_own_input(data->set, data->source[PART_TRAIN], row, c);
        double target;
        if (b->labels) {
            b->labels[p] = data->labels[PART_TRAIN][at];
            continue;
        }
        split_read_own_targets(data, PART_TRAIN, at, 1, &target);
        b->targets[p] = (float)target;
    }
}

/* Centres of the cells first, first + 1, ... as the net takes them: scaled. inputs: (n, 2). */
static void fill_inputs(const boundary *b, const split *data, size_t first, size_t n, float *inputs)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 2; c++) {
            size_t place = c == 0 ? (first + i) % b->size : (first + i) / b->size;
            double centre =
                b->low[c] + ((double)place + 0.5) * (b->high[c] - b->low[c]) / (double)b->size;
            inputs[2 * i + c] = split_scale_input(data, c, centre);
        }
}

/* ---- one epoch ---- */

typedef struct drawing { /* one boundary_open() */
    const boundary_request *r;
    boundary *b;
    float *inputs, *outputs; /* (ROWS_AT_ONCE, 2), (ROWS_AT_ONCE, k) */
} drawing;

static void take_class(const float *row, size_t k, int32_t *class, float *probability)
{
    size_t best = 0;
    bool is_number = true;
    for (size_t c = 0; c < k; c++) {
        is_number = is_number && isfinite(row[c]);
        best = row[c] > row[best] ? c : best;
    }
    *class = is_number ? (int32_t)best : -1;
    *probability = is_number ? row[best] : NAN;
}

static bool draw_epoch(void *context, size_t epoch, const float *model, fail *f)
{
    const drawing *d = context;
    const boundary *b = d->b;
    const split *data = d->r->data;
    size_t k = data->set->k, n_cells = b->size * b->size;
    for (size_t first = 0; first < n_cells; first += ROWS_AT_ONCE) {
        size_t n = n_cells - first < ROWS_AT_ONCE ? n_cells - first : ROWS_AT_ONCE;
        size_t at = epoch * n_cells + first;
        fill_inputs(b, data, first, n, d->inputs);
        if (!train_predict(d->r->spec, model, 2, k, data->set->task, d->inputs, n, d->outputs, f))
            return false;
        for (size_t i = 0; i < n && b->classes; i++)
            take_class(d->outputs + i * k, k, &b->classes[at + i], &b->values[at + i]);
        for (size_t i = 0; i < n && !b->classes; i++)
            b->values[at + i] = (float)split_own_output(data, 0, (double)d->outputs[i]);
    }
    return true;
}

static bool is_stopped(void *context)
{
    const boundary_request *r = ((const drawing *)context)->r;
    return r->is_stopped && r->is_stopped(r->context);
}

static bool draw(const boundary_request *r, boundary *b, fail *f)
{
    drawing d = {.r = r, .b = b};
    d.inputs = calloc(ROWS_AT_ONCE * 2, sizeof *d.inputs);
    d.outputs = calloc(ROWS_AT_ONCE * r->data->set->k, sizeof *d.outputs);
    train_replay replay = {.spec = r->spec,
                           .data = r->data,
                           .n_epochs = r->n_epochs,
                           .epochs = r->epochs,
                           .context = &d,
                           .on_model = draw_epoch,
                           .is_stopped = is_stopped};
    bool is_drawn = d.inputs && d.outputs
                        ? train_replay_run(&replay, &b->n_epochs, f)
                        : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the grid.");
    free(d.inputs);
    free(d.outputs);
    return is_drawn;
}

/* ---- the whole ---- */

static bool allocate(const boundary_request *r, boundary *b)
{
    size_t n_cells = r->n_epochs * r->size * r->size;
    bool has_classes = r->data->set->task == TASK_CLASSIFICATION;
    b->values = calloc(n_cells, sizeof *b->values);
    b->points = calloc(2 * b->n_points, sizeof *b->points);
    if (has_classes) {
        b->classes = calloc(n_cells, sizeof *b->classes);
        b->labels = calloc(b->n_points, sizeof *b->labels);
    } else {
        b->targets = calloc(b->n_points, sizeof *b->targets);
    }
    return b->values && b->points && (has_classes ? b->classes && b->labels : b->targets != NULL);
}

bool boundary_open(const boundary_request *r, boundary *out, fail *f)
{
    assert(r->n_epochs > 0 && r->n_epochs <= BOUNDARY_EPOCHS_LIMIT && r->data->set->d == 2);
    size_t n_train = r->data->n[PART_TRAIN];
    boundary b = {.set = r->data->set,
                  .size = r->size,
                  .n_points = n_train < BOUNDARY_POINTS_LIMIT ? n_train : BOUNDARY_POINTS_LIMIT};
    memcpy(b.epochs, r->epochs, r->n_epochs * sizeof *r->epochs);
    if (!allocate(r, &b)) {
        boundary_close(&b);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu grids.",
                        r->n_epochs);
    }
    measure_range(b.set, b.low, b.high);
    read_points(r->data, &b);
    if (!draw(r, &b, f)) {
        boundary_close(&b);
        return false;
    }
    *out = b;
    return true;
}

void boundary_close(boundary *b)
{
    free(b->classes);
    free(b->values);
    free(b->points);
    free(b->labels);
    free(b->targets);
    *b = (boundary){.n_epochs = 0};
}
