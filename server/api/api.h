/* api — what the handlers share: lists, one experiment, one run, an idea of a request's
 * state parameter.
 *
 * Threads: any number at once. */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include "server/api/app.h"
#include "server/api/message.h"

/* {"items":[ ... ],"next_cursor":...}: items are added with json_add_separator() before each. */
void api_list_begin(buffer *b);
void api_list_end(buffer *b, const char *next_cursor); /* "" or NULL: null */

/* ?limit=, default 50, at most 500. */
FAIL_CHECKED bool api_read_limit(const request *q, int *limit, fail *f);
/* The same for lists that are not in the database: the cursor is the number of the first item. */
FAIL_CHECKED bool api_read_page(const request *q, int64_t *first, int64_t *limit, fail *f);
/* ?status=: a run_state, -1 if absent. */
FAIL_CHECKED bool api_read_status(const request *q, int *status, fail *f);

/* The experiment as JSON, with the remaining seconds that the workers expect. */
void api_add_experiment(app *a, buffer *b, const experiment *e, const int64_t *run_ids,
                        int64_t n_run_ids);

/* Answers with the experiment, or the run, as the store has it now; or with the fail. */
void api_send_experiment(app *a, int64_t id, const int64_t *run_ids, int64_t n_run_ids,
                         response *r);
void api_send_run(app *a, int64_t id, response *r);

/* The data set that the run was trained on (of a run that has not started: the one it will be), to
 * be given back with dataset_close(). FAIL_CONFLICT if it is gone, or if its name stands for other
 * content now: answers made with that would be wrong without a sign of it. */
FAIL_CHECKED bool api_open_run_dataset(app *a, const run *row, const train_spec *spec,
                                       dataset **out, fail *f);

/* Takes the closing brace off an object just written, so that more members can follow. */
void api_reopen_object(buffer *b);

/* Answers with the body that was written, under an ETag of its bytes; with 304 where the client has
 * it. */
void api_send_tagged(const request *q, const char *content_type, response *r);

#endif
