/* api_datasets — the handlers of /datasets: list, describe, register, delete, preview.
 *
 * Every handler fills the response, a fail included. Threads: any number at once, in offload workers. */
#ifndef SERVER_API_DATASETS_H
#define SERVER_API_DATASETS_H

#include "server/message.h"

/* GET /datasets (built-in ones first) and GET /datasets/{name}. */
request_handler api_datasets_list;
request_handler api_datasets_get;

/* PUT /datasets/{name}?label=&header=&task=: 201 new, 200 the same content again, 409 another content. */
request_handler api_datasets_put;

/* DELETE /datasets/{name}: 204; 409 while an unfinished experiment uses it. */
request_handler api_datasets_delete;

/* GET /datasets/{name}/preview?rows=&images=: first rows, class counts, for images a grid of pictures. */
request_handler api_datasets_preview;

#endif
