#include "server/api/submit.h"

#include "core/base/array.h"
#include "core/base/digest.h"
#include "server/api/api.h"
#include "server/codec/codec.h"
#include "server/jobs/errand.h"
#include "server/plan/inquiry.h"
#include "server/plan/plan.h"
#include "server/store/experiments.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LIMIT = 255, CONFIGS_SHOWN = 1000, CONFIG_BYTES = 65536 };

/* `sets` is the source's. */
static plan_source source_of(const app *a, const caller *by, jobs_set_source *sets)
{
    *sets = (jobs_set_source){.jobs = a->jobs, .by = by, .is_counted = true};
    return (plan_source){.open_dataset = jobs_open_dataset,
                         .context = sets,
                         .by = by,
                         .free_bytes = memory_budget_total(a->memory)};
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
        .n_described = (size_t)p->grid.n_configs,
        .varies_data_seed = p->spec.repeat_varies_data_seed,
        .baseline_config_id = plan_baseline(p),
        .idempotency_key = key,
        .idempotency_digest = sha256,
    };
    int64_t *run_ids = calloc((size_t)runs->n, sizeof *run_ids), id;
    new_config *configs = plan_list_configs(p);
    bool is_repeat = false;
    e.configs = configs;
    bool is_stored = run_ids && configs
                         ? store_insert_experiment(a->store, &e, &id, run_ids, &is_repeat, f)
                         : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory.");
    free(configs);
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

bool api_submit(app *a, const caller *by, const char *text, size_t n, const char *key,
                submission *out, fail_list *faults)
{
    plan p;
    jobs_set_source sets;
    plan_source source = source_of(a, by, &sets);
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

typedef struct planned_config {
    const char *id, *values;
    char *config; /* JSON text, heap */
} planned_config;

typedef struct plan_answer { /* what ?dry_run=true says */
    const char *baseline;
    int64_t n_cells, n_configs, n_runs, memory_bytes;
    size_t n_shown, n_warnings, warnings_capacity;
    planned_config *configs;       /* (n_shown) */
    char **warnings;               /* (n_warnings) heap */
    bool is_truncated, has_failed; /* has_failed: no memory */
    double estimated_seconds;
    inquiry_question question;
} plan_answer;

static const member CONFIG_ROWS[] = {
    {"config_id", MEMBER_TEXT, "Short hash of the configuration, the seed left out.",
     AT(planned_config, id)},
    {"values", MEMBER_OBJECT, "Its swept fields.", MEMBER_AS_JSON, AT(planned_config, values),
     .of = &SHAPE_VALUES},
    {"config", MEMBER_OBJECT, "All of it but the seed.", MEMBER_AS_JSON, AT(planned_config, config),
     .of = &SHAPE_CONFIG},
};
static const shape PLANNED_CONFIG = {
    .name = "PlannedConfig", BYTES_OF(planned_config), MEMBERS(CONFIG_ROWS)};

static void write_role(buffer *b, const void *object, const member *m)
{
    const inquiry_question *q = object;
    buffer_add_text(b, "[");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (q->origin[i] == QUESTION_FIXED || q->roles[i] != (question_role)m->index)
            continue;
        json_add_separator(b);
        json_add_string(b, FIELDS[i].name);
    }
    buffer_add_text(b, "]");
}

static const member QUESTION_ROWS[] = {
    {"treatment", MEMBER_TEXT, "The fields that are asked about.", .depth = 1,
     .index = QUESTION_TREATMENT, .write = write_role},
    {"tune", MEMBER_TEXT, "What each arm will choose for itself.", .depth = 1,
     .index = QUESTION_TUNE, .write = write_role},
    {"context", MEMBER_TEXT, "Within which the question is asked.", .depth = 1,
     .index = QUESTION_CONTEXT, .write = write_role},
    {"metric", MEMBER_TEXT, "The metric that will answer it.", AT(inquiry_question, primary)},
};
static const shape PLANNED_QUESTION = {
    .name = "PlannedQuestion", BYTES_OF(inquiry_question), MEMBERS(QUESTION_ROWS)};

static const member PLAN_ROWS[] = {
    {"n_cells", MEMBER_INTEGER, "Combinations of swept values, before equal ones were merged.",
     AT(plan_answer, n_cells)},
    {"n_configs", MEMBER_INTEGER, "Configurations.", AT(plan_answer, n_configs)},
    {"n_runs", MEMBER_INTEGER, "Runs: configurations times repeats.", AT(plan_answer, n_runs)},
    {"baseline", MEMBER_TEXT, "The config_id that a comparison will compare against.",
     AT(plan_answer, baseline)},
    {"question", MEMBER_OBJECT, "What the specification asks, its defaults filled in.",
     AT(plan_answer, question), .of = &PLANNED_QUESTION},
    {"configs", MEMBER_OBJECT, "The configurations.", EACH(plan_answer, configs, n_shown),
     .of = &PLANNED_CONFIG},
    {"truncated", MEMBER_BOOLEAN, "Whether there are more than are shown.",
     AT(plan_answer, is_truncated)},
    {"warnings", MEMBER_TEXT, "What is allowed, but perhaps not meant.",
     EACH(plan_answer, warnings, n_warnings)},
    {"estimated_seconds", MEMBER_NUMBER, "How long all of it will take.", MEMBER_NULLABLE,
     AT(plan_answer, estimated_seconds)},
    {"memory_bytes", MEMBER_INTEGER, "What the largest run needs.", AT(plan_answer, memory_bytes)},
};
const shape SHAPE_PLAN = {
    .name = "Plan", .help = "What would be trained.", BYTES_OF(plan_answer), MEMBERS(PLAN_ROWS)};

static void close_answer(plan_answer *answer)
{
    for (size_t i = 0; answer->configs && i < answer->n_shown; i++)
        free(answer->configs[i].config);
    for (size_t i = 0; i < answer->n_warnings; i++)
        free(answer->warnings[i]);
    free(answer->configs);
    free(answer->warnings);
}

static char *write_config(const train_spec *spec)
{
    buffer b;
    buffer_init(&b, CONFIG_BYTES);
    codec_add_config(&b, spec, false);
    char *text = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return text;
}

static void show_configs(const plan *p, plan_answer *answer)
{
    int n = p->grid.n_configs < CONFIGS_SHOWN ? p->grid.n_configs : CONFIGS_SHOWN;
    answer->configs = calloc((size_t)n + 1, sizeof *answer->configs);
    answer->n_shown = answer->configs ? (size_t)n : 0;
    answer->has_failed = !answer->configs;
    for (size_t c = 0; c < answer->n_shown; c++) {
        answer->configs[c] = (planned_config){p->configs[c].id, p->configs[c].values,
                                              write_config(&p->grid.configs[c].spec)};
        answer->has_failed = answer->has_failed || !answer->configs[c].config;
    }
}

static void add_warning(void *context, const char *sentence)
{
    plan_answer *answer = context;
    char *copy = strdup(sentence);
    if (!copy || !array_reserve(&answer->warnings, &answer->warnings_capacity,
                                answer->n_warnings + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        answer->has_failed = true;
        free(copy);
        return;
    }
    answer->warnings[answer->n_warnings++] = copy;
}

static void send_plan(app *a, const plan *p, response *r)
{
    int64_t n_runs = p->grid.n_configs * p->grid.n_seeds;
    fail f;
    plan_answer answer = {.baseline = plan_baseline(p),
                          .n_cells = p->grid.n_cells,
                          .n_configs = p->grid.n_configs,
                          .n_runs = n_runs,
                          .memory_bytes = (int64_t)plan_memory_bytes(p),
                          .is_truncated = p->grid.n_configs > CONFIGS_SHOWN,
                          .estimated_seconds =
                              jobs_estimate_seconds(a->jobs, plan_work(p), n_runs)};
    inquiry_ask(&(inquiry_source){.spec = &p->spec}, &answer.question);
    show_configs(p, &answer);
    plan_list_warnings(p, add_warning, &answer);
    if (answer.has_failed) {
        fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the plan.");
        response_fail(r, &f);
    } else {
        shape_add(&r->body, &SHAPE_PLAN, &answer);
        response_set(r, 200, MESSAGE_JSON);
    }
    close_answer(&answer);
}

static void answer_plan(app *a, const caller *by, const char *text, size_t n, response *r)
{
    plan p;
    jobs_set_source sets;
    plan_source source = source_of(a, by, &sets);
    fail_list faults = {.n = 0};
    if (!plan_read(&source, text, n, false, &p, &faults)) {
        send_faults(&faults, r);
        return;
    }
    send_plan(a, &p, r);
    plan_close(&p);
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
    shape_add(&r->body, &SHAPE_EXPERIMENT,
              &(experiment_answer){.row = &e,
                                   .run_ids = made->run_ids,
                                   .n_run_ids = made->n_run_ids,
                                   .remaining_seconds = NAN});
    experiment_close(&e);
    response_set(r, 201, MESSAGE_JSON);
}

typedef struct submit_query {
    bool is_dry;
} submit_query;

static const member SUBMIT_ROWS[] = {
    {"dry_run", MEMBER_BOOLEAN, "Answer what would be done, and store nothing.", MEMBER_OPTIONAL,
     AT(submit_query, is_dry), OTHERWISE(false)},
};
const shape SHAPE_SUBMIT_QUERY = {BYTES_OF(submit_query), MEMBERS(SUBMIT_ROWS)};

void api_submit_answer(app *a, const request *q, const char *text, size_t n, response *r)
{
    submit_query wanted;
    fail f;
    if (request_read_query(q, &wanted, &f))
        api_submit_send(a, q, wanted.is_dry, text, n, r);
    else
        response_fail(r, &f);
}

void api_submit_send(app *a, const request *q, bool is_dry, const char *text, size_t n, response *r)
{
    if (is_dry) {
        answer_plan(a, errand_caller(q->errand), text, n, r);
        return;
    }
    submission made;
    fail_list faults = {.n = 0};
    if (!api_submit(a, errand_caller(q->errand), text, n, request_header(q, "idempotency-key"),
                    &made, &faults)) {
        send_faults(&faults, r);
        return;
    }
    answer_accepted(a, &made, r);
    if (r->status == 201)
        response_add_header(r, "Location", "/api/v1/experiments/%" PRId64, made.experiment_id);
    free(made.run_ids);
}
