#include "server/api/methods.h"

#include "server/codec/resource.h"
#include "server/store/runs.h"
#include "server/study/paragraph.h"

#include <string.h>

/* Where the first run has one; to be closed by its shape. */
static bool read_provenance(app *a, const jobs_study *x, run_provenance *out)
{
    run r = {0};
    fail f;
    fail_list faults = {.n = 0};
    bool is_read = x->n_runs > 0 && store_get_run(a->store, x->run_ids[0], &r, &f) &&
                   r.provenance &&
                   shape_read(&SHAPE_PROVENANCE, r.provenance, strlen(r.provenance), out, &faults);
    run_close(&r);
    return is_read;
}

static bool has_several_sets(const jobs_study *x)
{
    for (size_t c = 1; c < x->n_configs; c++)
        if (strcmp(x->configs[c].dataset, x->configs[0].dataset) != 0)
            return true;
    return false;
}

void api_add_methods(app *a, const jobs_study *x, const arms *found, buffer *out)
{
    run_provenance p = {.version = NULL};
    if (x->n_experiments != 1 || x->n_configs == 0)
        return;
    bool has_provenance = read_provenance(a, x, &p);
    paragraph_add(found,
                  &(paragraph_source){.dataset = x->configs[0].dataset,
                                      .data_sha256 = p.data_sha256,
                                      .facts = x->given[0].facts,
                                      .has_several_sets = has_several_sets(x),
                                      .varies_seed = x->specs[0].repeat_varies_seed,
                                      .varies_data_seed = x->specs[0].repeat_varies_data_seed,
                                      .version = p.version,
                                      .blas = p.blas,
                                      .blas_core = p.blas_core},
                  out);
    if (has_provenance)
        shape_close(&SHAPE_PROVENANCE, &p);
}
