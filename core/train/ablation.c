#include "core/train/ablation.h"

#include "core/math/rng.h"
#include "core/spec/metric_score.h"

#include <math.h>
#include <string.h>

static int count_hidden(const ablation *x)
{
    return x->e->net->n_layers - 1;
}

void ablation_take(ablation *x, arena *a, evaluation *e)
{
    size_t first = e->net->layers[0].outputs;
    *x = (ablation){.e = e};
    if (count_hidden(x) == 0)
        return;
    thin_net_take(&x->thin, a, e->net);
    for (int i = 0; i < count_hidden(x); i++) {
        x->orders[i] = arena_take(a, e->net->layers[i].outputs, sizeof(uint32_t));
        x->kept[i].units = arena_take(a, e->net->layers[i].outputs, sizeof(uint32_t));
    }
    x->is_out = arena_take(a, e->net->widest, 1);
    x->hidden = arena_take(a, EVALUATE_ROWS * first, sizeof(real));
    x->inputs = arena_take(a, EVALUATE_ROWS * first, sizeof(real));
}

/* ---- masks ---- */

static void draw_mask(ablation *x, uint32_t mask)
{
    for (int i = 0; i < count_hidden(x); i++) {
        size_t n = x->e->net->layers[i].outputs;
        rng_stream stream = rng_stream_at(x->e->spec->seed, RNG_ABLATION, 0, mask, (uint32_t)i + 1);
        for (uint32_t u = 0; u < n; u++)
            x->orders[i][u] = u;
        rng_permute(&stream, x->orders[i], n);
    }
}

/* All but the first units of the mask's order stay. */
static void choose_kept(ablation *x, int percent)
{
    for (int i = 0; i < count_hidden(x); i++) {
        size_t n = x->e->net->layers[i].outputs, n_out = (n * (size_t)percent + 50) / 100;
        thin_layer *kept = &x->kept[i];
        memset(x->is_out, 0, n);
        for (size_t j = 0; j < n_out; j++)
            x->is_out[x->orders[i][j]] = 1;
        kept->n = 0;
        kept->units[0] = 0;
        for (uint32_t u = 0; u < n; u++)
            if (!x->is_out[u])
                kept->units[kept->n++] = u;
    }
}

/* ---- answers ---- */

static void keep_hidden(void *context, int layer, const real *out, size_t n)
{
    const ablation *x = context;
    if (layer == 0)
        memcpy(x->hidden, out, n * x->e->net->layers[0].outputs * sizeof *out);
}

static double count_right(const evaluation *e, const real *logits, size_t first, size_t n)
{
    size_t k = e->net->outputs, n_right = 0;
    double sum = 0;
    for (size_t r = 0; r < n; r++) {
        const real *row = logits + r * k;
        size_t best = 0;
        for (size_t c = 0; c < k; c++) {
            sum += (double)row[c];
            best = row[c] > row[best] ? c : best;
        }
        n_right += best == (size_t)e->labels[first + r];
    }
    return isfinite(sum) ? (double)n_right : NAN;
}

static double sum_residuals(const evaluation *e, const real *answers, size_t first, size_t n)
{
    size_t k = e->net->outputs;
    double sum = 0;
    const double *units = e->data->target_deviation;
    for (size_t i = 0; i < n * k; i++) {
        double error = (double)answers[i] - (double)e->targets[first * k + i];
        error *= units ? units[i % k] : 1;
        sum += error * error;
    }
    return isfinite(sum) ? sum : NAN;
}

/* The chunk's n rows from `first` on, without the units that the mask takes out. */
static double measure_share(ablation *x, const net_inference *full, int percent, size_t first,
                            size_t n)
{
    evaluation *e = x->e;
    choose_kept(x, percent);
    thin_net_set(&x->thin, full, x->kept, 100.0 / (100 - percent));
    thin_net_gather(&x->kept[0], x->hidden, e->net->layers[0].outputs, n, x->inputs);
    const real *out =
        net_infer(&x->thin.net, &x->thin.inference, x->inputs, n, &e->scratch, e->parallel);
    return e->labels ? count_right(e, out, first, n) : sum_residuals(e, out, first, n);
}

static void add_chunk(ablation *x, const real *model, size_t first, size_t n)
{
    net_inference full = x->e->inference;
    full.model = model;
    full.observe = keep_hidden;
    full.context = x;
    net_infer(x->e->net, &full, x->e->scratch.a, n, &x->e->scratch, x->e->parallel);
    for (uint32_t mask = 0; mask < ABLATION_MASKS; mask++) {
        draw_mask(x, mask);
        for (int i = 0; i < METRIC_ABLATION_COUNT; i++)
            x->sums[i] += measure_share(x, &full, METRIC_ABLATION_PERCENT[i], first, n);
    }
}

void ablation_run(ablation *x, const real *model, double scores[METRIC_ABLATION_COUNT])
{
    evaluation *e = x->e;
    for (int i = 0; i < METRIC_ABLATION_COUNT; i++)
        scores[i] = NAN;
    if (count_hidden(x) == 0)
        return;
    memset(x->sums, 0, sizeof x->sums);
    evaluation_read_truth(e, PART_VALIDATION);
    for (size_t first = 0, n; first < e->n; first += n) {
        n = evaluation_read_rows(e, PART_VALIDATION, first);
        add_chunk(x, model, first, n);
    }
    double total = e->labels ? (double)e->n
                             : metric_score_scatter(e->targets, e->n, e->net->outputs,
                                                    e->data->target_deviation);
    for (int i = 0; i < METRIC_ABLATION_COUNT; i++) {
        double share = x->sums[i] / (ABLATION_MASKS * total);
        scores[i] = total > 0 ? (e->labels ? share : 1 - share) : NAN;
    }
}
