/* events — what happened, for those who come back. Threads and failure as in
 * server/store/store.h. */
#ifndef SERVER_STORE_EVENTS_H
#define SERVER_STORE_EVENTS_H

#include "server/store/store.h"

typedef bool event_callback(void *context, const event_row *e);
/* Committed events with id > after, of the given experiments (n = 0: all) or of one run (run_id !=
 * 0), in order. */
FAIL_CHECKED bool store_list_events(store *s, int64_t after, const int64_t *experiment_ids, int n,
                                    int64_t run_id, int limit, event_callback *each, void *context,
                                    fail *f);
/* The least and the greatest id that can be replayed: a client that saw less than first - 1 has to
 * reload. */
FAIL_CHECKED bool store_event_range(store *s, int64_t *first, int64_t *last, fail *f);

#endif
