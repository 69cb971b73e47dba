/* admit — whether a request may come in: its header, its target, its caller, how its body begins.
 *
 * libmicrohttpd 0.9.75 reads headers leniently, and where its memory for a connection runs out it
 * answers twice or not at all. What it is given to read is therefore little (http_admit_prepare()),
 * and what it has read is compared, byte by byte, with what it was sent (http_gate_header): it
 * leaves the header where it came, behind the method that it tells. A version that does not,
 * refuses every request. All in the loop's thread. */
#ifndef SERVER_HTTP_ADMIT_H
#define SERVER_HTTP_ADMIT_H

#include "server/http/exchange.h"

/* The request line has been read and no header line yet; `uri` is in libmicrohttpd's memory, and
 * has been copied. */
void http_admit_prepare(struct MHD_Connection *connection, const char *uri);

/* The header has been read: true if the request may come in; then x->row and, for an upload,
 * x->upload, or x->asset is set, and x->q is filled but for the body. Else x->r has the refusal,
 * and *at_once says that it cannot wait for the body: that is too long, has not been sent yet, or
 * its end is in doubt. */
bool http_admit(http_exchange *x, const char *method, const char *version, bool *at_once);

/* The token was wrong: the answer is to wait. */
void http_admit_note_wrong(http_exchange *x);

/* The body is longer than the row allows; returns false. */
bool http_admit_refuse_size(http_exchange *x);

#endif
