#include "server/api/datasets.h"

#include "core/data/import/register.h"
#include "core/data/split.h"
#include "server/api/api.h"
#include "server/codec/codec.h"
#include "server/codec/list.h"
#include "server/codec/preview.h"
#include "server/jobs/errand.h"
#include "server/store/datasets.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREVIEW_PIXELS_LIMIT = 1 << 20, /* numbers of all pictures */
    PREVIEW_SAMPLES_LIMIT = 50000,
    PREVIEW_DIMENSIONS_LIMIT = 1000,
    PREVIEW_VALUES_LIMIT = 5000000 /* n * dimensions, where both are given */
};

/* A set by name; options: NULL gives the generator's own. */
static bool open_named(app *a, const caller *by, const char *name, const dataset_options *options,
                       dataset **out, fail *f)
{
    jobs_set_source sets = {.jobs = a->jobs, .by = by};
    train_spec spec;
    spec_init(&spec);
    if (strlen(name) >= sizeof spec.dataset)
        return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no data set of that name.");
    snprintf(spec.dataset, sizeof spec.dataset, "%s", name);
    if (options)
        spec.dataset_options = *options;
    return jobs_open_dataset(&sets, &spec, out, f);
}

/* ---- list ---- */

typedef struct dataset_listing {
    app *a;
    buffer *body;
    int64_t first, limit, n; /* n: items passed so far */
    char next_cursor[24];
    bool is_good;
    fail f;
} dataset_listing;

static bool is_wanted(dataset_listing *l)
{
    int64_t i = l->n++;
    return i >= l->first && i < l->first + l->limit;
}

static void add_set(buffer *b, const dataset_summary *s)
{
    const dataset_answer answer = dataset_answer_of(s, NULL);
    shape_add_item(b, &SHAPE_DATASET, &answer);
}

static bool add_item(void *context, const dataset_summary *s)
{
    dataset_listing *l = context;
    if (is_wanted(l))
        add_set(l->body, s);
    return !l->body->failed;
}

static bool list_built_in(dataset_listing *l)
{
    for (int i = 0; i < DATASET_COUNT; i++) {
        dataset *set;
        dataset_summary s;
        if (!is_wanted(l))
            continue;
        if (!open_named(l->a, NULL, DATASETS[i].name, NULL, &set, &l->f))
            return false;
        dataset_summarize(set, l->a->data_dir, &s);
        dataset_close(set);
        add_set(l->body, &s);
    }
    return true;
}

static void add_items(void *context, buffer *b)
{
    dataset_listing *l = context;
    l->body = b;
    l->is_good = list_built_in(l) && dataset_list(l->a->data_dir, add_item, l, &l->f);
    if (l->n > l->first + l->limit)
        snprintf(l->next_cursor, sizeof l->next_cursor, "%" PRId64, l->first + l->limit);
}

void api_datasets_list(app *a, const request *q, response *r)
{
    dataset_listing l = {.a = a};
    fail f;
    if (!api_read_page(q, &l.first, &l.limit, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_list(&r->body, add_items, &l, l.next_cursor);
    if (l.is_good)
        response_set(r, 200, MESSAGE_JSON);
    else
        response_fail(r, &l.f);
}

/* ---- one ---- */

static bool describe(app *a, const char *name, dataset_summary *out, dataset **set, fail *f)
{
    if (!dataset_find(name))
        return dataset_describe(name, a->data_dir, out, set, f);
    if (!open_named(a, NULL, name, NULL, set, f))
        return false;
    dataset_summarize(*set, a->data_dir, out);
    return true;
}

static void send_set(response *r, const dataset *set, const dataset_summary *s)
{
    const dataset_answer answer = dataset_answer_of(s, set->origin);
    shape_add(&r->body, &SHAPE_DATASET, &answer);
}

/* The name is in the path: a name that nobody has is not a fault of a field. */
static void send_fail(response *r, fail *f)
{
    if (f->code == FAIL_NOT_FOUND)
        f->field[0] = '\0';
    response_fail(r, f);
}

static bool send_figures(response *r, const dataset *set, const dataset_summary *s, fail *f)
{
    profile figures;
    if (!profile_open(set, &figures, f))
        return false;
    dataset_answer answer = dataset_answer_of(s, set->origin);
    answer.figures = &figures;
    shape_add(&r->body, &SHAPE_DATASET, &answer);
    profile_close(&figures);
    return true;
}

void api_datasets_get(app *a, const request *q, response *r)
{
    dataset_summary s;
    dataset *set;
    fail f;
    if (!describe(a, q->name, &s, &set, &f)) {
        send_fail(r, &f);
        return;
    }
    if (send_figures(r, set, &s, &f))
        response_set(r, 200, MESSAGE_JSON);
    else
        response_fail(r, &f);
    dataset_close(set);
}

/* ---- register, delete ---- */

static int count_words(const dataset_option *o)
{
    int n = 0;
    while (o->words[n])
        n++;
    return n;
}

/* The parameters are the options of core/data/import/options.h, and dry_run. */
static bool derive_option(int i, member *out)
{
    if (i == DATASET_OPTION_COUNT)
        *out = (member){"dry_run", MEMBER_BOOLEAN,
                        "Reads, checks and answers as always, and stores nothing.", MEMBER_OPTIONAL,
                        AT(dataset_add_options, is_dry)};
    if (i >= DATASET_OPTION_COUNT)
        return i == DATASET_OPTION_COUNT;
    const dataset_option *o = &DATASET_OPTIONS[i];
    *out = (member){.name = o->name, .help = o->help, .flags = MEMBER_OPTIONAL, .index = i};
    out->place.offset = o->offset;
    switch (o->kind) {
    case OPTION_TEXT:
        out->type = MEMBER_TEXT;
        out->place.storage = STORED_TEXT;
        out->place.bytes = sizeof(char *);
        break;
    case OPTION_CHOICE:
        out->type = MEMBER_NAME;
        out->place.storage = STORED_ENUM;
        out->place.bytes = sizeof(int);
        out->names = (member_names){o->words, sizeof *o->words, count_words(o)};
        break;
    case OPTION_INTEGER:
        out->type = MEMBER_INTEGER;
        out->place.storage = STORED_INT64;
        out->place.bytes = sizeof(int64_t);
        out->has_range = true;
        out->minimum = (double)o->least;
        out->maximum = (double)o->most;
        break;
    }
    return true;
}
const shape SHAPE_REGISTER_QUERY = {BYTES_OF(dataset_add_options), .derive = derive_option};

static bool read_options(const request *q, dataset_add_options *out, fail *f)
{
    *out = (dataset_add_options){0};
    return request_read_query(q, out, f);
}

/* Packed files are at most so many times as long as what they are unpacked to: deflate's own
 * limit. */
enum { PACKED_TIMES = 1032 };

static bool is_packed(const message_file *file)
{
    unsigned char start[2] = {0};
    FILE *bytes = fopen(file->path, "rbe");
    size_t n = bytes ? fread(start, 1, sizeof start, bytes) : 0;
    if (bytes)
        fclose(bytes);
    return n == sizeof start &&
           ((start[0] == 0x1f && start[1] == 0x8b) || (start[0] == 'P' && start[1] == 'K'));
}

static bool begin(const request *q, const caller *by, fail *f)
{
    uint64_t n_bytes = 0;
    for (int i = 0; i < q->n_files; i++)
        n_bytes += q->files[i].bytes * (is_packed(&q->files[i]) ? PACKED_TIMES : 1);
    return caller_begin(by, CALLER_BYTES, n_bytes, f);
}

/* A set may take more room than the files that it was read from. */
static bool check_stored(app *a, const char *name, fail *f)
{
    fail none;
    if (jobs_check_upload(a->jobs, 0, f))
        return true;
    (void)!dataset_remove(name, a->data_dir, &none);
    return false;
}

/* *options is filled, *set open on true. */
static bool add(app *a, const request *q, dataset_add_options *options, dataset_summary *out,
                dataset **set, bool *is_new, fail *f)
{
    dataset_file files[DATASET_FILES_LIMIT];
    size_t n = (size_t)q->n_files;
    if (n == 0 || n > DATASET_FILES_LIMIT)
        return fail_set(f, FAIL_OUT_OF_RANGE, NULL,
                        "A data set is sent as the body, or as 1 to %d parts of form data.",
                        DATASET_FILES_LIMIT);
    int64_t n_bytes = 0;
    for (size_t i = 0; i < n; i++)
        n_bytes += (int64_t)q->files[i].bytes;
    if (!jobs_check_upload(a->jobs, n_bytes, f))
        return false;
    for (size_t i = 0; i < n; i++)
        files[i] = (dataset_file){
            .path = q->files[i].path,
            .name = *q->files[i].file_name ? q->files[i].file_name : q->name,
        };
    if (!read_options(q, options, f) || !begin(q, errand_caller(q->errand), f))
        return false;
    options->by = errand_caller(q->errand);
    if (!dataset_add(q->name, files, n, options, a->data_dir, out, set, is_new, f))
        return false;
    if (!*is_new || check_stored(a, q->name, f))
        return true;
    dataset_close(*set);
    return false;
}

void api_datasets_put(app *a, const request *q, response *r)
{
    dataset_add_options options;
    dataset_summary s;
    dataset_info info;
    dataset *set;
    bool is_new;
    fail f;
    if (!add(a, q, &options, &s, &set, &is_new, &f)) {
        response_fail(r, &f);
        return;
    }
    send_set(r, set, &s);
    dataset_close(set);
    jobs_describe_dataset(&s, &info);
    if (!options.is_dry && !store_put_dataset(a->store, &info, &f)) {
        response_fail(r, &f);
        return;
    }
    response_set(r, is_new ? 201 : 200, MESSAGE_JSON);
    if (is_new)
        response_add_header(r, "Location", "/api/v1/datasets/%s", q->name);
}

static bool check_unused(app *a, const char *name, fail *f)
{
    int64_t n_unfinished, n_all;
    if (dataset_find(name))
        return true; /* built in: refused for good, whoever uses it */
    if (!store_count_dataset_users(a->store, name, &n_unfinished, &n_all, f))
        return false;
    if (n_unfinished == 0)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "%" PRId64 " unfinished experiment%s \"%s\". Cancel or wait for %s first.",
                    n_unfinished, n_unfinished == 1 ? " uses" : "s use", name,
                    n_unfinished == 1 ? "it" : "them");
}

/* Files and row: either may be alone, after a crash in between or where the command line added the
 * set while the service ran. */
static bool delete_set(app *a, const char *name, fail *f)
{
    bool has_files = dataset_remove(name, a->data_dir, f);
    if (!has_files && f->code != FAIL_NOT_FOUND)
        return false;
    fail missing;
    if (store_delete_dataset(a->store, name, &missing))
        return true;
    if (missing.code == FAIL_NOT_FOUND)
        return has_files;
    *f = missing;
    return false;
}

void api_datasets_delete(app *a, const request *q, response *r)
{
    fail f;
    if (check_unused(a, q->name, &f) && delete_set(a, q->name, &f))
        response_set(r, 204, NULL);
    else
        send_fail(r, &f);
}

/* ---- preview ---- */

/* What the answer is made of; previewed_close() frees what is not borrowed. */
typedef struct previewed {
    double *inputs; /* and targets */
    size_t *counts;
    uint8_t *pixels;
    int32_t *labels;
    preview_pictures pictures;
    profile figures;
    preview_answer answer;
} previewed;

static void previewed_close(previewed *p)
{
    free(p->inputs);
    free(p->counts);
    free(p->pixels);
    free(p->labels);
    profile_close(&p->figures);
}

static bool read_rows(const dataset *set, size_t n_rows, previewed *p)
{
    const dataset_rows *stored = &set->parts[PART_TRAIN];
    size_t n = n_rows < stored->n ? n_rows : stored->n, n_inputs = n * set->d;
    p->inputs = calloc(n_inputs + n * set->k + 1, sizeof *p->inputs);
    if (!p->inputs)
        return false;
    for (size_t i = 0; i < n_inputs; i++) {
        double own = split_own_input(set, PART_TRAIN, i / set->d, i % set->d);
        p->inputs[i] = set->input_offsets ? own : (double)(float)own;
    }
    for (size_t i = 0; stored->targets && i < n * set->k; i++)
        p->inputs[n_inputs + i] = split_own_target(set, PART_TRAIN, i / set->k, i % set->k);
    p->answer.n_rows = n;
    p->answer.inputs = p->inputs;
    p->answer.labels = stored->labels;
    p->answer.targets = stored->targets ? p->inputs + n_inputs : NULL;
    return true;
}

static bool count_classes(const dataset *set, previewed *p)
{
    if (set->task != TASK_CLASSIFICATION)
        return true;
    p->answer.counts = p->counts = calloc(set->k * PART_COUNT, sizeof *p->counts);
    for (int part = 0; p->counts && part < PART_COUNT; part++)
        dataset_count_classes(set, (dataset_part)part, p->counts + (size_t)part * set->k);
    return p->counts;
}

/* As many of the pictures wanted as a preview has room for. */
static bool read_pictures(const dataset *set, size_t n_images, previewed *p)
{
    size_t channels = dataset_preview_channels(set);
    size_t n_values = set->height * set->width * channels;
    if (n_values == 0)
        return true;
    if (n_images > PREVIEW_PIXELS_LIMIT / n_values)
        n_images = PREVIEW_PIXELS_LIMIT / n_values;
    p->pixels = calloc(n_images * n_values + 1, 1);
    p->labels = calloc(n_images + 1, sizeof *p->labels);
    if (!p->pixels || !p->labels)
        return false;
    size_t n = dataset_preview_images(set, n_images, p->pixels, p->labels);
    p->pictures = (preview_pictures){set,        n,        n_values,  set->height,
                                     set->width, channels, p->pixels, p->labels};
    p->answer.pictures = &p->pictures;
    return true;
}

static bool write_preview(buffer *b, const dataset *set, size_t n_rows, size_t n_images, fail *f)
{
    previewed p = {
        .answer = {.set = set, .n_samples = set->parts[PART_TRAIN].n, .d = set->d, .k = set->k}};
    bool is_read =
        read_rows(set, n_rows, &p) && count_classes(set, &p) && read_pictures(set, n_images, &p);
    if (!is_read)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the preview.");
    is_read = is_read && profile_open(set, &p.figures, f);
    p.answer.figures = &p.figures;
    if (is_read)
        shape_add(b, &SHAPE_PREVIEW, &p.answer);
    previewed_close(&p);
    return is_read;
}

typedef struct preview_query {
    int64_t n_rows, n_images;
    dataset_options options; /* 0, NaN: the generator's own */
} preview_query;

static const member PREVIEW_ROWS[] = {
    {"rows", MEMBER_INTEGER, "How many rows.", MEMBER_OPTIONAL, AT(preview_query, n_rows),
     RANGE(1, 500), OTHERWISE(10)},
    {"images", MEMBER_INTEGER, "How many pictures.", MEMBER_OPTIONAL, AT(preview_query, n_images),
     RANGE(0, 400), OTHERWISE(100)},
    {"n", MEMBER_INTEGER, "Option of the set: how many samples.", MEMBER_OPTIONAL,
     AT(preview_query, options.n), RANGE(1, PREVIEW_SAMPLES_LIMIT)},
    {"noise", MEMBER_NUMBER, "Option of the set.", MEMBER_OPTIONAL,
     AT(preview_query, options.noise), RANGE(0, 1e6)},
    {"classes", MEMBER_INTEGER, "Option of the set.", MEMBER_OPTIONAL,
     AT(preview_query, options.classes), RANGE(1, 1e6)},
    {"dimensions", MEMBER_INTEGER, "Option of the set: inputs.", MEMBER_OPTIONAL,
     AT(preview_query, options.dimensions), RANGE(1, PREVIEW_DIMENSIONS_LIMIT)},
};
const shape SHAPE_PREVIEW_QUERY = {BYTES_OF(preview_query), MEMBERS(PREVIEW_ROWS)};

/* What of a set to generate: a preview is generated while somebody waits. */
static bool read_preview_query(const request *q, preview_query *out, fail *f)
{
    *out = (preview_query){.options.noise = NAN};
    if (!request_read_query(q, out, f))
        return false;
    const dataset_options *o = &out->options;
    return o->n * o->dimensions <= PREVIEW_VALUES_LIMIT ||
           fail_set(f, FAIL_INCOMPATIBLE, "/query/n",
                    "%lld samples of %lld inputs are more than a preview makes (%d numbers).",
                    (long long)o->n, (long long)o->dimensions, PREVIEW_VALUES_LIMIT);
}

/* The faults of options name a place in a specification; here they came in the query. */
static void point_at_query(fail *f)
{
    static const char BEFORE[] = "/dataset/";
    size_t n = sizeof BEFORE - 1;
    char name[sizeof f->field];
    if (strncmp(f->field, BEFORE, n) != 0)
        return;
    snprintf(name, sizeof name, "%s", f->field + n);
    snprintf(f->field, sizeof f->field, "/query/%.40s", name);
}

void api_datasets_preview(app *a, const request *q, response *r)
{
    preview_query wanted;
    dataset *set;
    fail f;
    if (!read_preview_query(q, &wanted, &f) ||
        !open_named(a, errand_caller(q->errand), q->name, &wanted.options, &set, &f)) {
        point_at_query(&f);
        send_fail(r, &f);
        return;
    }
    if (write_preview(&r->body, set, (size_t)wanted.n_rows, (size_t)wanted.n_images, &f))
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
    dataset_close(set);
}
