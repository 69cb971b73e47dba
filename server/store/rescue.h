/* rescue — what a database is brought back to when its write-ahead log was taken away under it: the
 * connections that are open still have all of it. */
#ifndef SERVER_STORE_RESCUE_H
#define SERVER_STORE_RESCUE_H

#include "server/store/group.h"
#include "server/store/readers.h"

/* Between transactions: copies all of the log into the database, then opens it anew, with a new
 * log. Waits for readers, up to RESCUE_WAIT_MS; nobody begins to read meanwhile. False where
 * somebody reads for longer, or the disk refuses: then everything is as it was, and may be tried
 * again. */
FAIL_CHECKED bool store_rescue(store_writer *w, store_readers *r, fail *f);

#endif
