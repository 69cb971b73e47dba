/* submit — a specification becomes an experiment: what POST /experiments and recipes share.
 *
 * Threads: any number at once. */
#ifndef SERVER_API_SUBMIT_H
#define SERVER_API_SUBMIT_H

#include "core/base/caller.h"
#include "server/api/app.h"
#include "server/api/message.h"
#include "server/model/config_id.h"

typedef struct submission {
    int64_t experiment_id;
    int64_t *run_ids; /* heap, the caller's */
    int64_t n_run_ids, n_configs;
    char baseline_config_id[CONFIG_ID_BYTES];
} submission;

/* Plans, stores and queues it; durable on return. `key` (NULL: none): the same key and text give
 * the first experiment again, FAIL_CONFLICT with another text. FAIL_QUEUE_FULL where its runs find
 * no room. */
FAIL_CHECKED bool api_submit(app *a, const caller *by, const char *text, size_t n, const char *key,
                             submission *out, fail_list *faults);

extern const shape SHAPE_SUBMIT_QUERY;
extern const shape SHAPE_PLAN; /* of ?dry_run=true */

/* The same as an answer: 201 with Location; with ?dry_run=true 200, and nothing is stored. */
void api_submit_answer(app *a, const request *q, const char *text, size_t n, response *r);
/* The same where the query was read already. */
void api_submit_send(app *a, const request *q, bool is_dry, const char *text, size_t n,
                     response *r);

#endif
