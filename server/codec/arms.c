/* The arms of a comparison, their contexts and the checks: as JSON, and as rows of CSV. */
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/study/phrases.h"
#include "server/text/csv.h"

#include <math.h>
#include <stdlib.h>

enum { TEXT_BYTES_LIMIT = 1 << 16 };

/* ---- what several have ---- */

static const member ESTIMATE_ROWS[] = {
    {"mean", MEMBER_NUMBER, "Mean; null: there is no value.", MEMBER_NULLABLE,
     AT(stats_estimate, mean)},
    {"std", MEMBER_NUMBER, "Sample standard deviation; null: fewer than two.", MEMBER_NULLABLE,
     AT(stats_estimate, std)},
    {"ci_low", MEMBER_NUMBER, "Lower end of the mean's interval.", MEMBER_NULLABLE,
     AT(stats_estimate, ci_low)},
    {"ci_high", MEMBER_NUMBER, "Upper end of the mean's interval.", MEMBER_NULLABLE,
     AT(stats_estimate, ci_high)},
};
const shape CODEC_ESTIMATE = {BYTES_OF(stats_estimate), MEMBERS(ESTIMATE_ROWS)};

static const study_level *level_of(const arms *a, const arm *x, int factor, question_role role)
{
    return a->table->factors[factor].role == role ? arms_level_of(a, x, factor) : NULL;
}

void codec_add_levels(buffer *b, const arms *a, const arm *x, question_role role)
{
    buffer_add_text(b, "{");
    for (int i = 0; i < a->table->n_factors; i++) {
        const study_level *level = level_of(a, x, i, role);
        if (!level)
            continue;
        json_add_key(b, a->table->factors[i].name);
        buffer_add_text(b, level->text);
    }
    buffer_add_text(b, "}");
}

/* ---- arms ---- */

typedef struct arm_answer {
    const arms *a;
    const arm *x;
    const char *label, *config_id; /* config_id NULL: nothing was chosen */
    int verdict;
} arm_answer;

static void write_levels(buffer *b, const void *object, const member *m)
{
    const arm_answer *answer = object;
    codec_add_levels(b, answer->a, answer->x, (question_role)m->index);
}

static const member DIFFERENCE_ROWS[] = {
    {"n", MEMBER_INTEGER, "Pairs of repeats.", AT(arm, difference.n)},
    INCLUDE(arm, difference, CODEC_ESTIMATE),
    {"p_value", MEMBER_NUMBER, "Two-sided paired t test; null: all differences are equal.",
     MEMBER_NULLABLE, AT(arm, difference.p_value)},
    {"p_adjusted", MEMBER_NUMBER, "Holm's, over all arms of all contexts.", MEMBER_NULLABLE,
     AT(arm, p_adjusted)},
    {"minimum_detectable", MEMBER_NUMBER, "The least difference that so many pairs find.",
     MEMBER_NULLABLE, AT(arm, minimum_detectable)},
    {"sign_flip_p", MEMBER_NUMBER,
     "Paired sign-flip test on the mean, exact; null: over 20 pairs, resplits, two stages.",
     MEMBER_NULLABLE, AT(arm, sign_flip_p)},
    {"pairs_better", MEMBER_NUMBER, "The share of pairs that are better, equal ones half.",
     MEMBER_NULLABLE, AT(arm, pairs_better)},
    {"equivalence_p_adjusted", MEMBER_NUMBER,
     "Holm's of two one-sided tests of \"differs by the smallest effect or more\".",
     MEMBER_NULLABLE, AT(arm, equivalence_p_adjusted)},
};
const shape CODEC_DIFFERENCE = {.name = "Difference",
                                .help = "An arm less its baseline, paired by repeat.",
                                BYTES_OF(arm),
                                MEMBERS(DIFFERENCE_ROWS)};

static void write_difference(buffer *b, const void *object, const member *m)
{
    const arm_answer *answer = object;
    if (answer->x->verdict == ARM_BASELINE)
        buffer_add_text(b, "null");
    else
        shape_add(b, m->of, answer->x);
}

static const member VALUES_ROWS[] = {
    {"n", MEMBER_INTEGER, "Repeats with a value.", AT(arm, n_values)},
    {"n_failed", MEMBER_INTEGER, "Failed runs of all its configs.", AT(arm, tally.n_failed)},
    {"n_unfinished", MEMBER_INTEGER, "Runs that have not ended.", AT(arm, tally.n_unfinished)},
    {"n_configs", MEMBER_INTEGER, "Configs that it chooses among.", AT(arm, n_configs)},
    INCLUDE(arm, summary, CODEC_ESTIMATE),
    {"is_tied", MEMBER_BOOLEAN, "Nothing shows that it differs from the best of its context.",
     AT(arm, is_tied)},
    {"budget", MEMBER_NUMBER,
     "[k - 1]: the validation value to be expected of the best of k of its configs.",
     EACH(arm, budget, n_budget)},
};
static const shape VALUES = {BYTES_OF(arm), MEMBERS(VALUES_ROWS)};

static const member ARM_ROWS[] = {
    {"label", MEMBER_TEXT, "What it is called.", AT(arm_answer, label)},
    {"values", MEMBER_OBJECT, "Its treatment.", .of = &SHAPE_VALUES, .index = QUESTION_TREATMENT,
     .write = write_levels},
    {"context", MEMBER_OBJECT, "Within which it is compared.", .of = &SHAPE_VALUES,
     .index = QUESTION_CONTEXT, .write = write_levels},
    {"tuned", MEMBER_OBJECT, "What validation chose for it.", .of = &SHAPE_VALUES,
     .index = QUESTION_TUNE, .write = write_levels},
    {"config_id", MEMBER_TEXT, "The config with that; null: none has a validation value.",
     MEMBER_NULLABLE, AT(arm_answer, config_id)},
    INCLUDE_FROM(arm_answer, x, VALUES),
    {"difference", MEMBER_OBJECT, "To its context's baseline; null: it is the baseline.",
     MEMBER_NULLABLE, .of = &CODEC_DIFFERENCE, .write = write_difference},
    {"verdict", MEMBER_NAME, "null: of the metric neither more nor less is better.",
     MEMBER_NULLABLE, AT(arm_answer, verdict), NAMES(ARM_VERDICT_NAMES)},
};
const shape CODEC_ARM = {.name = "Arm",
                         .help = "One combination of treatment values in one context.",
                         BYTES_OF(arm_answer),
                         MEMBERS(ARM_ROWS)};

static const char *config_id_of(const arms *a, size_t config)
{
    return config == ARMS_NONE ? NULL : a->table->configs[config].config_id;
}

void codec_write_arms(buffer *b, const void *object, const member *m)
{
    const arms *a = ((const comparison_answer *)object)->a;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < a->n_arms && arms_are_wanted(a); i++) {
        const arm *x = &a->items[i];
        buffer label;
        buffer_init(&label, TEXT_BYTES_LIMIT);
        phrases_add_arm(a, x, &label);
        shape_add_item(b, m->of,
                       &(arm_answer){.a = a,
                                     .x = x,
                                     .label = label.failed ? "" : label.data,
                                     .config_id = config_id_of(a, x->tuned),
                                     .verdict = (int)x->verdict});
        buffer_close(&label);
    }
    buffer_add_text(b, "]");
}

/* ---- contexts ---- */

typedef struct context_answer {
    const arms *a;
    const arms_context *context;
    const char *baseline, *leader; /* config_ids */
    int about;
} context_answer;

static void write_context_values(buffer *b, const void *object, const member *m)
{
    const context_answer *answer = object;
    (void)m;
    codec_add_levels(b, answer->a, &answer->a->items[answer->context->first_arm], QUESTION_CONTEXT);
}

static const member EFFECT_ROWS[] = {
    {"smallest_effect", MEMBER_NUMBER,
     "The least difference that matters there; null: nothing is equivalent.", MEMBER_NULLABLE,
     AT(arms_context, smallest_effect)},
};
static const shape SMALLEST_EFFECT = {BYTES_OF(arms_context), MEMBERS(EFFECT_ROWS)};

static const member CONTEXT_ROWS[] = {
    {"values", MEMBER_OBJECT, "Its fields.", .of = &SHAPE_VALUES, .write = write_context_values},
    {"baseline", MEMBER_TEXT, "The config_id of its baseline.", MEMBER_NULLABLE,
     AT(context_answer, baseline)},
    {"leader", MEMBER_TEXT, "That of its best arm; null: nothing has a value.", MEMBER_NULLABLE,
     AT(context_answer, leader)},
    {"about", MEMBER_NAME, "What its intervals are about.", AT(context_answer, about),
     NAMES(ESTIMAND_ABOUT_NAMES)},
    INCLUDE_FROM(context_answer, context, SMALLEST_EFFECT),
};
const shape CODEC_CONTEXT = {.name = "ComparisonContext",
                             .help = "Within which arms are compared with a baseline of their own.",
                             BYTES_OF(context_answer),
                             MEMBERS(CONTEXT_ROWS)};

static const char *config_id_of_arm(const arms *a, size_t i)
{
    return i == ARMS_NONE ? NULL : config_id_of(a, a->items[i].tuned);
}

void codec_write_contexts(buffer *b, const void *object, const member *m)
{
    const arms *a = ((const comparison_answer *)object)->a;
    buffer_add_text(b, "[");
    for (size_t c = 0; c < a->n_contexts; c++) {
        const arms_context *context = &a->contexts[c];
        shape_add_item(b, m->of,
                       &(context_answer){.a = a,
                                         .context = context,
                                         .baseline = config_id_of_arm(a, context->baseline),
                                         .leader = config_id_of_arm(a, context->leader),
                                         .about = (int)context->about});
    }
    buffer_add_text(b, "]");
}

/* ---- checks ---- */

typedef struct check_answer {
    const arms *a;
    const check_result *found;
    const char *code, *detail;
    int severity;
} check_answer;

static void write_config_ids(buffer *b, const void *object, const member *m)
{
    const check_answer *answer = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < answer->found->finding.n_configs; i++) {
        json_add_separator(b);
        json_add_string(b, config_id_of(answer->a, answer->found->finding.configs[i]));
    }
    buffer_add_text(b, "]");
}

static const member CHECK_ROWS[] = {
    {"code", MEMBER_TEXT, "Which check.", AT(check_answer, code)},
    {"severity", MEMBER_NAME, "How grave it is; a caution stands beside the headline.",
     AT(check_answer, severity), NAMES(CHECK_SEVERITY_NAMES)},
    {"detail", MEMBER_TEXT, "What was found.", AT(check_answer, detail)},
    {"config_ids", MEMBER_TEXT, "Of which configs; none: of the whole comparison.", .depth = 1,
     .write = write_config_ids},
};
const shape CODEC_CHECK = {.name = "Check",
                           .help = "What must be known before the comparison is believed.",
                           BYTES_OF(check_answer),
                           MEMBERS(CHECK_ROWS)};

void codec_write_checks(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    buffer_add_text(b, "[");
    for (int i = 0; i < answer->checks->n; i++) {
        const check_result *found = &answer->checks->items[i];
        shape_add_item(b, m->of,
                       &(check_answer){.a = answer->a,
                                       .found = found,
                                       .code = found->row->code,
                                       .detail = found->finding.detail.data,
                                       .severity = (int)found->row->severity});
    }
    buffer_add_text(b, "]");
}

/* ---- CSV ---- */

static void add_csv_head(buffer *b, const arms *a)
{
    buffer_add_text(b, "label");
    for (int i = 0; i < a->table->n_factors; i++) {
        buffer_add_text(b, ",");
        csv_add_text(b, a->table->factors[i].name);
    }
    buffer_add_text(b, ",config_id,n,n_failed,mean,std,ci_low,ci_high,n_pairs,difference,"
                       "difference_ci_low,difference_ci_high,p_value,p_adjusted,"
                       "minimum_detectable,sign_flip_p,pairs_better,equivalence_p_adjusted,"
                       "verdict\n");
}

static void add_csv_names(buffer *b, const arms *a, const arm *x)
{
    buffer label;
    const char *config_id = config_id_of(a, x->tuned);
    buffer_init(&label, TEXT_BYTES_LIMIT);
    phrases_add_arm(a, x, &label);
    csv_add_text(b, label.failed ? "" : label.data);
    buffer_close(&label);
    for (int i = 0; i < a->table->n_factors; i++) {
        const study_level *level = arms_level_of(a, x, i);
        buffer_add_text(b, ",");
        csv_add_text(b, level ? level->plain : "");
    }
    buffer_add_text(b, ",");
    csv_add_text(b, config_id ? config_id : "");
}

static void add_csv_numbers(buffer *b, const double *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(b, ",");
        csv_add_number(b, numbers[i]);
    }
}

static void add_csv_arm(buffer *b, const arms *a, const arm *x)
{
    bool is_baseline = x->verdict == ARM_BASELINE;
    const stats_estimate *s = &x->summary, *d = &x->difference;
    const double own[] = {
        (double)x->n_values, (double)x->tally.n_failed, s->mean, s->std, s->ci_low, s->ci_high};
    double against[] = {(double)d->n,
                        d->mean,
                        d->ci_low,
                        d->ci_high,
                        d->p_value,
                        x->p_adjusted,
                        x->minimum_detectable,
                        x->sign_flip_p,
                        x->pairs_better,
                        x->equivalence_p_adjusted};
    for (size_t i = 0; is_baseline && i < sizeof against / sizeof *against; i++)
        against[i] = NAN;
    add_csv_names(b, a, x);
    add_csv_numbers(b, own, sizeof own / sizeof *own);
    add_csv_numbers(b, against, sizeof against / sizeof *against);
    buffer_add_text(b, ",");
    csv_add_text(b, ARM_VERDICT_NAMES[x->verdict] ? ARM_VERDICT_NAMES[x->verdict] : "");
    buffer_add_text(b, "\n");
}

void codec_add_comparison_csv(buffer *b, const arms *a)
{
    add_csv_head(b, a);
    for (size_t i = 0; i < a->n_arms && arms_are_wanted(a); i++)
        add_csv_arm(b, a, &a->items[i]);
}
