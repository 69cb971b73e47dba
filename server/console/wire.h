/* wire — request and answer of the SQL console as bytes, between a program and its own
 * child: same machine, same binary, so numbers are in the machine's order. Texts carry their length
 * and a NUL.
 *
 * A reader never reads past its bytes: whatever does not fit sets `failed`, and everything read
 * from then on is zero. */
#ifndef SERVER_CONSOLE_WIRE_H
#define SERVER_CONSOLE_WIRE_H

#include "server/console/console.h"

typedef struct console_reader {
    const char *bytes;
    size_t n, at;
    bool failed;
} console_reader;

void console_add_integer(buffer *b, int64_t value);
void console_add_real(buffer *b, double value);
/* What is not UTF-8, and NUL, becomes U+FFFD. */
void console_add_text(buffer *b, const char *text, size_t n);

int64_t console_read_integer(console_reader *r);
double console_read_real(console_reader *r);
const char *console_read_text(console_reader *r); /* into the bytes; "" when failed */

void console_add_request(buffer *b, const console_request *q);
/* Texts point into the bytes; `parameters` has room for SQL_PARAMETERS_LIMIT. */
bool console_read_request(console_reader *r, console_request *q, sql_parameter *parameters);

/* An answer is CONSOLE_ANSWER_FAIL code field sentence, or CONSOLE_ANSWER_ROWS n_columns n_rows
 * truncated elapsed names cells. */
enum { CONSOLE_ANSWER_FAIL = 1, CONSOLE_ANSWER_ROWS = 2 };

enum {
    CONSOLE_REQUEST_LIMIT = 16 << 20,
    CONSOLE_ANSWER_LIMIT = 2 * CONSOLE_RESULT_LIMIT /* room for the row that reaches the limit */
};

#endif
