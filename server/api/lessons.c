#include "server/api/lessons.h"

#include "server/api/api.h"
#include "server/api/recipes.h"
#include "server/api/submit.h"
#include "server/codec/lesson.h"
#include "server/codec/list.h"
#include "server/jobs/errand.h"
#include "server/lesson/outcome.h"

#include <stdlib.h>
#include <string.h>

/* FAIL_NOT_FOUND also of a recipe, which teaches nothing. */
static bool open_lesson(const app *a, const char *name, lesson_file *out, fail *f)
{
    if (!lesson_files_open(a->static_dir, name, out, f))
        return false;
    if (lesson_is_taught(&out->lesson))
        return true;
    lesson_file_close(out);
    return fail_set(f, FAIL_NOT_FOUND, NULL, "\"%.60s\" is a recipe, not a lesson.", name);
}

/* ---- the path ---- */

static const member ITEM_ROWS[] = {
    {"name", MEMBER_TEXT, "What it is called in a path.", AT(lesson, name)},
    {"title", MEMBER_TEXT, "Its title.", AT(lesson, title)},
    {"step", MEMBER_INTEGER, "Its place in the path, from 1 on.", AT(lesson, step)},
    {"objective", MEMBER_TEXT, "What the learner can do afterwards.", MEMBER_NULLABLE,
     AT(lesson, objective)},
    {"concept", MEMBER_TEXT, "What it is about, in a word.", MEMBER_NULLABLE, AT(lesson, concept)},
    {"description", MEMBER_TEXT, "What it shows.", MEMBER_NULLABLE, AT(lesson, description)},
    {"minutes", MEMBER_INTEGER, "How long it takes.", AT(lesson, minutes)},
};
const shape SHAPE_LESSON_ITEM = {
    .name = "LessonItem", .help = "A lesson of the path.", BYTES_OF(lesson), MEMBERS(ITEM_ROWS)};

static void add_items(void *context, buffer *b)
{
    api_file_page *page = context;
    for (int64_t i = page->first; i < page->end; i++)
        shape_add_item(b, &SHAPE_LESSON_ITEM, &page->list.items[i].lesson);
}

void api_lessons_list(app *a, const request *q, response *r)
{
    api_file_page page;
    fail f;
    if (!api_open_file_page(a, q, true, &page, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_list(&r->body, add_items, &page, page.next_cursor);
    lesson_list_close(&page.list);
    response_set(r, 200, MESSAGE_JSON);
}

void api_lessons_get(app *a, const request *q, response *r)
{
    lesson_file found;
    fail f;
    if (!open_lesson(a, q->name, &found, &f)) {
        response_fail(r, &f);
        return;
    }
    buffer_add(&r->body, found.text, found.n);
    lesson_file_close(&found);
    api_send_tagged(q, MESSAGE_JSON, r);
}

/* ---- its experiment ---- */

typedef struct lesson_query {
    bool is_dry, is_counterexample;
    int64_t seed;
} lesson_query;

#define COUNTEREXAMPLE_ROW(type)                                                                   \
    {                                                                                              \
        "counterexample", MEMBER_BOOLEAN, "Of the experiment where the claims fail.",              \
            MEMBER_OPTIONAL, AT(type, is_counterexample), OTHERWISE(false)                         \
    }

static const member QUERY_ROWS[] = {
    {"dry_run", MEMBER_BOOLEAN, "Answer what would be done, and store nothing.", MEMBER_OPTIONAL,
     AT(lesson_query, is_dry), OTHERWISE(false)},
    COUNTEREXAMPLE_ROW(lesson_query),
    {"seed", MEMBER_INTEGER, "Added to seed and data_seed: other runs of the same lesson.",
     MEMBER_OPTIONAL, AT(lesson_query, seed), RANGE(0, (double)LESSON_SHIFT_LIMIT), OTHERWISE(0)},
};
const shape SHAPE_LESSON_QUERY = {BYTES_OF(lesson_query), MEMBERS(QUERY_ROWS)};

static const char NO_BODY[] =
    "A lesson takes no body. To change its experiment, take spec from GET /lessons/{name} and "
    "submit that to POST /experiments.";

/* The lesson's, or its counterexample's. */
static bool find_part(const lesson *l, bool is_counterexample, const lesson_part **out, fail *f)
{
    *out = is_counterexample ? &l->counterexample : &l->main;
    return (*out)->spec || fail_set(f, FAIL_NOT_FOUND, NULL,
                                    "The lesson \"%.60s\" has no counterexample.", l->name);
}

static bool queue(app *a, const request *q, const lesson *l, response *r, fail *f)
{
    lesson_query wanted;
    const lesson_part *part;
    char *spec;
    if (!request_read_query(q, &wanted, f) || !find_part(l, wanted.is_counterexample, &part, f) ||
        !codec_move_seeds(part->spec, wanted.seed, &spec, f))
        return false;
    api_submit_send(a, q, wanted.is_dry, spec, strlen(spec), r);
    free(spec);
    return true;
}

void api_lessons_queue(app *a, const request *q, response *r)
{
    lesson_file found;
    fail f;
    bool is_open = request_check_no_body(q, NO_BODY, &f) && open_lesson(a, q->name, &found, &f);
    bool is_queued = is_open && queue(a, q, &found.lesson, r, &f);
    if (is_open)
        lesson_file_close(&found);
    if (!is_queued)
        response_fail(r, &f);
}

/* ---- what came out ---- */

typedef struct outcome_query {
    int64_t experiment;
    bool is_counterexample;
} outcome_query;

static const member OUTCOME_QUERY_ROWS[] = {
    {"experiment", MEMBER_INTEGER, "Whose runs are asked.", AT(outcome_query, experiment),
     RANGE(1, (double)SPEC_SEED_LIMIT)},
    COUNTEREXAMPLE_ROW(outcome_query),
};
const shape SHAPE_LESSON_OUTCOME_QUERY = {BYTES_OF(outcome_query), MEMBERS(OUTCOME_QUERY_ROWS)};

static bool judge(app *a, const request *q, const lesson *l, response *r, fail *f)
{
    outcome_query wanted;
    lesson_outcome found;
    lesson_question asked = {.store = a->store,
                             .sql_time_limit_ms = a->sql_time_limit_ms,
                             .by = errand_caller(q->errand)};
    if (!request_read_query(q, &wanted, f) ||
        !find_part(l, wanted.is_counterexample, &asked.part, f))
        return false;
    asked.experiment_id = wanted.experiment;
    if (!lesson_outcome_open(&asked, &found, f))
        return false;
    shape_add(&r->body, &SHAPE_LESSON_OUTCOME, &found);
    lesson_outcome_close(&found);
    api_send_tagged(q, MESSAGE_JSON, r);
    return true;
}

void api_lessons_outcome(app *a, const request *q, response *r)
{
    lesson_file found;
    fail f;
    bool is_open = open_lesson(a, q->name, &found, &f);
    bool is_judged = is_open && judge(a, q, &found.lesson, r, &f);
    if (is_open)
        lesson_file_close(&found);
    if (!is_judged)
        response_fail(r, &f);
}
