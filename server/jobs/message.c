#include "server/jobs/message.h"

const char *const REPORT_NAMES[REPORT_KIND_COUNT] = {
    [REPORT_STARTED] = "started",       [REPORT_PROGRESS] = "progress", [REPORT_RECORD] = "record",
    [REPORT_CHECKPOINT] = "checkpoint", [REPORT_ENDED] = "ended",
};
