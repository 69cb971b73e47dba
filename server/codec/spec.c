/* The whole specification of an experiment: fields by FIELDS[], the experiment group by a table of
 * readers. */
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef bool member_reader(const field *row, const cJSON *root, const cJSON *value,
                           experiment_spec *out, fail_list *faults);

static bool read_text(const field *row, const cJSON *root, const cJSON *value, experiment_spec *out,
                      fail_list *faults)
{
    (void)value;
    bool is_name = strcmp(row->name, "name") == 0;
    return codec_json_read_text(root, "", row->name, (size_t)row->maximum, !is_name,
                                is_name ? &out->name : &out->description, faults);
}

static bool read_tags(const field *row, const cJSON *root, const cJSON *value, experiment_spec *out,
                      fail_list *faults)
{
    (void)row, (void)value;
    return codec_json_read_tags(root, &out->tags, faults);
}

static bool read_priority(const field *row, const cJSON *root, const cJSON *value,
                          experiment_spec *out, fail_list *faults)
{
    (void)value;
    return codec_json_read_integer(root, "", row->name, (int64_t)row->minimum,
                                   (int64_t)row->maximum, &out->priority, faults);
}

static bool read_sweep(const field *row, const cJSON *root, const cJSON *value,
                       experiment_spec *out, fail_list *faults)
{
    (void)row, (void)root;
    return codec_sweep_read(value, out, faults);
}

static bool read_repeats(const field *row, const cJSON *root, const cJSON *value,
                         experiment_spec *out, fail_list *faults)
{
    (void)row, (void)root;
    return codec_repeats_read(value, out, faults);
}

static bool read_repeat_varies(const field *row, const cJSON *root, const cJSON *value,
                               experiment_spec *out, fail_list *faults)
{
    (void)root;
    int n = cJSON_GetArraySize(value), i = 0;
    if (!cJSON_IsArray(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/repeat_varies",
                             "repeat_varies must be an array of texts, not %s",
                             codec_json_type(value));
    if (n < 1 || n > 2)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/repeat_varies",
                             "repeat_varies must name seed, data_seed or both");
    bool varies[2] = {false, false}, ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add_index("/repeat_varies", i++, at);
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
    out->repeat_varies_seed = varies[0];
    out->repeat_varies_data_seed = varies[1];
    return ok;
}

static bool read_sweep_method(const field *row, const cJSON *root, const cJSON *value,
                              experiment_spec *out, fail_list *faults)
{
    (void)root;
    if (!cJSON_IsString(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/sweep_method",
                             "sweep_method must be a text, not %s", codec_json_type(value));
    int index = field_enum_index(row, value->valuestring);
    if (index < 0)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/sweep_method",
                             "sweep_method must be one of grid, random, not \"%.60s\"",
                             value->valuestring);
    out->random_search = index == 1;
    return true;
}

static bool read_trials(const field *row, const cJSON *root, const cJSON *value,
                        experiment_spec *out, fail_list *faults)
{
    (void)value;
    return codec_json_read_integer(root, "", row->name, (int64_t)row->minimum,
                                   (int64_t)row->maximum, &out->trials, faults);
}

static const field *value_field(const char *name, const char *pointer, fail_list *faults)
{
    const field *row = field_find(name);
    if (row && row->group != FIELD_GROUP_EXPERIMENT)
        return row;
    const char *nearest = field_nearest_name(name);
    if (row)
        fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                      "%s belongs to the experiment, not to a config", name);
    else
        fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer, "unknown field \"%.80s\"%s%s%s", name,
                      nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                      nearest ? "\"?" : "");
    return NULL;
}

static bool read_baseline(const field *row, const cJSON *root, const cJSON *value,
                          experiment_spec *out, fail_list *faults)
{
    (void)row, (void)root;
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/baseline",
                             "baseline must be an object of field values, not %s",
                             codec_json_type(value));
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add("/baseline", member->string, at);
        const field *named = value_field(member->string, at, faults);
        ok = named && codec_field_read(named, member, at, &out->baseline, faults) && ok;
    }
    out->has_baseline = true;
    return ok;
}

static const struct {
    const char *name;
    member_reader *read;
} EXPERIMENT_READERS[] = {
    {"name", read_text},
    {"description", read_text},
    {"tags", read_tags},
    {"priority", read_priority},
    {"sweep", read_sweep},
    {"repeat_varies", read_repeat_varies},
    {"sweep_method", read_sweep_method},
    {"trials", read_trials},
    {"repeats", read_repeats},
    {"baseline", read_baseline},
};

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

static bool read_member(const cJSON *root, const cJSON *member, experiment_spec *out,
                        fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add("", member->string, at);
    const field *row = field_find(member->string);
    if (!row || strchr(row->name, '.'))
        return unknown_field(member->string, at, faults);
    if (row->group != FIELD_GROUP_EXPERIMENT)
        return codec_field_read(row, member, at, &out->base, faults) || unset(row, &out->base);
    for (size_t i = 0; i < sizeof EXPERIMENT_READERS / sizeof *EXPERIMENT_READERS; i++)
        if (strcmp(EXPERIMENT_READERS[i].name, row->name) == 0)
            return EXPERIMENT_READERS[i].read(row, root, member, out, faults);
    return unknown_field(member->string, at, faults);
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
            ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                               "a range in a grid needs \"count\", the number of values");
        if (e->repeat_varies_data_seed && strcmp(e->axes[i].row->name, "data_seed") == 0)
            ok = fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                               "data_seed is varied by the repeats (repeat_varies) already");
    }
    return ok;
}

static void init(experiment_spec *e)
{
    *e = (experiment_spec){
        .trials = SWEEP_TRIALS_DEFAULT, .n_repeats = 1, .repeat_varies_seed = true};
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
    const cJSON *member;
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    experiment_spec *e = malloc(sizeof *e);
    if (!e) {
        cJSON_Delete(root);
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "", "no memory for the specification");
    }
    init(e);
    bool ok = true;
    cJSON_ArrayForEach(member, root)
    {
        ok = read_member(root, member, e, faults) && ok;
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
