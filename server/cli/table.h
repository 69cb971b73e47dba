/* table — a table for the terminal: columns as wide as they need be, numbers to the right.
 *
 * Cells are added row by row, the head first. Owned by the caller; cli_table_close() frees. Memory
 * that runs out ends in a shorter table and `failed`. */
#ifndef SERVER_CLI_TABLE_H
#define SERVER_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_table {
    int n_columns;
    char **cells;
    size_t n, capacity;
    bool failed;
} cli_table;

void cli_table_init(cli_table *t, int n_columns);
void cli_table_add(cli_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_table_print(const cli_table *t, FILE *file);
void cli_table_close(cli_table *t);

#endif
