/* study_records — what the comparison of a study takes from the records of its runs, since their
 * metrics do not say it: who was still improving, the last value of a layer, epochs to a target.
 *
 * Threads: as jobs_study_open(), whose part it is. */
#ifndef SERVER_JOBS_STUDY_RECORDS_H
#define SERVER_JOBS_STUDY_RECORDS_H

#include "server/jobs/study.h"

/* Fills x->runs, which are there. FAIL_INTERRUPTED once x->pace says so. */
FAIL_CHECKED bool study_records_read(store *s, jobs_study *x, fail *f);

#endif
