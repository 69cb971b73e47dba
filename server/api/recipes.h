/* recipes — the ready-made experiments of STATIC_DIR/lessons (server/lesson/files.h), those of
 * lessons among them.
 *
 * Files are read at each request.
 * Threads: any number at once. */
#ifndef SERVER_API_RECIPES_H
#define SERVER_API_RECIPES_H

#include "core/base/fail.h"
#include "server/api/message.h"
#include "server/lesson/files.h"

extern const shape SHAPE_RECIPE;

/* GET /recipes: {"items": [{"name", "title", "description", "is_lesson", "spec"}]}, recipes in
 * order of name, then lessons in that of the path. */
request_handler api_recipes_list;

/* POST /recipes/{name}: as POST /experiments with the recipe's specification; 404 if there is none
 * of that name. */
request_handler api_recipes_queue;

/* The same without HTTP, for `serve --recipe NAME`: queued only if the database holds no experiment
 * yet (*queued). */
FAIL_CHECKED bool api_recipes_start(struct app *app, const char *name, bool *queued, fail *f);

/* The page of such files that a request asks for: list.items[first] up to `end`. */
typedef struct api_file_page {
    lesson_list list; /* the caller's to close */
    int64_t first, end;
    char next_cursor[24];
} api_file_page;
FAIL_CHECKED bool api_open_file_page(const struct app *app, const request *q, bool only_taught,
                                     api_file_page *out, fail *f);

#endif
