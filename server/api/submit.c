#include "server/api/submit.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "server/api/api.h"
#include "server/codec/codec.h"
#include "server/plan/plan.h"
#include "server/store/experiments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LIMIT = 255, CONFIGS_SHOWN = 1000 };

static plan_source source_of(const app *a)
{
    return (plan_source){.open_dataset = jobs_open_dataset,
                         .context = a->jobs,
                         .free_bytes = memory_available_bytes()};
}

static bool add_fail(fail_list *faults, const fail *f)
{
    return fail_list_add(faults, f->code, f->field, "%s", f->sentence);
}

/* ---- storing ---- */

static bool store_plan(app *a, const plan *p, const char *text, const plan_runs *runs,
                       const char *key, const char *sha256, submission *out, fail *f)
{
    new_experiment e = {
        .name = p->spec.name ? p->spec.name : "",
        .description = p->spec.description ? p->spec.description : "",
        .tags = p->spec.tags ? p->spec.tags : "[]",
        .priority = (int)p->spec.priority,
        .spec = text,
        .n_configs = p->grid.n_configs,
        .n_runs = runs->n,
        .runs = runs->rows,
        .baseline_config_id = plan_baseline(p),
        .idempotency_key = key,
        .idempotency_digest = sha256,
    };
    int64_t *run_ids = calloc((size_t)runs->n, sizeof *run_ids), id;
    bool is_repeat = false;
    bool is_stored = run_ids ? store_insert_experiment(a->store, &e, &id, run_ids, &is_repeat, f)
                             : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory.");
    if (!is_stored) {
        free(run_ids);
        return false;
    }
    if (!is_repeat)
        jobs_add(a->jobs, id, run_ids, runs->n);
    *out = (submission){.experiment_id = id,
                        .run_ids = run_ids,
                        .n_run_ids = runs->n,
                        .n_configs = p->grid.n_configs};
    snprintf(out->baseline_config_id, sizeof out->baseline_config_id, "%s", plan_baseline(p));
    return true;
}

static bool submit_plan(app *a, const plan *p, const char *text, const char *key,
                        const char *sha256, submission *out, fail *f)
{
    plan_runs runs;
    if (!jobs_check_room(a->jobs, p->grid.n_seeds * p->grid.n_configs, f) ||
        !plan_list_runs(p, NULL, NULL, &runs, f))
        return false;
    bool is_stored = store_plan(a, p, text, &runs, key, sha256, out, f);
    plan_runs_close(&runs);
    return is_stored;
}

/* ---- repeats ---- */

static bool check_key(const char *key, fail *f)
{
    if (!key || (*key && strlen(key) <= KEY_LIMIT))
        return true;
    return fail_set(f, FAIL_OUT_OF_RANGE, NULL, "Idempotency-Key must be of 1 to %d characters.",
                    KEY_LIMIT);
}

/* Before the plan: a repeat is answered even where the queue is full by now, or the data set gone.
 * out->experiment_id is 0 if the key is new. */
static bool find_repeat(app *a, const char *key, const char *sha256, submission *out, fail *f)
{
    store_accepted accepted;
    *out = (submission){0};
    if (!key)
        return true;
    if (!check_key(key, f) || !store_find_experiment(a->store, key, sha256, &out->experiment_id, f))
        return false;
    if (!out->experiment_id)
        return true;
    if (!store_get_accepted(a->store, out->experiment_id, &accepted, f))
        return false;
    out->run_ids = accepted.run_ids;
    out->n_run_ids = accepted.n_runs;
    out->n_configs = accepted.n_configs;
    memcpy(out->baseline_config_id, accepted.baseline_config_id, sizeof out->baseline_config_id);
    return true;
}

bool api_submit(app *a, const char *text, size_t n, const char *key, submission *out,
                fail_list *faults)
{
    plan p;
    plan_source source = source_of(a);
    char sha256[DIGEST_TEXT_BYTES];
    fail f;
    digest_write_of(text, n, sha256);
    if (!find_repeat(a, key, sha256, out, &f))
        return add_fail(faults, &f);
    if (out->experiment_id)
        return true;
    if (!plan_read(&source, text, n, true, &p, faults))
        return false;
    bool is_stored = submit_plan(a, &p, text, key, sha256, out, &f);
    plan_close(&p);
    return is_stored || add_fail(faults, &f);
}

/* ---- answers ---- */

/* One fail that is no fault of the specification is answered by its own status. */
static void send_faults(const fail_list *faults, response *r)
{
    const fail *first = &faults->items[0];
    char detail[1024];
    if (faults->n_found == 1 && !*first->field) {
        response_fail(r, first);
        return;
    }
    if (faults->n_found == 1)
        snprintf(detail, sizeof detail, "%s: %s", first->field, first->sentence);
    else
        snprintf(detail, sizeof detail, "The specification has %d faults. The first: %s: %s",
                 faults->n_found, first->field, first->sentence);
    response_fail_list(r, detail, faults);
}

static void add_warning(void *context, const char *sentence)
{
    buffer *b = context;
    json_add_separator(b);
    json_add_string(b, sentence);
}

static void add_planned_config(buffer *b, const plan *p, int c)
{
    json_add_separator(b);
    buffer_add_text(b, "{");
    json_add_key(b, "config_id");
    json_add_string(b, p->configs[c].id);
    json_add_key(b, "values");
    json_add_json(b, p->configs[c].values);
    json_add_key(b, "config");
    codec_add_config(b, &p->grid.configs[c].spec, false);
    buffer_add_text(b, "}");
}

static void add_counts(buffer *b, const plan *p, int64_t n_runs)
{
    json_add_key(b, "n_cells");
    json_add_integer(b, p->grid.n_cells);
    json_add_key(b, "n_configs");
    json_add_integer(b, p->grid.n_configs);
    json_add_key(b, "n_runs");
    json_add_integer(b, n_runs);
    json_add_key(b, "baseline");
    json_add_string(b, plan_baseline(p));
}

static void add_plan(app *a, const plan *p, buffer *b)
{
    int64_t n_runs = p->grid.n_configs * p->grid.n_seeds;
    buffer_add_text(b, "{");
    add_counts(b, p, n_runs);
    json_add_key(b, "configs");
    buffer_add_text(b, "[");
    for (int c = 0; c < p->grid.n_configs && c < CONFIGS_SHOWN; c++)
        add_planned_config(b, p, c);
    buffer_add_text(b, "]");
    json_add_key(b, "truncated");
    json_add_boolean(b, p->grid.n_configs > CONFIGS_SHOWN);
    json_add_key(b, "warnings");
    buffer_add_text(b, "[");
    plan_list_warnings(p, add_warning, b);
    buffer_add_text(b, "]");
    json_add_key(b, "estimated_seconds");
    json_add_number(b, jobs_estimate_seconds(a->jobs, plan_work(p), n_runs));
    json_add_key(b, "memory_bytes");
    json_add_integer(b, (int64_t)plan_memory_bytes(p));
    buffer_add_text(b, "}");
}

static void answer_plan(app *a, const char *text, size_t n, response *r)
{
    plan p;
    plan_source source = source_of(a);
    fail_list faults = {.n = 0};
    if (!plan_read(&source, text, n, false, &p, &faults)) {
        send_faults(&faults, r);
        return;
    }
    add_plan(a, &p, &r->body);
    plan_close(&p);
    response_set(r, 200, MESSAGE_JSON);
}

static void replace_text(char **text, const char *by)
{
    char *copy = strdup(by);
    if (!copy)
        return;
    free(*text);
    *text = copy;
}

/* What a PATCH may have changed, as it was sent. */
static void restore_sent(experiment *e)
{
    experiment_spec sent;
    fail_list ignored = {.n = 0};
    if (!codec_read_experiment_spec(e->spec, strlen(e->spec), &sent, &ignored))
        return;
    replace_text(&e->name, sent.name ? sent.name : "");
    replace_text(&e->description, sent.description ? sent.description : "");
    replace_text(&e->tags, sent.tags ? sent.tags : "[]");
    e->priority = (int)sent.priority;
    experiment_spec_close(&sent);
}

/* The experiment as it was accepted, whatever has become of it since: the answer to a repeat is the
 * first one again. */
static void answer_accepted(app *a, const submission *made, response *r)
{
    experiment e = {0};
    fail f;
    if (!store_get_experiment(a->store, made->experiment_id, &e, &f)) {
        response_fail(r, &f);
        return;
    }
    restore_sent(&e);
    e.status = RUN_STATE_QUEUED;
    e.n_configs = made->n_configs;
    memcpy(e.baseline_config_id, made->baseline_config_id, sizeof e.baseline_config_id);
    memset(e.runs, 0, sizeof e.runs);
    e.n_runs = e.runs[RUN_STATE_QUEUED] = made->n_run_ids;
    e.progress = 0;
    e.started_ms = e.finished_ms = 0;
    codec_add_experiment(&r->body, &e, made->run_ids, made->n_run_ids);
    experiment_close(&e);
    response_set(r, 201, MESSAGE_JSON);
}

void api_submit_answer(app *a, const request *q, const char *text, size_t n, response *r)
{
    bool is_dry;
    fail f;
    if (!request_query_boolean(q, "dry_run", false, &is_dry, &f)) {
        response_fail(r, &f);
        return;
    }
    if (is_dry) {
        answer_plan(a, text, n, r);
        return;
    }
    submission made;
    fail_list faults = {.n = 0};
    if (!api_submit(a, text, n, request_header(q, "idempotency-key"), &made, &faults)) {
        send_faults(&faults, r);
        return;
    }
    answer_accepted(a, &made, r);
    if (r->status == 201)
        response_add_header(r, "Location", "/api/v1/experiments/%" PRId64, made.experiment_id);
    free(made.run_ids);
}
