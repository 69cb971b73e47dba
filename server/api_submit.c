#include "server/api_submit.h"

#include "core/digest.h"
#include "server/api.h"
#include "server/codec.h"
#include "server/jobs_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LIMIT = 255, CONFIGS_SHOWN = 1000 };

static jobs_source source_of(const app *a)
{
    return (jobs_source){
        .data_dir = a->data_dir, .open_dataset = jobs_open_dataset, .context = a->jobs};
}

static bool add_fail(fail_list *faults, const fail *f)
{
    return fail_list_add(faults, f->code, f->field, "%s", f->sentence);
}

/* ---- storing ---- */

static bool store_plan(app *a, const jobs_plan *p, const char *text, const new_run *runs,
                       int64_t n_runs, const char *key, const char *sha256, submission *out,
                       fail *f)
{
    new_experiment e = {
        .name = p->spec.name ? p->spec.name : "",
        .description = p->spec.description ? p->spec.description : "",
        .tags = p->spec.tags ? p->spec.tags : "[]",
        .priority = (int)p->spec.priority,
        .spec = text,
        .n_configs = p->plan.n_configs,
        .n_runs = n_runs,
        .runs = runs,
        .baseline_config_id = jobs_plan_baseline(p),
        .idempotency_key = key,
        .idempotency_digest = sha256,
    };
    int64_t *run_ids = calloc((size_t)n_runs, sizeof *run_ids), id;
    bool is_repeat = false;
    bool is_stored = run_ids ? store_insert_experiment(a->store, &e, &id, run_ids, &is_repeat, f)
                             : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory.");
    if (!is_stored) {
        free(run_ids);
        return false;
    }
    if (!is_repeat)
        jobs_add(a->jobs, id, run_ids, n_runs);
    *out = (submission){.experiment_id = id,
                        .run_ids = run_ids,
                        .n_run_ids = n_runs,
                        .n_configs = p->plan.n_configs};
    snprintf(out->baseline_config_id, sizeof out->baseline_config_id, "%s", jobs_plan_baseline(p));
    return true;
}

static bool submit_plan(app *a, const jobs_plan *p, const char *text, const char *key,
                        const char *sha256, submission *out, fail *f)
{
    new_run *runs;
    int64_t n_runs;
    if (!jobs_check_room(a->jobs, p->plan.n_seeds * p->plan.n_configs, f) ||
        !jobs_plan_list_runs(p, NULL, NULL, &runs, &n_runs, f))
        return false;
    bool is_stored = store_plan(a, p, text, runs, n_runs, key, sha256, out, f);
    jobs_plan_free_runs(runs, n_runs);
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

/* Before the plan: a repeat is answered even where the queue is full by now, or the data set gone. out->experiment_id is 0 if the key is
 * new. */
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
    jobs_plan p;
    jobs_source source = source_of(a);
    char sha256[DIGEST_TEXT_BYTES];
    fail f;
    digest_write_of(text, n, sha256);
    if (!find_repeat(a, key, sha256, out, &f))
        return add_fail(faults, &f);
    if (out->experiment_id)
        return true;
    if (!jobs_plan_read(&source, text, n, true, &p, faults))
        return false;
    bool is_stored = submit_plan(a, &p, text, key, sha256, out, &f);
    jobs_plan_close(&p);
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
    codec_add_separator(b);
    codec_add_string(b, sentence);
}

static void add_planned_config(buffer *b, const jobs_plan *p, int c)
{
    codec_add_separator(b);
    buffer_add_text(b, "{");
    codec_add_key(b, "config_id");
    codec_add_string(b, p->configs[c].id);
    codec_add_key(b, "values");
    codec_add_json(b, p->configs[c].values);
    codec_add_key(b, "config");
    codec_add_config(b, &p->plan.configs[c].spec, false);
    buffer_add_text(b, "}");
}

static void add_counts(buffer *b, const jobs_plan *p, int64_t n_runs)
{
    codec_add_key(b, "n_cells");
    codec_add_integer(b, p->plan.n_cells);
    codec_add_key(b, "n_configs");
    codec_add_integer(b, p->plan.n_configs);
    codec_add_key(b, "n_runs");
    codec_add_integer(b, n_runs);
    codec_add_key(b, "baseline");
    codec_add_string(b, jobs_plan_baseline(p));
}

static void add_plan(app *a, const jobs_plan *p, buffer *b)
{
    int64_t n_runs = p->plan.n_configs * p->plan.n_seeds;
    buffer_add_text(b, "{");
    add_counts(b, p, n_runs);
    codec_add_key(b, "configs");
    buffer_add_text(b, "[");
    for (int c = 0; c < p->plan.n_configs && c < CONFIGS_SHOWN; c++)
        add_planned_config(b, p, c);
    buffer_add_text(b, "]");
    codec_add_key(b, "truncated");
    codec_add_boolean(b, p->plan.n_configs > CONFIGS_SHOWN);
    codec_add_key(b, "warnings");
    buffer_add_text(b, "[");
    jobs_plan_list_warnings(p, add_warning, b);
    buffer_add_text(b, "]");
    codec_add_key(b, "estimated_seconds");
    codec_add_number(b, jobs_estimate_seconds(a->jobs, jobs_plan_work(p), n_runs));
    codec_add_key(b, "memory_bytes");
    codec_add_integer(b, (int64_t)jobs_plan_memory_bytes(p));
    buffer_add_text(b, "}");
}

static void answer_plan(app *a, const char *text, size_t n, response *r)
{
    jobs_plan p;
    jobs_source source = source_of(a);
    fail_list faults = {.n = 0};
    if (!jobs_plan_read(&source, text, n, false, &p, &faults)) {
        send_faults(&faults, r);
        return;
    }
    add_plan(a, &p, &r->body);
    jobs_plan_close(&p);
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

/* The experiment as it was accepted, whatever has become of it since: the answer to a repeat is the first one again. */
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
