/* answer — the answer of an exchange as libmicrohttpd wants it, with the headers that every answer
 * has. */
#ifndef SERVER_HTTP_ANSWER_H
#define SERVER_HTTP_ANSWER_H

#include "server/http/exchange.h"

/* Queues what x->r, x->asset or the stream says. MHD_NO (the connection is cut) only without
 * memory. */
enum MHD_Result http_answer_queue(http_exchange *x);

#endif
