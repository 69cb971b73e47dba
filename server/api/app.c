#include "server/api/app.h"

bool app_is_ready(const app *a, fail *f)
{
    return store_is_healthy(a->store, f) && jobs_is_healthy(a->jobs, f);
}

void app_get_traffic(const app *a, app_traffic *out)
{
    *out = (app_traffic){0};
    if (a->front.get_traffic)
        a->front.get_traffic(a->front.server, out);
}

bool app_is_stopping(const app *a)
{
    return a->front.is_stopping && a->front.is_stopping(a->front.server);
}
