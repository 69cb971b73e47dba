#include "server/codec/lesson.h"

#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char NAME_CHARACTERS[] = "a-z0-9_-";

/* ---- claims ---- */

enum { ARM_OF_CLAIM, AGAINST_OF_CLAIM, CONTEXT_OF_CLAIM };

static sweep_variant *arm_of(lesson_claim *c, int index)
{
    sweep_variant *const arms[] = {&c->arm, &c->against, &c->context};
    return arms[index];
}

static bool read_arm(const member *m, const cJSON *value, const char *pointer, void *object,
                     fail_list *faults)
{
    sweep_variant *arm = arm_of(object, m->index);
    spec_init(&arm->spec);
    return codec_variant_read(value, pointer, arm, faults);
}

measure_query lesson_measure(const lesson_claim *c)
{
    return (measure_query){.metric = c->metric,
                           .at = c->has_at ? (int)c->at : -1,
                           .of = c->of,
                           .target = c->has_target ? c->target : NAN};
}

static bool check_comparison(const lesson_claim *c, const char *pointer, fail_list *faults)
{
    measure what;
    fail f;
    const measure_query wanted = lesson_measure(c);
    if (!c->metric || c->query || c->terms.expect == CLAIM_TRUE)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                             "a comparison has a metric, arms and what is expected of them");
    if (!measure_read(&wanted, &what, &f))
        return fail_list_add(faults, f.code, pointer, "%s", f.sentence);
    if (claim_wants_direction(c->terms.expect) && what.direction == METRIC_NEITHER)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                             "%s is neither better high nor low: expect lower or higher",
                             c->metric);
    return (c->terms.expect == CLAIM_EQUIVALENT) == (c->terms.within > 0) ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                         "equivalent, and that alone, says within what");
}

static bool check_claim(const void *object, const char *pointer, fail_list *faults)
{
    const lesson_claim *c = object;
    if (c->kind == CLAIM_COMPARISON)
        return check_comparison(c, pointer, faults);
    return (c->query && !c->metric && c->terms.expect == CLAIM_TRUE) ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                         "a claim of SQL has a query, and expects true");
}

static const member CLAIM_ROWS[] = {
    {"text", MEMBER_TEXT, "What is claimed, in plain words.", AT(lesson_claim, text)},
    {"kind", MEMBER_NAME, "comparison: arm less against, paired by repeat; sql: a statement.",
     AT(lesson_claim, kind), ONE_OF("comparison", "sql")},
    {"metric", MEMBER_TEXT, "What is compared, as in a comparison.", MEMBER_OPTIONAL,
     AT(lesson_claim, metric)},
    {"at", MEMBER_NAME, "Which weights' value.", MEMBER_OPTIONAL, AT(lesson_claim, at),
     NAMES(MEASURE_AT_NAMES), TELLS(lesson_claim, has_at)},
    {"of", MEMBER_TEXT, "Of epochs_to: the curve.", MEMBER_OPTIONAL, AT(lesson_claim, of)},
    {"target", MEMBER_NUMBER, "Of epochs_to: the value to be reached.", MEMBER_OPTIONAL,
     AT(lesson_claim, target), TELLS(lesson_claim, has_target)},
    {"arm", MEMBER_OBJECT,
     "Field values, or the label of a variant; treatments that it does not name are at their "
     "defaults.",
     MEMBER_OPTIONAL, .of = &SHAPE_VARIANT, .read = read_arm, .index = ARM_OF_CLAIM},
    {"against", MEMBER_OBJECT, "What the arm is compared with.", MEMBER_OPTIONAL,
     .of = &SHAPE_VARIANT, .read = read_arm, .index = AGAINST_OF_CLAIM},
    {"context", MEMBER_OBJECT, "Within which both are.", MEMBER_OPTIONAL, .of = &SHAPE_VARIANT,
     .read = read_arm, .index = CONTEXT_OF_CLAIM},
    {"expect", MEMBER_NAME,
     "better and worse need a significant difference, lower and higher the sign of the mean.",
     AT(lesson_claim, terms.expect), NAMES(CLAIM_EXPECT_NAMES)},
    {"by_at_least", MEMBER_NUMBER, "How large the mean difference is at least.", MEMBER_OPTIONAL,
     AT(lesson_claim, terms.by_at_least), FROM(0), OTHERWISE(0)},
    {"within", MEMBER_NUMBER, "Of equivalent: the difference that does not matter.",
     MEMBER_OPTIONAL, AT(lesson_claim, terms.within), FROM(0), OTHERWISE(0)},
    {"query", MEMBER_TEXT,
     "One statement over :experiment; the first column of its row is whether the claim holds, the "
     "others are told.",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, AT(lesson_claim, query), RANGE(1, 4000),
     .media_type = "application/sql"},
};
static const shape CLAIM = {.name = "Claim",
                            .help = "What will come out, and is judged by the runs.",
                            BYTES_OF(lesson_claim),
                            MEMBERS(CLAIM_ROWS),
                            .check = check_claim};

/* ---- the experiment ---- */

/* The specification as JSON text: it is read where it is planned. */
static bool keep_spec(const member *m, const cJSON *value, const char *pointer, void *object,
                      fail_list *faults)
{
    lesson_part *part = object;
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "%s must be an object, not %s",
                             m->name, codec_json_type(value));
    part->spec = cJSON_PrintUnformatted(value);
    return part->spec || fail_list_add(faults, FAIL_OUT_OF_MEMORY, pointer, "no memory");
}

static const member PART_ROWS[] = {
    {"spec", MEMBER_OBJECT, "What is trained.", .of = &SHAPE_SPECIFICATION, .read = keep_spec},
    {"claims", MEMBER_OBJECT, "What will come out.", MEMBER_OPTIONAL,
     EACH(lesson_part, claims, n_claims), .of = &CLAIM},
};
static const shape PART = {BYTES_OF(lesson_part), MEMBERS(PART_ROWS)};

static const member COUNTEREXAMPLE_ROWS[] = {
    {"text", MEMBER_TEXT, "What is different, and why it is told.", AT(lesson_part, text)},
    {.type = MEMBER_INCLUDED, ITSELF(lesson_part), .of = &PART},
};
static const shape COUNTEREXAMPLE = {.name = "Counterexample",
                                     .help = "Where the claims fail.",
                                     BYTES_OF(lesson_part),
                                     MEMBERS(COUNTEREXAMPLE_ROWS)};

/* ---- the words ---- */

static const member SIZE_ROWS[] = {
    {"question", MEMBER_TEXT, "What size is asked for.", AT(lesson_size, question)},
    {"min", MEMBER_NUMBER, "The least answer.", AT(lesson_size, least)},
    {"max", MEMBER_NUMBER, "The greatest answer.", AT(lesson_size, most)},
    {"step", MEMBER_NUMBER, "Between two answers.", AT(lesson_size, step)},
    {"claim", MEMBER_INTEGER, "Which claim's mean difference is the answer, from 0 on.",
     AT(lesson_size, claim), FROM(0)},
};
static const shape SIZE = {BYTES_OF(lesson_size), MEMBERS(SIZE_ROWS)};

static const member PREDICTION_ROWS[] = {
    {"question", MEMBER_TEXT, "What will come out?", AT(lesson_prediction, question)},
    {"choices", MEMBER_TEXT, "Answers to choose from.", EACH(lesson_prediction, choices, n_choices),
     .least = 2, .most = 6},
    {"answer", MEMBER_INTEGER, "Which one the claims amount to, from 0 on.", MEMBER_OPTIONAL,
     AT(lesson_prediction, answer), FROM(0)},
    {"size", MEMBER_OBJECT, "How large the difference will be.", MEMBER_OPTIONAL,
     AT(lesson_prediction, size), .of = &SIZE},
    {"why_it_is_hard", MEMBER_TEXT, "What makes many answer otherwise.",
     AT(lesson_prediction, why_it_is_hard)},
};
static const shape PREDICTION = {BYTES_OF(lesson_prediction), MEMBERS(PREDICTION_ROWS)};

static const member LINE_ROWS[] = {
    {"metric", MEMBER_TEXT, "What is drawn.", AT(lesson_line, metric)},
    {"label", MEMBER_TEXT, "What it is called.", AT(lesson_line, label)},
    {"x", MEMBER_NUMBER, "Where it stands, in a picture over metrics.", MEMBER_OPTIONAL,
     AT(lesson_line, x)},
};
static const shape LINE = {BYTES_OF(lesson_line), MEMBERS(LINE_ROWS)};

static const member PICTURE_ROWS[] = {
    {"kind", MEMBER_NAME,
     "curves: over epochs; levels: over the values of a field; metrics: over metrics, a line for "
     "each arm; repeats: a dot for each repeat.",
     AT(lesson_picture, kind), ONE_OF("curves", "levels", "metrics", "repeats")},
    {"title", MEMBER_TEXT, "What is to be seen.", AT(lesson_picture, title)},
    {"text", MEMBER_TEXT, "How to read it.", AT(lesson_picture, text)},
    {"over", MEMBER_TEXT, "Of levels: the field; of metrics: what their places are.",
     MEMBER_OPTIONAL, AT(lesson_picture, over)},
    {"lines", MEMBER_OBJECT, "What is drawn.", EACH(lesson_picture, lines, n_lines), .of = &LINE,
     .least = 1, .most = 6},
};
static const shape PICTURE = {BYTES_OF(lesson_picture), MEMBERS(PICTURE_ROWS)};

static const member NOTE_ROWS[] = {
    {"text", MEMBER_TEXT, "What is said.", AT(lesson_note, text)},
    {"link", MEMBER_TEXT, "Where to look; {experiment} stands for the learner's own.",
     MEMBER_OPTIONAL, AT(lesson_note, link)},
};
static const shape NOTE = {BYTES_OF(lesson_note), MEMBERS(NOTE_ROWS)};

static const member CHECK_ROWS[] = {
    {"question", MEMBER_TEXT, "What is asked.", AT(lesson_check, question)},
    {"choices", MEMBER_TEXT, "Answers to choose from.", EACH(lesson_check, choices, n_choices),
     .least = 2, .most = 6},
    {"answer", MEMBER_INTEGER, "The right one, from 0 on.", AT(lesson_check, answer), FROM(0)},
    {"because", MEMBER_TEXT, "Why it is right.", AT(lesson_check, because)},
    {"link", MEMBER_TEXT, "Where the learner's own runs show it.", MEMBER_OPTIONAL,
     AT(lesson_check, link)},
};
static const shape CHECK = {BYTES_OF(lesson_check), MEMBERS(CHECK_ROWS)};

/* ---- the whole ---- */

static const member LESSON_ROWS[] = {
    {"name", MEMBER_TEXT, "What it is called in a path.", AT(lesson, name), RANGE(1, 63),
     .alphabet = NAME_CHARACTERS},
    {"title", MEMBER_TEXT, "Its title.", AT(lesson, title)},
    {"description", MEMBER_TEXT, "What it shows.", MEMBER_OPTIONAL, AT(lesson, description)},
    {"step", MEMBER_INTEGER, "Its place in the path, from 1 on; 0: it stands by itself.",
     MEMBER_OPTIONAL, AT(lesson, step), RANGE(0, 1000), OTHERWISE(0)},
    {"objective", MEMBER_TEXT, "What the learner can do afterwards.", MEMBER_OPTIONAL,
     AT(lesson, objective)},
    {"concept", MEMBER_TEXT, "What it is about, in a word.", MEMBER_OPTIONAL, AT(lesson, concept)},
    {"minutes", MEMBER_INTEGER, "How long it takes.", MEMBER_OPTIONAL, AT(lesson, minutes),
     RANGE(0, 1000), OTHERWISE(0)},
    {"text", MEMBER_TEXT, "Paragraphs before it runs.", MEMBER_OPTIONAL,
     EACH(lesson, text, n_text)},
    {"predict", MEMBER_OBJECT, "What the learner is asked before it runs.", MEMBER_OPTIONAL,
     AT(lesson, predict), .of = &PREDICTION},
    {.type = MEMBER_INCLUDED, AT(lesson, main), .of = &PART},
    {"picture", MEMBER_OBJECT, "The picture that shows it.", MEMBER_OPTIONAL, AT(lesson, picture),
     .of = &PICTURE},
    {"counterexample", MEMBER_OBJECT, "Where the claims fail.", MEMBER_OPTIONAL,
     AT(lesson, counterexample), .of = &COUNTEREXAMPLE},
    {"look", MEMBER_OBJECT, "What else is to be seen.", MEMBER_OPTIONAL, EACH(lesson, look, n_look),
     .of = &NOTE},
    {"explain", MEMBER_TEXT, "Paragraphs after it ran.", MEMBER_OPTIONAL,
     EACH(lesson, explain, n_explain)},
    {"check", MEMBER_OBJECT, "Questions of what was learned.", MEMBER_OPTIONAL,
     EACH(lesson, checks, n_checks), .of = &CHECK},
    {"references", MEMBER_OBJECT, "Papers, and what they found.", MEMBER_OPTIONAL,
     EACH(lesson, references, n_references), .of = &NOTE},
};
const shape SHAPE_LESSON = {.name = "Lesson",
                            .help = "A lesson, with its experiment and what it claims.",
                            BYTES_OF(lesson),
                            MEMBERS(LESSON_ROWS)};

bool codec_read_lesson(const char *text, size_t n, lesson *out, fail_list *faults)
{
    lesson l = {.name = NULL};
    cJSON *root = NULL;
    bool is_read = codec_json_parse_object(text, n, &root, faults) &&
                   shape_read_into(&SHAPE_LESSON, root, "", &l, faults);
    cJSON_Delete(root);
    if (is_read)
        *out = l;
    else
        lesson_close(&l);
    return is_read;
}

static void close_part(lesson_part *part)
{
    for (size_t i = 0; i < part->n_claims; i++)
        for (int k = ARM_OF_CLAIM; k <= CONTEXT_OF_CLAIM; k++)
            free(arm_of(&part->claims[i], k)->label);
    free(part->spec);
    part->spec = NULL;
}

void lesson_close(lesson *l)
{
    close_part(&l->main);
    close_part(&l->counterexample);
    shape_close(&SHAPE_LESSON, l);
}

/* ---- seeds ---- */

static bool move_seed(cJSON *value, int64_t by)
{
    double moved = value->valuedouble + (double)by;
    cJSON_SetNumberValue(value, moved);
    return moved <= (double)SPEC_SEED_LIMIT;
}

/* In an object of field values, of whatever says the seed `name`: a number or an array. */
static bool move_in(cJSON *object, const char *name, int64_t by, bool *is_there)
{
    cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    bool fits = true;
    *is_there = value != NULL;
    if (value && cJSON_IsNumber(value))
        return move_seed(value, by);
    for (cJSON *one = value ? value->child : NULL; one; one = one->next)
        fits = move_seed(one, by) && fits;
    return fits;
}

/* A seed that is said nowhere is 0, and is said then; one that is swept is not said beside. */
static bool move_one(cJSON *spec, const char *name, int64_t by)
{
    cJSON *sweep = cJSON_GetObjectItemCaseSensitive(spec, "sweep");
    cJSON *variants = cJSON_GetObjectItemCaseSensitive(spec, "variants");
    bool is_swept, is_there, fits = move_in(sweep, name, by, &is_swept);
    for (cJSON *one = variants ? variants->child : NULL; one; one = one->next)
        fits = move_in(one, name, by, &is_there) && fits;
    fits = move_in(spec, name, by, &is_there) && fits;
    if (!is_swept && !is_there)
        fits = cJSON_AddNumberToObject(spec, name, (double)by) && fits;
    return fits;
}

bool codec_move_seeds(const char *spec, int64_t by, char **out, fail *f)
{
    cJSON *root;
    if (!codec_json_parse(spec, strlen(spec), &root, f))
        return false;
    bool fits = move_one(root, "seed", by);
    fits = move_one(root, "data_seed", by) && fits;
    char *text = fits ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (!fits)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/seed",
                        "There are no seeds so large: at most 9007199254740991.");
    if (!text)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the specification.");
    *out = text;
    return true;
}
