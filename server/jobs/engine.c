#include "server/jobs/engine.h"

#include "server/jobs/threads.h"

const engine_kind ENGINES[] = {
    {.name = "threads",
     .help = "threads of this process, which lend each other their cores",
     .open = threads_open,
     .offer = threads_offer,
     .close = threads_close},
};
const int ENGINE_COUNT = sizeof ENGINES / sizeof *ENGINES;
