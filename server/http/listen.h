/* listen — the listening socket: bound by ourselves, so that a failure can be told with its
 * reason. */
#ifndef SERVER_HTTP_LISTEN_H
#define SERVER_HTTP_LISTEN_H

#include "core/base/fail.h"

#include <stdint.h>

/* Listens on a numeric address; port 0 takes a free one, *bound is the port in either case. The
 * descriptor is the caller's. */
FAIL_CHECKED bool http_listen_open(const char *address, uint16_t port, int *out, uint16_t *bound,
                                   fail *f);

#endif
