/* upload — a body that is streamed to files in DATA_DIR/incoming: one file, or one for each part of
 * multipart/form-data.
 *
 * 1. The loop collects a block in memory; a worker writes it. Never more than a block per upload is
 *    in memory.
 * 2. The files are removed by http_upload_close(), whatever became of the request; a handler that
 *    wants one renames it.
 * Threads: one at a time: the loop, or the worker that has the exchange. */
#ifndef SERVER_HTTP_UPLOAD_H
#define SERVER_HTTP_UPLOAD_H

#include "core/base/fail.h"
#include "core/data/import/register.h"
#include "server/api/message.h"

#include <microhttpd.h>

typedef struct http_upload http_upload;

/* Makes DATA_DIR and DATA_DIR/incoming, and empties the latter of what a crash has left. */
FAIL_CHECKED bool http_upload_prepare(const char *data_dir, fail *f);

/* `content_type` is copied; multipart needs its boundary in the connection's header. */
FAIL_CHECKED bool http_upload_open(struct MHD_Connection *connection, const char *data_dir,
                                   const char *content_type, http_upload **out, fail *f);
void http_upload_close(http_upload *u); /* NULL: nothing */

/* Takes as much into the block as fits; returns how much. */
size_t http_upload_add(http_upload *u, const char *data, size_t n);
bool http_upload_is_full(const http_upload *u);

/* In a worker: writes the block. After a failure everything later fails in the same way. */
FAIL_CHECKED bool http_upload_write(http_upload *u, fail *f);
/* In a worker: writes the rest and tells the files, which live as long as the upload. */
FAIL_CHECKED bool http_upload_finish(http_upload *u, const message_file **files, int *n, fail *f);

#endif
