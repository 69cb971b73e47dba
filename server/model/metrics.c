#include "server/model/metrics.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Every place that a metric could be kept in; those that its row does not name are passed over. The
 * two epochs are integers, all others doubles. */
typedef struct slot {
    const char *name;
    size_t offset;
    const metric *row;
    metric_keeps keeps;
} slot;

#define SLOT(prefix_, member_, id_, name_, keeps_)                                                 \
    {prefix_ name_, offsetof(run_metrics, member_[METRIC_##id_]), &METRICS[METRIC_##id_], keeps_},
#define SELECTED_SLOT(id_, name_, ...) SLOT("", selected, id_, name_, METRIC_KEEPS_SELECTED)

static const slot SLOTS[] = {
    {"best_epoch", offsetof(run_metrics, best_epoch), NULL, METRIC_KEEPS_NOTHING},
    {"selected_epoch", offsetof(run_metrics, selected_epoch), NULL, METRIC_KEEPS_NOTHING},
#define METRIC_EPOCH_ROW(...) SELECTED_SLOT(__VA_ARGS__)
#define METRIC_END_ROW(...) SELECTED_SLOT(__VA_ARGS__)
#include "core/spec/metric_rows.h"
#define METRIC_EPOCH_ROW(id_, name_, ...) SLOT("last_", last, id_, name_, METRIC_KEEPS_LAST)
#include "core/spec/metric_rows.h"
#define METRIC_EPOCH_ROW(id_, name_, ...) SLOT("best_", best, id_, name_, METRIC_KEEPS_BEST)
#include "core/spec/metric_rows.h"
};
enum { SLOT_COUNT = sizeof SLOTS / sizeof *SLOTS };

static bool is_kept(const slot *s)
{
    return !s->row || (s->row->keeps & s->keeps) != 0;
}

/* The i-th that is kept, or NULL. */
static const slot *slot_at(int i)
{
    for (const slot *s = SLOTS; i >= 0 && s < SLOTS + SLOT_COUNT; s++)
        if (is_kept(s) && i-- == 0)
            return s;
    return NULL;
}

int run_metric_count(void)
{
    int n = 0;
    for (int i = 0; i < SLOT_COUNT; i++)
        n += is_kept(&SLOTS[i]);
    return n;
}

void run_metrics_init(run_metrics *m)
{
    *m = (run_metrics){.best_epoch = -1, .selected_epoch = -1};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        m->last[i] = m->best[i] = NAN;
    for (int i = 0; i < METRIC_COUNT; i++)
        m->selected[i] = NAN;
}

static double get(const run_metrics *m, const slot *s)
{
    const char *place = (const char *)m + s->offset;
    int64_t epoch;
    double value;
    if (s->row) {
        memcpy(&value, place, sizeof value);
        return value;
    }
    memcpy(&epoch, place, sizeof epoch);
    return epoch < 0 ? NAN : (double)epoch;
}

bool run_metric_get(const run_metrics *m, int i, const char **name, double *value)
{
    const slot *s = slot_at(i);
    if (!s)
        return false;
    *name = s->name;
    *value = get(m, s);
    return true;
}

void run_metric_set(run_metrics *m, int i, double value)
{
    const slot *s = slot_at(i);
    assert(s);
    char *place = (char *)m + s->offset;
    if (s->row) {
        memcpy(place, &value, sizeof value);
        return;
    }
    int64_t epoch = isfinite(value) ? (int64_t)value : -1;
    memcpy(place, &epoch, sizeof epoch);
}

const char *run_metric_name(int i)
{
    return slot_at(i)->name;
}

const metric *run_metric_row(int i)
{
    return slot_at(i)->row;
}

int run_metric_find(const char *name)
{
    int i = 0;
    for (const slot *s; (s = slot_at(i)); i++)
        if (strcmp(s->name, name) == 0)
            return i;
    return -1;
}
