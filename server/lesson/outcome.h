/* outcome — what the runs of an experiment say to the claims of a lesson.
 *
 * 1. A claim is about arms of the experiment's own comparison: difference, interval and p are
 *    those of server/study/arms.h, of arm less `against`, paired by repeat.
 * 2. All claims of an experiment are judged together (server/study/claim.h); while a run has not
 *    ended, none is.
 * Ownership: the claims are borrowed; lesson_outcome_close() frees. Threads: any number at once. */
#ifndef SERVER_LESSON_OUTCOME_H
#define SERVER_LESSON_OUTCOME_H

#include "core/base/caller.h"
#include "server/codec/lesson.h"
#include "server/store/store.h"

enum { LESSON_NUMBERS_LIMIT = 16, LESSON_NUMBER_NAME_BYTES = 48 };

typedef struct lesson_number {
    char name[LESSON_NUMBER_NAME_BYTES];
    double value; /* NaN: none */
} lesson_number;

typedef struct lesson_result {
    const lesson_claim *claim;
    claim_outcome outcome;
    int n_numbers;
    lesson_number numbers[LESSON_NUMBERS_LIMIT];
} lesson_result;

typedef struct lesson_outcome {
    int64_t experiment_id;
    size_t n_claims;
    lesson_result *claims;
} lesson_outcome;

typedef struct lesson_question {
    store *store;
    int64_t experiment_id;
    const lesson_part *part; /* whose experiment it is */
    int sql_time_limit_ms;
    const caller *by; /* NULL: nobody */
} lesson_question;

/* FAIL_NOT_FOUND without the experiment; FAIL_INCOMPATIBLE at "/query/experiment" where it lacks an
 * arm that a claim names: it is not of this lesson. */
FAIL_CHECKED bool lesson_outcome_open(const lesson_question *q, lesson_outcome *out, fail *f);
void lesson_outcome_close(lesson_outcome *o);

/* {"experiment", "claims": [{"text", "expect", "outcome", "numbers"}]} */
extern const shape SHAPE_LESSON_OUTCOME;

#endif
