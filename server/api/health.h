/* health — is it alive, is it ready, how is it doing. */
#ifndef SERVER_API_HEALTH_H
#define SERVER_API_HEALTH_H

#include "server/api/message.h"

extern const shape SHAPE_HEALTH;

request_handler api_health_live;    /* GET /healthz: the loop turns */
request_handler api_health_ready;   /* GET /readyz: the database takes writes */
request_handler api_health_metrics; /* GET /metrics: Prometheus text */

#endif
