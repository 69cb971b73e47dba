#include "server/app.h"

bool app_is_ready(const app *a, fail *f)
{
    return store_is_healthy(a->store, f) && jobs_is_healthy(a->jobs, f);
}
