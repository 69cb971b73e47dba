#include "server/plan/inquiry.h"

#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/text/member.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL_BYTES_LIMIT = 65536, TEXTS_PER_LEVEL = 2 };

/* ---- what varies ---- */

static bool is_seed(const field *row)
{
    return strcmp(row->name, "seed") == 0 || strcmp(row->name, "data_seed") == 0;
}

static bool is_field_of(const field *row, const json_member *m)
{
    return strncmp(row->name, m->name, m->name_bytes) == 0 && row->name[m->name_bytes] == '\0';
}

/* The fields that the values of some config name, among those without another origin. */
static void find_named(const inquiry_source *source, caller_pace *pace, inquiry_question *out)
{
    enum { MEMBER_STEPS = 64 };
    for (size_t c = 0; c < source->n_configs; c++) {
        const char *values = source->configs[c].values;
        size_t at = 0, n = values ? strlen(values) : 0;
        for (json_member m; json_member_next(values, n, &at, &m);) {
            int i = 0;
            while (i < FIELD_COUNT && !is_field_of(&FIELDS[i], &m))
                i++;
            if (!caller_goes_on(pace, MEMBER_STEPS))
                return;
            if (i < FIELD_COUNT && out->origin[i] == QUESTION_FIXED)
                out->origin[i] = QUESTION_SWEPT;
        }
    }
}

static bool differs(const inquiry_source *source, caller_pace *pace, const field *row)
{
    if (!field_has_place(row) || is_seed(row) || strchr(row->name, '.'))
        return false;
    for (size_t c = 1; c < source->n_configs && caller_goes_on(pace, 1); c++)
        if (!sweep_same_value(row, source->configs[0].spec, source->configs[c].spec))
            return true;
    return false;
}

void inquiry_ask(const inquiry_source *source, inquiry_question *out)
{
    *out = (inquiry_question){.primary = NULL};
    caller_pace pace = {.by = source->by};
    for (int i = 0; i < FIELD_COUNT; i++)
        out->origin[i] = (uint8_t)sweep_origin(source->spec, i);
    find_named(source, &pace, out);
    for (int i = 0; source->is_of_several && i < FIELD_COUNT; i++)
        if (out->origin[i] == QUESTION_FIXED && differs(source, &pace, &FIELDS[i]))
            out->origin[i] = QUESTION_SWEPT;
    question_assign(&source->spec->question, out->origin, out->roles);
    out->primary = question_metric(&source->spec->question, out->origin, out->roles);
}

static void list_factors(const inquiry_question *q, inquiry *x)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (q->origin[i] == QUESTION_FIXED)
            continue;
        x->fields[x->n_factors] = (uint8_t)i;
        x->factors[x->n_factors++] =
            (study_factor){.name = FIELDS[i].name,
                           .role = q->roles[i],
                           .is_regularizer = FIELDS[i].is_regularizer,
                           .is_of_variants = q->origin[i] == QUESTION_BY_VARIANT};
    }
}

/* ---- levels ---- */

/* Keeps the text of the buffer; NULL without memory. */
static const char *keep(inquiry *x, buffer *b)
{
    char *text = b->failed ? NULL : buffer_take(b, NULL);
    buffer_close(b);
    if (text)
        x->texts[x->n_texts++] = text;
    return text;
}

static const char *write_text(inquiry *x, const field *row, const train_spec *spec)
{
    buffer b;
    buffer_init(&b, LEVEL_BYTES_LIMIT);
    codec_add_value(&b, row, spec);
    return keep(x, &b);
}

static const char *write_plain(inquiry *x, const char *text)
{
    buffer b;
    buffer_init(&b, LEVEL_BYTES_LIMIT);
    codec_add_plain(&b, text);
    return keep(x, &b);
}

static double number_of(const field *row, const train_spec *spec)
{
    if (!field_has_place(row) || !field_applies(row, spec))
        return NAN;
    const void *value = field_value_const(row, spec);
    if (row->type == FIELD_INTEGER)
        return (double)*(const int64_t *)value;
    bool is_one = row->type == FIELD_NUMBER ||
                  (row->type == FIELD_RATES &&
                   *(const int *)(const void *)((const char *)spec + row->count_offset) == 0);
    return is_one ? *(const double *)value : NAN;
}

static bool is_of(const field *inner, const field *object)
{
    size_t n = strlen(object->name);
    return object->type == FIELD_OBJECT && strncmp(inner->name, object->name, n) == 0 &&
           inner->name[n] == '.';
}

/* Would the config be the same with the field left out? */
static bool is_default(const field *row, const train_spec *spec)
{
    train_spec without = *spec;
    fail_list ignored;
    ignored.n = ignored.n_found = 0;
    for (int i = 0; i < FIELD_COUNT; i++)
        if ((&FIELDS[i] == row || is_of(&FIELDS[i], row)) && field_has_place(&FIELDS[i])) {
            field_set_default(&FIELDS[i], &without);
            without.is_set[i] = 0;
        }
    return spec_resolve(&without, &ignored) && sweep_same_value(row, spec, &without);
}

/* Does the baseline name the field, the object that it is of, or a member of it? */
static bool is_of_baseline(const experiment_spec *e, const field *row)
{
    for (int i = 0; e->has_baseline && i < FIELD_COUNT; i++)
        if (e->baseline.is_set[i] &&
            (&FIELDS[i] == row || is_of(&FIELDS[i], row) || is_of(row, &FIELDS[i])))
            return true;
    return false;
}

/* The config with what the baseline asks for; false where that makes no config. */
static bool apply_baseline(const experiment_spec *e, const train_spec *spec, train_spec *out)
{
    fail_list ignored;
    ignored.n = ignored.n_found = 0;
    *out = *spec;
    sweep_apply_all(&e->baseline, out);
    return spec_resolve(out, &ignored);
}

static bool fill_levels(const experiment_spec *e, const train_spec *spec, inquiry *x,
                        study_level *levels)
{
    train_spec wanted;
    bool is_asked = e->has_baseline && apply_baseline(e, spec, &wanted);
    for (int i = 0; i < x->n_factors; i++) {
        const field *row = &FIELDS[x->fields[i]];
        const char *text = write_text(x, row, spec);
        const char *plain = text ? write_plain(x, text) : NULL;
        if (!plain)
            return false;
        levels[i] = (study_level){.text = text,
                                  .plain = plain,
                                  .number = number_of(row, spec),
                                  .is_default = is_default(row, spec)};
        levels[i].is_baseline = is_of_baseline(e, row)
                                    ? is_asked && sweep_same_value(row, spec, &wanted)
                                    : levels[i].is_default;
    }
    return true;
}

/* ---- configs ---- */

static void fill_estimand(const inquiry_source *source, const estimand_facts *facts,
                          const study_options *o, study_config *out)
{
    const char *name = o->of ? o->of : o->metric;
    estimand_data data = {.varies_data_seed = source->varies_data_seed};
    out->trivial = NAN;
    if (facts) {
        data = facts->data;
        data.varies_data_seed = source->varies_data_seed;
        out->trivial = o->of ? NAN : estimand_trivial_of(facts, name);
    }
    out->about = estimand_about_of(&data, name);
    out->share = estimand_share(&data, name);
    out->test_share = estimand_share(&data, o->test_metric);
}

/* What selects the epoch, as JSON. */
static const char *write_stopping(inquiry *x, const train_spec *spec)
{
    int i = 0;
    while (!field_selects_epoch(&FIELDS[i]) || FIELDS[i].type != FIELD_OBJECT)
        i++;
    return write_text(x, &FIELDS[i], spec);
}

static bool fill_config(const inquiry_source *source, size_t c, inquiry *x)
{
    const inquiry_config *given = &source->configs[c];
    study_level *levels = &x->levels[c * (size_t)x->n_factors];
    study_config *out = &x->configs[c];
    *out = (study_config){.config_id = given->id,
                          .variant = given->label,
                          .levels = levels,
                          .stopping = write_stopping(x, given->spec)};
    fill_estimand(source, given->facts, &x->table.options, out);
    return out->stopping && fill_levels(source->spec, given->spec, x, levels);
}

static void fill_options(const inquiry_source *source, const inquiry_question *q,
                         const measure *what, metric_id select_by, study_options *out)
{
    const experiment_spec *e = source->spec;
    *out = (study_options){.primary = q->primary,
                           .smallest_effect = e->question.smallest_effect,
                           .has_variants = e->n_variants > 0,
                           .has_baseline = e->has_baseline,
                           .is_drawn = e->random_search,
                           .n_first = e->until.enabled ? (size_t)e->n_repeats : 0};
    measure_fill_options(what, select_by, out);
}

/* Some microseconds for each level. */
static bool fill(const inquiry_source *source, caller_pace *pace, inquiry *x)
{
    enum { LEVEL_STEPS = 1024 };
    size_t n_levels = source->n_configs * (size_t)x->n_factors;
    x->configs = calloc(source->n_configs + 1, sizeof *x->configs);
    x->levels = calloc(n_levels + 1, sizeof *x->levels);
    x->texts = calloc(TEXTS_PER_LEVEL * n_levels + source->n_configs + 1, sizeof *x->texts);
    bool done = x->configs && x->levels && x->texts;
    for (size_t c = 0; done && c < source->n_configs; c++)
        done = fill_config(source, c, x) &&
               caller_goes_on(pace, LEVEL_STEPS * (uint64_t)(1 + x->n_factors));
    return done;
}

bool inquiry_open(const inquiry_source *source, const measure *what, metric_id select_by,
                  inquiry *out, fail *f)
{
    inquiry_question q;
    caller_pace pace = {.by = source->by};
    inquiry x = {.factors = calloc(SPEC_FIELD_LIMIT, sizeof *x.factors)};
    inquiry_ask(source, &q);
    fill_options(source, &q, what, select_by, &x.table.options);
    if (x.factors)
        list_factors(&q, &x);
    if (!x.factors || !fill(source, &pace, &x)) {
        inquiry_close(&x);
        return caller_check_pace(&pace, f) &&
               fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu configs.",
                        source->n_configs);
    }
    x.table.n_factors = x.n_factors;
    x.table.factors = x.factors;
    x.table.n_configs = source->n_configs;
    x.table.configs = x.configs;
    *out = x;
    return true;
}

void inquiry_close(inquiry *x)
{
    for (size_t i = 0; i < x->n_texts; i++)
        free(x->texts[i]);
    free(x->texts);
    free(x->levels);
    free(x->configs);
    free(x->factors);
    *x = (inquiry){.n_factors = 0};
}
