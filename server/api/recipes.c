#include "server/api/recipes.h"

#include "server/api/api.h"
#include "server/api/submit.h"
#include "server/codec/list.h"
#include "server/jobs/files.h"
#include "server/store/experiments.h"
#include "server/text/check.h"
#include "server/text/member.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".json"
enum { NAME_BYTES = 64 };

typedef struct recipe { /* one file */
    char name[NAME_BYTES];
    char *text;
    size_t n;
    const char *spec; /* in text */
    size_t spec_bytes;
} recipe;

static void recipe_close(recipe *r)
{
    free(r->text);
}

static bool is_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < NAME_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool no_recipe(const char *name, fail *f)
{
    return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no recipe \"%.60s\".", name);
}

static bool recipe_open(const app *a, const char *name, recipe *out, fail *f)
{
    char path[JOBS_PATH_BYTES];
    recipe r = {.text = NULL};
    if (!is_name(name))
        return no_recipe(name, f);
    memcpy(r.name, name, strlen(name) + 1);
    int n = snprintf(path, sizeof path, "%s/recipes/%s" SUFFIX, a->static_dir, name);
    if (n >= (int)sizeof path)
        return no_recipe(name, f);
    if (!jobs_files_load(path, &r.text, &r.n, f))
        return false;
    if (!r.text)
        return no_recipe(name, f);
    if (!json_check_text(r.text, r.n, f) ||
        !json_member_find(r.text, r.n, "spec", &r.spec, &r.spec_bytes)) {
        recipe_close(&r);
        return fail_set(f, FAIL_INTERNAL, NULL, "The recipe \"%s\" has no readable specification.",
                        name);
    }
    *out = r;
    return true;
}

/* ---- list ---- */

static int is_recipe_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name), n_suffix = strlen(SUFFIX);
    return n > n_suffix && n - n_suffix < NAME_BYTES &&
           strcmp(entry->d_name + n - n_suffix, SUFFIX) == 0;
}

typedef struct recipe_answer { /* JSON texts but the name */
    const char *name;
    char *title, *description, *spec;
} recipe_answer;

static const member RECIPE_ROWS[] = {
    {"name", MEMBER_TEXT, "What it is called in POST /recipes/{name}.", AT(recipe_answer, name)},
    {"title", MEMBER_TEXT, "Its title.", MEMBER_AS_JSON | MEMBER_NULLABLE,
     AT(recipe_answer, title)},
    {"description", MEMBER_TEXT, "What it shows.", MEMBER_AS_JSON | MEMBER_NULLABLE,
     AT(recipe_answer, description)},
    {"spec", MEMBER_OBJECT, "What is submitted.", MEMBER_AS_JSON, AT(recipe_answer, spec),
     .of = &SHAPE_SPECIFICATION},
};
const shape SHAPE_RECIPE = {.name = "Recipe", BYTES_OF(recipe_answer), MEMBERS(RECIPE_ROWS)};

/* A member's value as it is written; NULL where there is none, or no memory. */
static char *copy_member(const recipe *r, const char *name)
{
    const char *value;
    size_t n;
    return json_member_find(r->text, r->n, name, &value, &n) ? strndup(value, n) : NULL;
}

static void add_recipe(buffer *b, const recipe *r)
{
    recipe_answer answer = {.name = r->name,
                            .title = copy_member(r, "title"),
                            .description = copy_member(r, "description"),
                            .spec = copy_member(r, "spec")};
    shape_add_item(b, &SHAPE_RECIPE, &answer);
    free(answer.title);
    free(answer.description);
    free(answer.spec);
}

/* A file that is no recipe is left out: it must not take the others with it. */
static void add_file(const app *a, const char *file_name, buffer *b)
{
    char name[NAME_BYTES];
    recipe r;
    fail f;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(file_name) - strlen(SUFFIX)), file_name);
    if (!recipe_open(a, name, &r, &f)) {
        (void)fprintf(stderr, "regulab: %s: %s\n", file_name, f.sentence);
        return;
    }
    add_recipe(b, &r);
    recipe_close(&r);
}

typedef struct recipe_listing {
    const app *a;
    int64_t first, limit;
    char next_cursor[24];
} recipe_listing;

static void add_items(void *context, buffer *b)
{
    recipe_listing *l = context;
    char path[JOBS_PATH_BYTES];
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/recipes", l->a->static_dir);
    int n = scandir(path, &entries, is_recipe_file, alphasort);
    for (int i = 0; i < n; i++) {
        if (i >= l->first && i < l->first + l->limit)
            add_file(l->a, entries[i]->d_name, b);
        free(entries[i]);
    }
    free(entries);
    if (n > l->first + l->limit)
        snprintf(l->next_cursor, sizeof l->next_cursor, "%" PRId64, l->first + l->limit);
}

void api_recipes_list(app *a, const request *q, response *r)
{
    recipe_listing l = {.a = a};
    fail f;
    if (!api_read_page(q, &l.first, &l.limit, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_list(&r->body, add_items, &l, l.next_cursor);
    response_set(r, 200, MESSAGE_JSON);
}

/* ---- queue ---- */

static const char NO_BODY[] =
    "A recipe takes no body. To change it, take its spec from GET /recipes and submit that to POST "
    "/experiments.";

void api_recipes_queue(app *a, const request *q, response *r)
{
    recipe found;
    fail f;
    if (!request_check_no_body(q, NO_BODY, &f) || !recipe_open(a, q->name, &found, &f)) {
        response_fail(r, &f);
        return;
    }
    char *spec = strndup(found.spec, found.spec_bytes);
    recipe_close(&found);
    if (spec) {
        api_submit_answer(a, q, spec, strlen(spec), r);
    } else {
        fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this recipe.");
        response_fail(r, &f);
    }
    free(spec);
}

static bool submit(app *a, const char *name, fail *f)
{
    recipe found;
    submission made;
    fail_list faults = {.n = 0};
    if (!recipe_open(a, name, &found, f))
        return false;
    char *spec = strndup(found.spec, found.spec_bytes);
    recipe_close(&found);
    if (!spec)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this recipe.");
    bool is_made = api_submit(a, NULL, spec, strlen(spec), NULL, &made, &faults);
    free(spec);
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
