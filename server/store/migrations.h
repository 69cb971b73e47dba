/* migrations — the numbered files of migrations/, embedded into the program by the Makefile.
 *
 * 1. Rows are in the order of their numbers, which are 1, 2, 3, ... without a gap.
 * 2. A file is never edited after release: a database remembers what it was made of. */
#ifndef SERVER_STORE_MIGRATIONS_H
#define SERVER_STORE_MIGRATIONS_H

typedef struct migration {
    int number;       /* of the file's name */
    const char *name; /* the file's name without ".sql": "0001_tables" */
    const char *sql;  /* its text */
} migration;

extern const migration MIGRATIONS[];
extern const int MIGRATION_COUNT;

#endif
