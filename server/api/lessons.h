/* lessons — what teaches: the path, one lesson, its experiment, and what the runs say to its
 * claims.
 *
 * Files are read at each request.
 * Threads: any number at once. */
#ifndef SERVER_API_LESSONS_H
#define SERVER_API_LESSONS_H

#include "server/api/message.h"

extern const shape SHAPE_LESSON_ITEM, SHAPE_LESSON_QUERY, SHAPE_LESSON_OUTCOME_QUERY;

/* GET /lessons: {"items": [{"name", "title", "step", ...}]} in order of the path. */
request_handler api_lessons_list;

/* GET /lessons/{name}: the whole file; 404 if there is none of that name, or it does not teach. */
request_handler api_lessons_get;

/* POST /lessons/{name}: as POST /experiments with its specification, or with its counterexample's;
 * `seed` moves seed and data_seed. */
request_handler api_lessons_queue;

/* GET /lessons/{name}/outcome?experiment=ID. */
request_handler api_lessons_outcome;

#endif
