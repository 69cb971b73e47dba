/* methods — the paragraph on the method of an experiment's comparison.
 *
 * Threads: any number at once. */
#ifndef SERVER_API_METHODS_H
#define SERVER_API_METHODS_H

#include "server/api/app.h"
#include "server/jobs/study.h"
#include "server/study/arms.h"
#include "server/text/buffer.h"

/* Appends it (server/study/paragraph.h) with what the first run knows of data and program. Of
 * several experiments nothing is said: there are several methods. */
void api_add_methods(app *a, const jobs_study *x, const arms *found, buffer *out);

#endif
