/* monitor_rows — what early stopping may watch: the rows of METRICS[] that are per epoch and of the
 * validation split, in their order, for whoever defines MONITOR_ROW(id, name) and includes this. */
#define MONITOR_IF_STEPS(...)
#define MONITOR_IF_TRAIN(...)
#define MONITOR_IF_VALIDATION(id, name) MONITOR_ROW(id, name)
#define MONITOR_IF_MODEL(...)
#define METRIC_EPOCH_ROW(id, name, unit, direction, tasks, part, ...) MONITOR_IF_##part(id, name)
#include "core/spec/metric_rows.h"
#undef MONITOR_IF_STEPS
#undef MONITOR_IF_TRAIN
#undef MONITOR_IF_VALIDATION
#undef MONITOR_IF_MODEL
#undef MONITOR_ROW
