/* routes — ROUTES[], the one table of what can be called over HTTP (server/api/route.h).
 *
 * Threads: pure, constant tables. */
#ifndef SERVER_API_ROUTES_H
#define SERVER_API_ROUTES_H

#include "server/api/route.h"

extern const route ROUTES[];
extern const int ROUTE_COUNT;

/* Finds the route of a decoded path; `method` is never HEAD. */
void routes_find(const char *method, const char *path, route_match *out);

/* The OpenAPI document of the table. */
void routes_add_document(buffer *b);

#endif
