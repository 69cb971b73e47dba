/* csv — cells of CSV texts (RFC 4180).
 *
 * Writers append to a buffer, whose owner checks it once at the end. Threads: pure. */
#ifndef SERVER_TEXT_CSV_H
#define SERVER_TEXT_CSV_H

#include "server/text/buffer.h"

/* The number as json_add_number() writes it; an empty cell if it is not finite (in
 * server/text/json.c). */
void csv_add_number(buffer *b, double value);

/* The text, in quotes where it needs them. */
void csv_add_text(buffer *b, const char *text);

#endif
