/* clerk — the thread of jobs' own: what is due, what has waited for another run, and what is to be
 * tidied up while there is nothing to train. Threads: one. */
#ifndef SERVER_JOBS_CLERK_H
#define SERVER_JOBS_CLERK_H

/* The main function of the thread; `context` is the jobs. Ends when these are closed and no lease
 * is left. */
void *jobs_clerk(void *context);

#endif
