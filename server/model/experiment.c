#include "server/model/experiment.h"

#include <stdlib.h>

void experiment_close(experiment *e)
{
    free(e->name);
    free(e->description);
    free(e->tags);
    free(e->spec);
    free(e->extensions);
    *e = (experiment){0};
}
