/* codec_sql — answers of the SQL console as JSON and CSV. */
#ifndef SERVER_CODEC_SQL_H
#define SERVER_CODEC_SQL_H

#include "server/buffer.h"
#include "server/console.h"

/* {"columns": [...], "rows": [[...]], "truncated", "elapsed_ms"}; reads the result to its end. */
void codec_add_sql_result(buffer *b, console_result *result);

/* A line of names, then the rows (RFC 4180); NULL is an empty field. */
void codec_add_sql_csv(buffer *b, console_result *result);

/* A value as it stands in a link: an integer or a number where it reads as one, else text. Name and
 * text are copies on the heap. False for want of memory. */
bool codec_read_sql_parameter(const char *name, const char *value, sql_parameter *out);

#endif
