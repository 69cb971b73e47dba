/* Reads tables of runs, one JSON object a line, and writes what server/study makes of each, one a
 * line: what tests/interop/arms_reference.py is compared with. */
#include "server/study/checks.h"
#include "server/study/conclusion.h"
#include "server/study/factorial.h"
#include "server/text/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool is_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static int index_of(const char *text, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (text && names[i] && strcmp(text, names[i]) == 0)
            return i;
    fprintf(stderr, "arms_dump: \"%s\" is not known\n", text ? text : "");
    exit(2);
}

static void *items(size_t n, size_t bytes)
{
    void *memory = calloc(n + 1, bytes);
    if (!memory)
        exit(2);
    return memory;
}

static metric_direction direction_of(const cJSON *object, const char *key)
{
    static const char *const names[] = {"lower", "higher", "none"};
    return (metric_direction)index_of(text_of(object, key), names, 3);
}

typedef struct input { /* a table and what it is made of */
    study_table table;
    study_factor *factors;
    study_config *configs;
    study_level **levels; /* by config */
    study_run *runs;
} input;

static void read_factors(const cJSON *list, input *in)
{
    study_table *t = &in->table;
    study_factor *factors = items((size_t)cJSON_GetArraySize(list), sizeof *factors);
    for (const cJSON *f = list->child; f; f = f->next)
        factors[t->n_factors++] =
            (study_factor){.name = text_of(f, "name"),
                           .role = (question_role)index_of(text_of(f, "role"), QUESTION_ROLE_NAMES,
                                                           QUESTION_ROLE_COUNT),
                           .is_regularizer = is_true(f, "is_regularizer")};
    t->factors = in->factors = factors;
}

static study_level *read_levels(const cJSON *list)
{
    study_level *levels = items((size_t)cJSON_GetArraySize(list), sizeof *levels);
    size_t n = 0;
    for (const cJSON *l = list->child; l; l = l->next)
        levels[n++] = (study_level){.text = text_of(l, "text"),
                                    .plain = text_of(l, "text"),
                                    .number = number_of(l, "number"),
                                    .is_default = is_true(l, "is_default"),
                                    .is_baseline = is_true(l, "is_baseline")};
    return levels;
}

static void read_configs(const cJSON *list, input *in)
{
    study_table *t = &in->table;
    size_t n = (size_t)cJSON_GetArraySize(list);
    in->configs = items(n, sizeof *in->configs);
    in->levels = items(n, sizeof *in->levels);
    for (const cJSON *c = list->child; c; c = c->next) {
        study_level *levels = read_levels(cJSON_GetObjectItemCaseSensitive(c, "levels"));
        in->levels[t->n_configs] = levels;
        in->configs[t->n_configs++] =
            (study_config){.config_id = text_of(c, "config_id"),
                           .levels = levels,
                           .stopping = text_of(c, "stopping"),
                           .about = (estimand_about)index_of(
                               text_of(c, "about"), ESTIMAND_ABOUT_NAMES, ESTIMAND_ABOUT_COUNT),
                           .share = number_of(c, "share"),
                           .test_share = number_of(c, "test_share"),
                           .trivial = number_of(c, "trivial")};
    }
    t->configs = in->configs;
}

static void read_runs(const cJSON *list, input *in)
{
    study_table *t = &in->table;
    static const char *const progress[] = {"unknown", "settled", "improving"};
    study_run *runs = items((size_t)cJSON_GetArraySize(list), sizeof *runs);
    for (const cJSON *r = list->child; r; r = r->next)
        runs[t->n_runs++] = (study_run){
            .config = (size_t)number_of(r, "config"),
            .seed = (int64_t)number_of(r, "seed"),
            .data_seed = (int64_t)number_of(r, "data_seed"),
            .status = (run_state)index_of(text_of(r, "status"), RUN_STATE_NAMES, RUN_STATE_COUNT),
            .is_finished = is_true(r, "is_finished"),
            .metric = number_of(r, "metric"),
            .select = number_of(r, "select"),
            .test = number_of(r, "test"),
            .r2 = number_of(r, "r2"),
            .progress = (estimand_progress)index_of(text_of(r, "progress"), progress, 3)};
    t->runs = in->runs = runs;
}

static void read_options(const cJSON *o, study_options *out)
{
    static const char *const at[] = {"selected", "best", "last"};
    *out = (study_options){.metric = text_of(o, "metric"),
                           .direction = direction_of(o, "direction"),
                           .select_direction = direction_of(o, "select_direction"),
                           .at = (study_at)index_of(text_of(o, "at"), at, 3),
                           .select_by = "val_loss",
                           .test_metric = "test_loss",
                           .primary = text_of(o, "primary"),
                           .smallest_effect = number_of(o, "smallest_effect"),
                           .has_variants = is_true(o, "has_variants"),
                           .has_baseline = is_true(o, "has_baseline"),
                           .n_first = (size_t)number_of(o, "n_first"),
                           .was_extended = is_true(o, "was_extended"),
                           .n_test_asked = (int64_t)number_of(o, "n_test_asked")};
}

static void close_input(input *in)
{
    for (size_t c = 0; c < in->table.n_configs; c++)
        free(in->levels[c]);
    free(in->levels);
    free(in->factors);
    free(in->configs);
    free(in->runs);
}

/* ---- writing ---- */

static void add_index(buffer *b, const char *key, size_t i)
{
    json_add_member_number(b, key, i == ARMS_NONE ? NAN : (double)i);
}

static void add_estimate(buffer *b, const char *key, const stats_estimate *e)
{
    json_add_key(b, key);
    buffer_add_text(b, "{");
    json_add_member_integer(b, "n", (int64_t)e->n);
    json_add_member_number(b, "mean", e->mean);
    json_add_member_number(b, "std", e->std);
    json_add_member_number(b, "ci_low", e->ci_low);
    json_add_member_number(b, "ci_high", e->ci_high);
    json_add_member_number(b, "p_value", e->p_value);
    buffer_add_text(b, "}");
}

static void add_indices(buffer *b, const char *key, const size_t *list, size_t n)
{
    json_add_key(b, key);
    buffer_add_text(b, "[");
    for (size_t i = 0; i < n; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)list[i]);
    }
    buffer_add_text(b, "]");
}

static void add_arm(buffer *b, const arm *x)
{
    json_add_separator(b);
    buffer_add_text(b, "{");
    add_index(b, "context", x->context);
    add_indices(b, "configs", x->configs, x->n_configs);
    add_index(b, "tuned", x->tuned);
    json_add_member_integer(b, "n_failed", (int64_t)x->tally.n_failed);
    json_add_member_integer(b, "n_unfinished", (int64_t)x->tally.n_unfinished);
    json_add_member_integer(b, "n_without", (int64_t)x->tally.n_without);
    add_estimate(b, "summary", &x->summary);
    json_add_member_text(b, "verdict", ARM_VERDICT_NAMES[x->verdict]);
    if (x->verdict != ARM_BASELINE) {
        add_estimate(b, "difference", &x->difference);
        json_add_member_number(b, "p_adjusted", x->p_adjusted);
        json_add_member_number(b, "minimum_detectable", x->minimum_detectable);
        json_add_member_number(b, "sign_flip_p", x->sign_flip_p);
        json_add_member_number(b, "pairs_better", x->pairs_better);
        json_add_member_number(b, "equivalence_p", x->equivalence_p);
        json_add_member_number(b, "equivalence_p_adjusted", x->equivalence_p_adjusted);
    }
    json_add_key(b, "is_tied");
    json_add_boolean(b, x->is_tied);
    json_add_key(b, "budget");
    buffer_add_text(b, "[");
    for (size_t k = 0; k < x->n_budget; k++) {
        json_add_separator(b);
        json_add_number(b, x->budget[k]);
    }
    buffer_add_text(b, "]}");
}

static void add_contexts(buffer *b, const arms *a)
{
    json_add_key(b, "contexts");
    buffer_add_text(b, "[");
    for (size_t c = 0; c < a->n_contexts; c++) {
        json_add_separator(b);
        buffer_add_text(b, "{");
        add_index(b, "baseline", a->contexts[c].baseline);
        add_index(b, "leader", a->contexts[c].leader);
        json_add_member_text(b, "about", ESTIMAND_ABOUT_NAMES[a->contexts[c].about]);
        json_add_member_number(b, "smallest_effect", a->contexts[c].smallest_effect);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
}

static void add_configs(buffer *b, const arms *a)
{
    json_add_key(b, "configs");
    buffer_add_text(b, "[");
    for (size_t c = 0; c < a->table->n_configs; c++) {
        json_add_separator(b);
        buffer_add_text(b, "{");
        add_index(b, "arm", a->configs[c].arm);
        add_estimate(b, "summary", &a->configs[c].summary);
        json_add_member_number(b, "select_mean", a->configs[c].select_mean);
        json_add_member_number(b, "test_mean", a->configs[c].test_mean);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
    add_indices(b, "config_order", a->config_order, a->table->n_configs);
}

static void add_selected(buffer *b, const arms *a)
{
    const arms_selected *s = &a->selected;
    json_add_key(b, "selected");
    buffer_add_text(b, "{");
    add_index(b, "config", s->config);
    add_index(b, "baseline", s->baseline);
    json_add_member_number(b, "optimism", s->optimism);
    if (s->config != ARMS_NONE && s->baseline != ARMS_NONE && s->config != s->baseline)
        add_estimate(b, "test_difference", &s->test_difference);
    buffer_add_text(b, "}");
}

static void add_effects(buffer *b, const arms *a)
{
    factorial e;
    fail f;
    if (!factorial_open(a, &e, &f))
        exit(2);
    json_add_key(b, "effects");
    buffer_add_text(b, e.is_complete ? "[" : "null");
    for (size_t i = 0; i < e.n; i++) {
        const factorial_effect *x = &e.items[i];
        const factorial_factor *one = &e.factors[x->factor];
        json_add_separator(b);
        buffer_add_text(b, "{");
        json_add_member_text(b, "factor", a->table->factors[one->index].name);
        json_add_member_text(b, "level", one->levels[x->level]->text);
        if (x->other_factor >= 0) {
            const factorial_factor *other = &e.factors[x->other_factor];
            json_add_member_text(b, "other_factor", a->table->factors[other->index].name);
            json_add_member_text(b, "other_level", other->levels[x->other_level]->text);
            add_estimate(b, "together", &x->together);
            json_add_member_text(b, "verdict", FACTORIAL_VERDICT_NAMES[x->verdict]);
        }
        add_estimate(b, "change", &x->change);
        json_add_member_number(b, "p_adjusted", x->p_adjusted);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, e.is_complete ? "]" : "");
    factorial_close(&e);
}

static void add_checks(buffer *b, const arms *a)
{
    checks c;
    fail f;
    if (!checks_open(a, &c, &f))
        exit(2);
    json_add_key(b, "checks");
    buffer_add_text(b, "{");
    for (int i = 0; i < c.n; i++)
        add_indices(b, c.items[i].row->code, c.items[i].finding.configs,
                    c.items[i].finding.n_configs);
    buffer_add_text(b, "}");
    checks_close(&c);
}

static void add_words(buffer *b, const arms *a)
{
    static const struct {
        const char *key;
        void (*add)(const arms *a, buffer *out);
    } words[] = {{"headline", conclusion_add_headline}, {"summary", conclusion_add_summary}};
    for (size_t i = 0; i < 2; i++) {
        buffer text;
        buffer_init(&text, 1 << 20);
        words[i].add(a, &text);
        json_add_member_text(b, words[i].key, text.data);
        buffer_close(&text);
    }
}

static void dump(const study_table *t)
{
    arms a;
    fail f;
    buffer b;
    buffer_init(&b, 1 << 26);
    if (!arms_open(t, NULL, &a, &f))
        exit(2);
    buffer_add_text(&b, "{");
    json_add_member_integer(&b, "n_tests", (int64_t)a.n_tests);
    json_add_key(&b, "arms");
    buffer_add_text(&b, "[");
    for (size_t i = 0; i < a.n_arms; i++)
        add_arm(&b, &a.items[i]);
    buffer_add_text(&b, "]");
    add_contexts(&b, &a);
    add_configs(&b, &a);
    add_selected(&b, &a);
    add_effects(&b, &a);
    add_checks(&b, &a);
    json_add_member_integer(&b, "wanted", (int64_t)arms_repeats_wanted(&a, 0.01, 10, 500));
    add_words(&b, &a);
    buffer_add_text(&b, "}");
    puts(b.data);
    buffer_close(&b);
    arms_close(&a);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        cJSON *object = cJSON_Parse(line);
        input in = {.table = {.n_factors = 0}};
        if (!object)
            return 2;
        read_factors(cJSON_GetObjectItemCaseSensitive(object, "factors"), &in);
        read_configs(cJSON_GetObjectItemCaseSensitive(object, "configs"), &in);
        read_runs(cJSON_GetObjectItemCaseSensitive(object, "runs"), &in);
        read_options(cJSON_GetObjectItemCaseSensitive(object, "options"), &in.table.options);
        dump(&in.table);
        close_input(&in);
        cJSON_Delete(object);
    }
    free(line);
    return 0;
}
