/* api — what the handlers share: lists, one experiment, one run, an idea of a request's
 * state parameter.
 *
 * Threads: any number at once. */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include "core/base/caller.h"
#include "server/api/app.h"
#include "server/api/message.h"
#include "server/codec/resource.h"

/* Which page of a list. */
typedef struct page_query {
    int limit;
    const char *cursor; /* NULL or "": the first */
} page_query;
extern const shape SHAPE_PAGE_QUERY;
extern const shape SHAPE_PART_QUERY; /* limit 0, everything, where none is told */
/* The same of lists that are not in the database: the cursor is the number of the first item. */
FAIL_CHECKED bool api_read_page(const request *q, int64_t *first, int64_t *limit, fail *f);

/* The experiment's answer, with the remaining seconds that the workers expect. */
experiment_answer api_experiment_answer(app *a, const experiment *e);

/* Answers with the experiment, or the run, as the store has it now; or with the fail. */
void api_send_experiment(app *a, int64_t id, const int64_t *run_ids, int64_t n_run_ids,
                         response *r);
void api_send_run(app *a, int64_t id, response *r);

/* The data set that the run was trained on (of a run that has not started: the one it will be), to
 * be given back with dataset_close(). FAIL_CONFLICT if it is gone, or if its name stands for other
 * content now: answers made with that would be wrong without a sign of it. */
FAIL_CHECKED bool api_open_run_dataset(app *a, const caller *by, const run *row,
                                       const train_spec *spec, dataset **out, fail *f);

/* Of a run that has ended: gives the answer the tag that it has as long as the run is not tried
 * again, known before there is a body, and says that it may be kept. True where the client has it:
 * then it is 304 and whole. */
bool api_answer_lasting(app *a, const run *row, const request *q, response *r);

/* The same where the digest of the body is known before there is one. */
bool api_answer_digest(const char *sha256, const request *q, response *r);

/* Answers with the body that was written, under an ETag of its bytes; with 304 where the client has
 * it. */
void api_send_tagged(const request *q, const char *content_type, response *r);

#endif
