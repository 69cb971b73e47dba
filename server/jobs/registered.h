/* registered — the registered data sets of one data directory, shared with another and checked:
 * names are links to content that is called by its SHA-256 (core/data/import/register.h).
 *
 * Threads and processes: any number; what is written takes the lock of the folder. */
#ifndef SERVER_JOBS_REGISTERED_H
#define SERVER_JOBS_REGISTERED_H

#include "core/base/fail.h"

#include <stdio.h>

typedef void registered_hear(void *context, const char *sentence);

/* No name of `from` has another content in `to`? FAIL_CONFLICT. */
FAIL_CHECKED bool registered_check(const char *from, const char *to, fail *f);

/* Every name of `from` is one of `to` as well. `sums` (NULL: none) gets a line for each content,
 * with its path behind `prefix`. With `hear` each content is read: what is damaged is told and left
 * out. */
FAIL_CHECKED bool registered_share(const char *from, const char *to, const char *prefix, FILE *sums,
                                   registered_hear *hear, void *context, size_t *n, fail *f);

/* Reads every content that has a name, and tells what is damaged or gone. */
FAIL_CHECKED bool registered_verify(const char *data_dir, registered_hear *hear, void *context,
                                    size_t *n, fail *f);

#endif
