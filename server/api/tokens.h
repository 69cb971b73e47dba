/* tokens — who may do what: the secrets of a token file, and what each opens.
 *
 *   SECRET           everything
 *   read SECRET      what changes nothing
 *   write SECRET     what changes something, and all that `read` opens
 *   worker SECRET    the calls of workers elsewhere, and nothing else
 *
 * 1. A line is one secret; blank lines are nothing. Only digests are kept.
 * 2. Comparisons take the same time wherever texts differ, and whichever secret is meant.
 * Threads: pure but for the memory; the owner sees to it that nobody reads what is closed. */
#ifndef SERVER_API_TOKENS_H
#define SERVER_API_TOKENS_H

#include "core/base/digest.h"
#include "core/base/fail.h"

/* Bits: a caller has some, a route wants one. */
enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_WORKER = 4, ACCESS_ALL = 7 };

enum { ACCESS_SECRET_BYTES = 1024, ACCESS_SECRETS_LIMIT = 256 };

typedef struct tokens tokens;

/* From the text of a token file; a fault names its line and shows nothing of it. */
FAIL_CHECKED bool tokens_read(const char *text, size_t n, tokens **out, fail *f);
void tokens_close(tokens *a); /* NULL: nothing */
int tokens_count(const tokens *a);

/* What the secret opens, or the session that tokens_write_session() has written; 0: nothing. */
int tokens_access_of_secret(const tokens *a, const char *text, size_t n);
int tokens_access_of_session(const tokens *a, const char *session, size_t n);

/* What stands for the secret in a cookie: valid as long as the secret is, over restarts too. */
void tokens_write_session(const char *token, char out[DIGEST_TEXT_BYTES]);

/* "read", "write", "worker": the name of one bit. */
const char *tokens_access_name(int bit);

#endif
