#include "server/plan/boundary.h"

#include "core/net/tensor.h"
#include "server/plan/rate.h"

#include <inttypes.h>
#include <string.h>

/* Of the training up to the last epoch, and of the answers on the grids, in nominal seconds. */
static double work_of(const boundary_request *r)
{
    const dataset *set = r->data->set;
    train_spec spec = *r->spec;
    size_t n[PART_COUNT];
    memcpy(n, r->data->n, sizeof n);
    n[PART_TEST] = r->n_epochs * r->size * r->size;
    spec.epochs = r->epochs[r->n_epochs - 1];
    spec.evaluate_every = spec.epochs > 0 ? spec.epochs : 1;
    spec.monte_carlo_samples = 0;
    return rate_work(&spec, set->d, set->k, n);
}

bool plan_check_boundary(const boundary_request *r, fail *f)
{
    size_t n_cells = r->n_epochs * r->size * r->size;
    if (n_cells > BOUNDARY_CELLS_LIMIT)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/size",
                        "%zu epochs of %zu by %zu cells are %zu; at most %d fit into one answer.",
                        r->n_epochs, r->size, r->size, n_cells, BOUNDARY_CELLS_LIMIT);
    double seconds = work_of(r);
    if (seconds <= BOUNDARY_SECONDS_LIMIT)
        return true;
    int64_t last = r->epochs[r->n_epochs - 1];
    return fail_set(f, FAIL_TIME_LIMIT, "/query/epochs",
                    "Training %zu parameters on %zu samples once more up to epoch %" PRId64
                    " would take about %.0f s of one core; the limit is %d s. Earlier epochs take "
                    "less.",
                    tensor_model_size(r->spec, r->data->set->d, r->data->set->k),
                    r->data->n[PART_TRAIN], last, seconds, BOUNDARY_SECONDS_LIMIT);
}
