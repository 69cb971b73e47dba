/* "variants" and "question" of a specification. */
#include "server/codec/comparison.h"
#include "server/codec/internal.h"
#include "server/study/measure.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_CHARACTERS_LIMIT = 80, LABEL_BYTES_LIMIT = 4096 };

/* ---- variants ---- */

static const member LABEL = {"label",
                             MEMBER_TEXT,
                             "What the variant is called; its fields if not given.",
                             MEMBER_OPTIONAL,
                             AT(sweep_variant, label),
                             RANGE(1, LABEL_CHARACTERS_LIMIT)};

static bool derive_variant(int i, member *out)
{
    if (i > 0)
        return SHAPE_BASELINE.derive(i - 1, out);
    *out = LABEL;
    return true;
}

const shape SHAPE_VARIANT = {.name = "Variant",
                             .bytes = sizeof(sweep_variant),
                             .help = "Field values that belong together, and what they are called.",
                             .derive = derive_variant};

static bool is_of(const field *inner, const field *object)
{
    return codec_field_parent(inner) == object;
}

static void add_name(buffer *b, const char *name)
{
    for (; *name; name++)
        buffer_add_format(b, "%c", *name == '_' || *name == '.' ? ' ' : *name);
}

/* "dropout 0.5, l2 0.1" */
static char *write_label(const train_spec *said)
{
    buffer b;
    buffer_init(&b, LABEL_BYTES_LIMIT);
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *parent = codec_field_parent(&FIELDS[i]);
        buffer value;
        if (!said->is_set[i] || (parent && said->is_set[parent - FIELDS]))
            continue;
        buffer_init(&value, LABEL_BYTES_LIMIT);
        codec_field_add(&value, &FIELDS[i], said);
        buffer_add_text(&b, b.n ? ", " : "");
        add_name(&b, FIELDS[i].name);
        buffer_add_text(&b, " ");
        codec_add_plain(&b, value.failed ? "null" : value.data);
        buffer_close(&value);
    }
    buffer_add_text(&b, b.n ? "" : CODEC_PLAIN_VARIANT);
    char *text = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return text;
}

static bool read_variant_field(const cJSON *given, const char *pointer, sweep_variant *out,
                               fail_list *faults)
{
    member scratch;
    if (strcmp(given->string, LABEL.name) == 0)
        return member_read(member_resolve(&LABEL, &scratch), given, pointer, out, faults);
    const field *row = codec_value_field(given->string, pointer, faults);
    if (row && !sweep_is_sweepable(row))
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                             "%s is not varied: \"repeats\" trains every config with the same "
                             "seeds, so that they pair up",
                             row->name);
    return row && codec_field_read(row, given, pointer, &out->spec, faults);
}

bool codec_variant_read(const cJSON *value, const char *pointer, sweep_variant *out,
                        fail_list *faults)
{
    bool ok = true;
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "a variant must be an object of field values, not %s",
                             codec_json_type(value));
    for (const cJSON *given = value->child; given; given = given->next) {
        char at[JSON_POINTER_BYTES];
        json_pointer_add(pointer, given->string, at);
        ok = read_variant_field(given, at, out, faults) && ok;
    }
    return ok;
}

static bool read_labelled(const cJSON *value, const char *pointer, sweep_variant *out,
                          fail_list *faults)
{
    bool ok = codec_variant_read(value, pointer, out, faults);
    if (ok && !out->label)
        out->label = write_label(&out->spec);
    return ok && (out->label || fail_list_add(faults, FAIL_OUT_OF_MEMORY, pointer, "no memory"));
}

static bool check_label(const experiment_spec *e, int v, const char *pointer, fail_list *faults)
{
    for (int w = 0; w < v && e->variants[v].label; w++)
        if (e->variants[w].label && strcmp(e->variants[w].label, e->variants[v].label) == 0)
            return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                                 "variants %d and %d (from 0 on) have one label, \"%.80s\"", w, v,
                                 e->variants[v].label);
    return true;
}

bool codec_variants_read(const member *m, const cJSON *value, const char *pointer, void *object,
                         fail_list *faults)
{
    experiment_spec *out = object;
    int n = cJSON_GetArraySize(value);
    if (!cJSON_IsArray(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "%s must be an array, not %s",
                             m->name, codec_json_type(value));
    if (n < 1 || n > SWEEP_VARIANTS_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "%d variants; there can be 1 to %d", n, SWEEP_VARIANTS_LIMIT);
    out->variants = calloc((size_t)n, sizeof *out->variants);
    if (!out->variants)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, pointer, "no memory for %d variants", n);
    bool ok = true;
    for (const cJSON *item = value->child; item; item = item->next) {
        char at[JSON_POINTER_BYTES];
        int v = out->n_variants++;
        json_pointer_add_index(pointer, v, at);
        spec_init(&out->variants[v].spec);
        ok = read_labelled(item, at, &out->variants[v], faults) &&
             check_label(out, v, at, faults) && ok;
    }
    return ok;
}

/* ---- question ---- */

static const char *role_field(int i)
{
    int place = 0;
    for (; place < FIELD_COUNT; place++)
        if (FIELDS[place].group != FIELD_GROUP_EXPERIMENT && i-- == 0)
            break;
    return place < FIELD_COUNT ? FIELDS[place].name : NULL;
}

static question_role role_of(const char *name)
{
    int role = 0;
    while (strcmp(QUESTION_ROLE_NAMES[role], name) != 0)
        role++;
    return (question_role)role;
}

static bool read_role_field(const cJSON *item, const char *pointer, question_role role,
                            question *out, fail_list *faults)
{
    if (!cJSON_IsString(item))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "a field's name is wanted, not %s",
                             codec_json_type(item));
    const field *row = codec_value_field(item->valuestring, pointer, faults);
    if (row && out->role_plus_one[row - FIELDS])
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer, "%s has a role already: %s",
                             row->name, QUESTION_ROLE_NAMES[out->role_plus_one[row - FIELDS] - 1]);
    if (row)
        out->role_plus_one[row - FIELDS] = (uint8_t)(role + 1);
    out->names_treatment = out->names_treatment || (row && role == QUESTION_TREATMENT);
    return row != NULL;
}

static bool read_role(const member *m, const cJSON *value, const char *pointer, void *object,
                      fail_list *faults)
{
    bool ok = true;
    int i = 0;
    if (!cJSON_IsArray(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s must be an array of field names, not %s", m->name,
                             codec_json_type(value));
    for (const cJSON *item = value->child; item; item = item->next) {
        char at[JSON_POINTER_BYTES];
        json_pointer_add_index(pointer, i++, at);
        ok = read_role_field(item, at, role_of(m->name), object, faults) && ok;
    }
    return ok;
}

static bool read_metric(const member *m, const cJSON *value, const char *pointer, void *object,
                        fail_list *faults)
{
    question *out = object;
    fail f;
    if (!cJSON_IsString(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "%s must be a text, not %s", m->name,
                             codec_json_type(value));
    if (strcmp(value->valuestring, MEASURE_EPOCHS_TO_NAME) == 0)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "epochs_to wants a curve and a target: ask a comparison for it");
    if (!measure_check_name(value->valuestring, pointer, &f))
        return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    snprintf(out->metric, sizeof out->metric, "%s", value->valuestring);
    return true;
}

#define ROLE_ROW(name, help)                                                                       \
    {                                                                                              \
        name, MEMBER_NAME, help, MEMBER_OPTIONAL | MEMBER_UNIQUE,                                  \
            .depth = 1, .name_at = role_field, .read = read_role                                   \
    }

static const member QUESTION_ROWS[] = {
    ROLE_ROW("treatment", "Fields that are asked about."),
    ROLE_ROW("tune", "Fields that each arm may choose for itself, by validation."),
    ROLE_ROW("context", "Fields within whose values the question is asked."),
    {"metric", MEMBER_TEXT,
     "The metric that answers: val_loss, or test_loss where anything is tuned or early stopping is "
     "a treatment.",
     MEMBER_OPTIONAL, AT(question, metric), .read = read_metric, .describe = codec_describe_metric},
    {"smallest_effect", MEMBER_NUMBER, "The least difference that matters, in the metric's unit.",
     MEMBER_OPTIONAL | MEMBER_EXCLUSIVE, AT(question, smallest_effect), FROM(0)},
};
const shape SHAPE_QUESTION = {
    .name = "Question",
    .help = "What an experiment is to answer: the role of each field that it varies, the metric "
            "and the least difference that matters.",
    BYTES_OF(question),
    MEMBERS(QUESTION_ROWS)};

/* ---- what concerns both, and the sweep ---- */

static bool is_swept(const experiment_spec *e, const field *row)
{
    for (int a = 0; a < e->n_axes; a++)
        if (e->axes[a].row == row || is_of(e->axes[a].row, row) || is_of(row, e->axes[a].row))
            return true;
    return false;
}

static bool check_variant(const experiment_spec *e, int v, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    const train_spec *said = &e->variants[v].spec;
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *parent = codec_field_parent(&FIELDS[i]);
        if (!said->is_set[i] || (parent && said->is_set[parent - FIELDS]))
            continue;
        snprintf(at, sizeof at, "/variants/%d/%s", v, FIELDS[i].name);
        if (is_swept(e, &FIELDS[i]))
            return fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                                 "%s is swept: a variant must not say it as well", FIELDS[i].name);
        if (e->repeat_varies_data_seed && strcmp(FIELDS[i].name, "data_seed") == 0)
            return fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                                 "data_seed is varied by the repeats (repeat_varies) already");
    }
    return true;
}

static bool is_varied(const experiment_spec *e, const field *row)
{
    bool is_said = is_swept(e, row);
    for (int v = 0; v < e->n_variants && !is_said; v++)
        for (int i = 0; i < FIELD_COUNT && !is_said; i++)
            is_said = e->variants[v].spec.is_set[i] &&
                      (&FIELDS[i] == row || is_of(&FIELDS[i], row) || is_of(row, &FIELDS[i]));
    return is_said;
}

bool codec_check_question(const experiment_spec *e, fail_list *faults)
{
    bool ok = true;
    for (int v = 0; v < e->n_variants; v++)
        ok = check_variant(e, v, faults) && ok;
    for (int i = 0; i < FIELD_COUNT; i++) {
        char at[JSON_POINTER_BYTES];
        int role = e->question.role_plus_one[i] - 1;
        if (role < 0 || is_varied(e, &FIELDS[i]))
            continue;
        snprintf(at, sizeof at, "/question/%s", QUESTION_ROLE_NAMES[role]);
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                           "%s has a role but one value: no sweep and no variant varies it",
                           FIELDS[i].name);
    }
    return ok;
}
