#include "server/lesson/outcome.h"

#include "server/console/console.h"
#include "server/jobs/study.h"
#include "server/store/experiments.h"
#include "server/study/arms.h"
#include "server/text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUM_ARMS = 4 };

static void add_number(lesson_result *r, const char *name, double value)
{
    if (r->n_numbers == LESSON_NUMBERS_LIMIT)
        return;
    lesson_number *number = &r->numbers[r->n_numbers++];
    snprintf(number->name, sizeof number->name, "%s", name);
    number->value = value;
}

/* ---- which arm ---- */

/* The factor as the variant says it, else as the context does; NULL: neither does. */
static const train_spec *say(const sweep_variant *who, const sweep_variant *context, int place)
{
    if (who->spec.is_set[place])
        return &who->spec;
    return context->spec.is_set[place] ? &context->spec : NULL;
}

static bool has_level(const jobs_study *x, size_t config, int factor, const sweep_variant *who,
                      const sweep_variant *context)
{
    const study_factor *row = &x->inquiry.factors[factor];
    int place = x->inquiry.fields[factor];
    const train_spec *said = say(who, context, place);
    if (said)
        return sweep_same_value(&FIELDS[place], said, &x->configs[config]);
    return row->role == QUESTION_TUNE || (who->label && row->is_of_variants) ||
           x->inquiry.table.configs[config].levels[factor].is_default;
}

static bool is_arm(const jobs_study *x, size_t config, const sweep_variant *who,
                   const sweep_variant *context)
{
    const char *variant = x->inquiry.table.configs[config].variant;
    bool fits = !who->label || (variant && strcmp(variant, who->label) == 0);
    for (int k = 0; k < x->inquiry.n_factors && fits; k++)
        fits = has_level(x, config, k, who, context);
    return fits;
}

static bool find_arm(const jobs_study *x, const arms *a, const sweep_variant *who,
                     const sweep_variant *context, size_t *out, fail *f)
{
    for (size_t i = 0; i < a->n_arms; i++)
        if (is_arm(x, a->items[i].configs[0], who, context)) {
            *out = i;
            return true;
        }
    return fail_set(f, FAIL_INCOMPATIBLE, "/query/experiment",
                    "This experiment lacks an arm that the lesson compares: it is not the "
                    "lesson's.");
}

/* Of the arm, what `only` says: one of those fields that it says beyond `against`. */
static sweep_variant part_of(const sweep_variant *who, const sweep_variant *against, int only)
{
    sweep_variant part = *against;
    int n = 0;
    part.label = NULL;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (who->spec.is_set[i] && !strchr(FIELDS[i].name, '.') && n++ == only)
            sweep_apply(&FIELDS[i], &who->spec, &part.spec);
    return part;
}

/* Both together, less each alone, and neither. */
static bool find_sum(const jobs_study *x, const arms *a, const lesson_claim *c,
                     size_t which[SUM_ARMS], fail *f)
{
    const sweep_variant first = part_of(&c->arm, &c->against, 0),
                        second = part_of(&c->arm, &c->against, 1);
    return find_arm(x, a, &c->arm, &c->context, &which[0], f) &&
           find_arm(x, a, &first, &c->context, &which[1], f) &&
           find_arm(x, a, &second, &c->context, &which[2], f) &&
           find_arm(x, a, &c->against, &c->context, &which[3], f);
}

/* ---- comparisons ---- */

static bool measure_arms(const jobs_study *x, const arms *a, const lesson_claim *c,
                         claim_case *found, lesson_result *r, fail *f)
{
    static const double WEIGHTS[SUM_ARMS] = {1, -1, -1, 1}, PAIR[2] = {1, -1};
    size_t which[SUM_ARMS];
    bool is_sum = claim_is_of_sum(c->terms.expect);
    bool is_found = is_sum ? find_sum(x, a, c, which, f)
                           : find_arm(x, a, &c->arm, &c->context, &which[0], f) &&
                                 find_arm(x, a, &c->against, &c->context, &which[1], f);
    if (!is_found)
        return false;
    *found = (claim_case){
        .terms = c->terms,
        .direction = x->measure.direction,
        .contrast = arms_contrast(a, which, is_sum ? WEIGHTS : PAIR, is_sum ? SUM_ARMS : 2)};
    add_number(r, "arm", a->items[which[0]].summary.mean);
    add_number(r, "against", a->items[which[is_sum ? 3 : 1]].summary.mean);
    add_number(r, is_sum ? "interaction" : "difference", found->contrast.mean);
    add_number(r, "ci_low", found->contrast.ci_low);
    add_number(r, "ci_high", found->contrast.ci_high);
    add_number(r, "n", (double)found->contrast.n);
    return true;
}

static bool compare(const lesson_question *q, const lesson_claim *c, claim_case *found,
                    lesson_result *r, fail *f)
{
    const jobs_study_query wanted = {.ids = {q->experiment_id},
                                     .n_ids = 1,
                                     .measure = lesson_measure(c),
                                     .select_by = METRIC_VAL_LOSS,
                                     .by = q->by};
    jobs_study x;
    arms a;
    if (!jobs_study_open(q->store, &wanted, &x, f))
        return false;
    bool done = arms_open(&x.inquiry.table, q->by, &a, f);
    if (done) {
        done = measure_arms(&x, &a, c, found, r, f);
        arms_close(&a);
    }
    jobs_study_close(&x);
    return done;
}

/* ---- SQL ---- */

static double number_of(const console_cell *cell)
{
    if (cell->type == SQL_VALUE_INTEGER)
        return (double)cell->integer;
    return cell->type == SQL_VALUE_REAL ? cell->real : NAN;
}

/* The first column of the only row is the claim, the others are told. */
static void read_row(console_result *row, lesson_result *r)
{
    enum { COLUMNS_LIMIT = LESSON_NUMBERS_LIMIT + 1 };
    const char *names[COLUMNS_LIMIT] = {NULL};
    for (int c = 0; c < row->n_columns; c++) {
        const char *name = console_next_name(row);
        if (c < COLUMNS_LIMIT)
            names[c] = name;
    }
    for (int c = 0; row->n_rows > 0 && c < row->n_columns && c < COLUMNS_LIMIT; c++) {
        console_cell cell = console_next_cell(row);
        double value = number_of(&cell);
        if (c > 0 && names[c])
            add_number(r, names[c], value);
        else if (c == 0)
            r->outcome = isnan(value)        ? CLAIM_UNDECIDED
                         : fabs(value) > 0.5 ? CLAIM_HOLDS
                                             : CLAIM_REFUTED;
    }
}

static bool ask(const lesson_question *q, const lesson_claim *c, lesson_result *r, fail *f)
{
    const sql_parameter id = {
        .name = "experiment", .type = SQL_VALUE_INTEGER, .integer = q->experiment_id};
    const console_request wanted = {.database = store_path(q->store),
                                    .query = c->query,
                                    .parameters = &id,
                                    .n_parameters = 1,
                                    .row_limit = 1,
                                    .time_limit_ms = q->sql_time_limit_ms,
                                    .by = q->by};
    console_result row;
    r->outcome = CLAIM_UNDECIDED;
    if (!console_run(&wanted, &row, f))
        return false;
    read_row(&row, r);
    console_result_close(&row);
    return true;
}

/* ---- all claims ---- */

static bool weigh(const lesson_question *q, lesson_outcome *o, claim_case *cases, fail *f)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_claims; i++) {
        lesson_result *r = &o->claims[i];
        bool done = r->claim->kind == CLAIM_SQL ? ask(q, r->claim, r, f)
                                                : compare(q, r->claim, &cases[n++], r, f);
        if (!done)
            return false;
    }
    if (!claims_judge(cases, n, f))
        return false;
    n = 0;
    for (size_t i = 0; i < o->n_claims; i++) {
        if (o->claims[i].claim->kind == CLAIM_SQL)
            continue;
        o->claims[i].outcome = cases[n].outcome;
        add_number(&o->claims[i], "p_adjusted", cases[n++].p_adjusted);
    }
    return true;
}

static bool has_ended(const lesson_question *q, bool *out, fail *f)
{
    experiment e = {.id = 0};
    if (!store_get_experiment(q->store, q->experiment_id, &e, f))
        return false;
    *out = run_state_is_terminal(e.status);
    experiment_close(&e);
    return true;
}

bool lesson_outcome_open(const lesson_question *q, lesson_outcome *out, fail *f)
{
    size_t n = q->part->n_claims;
    bool is_over;
    if (!has_ended(q, &is_over, f))
        return false;
    lesson_outcome o = {.experiment_id = q->experiment_id,
                        .n_claims = n,
                        .claims = calloc(n + 1, sizeof *o.claims)};
    claim_case *cases = calloc(n + 1, sizeof *cases);
    bool done = (o.claims && cases) ||
                fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the claims.");
    for (size_t i = 0; done && i < n; i++)
        o.claims[i] = (lesson_result){.claim = &q->part->claims[i], .outcome = CLAIM_NOT_YET};
    done = done && (!is_over || weigh(q, &o, cases, f));
    free(cases);
    if (done)
        *out = o;
    else
        lesson_outcome_close(&o);
    return done;
}

void lesson_outcome_close(lesson_outcome *o)
{
    free(o->claims);
    *o = (lesson_outcome){.n_claims = 0};
}

/* ---- the answer ---- */

static void write_numbers(buffer *b, const void *object, const member *m)
{
    const lesson_result *r = object;
    (void)m;
    buffer_add_text(b, "{");
    for (int i = 0; i < r->n_numbers; i++)
        json_add_member_number(b, r->numbers[i].name, r->numbers[i].value);
    buffer_add_text(b, "}");
}

static void write_text(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, ((const lesson_result *)object)->claim->text);
}

static void write_expect(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, CLAIM_EXPECT_NAMES[((const lesson_result *)object)->claim->terms.expect]);
}

static const member RESULT_ROWS[] = {
    {"text", MEMBER_TEXT, "What is claimed.", .write = write_text},
    {"expect", MEMBER_NAME, "What was expected.", NAMES(CLAIM_EXPECT_NAMES), .write = write_expect},
    {"outcome", MEMBER_NAME, "What the runs say to it; not_yet: some have not ended.",
     AT(lesson_result, outcome), NAMES(CLAIM_OUTCOME_NAMES)},
    {"numbers", MEMBER_NUMBER,
     "The means of both arms, their difference with its 95 % interval, how many repeats have both, "
     "and p after Holm's adjustment over the claims; of SQL what it tells.",
     MEMBER_MAP | MEMBER_NULLABLE_ITEMS, .depth = 1, .write = write_numbers},
};
static const shape RESULT = {.name = "ClaimOutcome", BYTES_OF(lesson_result), MEMBERS(RESULT_ROWS)};

static const member OUTCOME_ROWS[] = {
    {"experiment", MEMBER_INTEGER, "Whose runs are asked.", AT(lesson_outcome, experiment_id)},
    {"claims", MEMBER_OBJECT, "In the order of the lesson.", EACH(lesson_outcome, claims, n_claims),
     .of = &RESULT},
};
const shape SHAPE_LESSON_OUTCOME = {.name = "LessonOutcome",
                                    .help = "What an experiment's runs say to a lesson's claims.",
                                    BYTES_OF(lesson_outcome),
                                    MEMBERS(OUTCOME_ROWS)};
