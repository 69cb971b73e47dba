#include "server/api/trained_run.h"

#include "core/net/tensor.h"
#include "server/api/api.h"
#include "server/codec/codec.h"
#include "server/export/safetensors.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool no_model(const run *row, fail *f)
{
    if (run_state_is_terminal(row->status))
        return fail_set(f, FAIL_NOT_FOUND, NULL, "Run %" PRId64 " is %s and left no model.",
                        row->id, RUN_STATE_NAMES[row->status]);
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "Run %" PRId64 " is %s: it has no model until it has ended.", row->id,
                    RUN_STATE_NAMES[row->status]);
}

bool trained_run_read(app *a, int64_t id, run *row, train_spec *spec, fail *f)
{
    run found = {0};
    if (!store_get_run(a->store, id, &found, f))
        return false;
    if (!codec_read_config(found.config, strlen(found.config), spec, f)) {
        run_close(&found);
        return false;
    }
    *row = found;
    return true;
}

bool trained_run_find_model(app *a, const run *row, jobs_model *out, fail *f)
{
    bool has = false;
    if (run_state_is_terminal(row->status) && !jobs_find_model(a->jobs, row->id, &has, out, f))
        return false;
    return has || no_model(row, f);
}

void trained_run_close(trained_run *t)
{
    split_close(t->data);
    dataset_close(t->set);
    free(t->model);
}

static bool load_model(app *a, const run *row, trained_run *t, fail *f)
{
    char *bytes = NULL;
    size_t n = 0;
    if (run_state_is_terminal(row->status) && !jobs_load_model(a->jobs, row->id, &bytes, &n, f))
        return false;
    if (!bytes)
        return no_model(row, f);
    bool is_read =
        export_safetensors_read_model(bytes, n, &t->spec, &t->inputs, &t->outputs, &t->model, f);
    free(bytes);
    return is_read;
}

static bool check_set(const trained_run *t, fail *f)
{
    if (t->set->d == t->inputs && t->set->k == t->outputs)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "The data set \"%s\" is no longer what this run was trained on.", t->set->name);
}

/* That there is a model is known before the set is opened, and its size before it is loaded: the
 * file, and its numbers. */
static bool grant_model(const trained_run *t, fail *f)
{
    return caller_grant(t->by,
                        2 * sizeof(float) * tensor_model_size(&t->spec, t->set->d, t->set->k), f);
}

static bool open_parts(app *a, const run *row, trained_run *t, fail *f)
{
    jobs_model model = {0};
    if (!trained_run_find_model(a, row, &model, f))
        return false;
    free(model.bytes);
    return api_open_run_dataset(a, t->by, row, &t->spec, &t->set, f) && grant_model(t, f) &&
           load_model(a, row, t, f) && check_set(t, f) &&
           caller_grant(t->by, split_bytes(t->set, &t->spec), f) &&
           split_open(t->set, &t->spec, &t->data, f);
}

bool trained_run_open(app *a, const caller *by, int64_t run_id, trained_run *out, fail *f)
{
    trained_run t = {.by = by};
    run row = {0};
    bool is_open = trained_run_read(a, run_id, &row, &t.spec, f) && open_parts(a, &row, &t, f);
    t.epoch = row.metrics.selected_epoch > 0 ? row.metrics.selected_epoch - 1 : 0;
    run_close(&row);
    if (is_open)
        *out = t;
    else
        trained_run_close(&t);
    return is_open;
}

bool trained_run_open_predictor(const trained_run *t, size_t rows, bool samples, predictor **out,
                                fail *f)
{
    const predictor_input in = {.spec = &t->spec,
                                .model = t->model,
                                .inputs = t->inputs,
                                .outputs = t->outputs,
                                .task = t->set->task,
                                .rows = rows,
                                .samples = samples,
                                .epoch = t->epoch,
                                .by = t->by};
    return caller_grant(t->by, predictor_bytes(&in), f) && predictor_open(&in, out, f);
}

bool trained_run_begin(const trained_run *t, uint64_t n_answers, fail *f)
{
    return caller_begin(t->by, CALLER_PRODUCTS,
                        n_answers * predictor_products(&t->spec, t->inputs, t->outputs), f);
}
