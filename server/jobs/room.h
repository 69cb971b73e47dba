/* room — how much of the disk the data directory takes, and how much it may.
 *
 * Counted are the sizes of the files: data sets, models, checkpoints, what is being uploaded. The
 * count is up to a second old, and older where counting takes long.
 * Threads: any. Failure: FAIL_NO_ROOM with both figures. */
#ifndef SERVER_JOBS_ROOM_H
#define SERVER_JOBS_ROOM_H

#include "core/base/fail.h"

#include <stdint.h>

typedef struct room room;

/* A quota of 0: none. NULL without memory; data_dir is borrowed. */
room *room_new(const char *data_dir, int64_t data_quota, int64_t upload_quota);
void room_free(room *r); /* NULL: nothing */

/* May more be begun that will leave files? */
FAIL_CHECKED bool room_check_data(room *r, fail *f);
/* May so many bytes more be registered as data sets? FAIL_TOO_LARGE where they alone are too
 * many. The count is made anew. */
FAIL_CHECKED bool room_check_upload(room *r, int64_t n_bytes, fail *f);

#endif
