/* datasets — the handlers of /datasets: list, describe, register, delete, preview.
 *
 * Every handler fills the response, a fail included.
 * Threads: any number at once, in workers. */
#ifndef SERVER_API_DATASETS_H
#define SERVER_API_DATASETS_H

#include "server/api/message.h"

extern const shape SHAPE_REGISTER_QUERY, SHAPE_PREVIEW_QUERY;

/* GET /datasets (built-in ones first) and GET /datasets/{name}. */
request_handler api_datasets_list;
request_handler api_datasets_get;

/* PUT /datasets/{name}?label=&header=...&dry_run=: the options of core/data/import/options.h. 201
 * new, 200 the same content again or a dry run, 409 another content. */
request_handler api_datasets_put;

/* DELETE /datasets/{name}: 204; 409 while an unfinished experiment uses it. */
request_handler api_datasets_delete;

/* GET /datasets/{name}/preview?rows=10&images=100: what the set looks like, from its stored
 * training part (all of it, where parts are drawn per run): {"name", "task", "n", "columns": [name
 * of each input], "rows": [[input, ...], ...], "labels": [class name of each row] or "targets":
 * [[...]], "class_counts": [{"name", "train", "validation", "test"}] (null for regression),
 * "images": {"height", "width", "labels": [class name of each], "pixels": [[0..255, row-major],
 * ...]} (null without images)}. Inputs of images are 0..1, as predictions take them. Rows are at
 * most 500, images 400.
 *
 * &n=&noise=&classes=&dimensions=: the options of a built-in set, as a specification has them; its
 * own where not given. At most 50000 samples and 1000 dimensions. 400 for an option that the set
 * does not have, or a value that it does not take. */
request_handler api_datasets_preview;

#endif
