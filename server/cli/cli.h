/* cli — the command line: COMMANDS[], the reading of flags, help.
 *
 * 1. A command is a row: its name, flags, help and function. `--help` is made from it.
 * 2. A function returns the exit status: 0 done, 1 failed, 2 usage or an invalid specification.
 * Only main exits.
 * 3. What was asked for goes to standard output, everything else to standard error.
 * One thread. */
#ifndef SERVER_CLI_CLI_H
#define SERVER_CLI_CLI_H

#include "core/base/fail.h"
#include "server/text/buffer.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };
enum { CLI_FLAGS_LIMIT = 64, CLI_WORDS_LIMIT = 32 };

typedef struct cli_flag {
    const char *name;  /* "--db" */
    const char *value; /* "FILE"; NULL: a switch */
    const char *help;
    bool repeats; /* may be given more than once */
} cli_flag;

typedef struct cli_arguments {
    const struct cli_command *command;
    int n_flags, n_words;
    struct {
        const cli_flag *row;
        const char *value; /* "" of a switch */
    } flags[CLI_FLAGS_LIMIT];
    const char *words[CLI_WORDS_LIMIT];
} cli_arguments;

typedef struct cli_command {
    const char *name;      /* "run", "dataset add" */
    const char *words;     /* "SPEC.json"; "" if it takes none */
    const char *summary;   /* one line */
    const char *help;      /* more about it, or NULL */
    const char *examples;  /* lines that work as they are */
    const cli_flag *flags; /* up to the first without a name */
    int least_words, most_words;
    int (*run)(const cli_arguments *arguments);
} cli_command;

extern const cli_command COMMANDS[];
extern const int COMMAND_COUNT;

/* The whole program: argv as main has it. */
int cli_main(int argc, char **argv);

/* Reads the words behind the command's name; false after a sentence on standard error. */
bool cli_read(const cli_command *command, int argc, char **argv, cli_arguments *out);

/* The last value given for a flag of the command, or `otherwise`. */
const char *cli_value(const cli_arguments *a, const char *flag, const char *otherwise);
bool cli_has(const cli_arguments *a, const char *flag);

/* A whole number in [low, high]; false after a sentence on standard error. */
bool cli_integer(const cli_arguments *a, const char *flag, int64_t low, int64_t high,
                 int64_t otherwise, int64_t *out);

/* A size like 500M or 20G (powers of 1000), 0 where it is not given; false likewise. */
bool cli_size(const cli_arguments *a, const char *flag, int64_t *out);

/* Says what is wrong with the words and where help is; returns CLI_USAGE. */
int cli_usage(const cli_command *command, const char *format, ...) FAIL_FORMAT(2, 3);

/* Says on standard error what went wrong; returns CLI_FAILED, or CLI_USAGE for a specification's
 * faults. */
int cli_failed(const fail *f);
int cli_faulty(FILE *file, const fail_list *faults);

void cli_print_help(const cli_command *command);

/* Reads a whole file, "-" is standard input, up to a stated limit. */
enum { CLI_SPEC_BYTES_LIMIT = 16 << 20 };
FAIL_CHECKED bool cli_load(const char *path, buffer *out, fail *f);

/* The folder of the dashboard's files, lessons among them: as given, else beside a program that was
 * built and not installed the sources' own, else the installed one. */
void cli_find_static(const char *given, char out[PATH_MAX]);

/* How many processors are there: 1 .. PARALLEL_THREADS_LIMIT. */
int64_t cli_processors(void);

/* From now on SIGINT and SIGTERM are only noted, each once: the second one ends the process. */
void cli_catch_signals(void);
bool cli_is_interrupted(void);

#define CLI_CHECKPOINT_SECONDS 10.0 /* between checkpoints of a run that trains */

/* The commands' functions. */
int cli_serve(const cli_arguments *a);
int cli_run(const cli_arguments *a);
int cli_lesson(const cli_arguments *a);
int cli_lessons(const cli_arguments *a);
int cli_check(const cli_arguments *a);
int cli_fields(const cli_arguments *a);
int cli_dataset_add(const cli_arguments *a);
int cli_dataset_list(const cli_arguments *a);
int cli_sql(const cli_arguments *a);
int cli_backup(const cli_arguments *a);
int cli_restore(const cli_arguments *a);
int cli_check_data(const cli_arguments *a);
int cli_prune(const cli_arguments *a);
int cli_version(const cli_arguments *a);

#endif
