/* experiments — the handlers of /experiments: submit, list, change, stop, extend.
 *
 * Every handler fills the response, a fail included.
 * Threads: any number at once, in workers. */
#ifndef SERVER_API_EXPERIMENTS_H
#define SERVER_API_EXPERIMENTS_H

#include "server/api/message.h"

extern const shape SHAPE_EXPERIMENTS_QUERY, SHAPE_DELETE_QUERY;

/* POST /experiments: 201 with Location and run_ids, durable before the answer; ?dry_run=true: 200,
 * nothing stored. */
request_handler api_experiments_create;

/* GET /experiments?status=&tag=&q=&sort=&cursor=&limit= and GET /experiments/{id}. */
request_handler api_experiments_list;
request_handler api_experiments_get;

/* PATCH /experiments/{id}: name, description, tags. DELETE /experiments/{id}?force=: 204, 409 while
 * running. */
request_handler api_experiments_update;
request_handler api_experiments_delete;

/* POST /experiments/{id}/cancel, pause, resume: 200 with the experiment as it is now. */
request_handler api_experiments_cancel;
request_handler api_experiments_pause;
request_handler api_experiments_resume;

/* POST /experiments/{id}/extend: queues the missing (config, seed) cells; 200 with the experiment
 * and their run_ids. */
request_handler api_experiments_extend;

/* GET /experiments/{id}/runs: as GET /runs, of one experiment. */
request_handler api_experiments_runs;

#endif
