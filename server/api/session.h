/* session — a token in, a cookie out, and what a request may do by the one or the other.
 *
 * The cookie holds a digest of the token, never the token. Threads: none of its own; app.tokens
 * belongs to the event loop, where both functions run. */
#ifndef SERVER_API_SESSION_H
#define SERVER_API_SESSION_H

#include "server/api/message.h"

struct tokens;

request_handler api_session_post; /* POST /session {"token"} */

/* The ACCESS_ bits that one of the two headers (NULL: not there) proves; all if nobody is asked (a
 * is NULL). 0 is nobody: *is_wrong tells whether a token or a session was given. */
int api_session_access(const struct tokens *a, const char *authorization, const char *cookie,
                       bool *is_wrong);

#endif
