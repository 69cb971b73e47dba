/* claims — what a database knows of the data directories that are its: server/jobs/claim.h has the
 * other side of it. Threads and failure as in server/store/store.h. */
#ifndef SERVER_STORE_CLAIMS_H
#define SERVER_STORE_CLAIMS_H

#include "server/store/store.h"

enum { STORE_TOKEN_BYTES = 33 };

/* The token that was last agreed on under that claim; "": none was. */
FAIL_CHECKED bool store_get_token(store *s, const char *claim, char token[STORE_TOKEN_BYTES],
                                  fail *f);
/* On disk at the return. */
FAIL_CHECKED bool store_put_token(store *s, const char *claim, const char *token, const char *path,
                                  fail *f);

/* A copy becomes a database of its own: another identity, and no claim on any directory. While
 * nobody else has store_identity(). */
FAIL_CHECKED bool store_change_identity(store *s, const char *identity, fail *f);

#endif
