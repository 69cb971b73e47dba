#include "core/spec/metric.h"

#include "core/spec/metric_moment.h"

#include <math.h>
#include <string.h>

/* ---- functions of the rows ---- */

static double batch_loss(const metric_moment *m)
{
    return m->sums->n_steps ? m->sums->loss / (double)m->sums->n_samples : NAN;
}

static double learning_rate(const metric_moment *m)
{
    return m->sums->n_steps ? m->sums->learning_rate : NAN;
}

static double gradient_norm(const metric_moment *m)
{
    return m->sums->n_steps ? m->sums->gradient_norm / (double)m->sums->n_steps : NAN;
}

static double batch_loss_std(const metric_moment *m)
{
    return m->sums->n_steps ? sqrt(m->sums->loss_squares / (double)m->sums->n_steps) : NAN;
}

/* McCandlish et al. 2018: trace of the covariance over the squared norm of the true gradient, whose
 * estimate is less its own noise. */
static double gradient_noise_ratio(const metric_moment *m)
{
    const metric_gradients *g = m->gradients;
    if (!g)
        return NAN;
    double variance = g->scatter / (g->n - 1), signal = g->mean_squares - variance / g->n;
    return signal > 0 ? variance / signal : NAN;
}

static double seconds(const metric_moment *m)
{
    return m->sums->n_steps ? m->sums->seconds : NAN;
}

static double loss(const metric_moment *m)
{
    return m->answers ? m->answers->scores.loss : NAN;
}

static double accuracy(const metric_moment *m)
{
    return m->answers ? m->answers->scores.accuracy : NAN;
}

static double rmse(const metric_moment *m)
{
    return m->answers ? m->answers->scores.rmse : NAN;
}

static double r2(const metric_moment *m)
{
    return m->answers ? m->answers->scores.r2 : NAN;
}

static double ece(const metric_moment *m)
{
    return m->answers ? m->answers->scores.ece : NAN;
}

static double brier(const metric_moment *m)
{
    return m->answers ? m->answers->scores.brier : NAN;
}

const int METRIC_ABLATION_PERCENT[METRIC_ABLATION_COUNT] = {25, 50, 75};

static double ablation_25(const metric_moment *m)
{
    return m->ablations ? m->ablations[0] : NAN;
}

static double ablation_50(const metric_moment *m)
{
    return m->ablations ? m->ablations[1] : NAN;
}

static double ablation_75(const metric_moment *m)
{
    return m->ablations ? m->ablations[2] : NAN;
}

static double penalty(const metric_moment *m)
{
    return m->penalty;
}

static double penalty_of(const metric_moment *m, const char *regularizer)
{
    double value = m->penalties ? 0 : NAN; /* one that is not active has none */
    for (int i = 0; m->penalties && i < m->n_penalties; i++)
        if (strcmp(m->penalties[i].regularizer, regularizer) == 0)
            value = m->penalties[i].value;
    return value;
}

static double l1_penalty(const metric_moment *m)
{
    return penalty_of(m, "l1");
}

static double l2_penalty(const metric_moment *m)
{
    return penalty_of(m, "l2");
}

static double objective(const metric_moment *m)
{
    return m->values[METRIC_BATCH_LOSS] + m->values[METRIC_PENALTY];
}

/* Layer by layer, as the layers' own norms. */
static double weight_norm(const metric_moment *m)
{
    double squares = 0;
    for (int i = 0; m->layers && i < m->n_layers; i++) {
        const metric_layer *l = &m->layers[i];
        double norm = sqrt((double)kernel_sum_squares(l->weights, l->inputs * l->units));
        squares += norm * norm;
    }
    return m->layers ? sqrt(squares) : NAN;
}

static double generalization_gap(const metric_moment *m)
{
    return m->values[METRIC_VAL_LOSS] - m->values[METRIC_TRAIN_LOSS];
}

/* ---- the table ---- */

#define LOSS_UNIT "nats or squared units"
#define LOWER METRIC_LOWER_IS_BETTER
#define HIGHER METRIC_HIGHER_IS_BETTER
#define NEITHER METRIC_NEITHER
#define CLASSES 1u
#define NUMBERS 2u
#define BOTH (CLASSES | NUMBERS)
#define KEEPS_NOTHING METRIC_KEEPS_NOTHING
#define KEEPS_EPOCHS (METRIC_KEEPS_LAST | METRIC_KEEPS_BEST)
#define KEEPS_SELECTED METRIC_KEEPS_SELECTED
#define KEEPS_ALL (KEEPS_EPOCHS | KEEPS_SELECTED)
#define IS_TEST(part) ((part) == METRIC_OF_TEST || (part) == METRIC_OF_SAMPLED_TEST)
#define ROW(when_, id_, name_, unit_, direction_, tasks_, part_, keeps_, measure_, help_)          \
    [METRIC_##id_] = {.name = name_,                                                               \
                      .unit = unit_,                                                               \
                      .help = help_,                                                               \
                      .direction = direction_,                                                     \
                      .when = when_,                                                               \
                      .part = METRIC_OF_##part_,                                                   \
                      .keeps = KEEPS_##keeps_,                                                     \
                      .is_test = IS_TEST(METRIC_OF_##part_),                                       \
                      .classification = ((tasks_)&CLASSES) != 0,                                   \
                      .regression = ((tasks_)&NUMBERS) != 0,                                       \
                      .measure = measure_},

const metric METRICS[METRIC_COUNT] = {
#define METRIC_EPOCH_ROW(...) ROW(METRIC_PER_EPOCH, __VA_ARGS__)
#define METRIC_END_ROW(...) ROW(METRIC_AT_END, __VA_ARGS__)
#include "core/spec/metric_rows.h"
};

const metric_id METRIC_OF_MONITOR[MONITOR_COUNT] = {
#define MONITOR_ROW(id, name) [MONITOR_##id] = METRIC_##id,
#include "core/spec/monitor_rows.h"
};

const char *metric_former_name(const metric *row)
{
    static const struct {
        metric_id id;
        const char *name;
    } FORMER[] = {{METRIC_BATCH_LOSS_STD, "gradient_noise"}};
    for (size_t i = 0; i < sizeof FORMER / sizeof *FORMER; i++)
        if (row == &METRICS[FORMER[i].id])
            return FORMER[i].name;
    return NULL;
}

int metric_find(const char *name)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (strcmp(METRICS[i].name, name) == 0)
            return i;
    return -1;
}

metric_id metric_of_part(metric_id id, metric_part part)
{
    int i = 0;
    while (i < METRIC_COUNT &&
           (METRICS[i].part != part || METRICS[i].measure != METRICS[id].measure))
        i++;
    return (metric_id)i;
}

/* ---- measuring ---- */

static bool is_of(const metric *row, metric_when when, metric_part part)
{
    return row->when == when && row->part == part;
}

static bool applies(const metric *row, const metric_moment *known)
{
    return known->is_classification ? row->classification : row->regression;
}

void metric_measure(const metric_moment *known, metric_when when, metric_part part, double *values)
{
    metric_moment now = *known;
    now.values = values;
    for (int i = 0; i < METRIC_COUNT; i++)
        if (is_of(&METRICS[i], when, part))
            values[i] = applies(&METRICS[i], known) ? METRICS[i].measure(&now) : NAN;
}

bool metric_is_wanted(const metric_moment *known, metric_when when, metric_part part)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (is_of(&METRICS[i], when, part) && applies(&METRICS[i], known))
            return true;
    return false;
}
