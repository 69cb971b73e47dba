/* session — a token in, a cookie out, and whether a request may come in at all.
 *
 * The cookie holds a digest of the token, never the token: it is valid as long as the token is,
 * over restarts too. Comparisons take the same time wherever texts differ. Threads: pure. */
#ifndef SERVER_API_SESSION_H
#define SERVER_API_SESSION_H

#include "server/api/message.h"

request_handler api_session_post; /* POST /session {"token"} */

/* True if no token is wanted, or one of the two headers (NULL: not there) proves it. */
bool api_session_check(const char *token, const char *authorization, const char *cookie);

#endif
