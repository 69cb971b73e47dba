#include "server/app.h"

#include "server/jobs_files.h"

bool app_is_ready(const app *a, fail *f)
{
    return store_is_healthy(a->store, f) && jobs_files_check(a->data_dir, f);
}
