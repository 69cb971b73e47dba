#include "server/study/measure.h"

#include "core/base/nearest.h"
#include "server/study/estimand.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const MEASURE_AT_NAMES[STUDY_AT_COUNT] = {"selected", "best", "last"};

/* ---- names ---- */

static int find_layer_metric(const char *name)
{
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        if (strcmp(LAYER_METRICS[i].name, name) == 0)
            return i;
    return -1;
}

/* "layers.0.coadaptation" */
static bool read_layer(const char *name, int *layer, int *which)
{
    static const char start[] = "layers.";
    char *end;
    if (strncmp(name, start, sizeof start - 1) != 0)
        return false;
    const char *digits = name + sizeof start - 1;
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 2 || digits[n] != '.')
        return false;
    *layer = (int)strtol(digits, &end, 10);
    *which = find_layer_metric(digits + n + 1);
    return *layer < SPEC_ALL_LAYERS_LIMIT && *which >= 0;
}

static const char *nearest_metric(const char *name)
{
    const char *known[METRIC_COUNT + 2];
    for (int i = 0; i < METRIC_COUNT; i++)
        known[i] = METRICS[i].name;
    known[METRIC_COUNT] = MEASURE_EPOCHS_TO_NAME;
    known[METRIC_COUNT + 1] = NULL;
    return nearest_name(name, known);
}

bool measure_check_name(const char *name, const char *pointer, fail *f)
{
    int layer, which;
    if (metric_find(name) >= 0 || strcmp(name, MEASURE_EPOCHS_TO_NAME) == 0 ||
        read_layer(name, &layer, &which))
        return true;
    const char *nearest = nearest_metric(name);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                    "There is no metric \"%.60s\"%s%s%s; those of layers are layers.0.sparsity and "
                    "the like.",
                    name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                    nearest ? "\"?" : "");
}

/* ---- what a query asks for ---- */

static const unsigned KEEPS[STUDY_AT_COUNT] = {[STUDY_AT_SELECTED] = METRIC_KEEPS_SELECTED,
                                               [STUDY_AT_BEST] = METRIC_KEEPS_BEST,
                                               [STUDY_AT_LAST] = METRIC_KEEPS_LAST};

bool measure_is_kept(metric_id id, study_at at)
{
    return METRICS[id].keeps & KEEPS[at];
}

static bool refuse_at(const char *name, study_at at, fail *f)
{
    if (at == STUDY_AT_SELECTED)
        return fail_set(f, FAIL_INCOMPATIBLE, "/query/at",
                        "%s belongs to an epoch, not to weights: ask for at=last or at=best.",
                        name);
    return fail_set(f, FAIL_INCOMPATIBLE, "/query/at",
                    "%s is measured once, with the selected weights: ask for at=selected.", name);
}

static bool read_run(const measure_query *query, measure *m, fail *f)
{
    const metric *row = &METRICS[m->metric];
    bool is_of_weights = row->keeps & METRIC_KEEPS_SELECTED;
    m->kind = MEASURE_OF_RUN;
    m->at = query->at >= 0  ? (study_at)query->at
            : is_of_weights ? STUDY_AT_SELECTED
                            : STUDY_AT_LAST;
    m->direction = row->direction;
    return measure_is_kept(m->metric, m->at) || refuse_at(row->name, m->at, f);
}

static bool read_last(const measure_query *query, measure *m, fail *f)
{
    m->at = STUDY_AT_LAST;
    return query->at < 0 || query->at == STUDY_AT_LAST ||
           fail_set(f, FAIL_INCOMPATIBLE, "/query/at", "%s is had with at=last only.", m->name);
}

static bool read_epochs_to(const measure_query *query, measure *m, fail *f)
{
    const char *of = query->of ? query->of : METRICS[METRIC_VAL_LOSS].name;
    int which = metric_find(of);
    m->kind = MEASURE_EPOCHS_TO;
    m->direction = METRIC_LOWER_IS_BETTER;
    if (which < 0 || which >= METRIC_EPOCH_COUNT || METRICS[which].direction == METRIC_NEITHER)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/of",
                        "epochs_to wants a curve of which less or more is better, as val_loss; "
                        "\"%.60s\" is none.",
                        of);
    if (isnan(query->target))
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/target",
                        "epochs_to wants a target: the value of %s that is to be reached.", of);
    m->metric = (metric_id)which;
    m->target = query->target;
    return read_last(query, m, f);
}

static bool read_of_layer(const measure_query *query, measure *m, fail *f)
{
    int which;
    bool is_known = read_layer(m->name, &m->layer, &which);
    assert(is_known);
    m->kind = MEASURE_OF_LAYER;
    m->layer_metric = (layer_metric_id)which;
    m->direction = LAYER_METRICS[which].direction;
    return read_last(query, m, f);
}

bool measure_read(const measure_query *query, measure *out, fail *f)
{
    measure m = {.target = NAN};
    int which = metric_find(query->metric);
    if (!measure_check_name(query->metric, "/query/metric", f))
        return false;
    snprintf(m.name, sizeof m.name, "%s", query->metric);
    bool is_epochs_to = strcmp(m.name, MEASURE_EPOCHS_TO_NAME) == 0;
    if (!is_epochs_to && (query->of || !isnan(query->target)))
        return fail_set(f, FAIL_INCOMPATIBLE, query->of ? "/query/of" : "/query/target",
                        "of and target belong to metric=epochs_to.");
    m.metric = which >= 0 ? (metric_id)which : METRIC_COUNT;
    bool is_read = which >= 0     ? read_run(query, &m, f)
                   : is_epochs_to ? read_epochs_to(query, &m, f)
                                  : read_of_layer(query, &m, f);
    if (is_read)
        *out = m;
    return is_read;
}

/* ---- values ---- */

double measure_of_run(const measure *m, const run_metrics *metrics)
{
    if (m->kind != MEASURE_OF_RUN)
        return NAN;
    if (m->at == STUDY_AT_SELECTED)
        return metrics->selected[m->metric];
    assert(m->metric < METRIC_EPOCH_COUNT);
    return m->at == STUDY_AT_BEST ? metrics->best[m->metric] : metrics->last[m->metric];
}

metric_id measure_test_metric(metric_id select_by)
{
    bool selects = METRICS[select_by].part == METRIC_OF_VALIDATION;
    return selects ? metric_of_part(select_by, METRIC_OF_TEST) : METRIC_COUNT;
}

bool measure_is_of_test(const measure *m)
{
    return m->kind == MEASURE_OF_RUN && METRICS[m->metric].is_test;
}

void measure_fill_options(const measure *m, metric_id select_by, study_options *out)
{
    metric_id test = measure_test_metric(select_by);
    out->metric = m->name;
    out->of = m->kind == MEASURE_EPOCHS_TO ? METRICS[m->metric].name : NULL;
    out->target = m->target;
    out->direction = m->direction;
    out->at = m->at;
    out->select_by = METRICS[select_by].name;
    out->select_direction = METRICS[select_by].direction;
    out->test_metric = METRICS[test].name;
}
