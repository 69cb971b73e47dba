/* comparison — the handlers that answer an experiment's question: its comparison and its curves
 * per config.
 *
 * Every handler fills the response, a fail included. Threads: any number at once, in workers. */
#ifndef SERVER_API_COMPARISON_H
#define SERVER_API_COMPARISON_H

#include "server/api/message.h"

extern const shape SHAPE_COMPARISON_QUERY, SHAPE_SEVERAL_QUERY, SHAPE_CURVES_QUERY;

/* GET /experiments/{id}/comparison?metric=val_loss&at=selected|best|last&select_by=val_loss; as
 * CSV the arms. */
request_handler api_comparison_get;

/* GET /comparison?experiments=1,2: the same of several, paired where data, parts and seeds match.
 */
request_handler api_comparison_get_several;

/* GET /experiments/{id}/curves?metric=val_loss: per config mean, deviation, least, greatest and
 * number of runs at each epoch. */
request_handler api_comparison_curves;

#endif
