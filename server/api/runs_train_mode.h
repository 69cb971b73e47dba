/* runs_train_mode — what a run's net is like when evaluation mode was forgotten: scores of its
 * answers with the masks and noise of training, drawn again and again, beside those without.
 *
 * Threads: any number at once, in workers. */
#ifndef SERVER_API_RUNS_TRAIN_MODE_H
#define SERVER_API_RUNS_TRAIN_MODE_H

#include "server/api/trained_run.h"
#include "server/text/buffer.h"

enum { TRAIN_MODE_DRAWS_LIMIT = 200, TRAIN_MODE_ROWS_LIMIT = 2000 /* of the test split */ };

/* Appends a TrainModeEvaluation (server/codec/evaluation.h): the first TRAIN_MODE_ROWS_LIMIT test
 * samples, `n_draws` times. The same request has the same answer. */
FAIL_CHECKED bool api_add_train_mode(const trained_run *s, int64_t run_id, size_t n_draws,
                                     buffer *b, fail *f);

#endif
