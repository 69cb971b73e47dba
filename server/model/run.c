#include "server/model/run.h"

#include <stdlib.h>

void run_close(run *r)
{
    free(r->error);
    free(r->label);
    free(r->values);
    free(r->config);
    free(r->provenance);
    *r = (run){0};
}
