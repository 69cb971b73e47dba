/* The whole specification of an experiment: fields by FIELDS[], the experiment group by a table of
 * readers. */
#include "server/codec/internal.h"
#include "server/codec/resource.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool read_repeat_varies(const member *m, const cJSON *value, const char *pointer,
                               void *object, fail_list *faults)
{
    experiment_spec *out = object;
    const field *row = field_find(m->name);
    int n = cJSON_GetArraySize(value), i = 0;
    if (!cJSON_IsArray(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "repeat_varies must be an array of texts, not %s",
                             codec_json_type(value));
    if (n < 1 || n > 2)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "repeat_varies must name seed, data_seed or both");
    bool varies[2] = {false, false}, ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add_index(pointer, i++, at);
        int index = cJSON_IsString(item) ? field_enum_index(row, item->valuestring) : -1;
        if (index < 0)
            ok = fail_list_add(faults, cJSON_IsString(item) ? FAIL_OUT_OF_RANGE : FAIL_WRONG_TYPE,
                               at, "each of repeat_varies must be \"seed\" or \"data_seed\"");
        else if (varies[index])
            ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "%s is there twice",
                               row->values[index]);
        else
            varies[index] = true;
    }
    out->is_repeat_varies_given = out->is_repeat_varies_known = true;
    out->repeat_varies_seed = varies[0];
    out->repeat_varies_data_seed = varies[1];
    return ok;
}

static bool read_baseline(const member *m, const cJSON *value, const char *pointer, void *object,
                          fail_list *faults)
{
    experiment_spec *out = object;
    (void)m;
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "baseline must be an object of field values, not %s",
                             codec_json_type(value));
    bool ok = true;
    const cJSON *given;
    cJSON_ArrayForEach(given, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add(pointer, given->string, at);
        const field *named = codec_value_field(given->string, at, faults);
        ok = named && codec_field_read(named, given, at, &out->baseline, faults) && ok;
    }
    out->has_baseline = true;
    return ok;
}

/* The experiment group of FIELDS[]. */
static const member EXPERIMENT_ROWS[] = {
    {"name", MEMBER_TEXT, .flags = MEMBER_OPTIONAL, AT(experiment_spec, name), .field = "name"},
    {"description", MEMBER_TEXT, .flags = MEMBER_OPTIONAL | MEMBER_MULTILINE,
     AT(experiment_spec, description), .field = "description"},
    TAGS_ROW(experiment_spec, tags, MEMBER_OPTIONAL),
    {"priority", MEMBER_INTEGER, .flags = MEMBER_OPTIONAL, AT(experiment_spec, priority),
     OTHERWISE(0), .field = "priority"},
    {"sweep", MEMBER_ANY, .flags = MEMBER_OPTIONAL, .field = "sweep", .read = codec_sweep_read,
     .describe = codec_sweep_describe},
    {"variants", MEMBER_OBJECT, .flags = MEMBER_OPTIONAL, .depth = 1, .least = 1,
     .most = SWEEP_VARIANTS_LIMIT, .of = &SHAPE_VARIANT, .field = "variants",
     .read = codec_variants_read},
    {"question", MEMBER_OBJECT, .flags = MEMBER_OPTIONAL, AT(experiment_spec, question),
     .of = &SHAPE_QUESTION, .field = "question"},
    {"repeat_varies", MEMBER_NAME, .flags = MEMBER_OPTIONAL | MEMBER_UNIQUE, .depth = 1, .least = 1,
     .most = 2, .field = "repeat_varies", .read = read_repeat_varies},
    {"sweep_method", MEMBER_NAME, .flags = MEMBER_OPTIONAL, AT(experiment_spec, random_search),
     OTHERWISE(0), .field = "sweep_method"},
    {"trials", MEMBER_INTEGER, .flags = MEMBER_OPTIONAL, AT(experiment_spec, trials),
     OTHERWISE(SWEEP_TRIALS_DEFAULT), .field = "trials"},
    {"repeats", MEMBER_ANY, .flags = MEMBER_OPTIONAL, .field = "repeats",
     .read = codec_repeats_read, .describe = codec_repeats_describe},
    {"baseline", MEMBER_OBJECT, .flags = MEMBER_OPTIONAL, .of = &SHAPE_BASELINE,
     .field = "baseline", .read = read_baseline},
};

static const member *find_row(const field *row)
{
    for (size_t i = 0; i < sizeof EXPERIMENT_ROWS / sizeof *EXPERIMENT_ROWS; i++)
        if (strcmp(EXPERIMENT_ROWS[i].name, row->name) == 0)
            return &EXPERIMENT_ROWS[i];
    return NULL;
}

static bool derive(int i, member *out)
{
    int place = 0;
    for (int n = 0; place < FIELD_COUNT; place++)
        if (!strchr(FIELDS[place].name, '.') && n++ == i)
            break;
    if (place == FIELD_COUNT)
        return false;
    const member *row = find_row(&FIELDS[place]);
    if (row)
        *out = *row;
    else
        codec_field_member(place, out);
    return true;
}

const shape SHAPE_SPECIFICATION = {.name = "Specification",
                                   .help = "What an experiment trains. {} is valid.",
                                   BYTES_OF(experiment_spec),
                                   .derive = derive};

static bool unknown_field(const char *name, const char *pointer, fail_list *faults)
{
    const char *nearest = field_nearest_name(name);
    for (int i = 0; !nearest && i < FIELD_COUNT; i++) {
        const char *dot = strchr(FIELDS[i].name, '.');
        if (dot && strcmp(dot + 1, name) == 0)
            nearest = FIELDS[i].name;
    }
    const char *dot = nearest ? strchr(nearest, '.') : NULL;
    if (dot)
        return fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer,
                             "unknown field \"%.80s\"; did you mean {\"%.*s\": {\"%s\": ...}}?",
                             name, (int)(dot - nearest), nearest, dot + 1);
    if (nearest)
        return fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer,
                             "unknown field \"%.80s\"; did you mean \"%s\"?", name, nearest);
    return fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer,
                         "unknown field \"%.80s\"; `regulab fields` lists them all", name);
}

/* A field with a fault is at its default, with all its members. */
static bool unset(const field *row, train_spec *out)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (&FIELDS[i] != row && codec_field_parent(&FIELDS[i]) != row)
            continue;
        if (codec_field_has_place(&FIELDS[i]))
            field_set_default(&FIELDS[i], out);
        out->is_set[i] = 0;
    }
    return false;
}

static bool read_field(const cJSON *given, experiment_spec *out, fail_list *faults)
{
    member scratch;
    char at[JSON_POINTER_BYTES];
    json_pointer_add("", given->string, at);
    const field *row = field_find(given->string);
    if (!row || strchr(row->name, '.'))
        return unknown_field(given->string, at, faults);
    if (row->group != FIELD_GROUP_EXPERIMENT)
        return codec_field_read(row, given, at, &out->base, faults) || unset(row, &out->base);
    return member_read(member_resolve(find_row(row), &scratch), given, at, out, faults);
}

/* What concerns several members of the experiment group. */
static bool check_experiment(const experiment_spec *e, bool has_sweep, fail_list *faults)
{
    bool ok = true;
    if (e->random_search && e->n_axes == 0 && !(has_sweep && faults->n_found > 0))
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/sweep_method",
                           "a random search needs a sweep to draw from");
    if (!e->random_search && e->trials != SWEEP_TRIALS_DEFAULT)
        ok = fail_list_add(
            faults, FAIL_INCOMPATIBLE, "/trials",
            "trials is the number of configs of a random search; set sweep_method to random");
    for (int i = 0; i < e->n_axes; i++) {
        char at[JSON_POINTER_BYTES];
        json_pointer_add("/sweep", e->axes[i].row->name, at);
        if (e->axes[i].is_range && !e->axes[i].count && !e->random_search)
            ok = fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                               "a range in a grid needs \"count\", the number of values");
        if (e->repeat_varies_data_seed && strcmp(e->axes[i].row->name, "data_seed") == 0)
            ok = fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                               "data_seed is varied by the repeats (repeat_varies) already");
    }
    return codec_check_question(e, faults) && ok;
}

static void init(experiment_spec *e)
{
    *e = (experiment_spec){
        .trials = SWEEP_TRIALS_DEFAULT, .n_repeats = 1, .repeat_varies_seed = true};
    question_init(&e->question);
    spec_init(&e->base);
    spec_init(&e->baseline);
}

static bool fill_texts(experiment_spec *e)
{
    if (!e->name)
        e->name = strdup("");
    if (!e->description)
        e->description = strdup("");
    if (!e->tags)
        e->tags = strdup("[]");
    return e->name && e->description && e->tags;
}

/* Reads what can be read; *out is to be closed also when there are faults. False without one: it is
 * no object, or there is no memory. */
static bool read_spec(const char *text, size_t n, experiment_spec **out, bool *has_faults,
                      fail_list *faults)
{
    cJSON *root = NULL;
    const cJSON *given;
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    experiment_spec *e = malloc(sizeof *e);
    if (!e) {
        cJSON_Delete(root);
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "", "no memory for the specification");
    }
    init(e);
    bool ok = true;
    cJSON_ArrayForEach(given, root)
    {
        ok = read_field(given, e, faults) && ok;
    }
    ok = check_experiment(e, cJSON_GetObjectItemCaseSensitive(root, "sweep") != NULL, faults) && ok;
    if (!fill_texts(e))
        ok = fail_list_add(faults, FAIL_OUT_OF_MEMORY, "", "no memory for the specification");
    cJSON_Delete(root);
    *has_faults = !ok;
    *out = e;
    return true;
}

bool codec_read_experiment_spec(const char *text, size_t n, experiment_spec *out, fail_list *faults)
{
    experiment_spec *e;
    bool has_faults;
    if (!read_spec(text, n, &e, &has_faults, faults))
        return false;
    if (has_faults)
        experiment_spec_close(e);
    else
        *out = *e;
    free(e);
    return !has_faults;
}

bool codec_salvage_experiment_spec(const char *text, size_t n, experiment_spec *out)
{
    experiment_spec *e;
    bool has_faults;
    fail_list known = {.n = 0};
    if (!read_spec(text, n, &e, &has_faults, &known))
        return false;
    *out = *e;
    free(e);
    return true;
}
