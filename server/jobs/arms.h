/* arms — the arms of experiments that have ended, kept for the view comparison_results.
 *
 * Threads: any. */
#ifndef SERVER_JOBS_ARMS_H
#define SERVER_JOBS_ARMS_H

#include "server/store/store.h"

/* Keeps the arms of one experiment that has ended and has none yet; false where there is none, or
 * the disk refuses. */
bool jobs_keep_arms(store *s);

#endif
