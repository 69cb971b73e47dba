#include "server/plan/boundary.h"

#include "core/net/tensor.h"
#include "server/plan/rate.h"

#include <inttypes.h>

bool plan_check_boundary(const boundary_request *r, fail *f)
{
    size_t n_cells = r->n_epochs * r->size * r->size;
    if (n_cells > BOUNDARY_CELLS_LIMIT)
        return fail_set(f, FAIL_INCOMPATIBLE, "/query/size",
                        "%zu epochs of %zu by %zu cells are %zu; at most %d fit into one answer.",
                        r->n_epochs, r->size, r->size, n_cells, BOUNDARY_CELLS_LIMIT);
    const dataset *set = r->data->set;
    int64_t last = r->epochs[r->n_epochs - 1];
    double seconds =
        rate_replay_work(r->spec, set->d, set->k, r->data->n[PART_TRAIN], last, n_cells);
    if (seconds <= BOUNDARY_SECONDS_LIMIT)
        return true;
    return fail_set(f, FAIL_TIME_LIMIT, "/query/epochs",
                    "Training %zu parameters on %zu samples once more up to epoch %" PRId64
                    " would take about %.0f s of one core; the limit is %d s. Earlier epochs take "
                    "less.",
                    tensor_model_size(r->spec, set->d, set->k), r->data->n[PART_TRAIN], last,
                    seconds, BOUNDARY_SECONDS_LIMIT);
}
