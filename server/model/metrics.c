#include "server/model/metrics.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where one of them lies. The two epochs are integers, all others doubles. */
typedef struct slot {
    const char *name;
    size_t offset;
    const metric *row;
} slot;

#define SLOT(prefix_, member_, id_, name_)                                                         \
    {prefix_ name_, offsetof(run_metrics, member_[METRIC_##id_]), &METRICS[METRIC_##id_]},

/* What a row gives, by the word that it says of what a run keeps. */
#define SELECTED_OF_ALL(id_, name_) SLOT("", selected, id_, name_)
#define SELECTED_OF_SELECTED(id_, name_) SLOT("", selected, id_, name_)
#define SELECTED_OF_EPOCHS(id_, name_)
#define SELECTED_OF_NOTHING(id_, name_)
#define LAST_OF_ALL(id_, name_) SLOT("last_", last, id_, name_)
#define LAST_OF_EPOCHS(id_, name_) SLOT("last_", last, id_, name_)
#define LAST_OF_SELECTED(id_, name_)
#define LAST_OF_NOTHING(id_, name_)
#define BEST_OF_ALL(id_, name_) SLOT("best_", best, id_, name_)
#define BEST_OF_EPOCHS(id_, name_) SLOT("best_", best, id_, name_)
#define BEST_OF_SELECTED(id_, name_)
#define BEST_OF_NOTHING(id_, name_)

static const slot SLOTS[] = {
    {"best_epoch", offsetof(run_metrics, best_epoch), NULL},
    {"selected_epoch", offsetof(run_metrics, selected_epoch), NULL},
#define METRIC_EPOCH_ROW(id_, name_, unit_, direction_, tasks_, part_, keeps_, ...)                \
    SELECTED_OF_##keeps_(id_, name_)
#define METRIC_END_ROW(id_, name_, unit_, direction_, tasks_, part_, keeps_, ...)                  \
    SELECTED_OF_##keeps_(id_, name_)
#include "core/spec/metric_rows.h"
#define METRIC_EPOCH_ROW(id_, name_, unit_, direction_, tasks_, part_, keeps_, ...)                \
    LAST_OF_##keeps_(id_, name_)
#include "core/spec/metric_rows.h"
#define METRIC_EPOCH_ROW(id_, name_, unit_, direction_, tasks_, part_, keeps_, ...)                \
    BEST_OF_##keeps_(id_, name_)
#include "core/spec/metric_rows.h"
};
enum { SLOT_COUNT = sizeof SLOTS / sizeof *SLOTS };

int run_metric_count(void)
{
    return SLOT_COUNT;
}

void run_metrics_init(run_metrics *m)
{
    *m = (run_metrics){.best_epoch = -1, .selected_epoch = -1};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        m->last[i] = m->best[i] = NAN;
    for (int i = 0; i < METRIC_COUNT; i++)
        m->selected[i] = NAN;
}

bool run_metric_get(const run_metrics *m, int i, const char **name, double *value)
{
    if (i < 0 || i >= SLOT_COUNT)
        return false;
    const char *place = (const char *)m + SLOTS[i].offset;
    *name = SLOTS[i].name;
    if (SLOTS[i].row) {
        memcpy(value, place, sizeof *value);
    } else {
        int64_t epoch;
        memcpy(&epoch, place, sizeof epoch);
        *value = epoch < 0 ? NAN : (double)epoch;
    }
    return true;
}

void run_metric_set(run_metrics *m, int i, double value)
{
    assert(i >= 0 && i < SLOT_COUNT);
    char *place = (char *)m + SLOTS[i].offset;
    if (SLOTS[i].row) {
        memcpy(place, &value, sizeof value);
    } else {
        int64_t epoch = isfinite(value) ? (int64_t)value : -1;
        memcpy(place, &epoch, sizeof epoch);
    }
}

const char *run_metric_name(int i)
{
    return SLOTS[i].name;
}

const metric *run_metric_row(int i)
{
    return SLOTS[i].row;
}

int run_metric_find(const char *name)
{
    for (int i = 0; i < SLOT_COUNT; i++)
        if (strcmp(SLOTS[i].name, name) == 0)
            return i;
    return -1;
}
