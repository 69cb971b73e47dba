#include "server/api/runs.h"

#include "server/api/api.h"
#include "server/api/route.h"
#include "server/codec/codec.h"
#include "server/codec/list.h"
#include "server/codec/shape_schema.h"
#include "server/jobs/errand.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <stdio.h>
#include <string.h>

/* ---- lists ---- */

enum { COLUMN_BYTES = 128 };

typedef struct runs_query {
    int64_t experiment_id; /* 0: all */
    int status;            /* a run_state; -1: any */
    const char *config_id, *sort;
    int64_t seed; /* -1: any */
    page_query page;
} runs_query;

static void describe_sort(buffer *b, const member *m)
{
    char name[STORE_COLUMN_NAME_BYTES];
    store_column ignored;
    (void)m;
    json_add_member_text(b, "type", "string");
    json_add_key(b, "enum");
    buffer_add_text(b, "[");
    for (int i = 0; store_run_column(i, name, &ignored); i++)
        buffer_add_format(b, "%s\"%s\",\"-%s\"", i > 0 ? "," : "", name, name);
    buffer_add_text(b, "]");
}

static const member RUNS_ROWS[] = {
    {"status", MEMBER_NAME, "Only those in this state.", MEMBER_OPTIONAL, AT(runs_query, status),
     NAMES(RUN_STATE_NAMES)},
    {"config_id", MEMBER_TEXT, "Only those with this configuration.", MEMBER_OPTIONAL,
     AT(runs_query, config_id)},
    {"seed", MEMBER_INTEGER, "Only those with this seed.", MEMBER_OPTIONAL, AT(runs_query, seed),
     RANGE(0, (double)SPEC_SEED_LIMIT)},
    {"sort", MEMBER_TEXT, "A column; with - before it, the greatest first.", MEMBER_OPTIONAL,
     AT(runs_query, sort), .describe = describe_sort},
    INCLUDE(runs_query, page, SHAPE_PAGE_QUERY),
};
const shape SHAPE_RUNS_QUERY = {BYTES_OF(runs_query), MEMBERS(RUNS_ROWS)};

static const member ALL_RUNS_ROWS[] = {
    {"experiment_id", MEMBER_INTEGER, "Only those of this experiment.", MEMBER_OPTIONAL,
     AT(runs_query, experiment_id), RANGE(1, (double)SPEC_SEED_LIMIT)},
    {.type = MEMBER_INCLUDED, ITSELF(runs_query), .of = &SHAPE_RUNS_QUERY},
};
const shape SHAPE_ALL_RUNS_QUERY = {BYTES_OF(runs_query), MEMBERS(ALL_RUNS_ROWS)};

typedef struct run_listing {
    run_query query;
    char sort[COLUMN_BYTES], columns[STORE_FILTERS_LIMIT][COLUMN_BYTES];
    store *store;
    buffer *body;
    char next_cursor[64];
    bool is_good;
    fail f;
} run_listing;

/* A nested field's column has an underscore where the field has a dot. */
static bool read_column(const char *name, char column[COLUMN_BYTES], fail *f)
{
    int n = snprintf(column, COLUMN_BYTES, "%s", name);
    if (n >= COLUMN_BYTES)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query", "There is no column \"%.60s...\".", name);
    for (char *c = column; *c; c++)
        if (*c == '.')
            *c = '_';
    return true;
}

static bool is_own_parameter(const shape *own, const char *name)
{
    const char *known[SHAPE_MEMBERS_LIMIT + 1];
    int n = shape_list_names(own, known);
    for (int i = 0; i < n; i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

static bool add_filter(run_listing *l, const message_pair *pair, fail *f)
{
    int n = l->query.n_filters;
    if (n == STORE_FILTERS_LIMIT)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query", "At most %d columns filter at a time.",
                        STORE_FILTERS_LIMIT);
    if (!read_column(pair->name, l->columns[n], f))
        return false;
    l->query.filters[n].column = l->columns[n];
    l->query.filters[n].value = pair->value;
    l->query.n_filters++;
    return true;
}

/* Every other parameter is a column. */
static bool read_filters(const request *q, run_listing *l, fail *f)
{
    for (int i = 0; i < q->n_query; i++)
        if (!is_own_parameter(q->route->query, q->query[i].name) && !add_filter(l, &q->query[i], f))
            return false;
    return true;
}

/* What a column is compared with, as the store reads it. */
static void describe_filter(buffer *b, const store_column *column)
{
    int n_names = 0;
    while (column->kind == STORE_COLUMN_ENUM && column->row->values[n_names])
        n_names++;
    const member kinds[] = {
        [STORE_COLUMN_NUMBER] = {.type = MEMBER_NUMBER},
        [STORE_COLUMN_RATES] = {.type = MEMBER_NUMBER},
        [STORE_COLUMN_TEXT] = {.type = MEMBER_TEXT, .flags = MEMBER_MULTILINE},
        [STORE_COLUMN_ENUM] = {.type = MEMBER_NAME,
                               .names = {column->row ? column->row->values : NULL,
                                         sizeof(const char *), n_names}},
        [STORE_COLUMN_BOOLEAN] = {.type = MEMBER_BOOLEAN},
    };
    json_add_key(b, "anyOf");
    buffer_add_text(b, "[");
    member_add_schema(b, &kinds[column->kind], true);
    if (column->kind == STORE_COLUMN_BOOLEAN)
        buffer_add_text(b, ",{\"type\":\"integer\",\"minimum\":0,\"maximum\":1}");
    if (column->kind == STORE_COLUMN_RATES)
        buffer_add_text(b, ",{\"type\":\"string\",\"pattern\":"
                           "\"^[\\\\[{][^\\\\u0000-\\\\u001f\\\\u007f]*$\"}");
    if (store_column_may_be_null(column) && column->kind != STORE_COLUMN_TEXT)
        buffer_add_text(b, ",{\"const\":\"null\"},{\"type\":\"null\"}");
    buffer_add_text(b, "]");
}

void api_runs_describe_filters(buffer *b, const shape *own)
{
    char name[STORE_COLUMN_NAME_BYTES];
    store_column column;
    json_add_member_text(b, "type", "object");
    json_add_member_integer(b, "maxProperties", STORE_FILTERS_LIMIT);
    buffer_add_text(b, ",\"additionalProperties\":false");
    json_add_key(b, "properties");
    buffer_add_text(b, "{");
    for (int i = 0; store_run_column(i, name, &column); i++) {
        if (is_own_parameter(own, name))
            continue;
        json_add_key(b, name);
        buffer_add_text(b, "{");
        describe_filter(b, &column);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "}");
}

static bool read_query(const request *q, int64_t experiment_id, run_listing *l, fail *f)
{
    runs_query wanted = {.status = -1, .seed = -1};
    if (!request_read_query(q, &wanted, f))
        return false;
    *l = (run_listing){
        .query = {.experiment_id = experiment_id ? experiment_id : wanted.experiment_id,
                  .status = wanted.status,
                  .config_id = wanted.config_id,
                  .seed = wanted.seed,
                  .cursor = wanted.page.cursor,
                  .limit = wanted.page.limit}};
    if (wanted.sort && !read_column(wanted.sort, l->sort, f))
        return false;
    l->query.sort = wanted.sort ? l->sort : NULL;
    return read_filters(q, l, f);
}

static bool add_item(void *context, const run *row)
{
    const run_listing *l = context;
    shape_add_item(l->body, &SHAPE_RUN, row);
    return !l->body->failed;
}

static void add_items(void *context, buffer *b)
{
    run_listing *l = context;
    l->body = b;
    l->is_good = store_list_runs(l->store, &l->query, add_item, l, l->next_cursor, &l->f);
}

void api_runs_list_of(app *a, const request *q, int64_t experiment_id, response *r)
{
    run_listing l;
    fail f;
    if (!read_query(q, experiment_id, &l, &f)) {
        response_fail(r, &f);
        return;
    }
    l.store = a->store;
    codec_add_list(&r->body, add_items, &l, l.next_cursor);
    if (l.is_good)
        response_set(r, 200, MESSAGE_JSON);
    else
        response_fail(r, &l.f);
}

void api_runs_list(app *a, const request *q, response *r)
{
    api_runs_list_of(a, q, 0, r);
}

/* ---- one run ---- */

void api_runs_get(app *a, const request *q, response *r)
{
    api_send_run(a, q->ids[0], r);
}

typedef bool run_action(jobs *j, int64_t id, fail *f);

static void act(app *a, const request *q, response *r, run_action *action)
{
    fail f;
    if (request_check_no_body(q, "This takes no body.", &f) && action(a->jobs, q->ids[0], &f))
        api_send_run(a, q->ids[0], r);
    else
        response_fail(r, &f);
}

void api_runs_cancel(app *a, const request *q, response *r)
{
    act(a, q, r, jobs_cancel_run);
}

/* The id of a config is made with the data_seed of its first repeat, or without it. */
static bool has_id(const run *row, const train_spec *spec, const dataset *set, int64_t data_seed)
{
    char with[CONFIG_ID_BYTES], without[CONFIG_ID_BYTES];
    train_spec first = *spec;
    first.data_seed = data_seed;
    codec_config_id(&first, set->sha256, false, with);
    codec_config_id(&first, set->sha256, true, without);
    return strcmp(with, row->config_id) == 0 || strcmp(without, row->config_id) == 0;
}

/* The data_seed that the experiment's repeats begin with; that of the run where it is not known. */
static int64_t first_data_seed(app *a, const run *row, const train_spec *spec)
{
    experiment e = {0};
    experiment_spec of;
    fail_list faults = {.n = 0};
    fail f;
    int64_t seed = spec->data_seed;
    if (store_get_experiment(a->store, row->experiment_id, &e, &f) &&
        codec_read_stored_spec(&e, &of, &faults)) {
        seed = of.base.data_seed;
        experiment_spec_close(&of);
    }
    experiment_close(&e);
    return seed;
}

/* The config_id holds the content that was there at the submission, also if the run has not begun.
 * What a generator makes of another data_seed it does not hold. */
static bool check_content(app *a, const run *row, const train_spec *spec, const dataset *set,
                          fail *f)
{
    int64_t first = first_data_seed(a, row, spec);
    if (has_id(row, spec, set, spec->data_seed) || has_id(row, spec, set, first) ||
        (set->built_in && first != spec->data_seed))
        return true;
    return fail_set(
        f, FAIL_CONFLICT, NULL,
        "The data set \"%s\" has other content than when this run was submitted: submit "
        "a new one.",
        spec->dataset);
}

/* A run that is tried again trains on what the others of its config have trained on. */
static bool check_data(app *a, const caller *by, int64_t id, fail *f)
{
    run row = {0};
    train_spec spec;
    dataset *set;
    if (!store_get_run(a->store, id, &row, f))
        return false;
    bool is_same = codec_read_config(row.config, strlen(row.config), &spec, f) &&
                   api_open_run_dataset(a, by, &row, &spec, &set, f);
    if (is_same) {
        is_same = check_content(a, &row, &spec, set, f);
        dataset_close(set);
    }
    run_close(&row);
    return is_same;
}

void api_runs_retry(app *a, const request *q, response *r)
{
    fail f;
    r->forgotten_run = q->ids[0];
    if (check_data(a, errand_caller(q->errand), q->ids[0], &f))
        act(a, q, r, jobs_retry_run);
    else
        response_fail(r, &f);
}
