/* fields — GET /fields: the field table and the metric table as JSON. */
#ifndef SERVER_API_FIELDS_H
#define SERVER_API_FIELDS_H

#include "server/api/message.h"

request_handler api_fields_list;

#endif
