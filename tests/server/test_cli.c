/* The reading of flags, and tables for the terminal. */
#include "server/cli/cli.h"
#include "server/cli/table.h"
#include "tests/check.h"

#include <stdlib.h>
#include <unistd.h>

static const cli_command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

/* Reads up to 8 words separated by blanks; what is said on standard error goes nowhere. */
static bool reads(const char *name, const char *line, cli_arguments *out)
{
    static char words[256]; /* the arguments point into it */
    char *argv[8];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc < 8; word = strtok(NULL, " "))
        argv[argc++] = word;
    int kept = dup(STDERR_FILENO);
    FILE *nowhere = freopen("/dev/null", "w", stderr);
    bool ok = nowhere && cli_read(find_command(name), argc, argv, out);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    return ok;
}

static void flags_are_read(void)
{
    cli_arguments a;
    CHECK_OR_RETURN(reads("run", "spec.json --db x.db --quiet --threads=3", &a));
    CHECK_EQUAL_INT(a.n_words, 1);
    CHECK_EQUAL_STRING(a.words[0], "spec.json");
    CHECK_EQUAL_STRING(cli_value(&a, "--db", "otherwise"), "x.db");
    CHECK_EQUAL_STRING(cli_value(&a, "--export", "otherwise"), "otherwise");
    CHECK(cli_has(&a, "--quiet") && !cli_has(&a, "--export"));
    int64_t threads = 0;
    CHECK(cli_integer(&a, "--threads", 1, 9, 7, &threads));
    CHECK_EQUAL_INT(threads, 3);
    CHECK_OR_RETURN(reads("run", "-", &a));
    CHECK(cli_integer(&a, "--threads", 1, 9, 7, &threads));
    CHECK_EQUAL_INT(threads, 7);
    CHECK_OR_RETURN(reads("run", "--quiet -- --odd-name", &a));
    CHECK_EQUAL_STRING(a.words[0], "--odd-name");
    CHECK_OR_RETURN(reads("serve", "--allow-host a --allow-host b", &a));
    CHECK_EQUAL_INT(a.n_flags, 2);
}

static void bad_flags_are_refused(void)
{
    static const char *const LINES[] = {"",
                                        "a b",
                                        "a --nonsense",
                                        "a --db",
                                        "a --quiet=1",
                                        "a --db x --db y",
                                        "a --quiet --quiet",
                                        "--d x a"};
    cli_arguments a;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        if (!CHECK(!reads("run", LINES[i], &a)))
            printf("    %s\n", LINES[i]);
}

static void commands_describe_themselves(void)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const cli_command *c = &COMMANDS[i];
        CHECK(strlen(c->summary) > 10 && strlen(c->examples) > 5 && c->run != NULL);
        CHECK(c->least_words <= c->most_words && c->most_words <= CLI_WORDS_LIMIT);
        CHECK_CONTAINS(c->examples, c->name);
        for (const cli_flag *flag = c->flags; flag->name; flag++)
            CHECK(strncmp(flag->name, "--", 2) == 0 && strlen(flag->help) > 5);
    }
}

static void tables_are_aligned(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&text, &n);
    CHECK_OR_RETURN(file != NULL);
    cli_table t;
    cli_table_init(&t, 3);
    const char *const cells[] = {"name", "n", "word", "größe", "7", "x", "b", "100", "yy"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        cli_table_add(&t, "%s", cells[i]);
    cli_table_print(&t, file);
    cli_table_close(&t);
    fclose(file);
    CHECK_EQUAL_STRING(text, "name     n  word\n"
                             "größe    7  x\n"
                             "b      100  yy\n");
    free(text);
}

static void files_are_loaded(void)
{
    buffer b;
    fail f;
    CHECK_FAILS(cli_load("/nonexistent/x.json", &b, &f), f, FAIL_STORAGE, "");
    CHECK_CONTAINS(f.sentence, "/nonexistent/x.json");
    CHECK_OR_RETURN(CHECK_OK(cli_load("/dev/null", &b, &f), f));
    CHECK_EQUAL_STRING(b.data, "");
    buffer_close(&b);
}

CHECK_MAIN("cli", flags_are_read, bad_flags_are_refused, commands_describe_themselves,
           tables_are_aligned, files_are_loaded)
