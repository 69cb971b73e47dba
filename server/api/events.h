/* events — the event streams: of all, of some experiments, of one experiment, of one run. */
#ifndef SERVER_API_EVENTS_H
#define SERVER_API_EVENTS_H

#include "server/api/message.h"

extern const shape SHAPE_EVENTS_QUERY, SHAPE_ALL_EVENTS_QUERY;

request_handler api_events_list;       /* GET /events?experiments=1,2 */
request_handler api_events_experiment; /* GET /experiments/{id}/events */
request_handler api_events_run;        /* GET /runs/{id}/events */

#endif
