#include "server/api/recipes.h"

#include "server/api/api.h"
#include "server/api/submit.h"
#include "server/codec/list.h"
#include "server/lesson/files.h"
#include "server/store/experiments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

typedef struct recipe_answer {
    const char *name, *title, *description;
    const char *spec; /* JSON */
    bool is_lesson;
} recipe_answer;

static const member RECIPE_ROWS[] = {
    {"name", MEMBER_TEXT, "What it is called in POST /recipes/{name}.", AT(recipe_answer, name)},
    {"title", MEMBER_TEXT, "Its title.", AT(recipe_answer, title)},
    {"description", MEMBER_TEXT, "What it shows.", MEMBER_NULLABLE, AT(recipe_answer, description)},
    {"is_lesson", MEMBER_BOOLEAN, "Whether it also teaches: GET /lessons/{name}.",
     AT(recipe_answer, is_lesson)},
    {"spec", MEMBER_OBJECT, "What is submitted.", MEMBER_AS_JSON, AT(recipe_answer, spec),
     .of = &SHAPE_SPECIFICATION},
};
const shape SHAPE_RECIPE = {.name = "Recipe", BYTES_OF(recipe_answer), MEMBERS(RECIPE_ROWS)};

static void add_recipe(buffer *b, const lesson *l)
{
    shape_add_item(b, &SHAPE_RECIPE,
                   &(recipe_answer){.name = l->name,
                                    .title = l->title,
                                    .description = l->description ? l->description : l->objective,
                                    .spec = l->main.spec,
                                    .is_lesson = lesson_is_taught(l)});
}

static void add_items(void *context, buffer *b)
{
    api_file_page *page = context;
    for (int64_t i = page->first; i < page->end; i++)
        add_recipe(b, &page->list.items[i].lesson);
}

void api_recipes_list(app *a, const request *q, response *r)
{
    api_file_page page;
    fail f;
    if (!api_open_file_page(a, q, false, &page, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_list(&r->body, add_items, &page, page.next_cursor);
    lesson_list_close(&page.list);
    response_set(r, 200, MESSAGE_JSON);
}

bool api_open_file_page(const app *a, const request *q, bool only_taught, api_file_page *out,
                        fail *f)
{
    int64_t limit;
    *out = (api_file_page){.next_cursor = ""};
    if (!api_read_page(q, &out->first, &limit, f) ||
        !lesson_files_list(a->static_dir, only_taught, &out->list, f))
        return false;
    int64_t n = (int64_t)out->list.n;
    out->end = n - limit > out->first ? out->first + limit : n;
    if (out->end < n)
        snprintf(out->next_cursor, sizeof out->next_cursor, "%" PRId64, out->end);
    return true;
}

/* ---- queue ---- */

static const char NO_BODY[] =
    "A recipe takes no body. To change it, take its spec from GET /recipes and submit that to POST "
    "/experiments.";

void api_recipes_queue(app *a, const request *q, response *r)
{
    lesson_file found;
    fail f;
    if (!request_check_no_body(q, NO_BODY, &f) ||
        !lesson_files_open(a->static_dir, q->name, &found, &f)) {
        response_fail(r, &f);
        return;
    }
    api_submit_answer(a, q, found.lesson.main.spec, strlen(found.lesson.main.spec), r);
    lesson_file_close(&found);
}

static bool submit(app *a, const char *name, fail *f)
{
    lesson_file found;
    submission made;
    fail_list faults = {.n = 0};
    if (!lesson_files_open(a->static_dir, name, &found, f))
        return false;
    const char *spec = found.lesson.main.spec;
    bool is_made = api_submit(a, NULL, spec, strlen(spec), NULL, &made, &faults);
    lesson_file_close(&found);
    if (is_made)
        free(made.run_ids);
    else
        *f = faults.items[0];
    return is_made;
}

bool api_recipes_start(app *a, const char *name, bool *queued, fail *f)
{
    store_counts counts;
    if (!store_count(a->store, &counts, f))
        return false;
    if (counts.experiments == 0 && !submit(a, name, f))
        return false;
    *queued = counts.experiments == 0;
    return true;
}
