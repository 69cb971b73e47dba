#include "server/model/event.h"

const char *const EVENT_KIND_NAMES[EVENT_KIND_COUNT] = {
    [EVENT_EPOCH] = "epoch", [EVENT_RUN] = "run", [EVENT_EXPERIMENT] = "experiment"};
