/* openapi — the OpenAPI 3.1 document of the service, made from ROUTES[] and FIELDS[].
 *
 * Pure; the text depends on the two tables only. */
#ifndef SERVER_API_OPENAPI_H
#define SERVER_API_OPENAPI_H

#include "server/api/message.h"
#include "server/text/buffer.h"

/* Appends the document as JSON text. */
void openapi_add_document(buffer *b);

/* Appends the JSON Schema of an experiment specification. */
void openapi_add_spec_schema(buffer *b);

/* GET /api/openapi.json */
request_handler api_openapi;

#endif
