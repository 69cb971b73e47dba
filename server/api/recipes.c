#include "server/api/recipes.h"

#include "server/api/api.h"
#include "server/api/submit.h"
#include "server/codec/codec.h"
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

static void add_member(buffer *b, const recipe *r, const char *name)
{
    const char *value;
    size_t n;
    json_add_key(b, name);
    if (json_member_find(r->text, r->n, name, &value, &n))
        buffer_add(b, value, n);
    else
        buffer_add_text(b, "null");
}

static void add_recipe(buffer *b, const recipe *r)
{
    json_add_separator(b);
    buffer_add_text(b, "{");
    json_add_key(b, "name");
    json_add_string(b, r->name);
    add_member(b, r, "title");
    add_member(b, r, "description");
    add_member(b, r, "spec");
    buffer_add_text(b, "}");
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

void api_recipes_list(app *a, const request *q, response *r)
{
    char path[JOBS_PATH_BYTES], next_cursor[24] = "";
    int64_t first, limit;
    fail f;
    if (!api_read_page(q, &first, &limit, &f)) {
        response_fail(r, &f);
        return;
    }
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/recipes", a->static_dir);
    int n = scandir(path, &entries, is_recipe_file, alphasort);
    api_list_begin(&r->body);
    for (int i = 0; i < n; i++) {
        if (i >= first && i < first + limit)
            add_file(a, entries[i]->d_name, &r->body);
        free(entries[i]);
    }
    free(entries);
    if (n > first + limit)
        snprintf(next_cursor, sizeof next_cursor, "%" PRId64, first + limit);
    api_list_end(&r->body, next_cursor);
    response_set(r, 200, MESSAGE_JSON);
}

/* ---- queue ---- */

/* A recipe is queued as it is; a body that changes it would be lost without a word. */
static bool check_no_body(const request *q, fail *f)
{
    size_t start = strspn(q->body, " \t\r\n");
    if (q->body_bytes == start ||
        (strncmp(q->body + start, "{}", 2) == 0 &&
         start + 2 + strspn(q->body + start + 2, " \t\r\n") == q->body_bytes))
        return true;
    return fail_set(f, FAIL_INCOMPATIBLE, "",
                    "A recipe takes no body. To change it, take its spec from GET /recipes and "
                    "submit that to POST /experiments.");
}

void api_recipes_queue(app *a, const request *q, response *r)
{
    recipe found;
    fail f;
    if (!check_no_body(q, &f) || !recipe_open(a, q->name, &found, &f)) {
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
    bool is_made = api_submit(a, spec, strlen(spec), NULL, &made, &faults);
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
