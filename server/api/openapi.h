/* openapi — the OpenAPI 3.1 document of the service, made from a table of routes, the shapes that
 * its rows name and FIELDS[].
 *
 * Pure; the text depends on the tables only. */
#ifndef SERVER_API_OPENAPI_H
#define SERVER_API_OPENAPI_H

#include "server/api/route.h"
#include "server/codec/shape_schema.h"

/* Appends the document as JSON text. */
void openapi_add_document(buffer *b, const route_table *t);

/* All shapes that the document describes, those inside others too. */
void openapi_list_shapes(const route_table *t, shape_set *out);

#endif
