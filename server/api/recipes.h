/* recipes — the ready-made experiments of STATIC_DIR/recipes: each NAME.json holds
 * a title, a description and a `spec`.
 *
 * Files are read at each request.
 * Threads: any number at once. */
#ifndef SERVER_API_RECIPES_H
#define SERVER_API_RECIPES_H

#include "core/base/fail.h"
#include "server/api/message.h"

extern const shape SHAPE_RECIPE;

/* GET /recipes: {"items": [{"name", "title", "description", "spec"}]} in order of name. */
request_handler api_recipes_list;

/* POST /recipes/{name}: as POST /experiments with the recipe's specification; 404 if there is none
 * of that name. */
request_handler api_recipes_queue;

/* The same without HTTP, for `serve --recipe NAME`: queued only if the database holds no experiment
 * yet (*queued). */
FAIL_CHECKED bool api_recipes_start(struct app *app, const char *name, bool *queued, fail *f);

#endif
