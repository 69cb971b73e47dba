#include "server/cli/cli.h"

#include "core/base/nearest.h"
#include "core/data/import/options.h"

#include <errno.h>
#include <string.h>

static const cli_flag SERVE_FLAGS[] = {
    {"--listen", "ADDRESS:PORT", "where to listen; port 0 picks a free one (127.0.0.1:8080)",
     false},
    {"--db", "FILE", "the database, made if it is not there (regulab.db)", false},
    {"--data-dir", "DIR", "registered data sets, checkpoints, models (regulab-data)", false},
    {"--data-quota", "SIZE", "what the data directory may hold: 500M, 20G (all the disk has)",
     false},
    {"--upload-quota", "SIZE", "what all registered data sets may take (all the disk has)", false},
    {"--workers", "N", "runs that train side by side (one per processor)", false},
    {"--memory", "BYTES",
     "memory for runs, data sets, uploads and plans together, as 4G or 512M (nine tenths of the "
     "control group's limit, or of the machine's)",
     false},
    {"--static", "DIR", "the dashboard's files", false},
    {"--token-file", "FILE", "ask every client for a token of this file; SIGHUP reads it again",
     false},
    {"--allow-host", "NAME",
     "a name that requests may use for this server, besides its address; may be repeated", true},
    {"--sql-time-limit-ms", "N", "time that one SQL statement may take (1000)", false},
    {"--sql-max-rows", "N", "rows that one SQL statement may answer (1000)", false},
    {"--recipe", "NAME", "queue this recipe if the database holds no experiment yet", false},
    {0},
};

static const cli_flag RUN_FLAGS[] = {
    {"--db", "FILE", "keep the results in this database, as serve does", false},
    {"--data-dir", "DIR", "registered data sets; with --db also models (regulab-data)", false},
    {"--export", "DIR", "write data, weights, curves and results of the one run there", false},
    {"--threads", "N",
     "threads that train (one per processor); the result is the same for any number", false},
    {"--quiet", NULL, "say nothing but errors", false},
    {0},
};

static const cli_flag LESSON_FLAGS[] = {
    {"--counterexample", NULL, "train where it fails, and judge what is claimed of that", false},
    {"--seed", "N", "added to seed and data_seed: other runs of the same lesson (0)", false},
    {"--json", NULL, "the outcome as GET /api/v1/lessons/{name}/outcome gives it", false},
    {"--workers", "N", "runs that train side by side (one per processor)", false},
    {"--static", "DIR", "the dashboard's files, lessons among them", false},
    {0},
};

static const cli_flag LESSONS_FLAGS[] = {
    {"--static", "DIR", "the dashboard's files, lessons among them", false},
    {0},
};

static const cli_flag CHECK_FLAGS[] = {
    {"--data-dir", "DIR", "registered data sets (regulab-data)", false},
    {0},
};

static const cli_flag FIELDS_FLAGS[] = {
    {"--json", NULL, "the table as GET /api/v1/fields gives it", false},
    {0},
};

#define TEXT_FLAG(name, what, help) {"--" #name, what, help, false},
#define CHOICE_FLAG(name, words, help) {"--" #name, words, help, false},
#define INTEGER_FLAG(name, least, most, help) {"--" #name, "N", help, false},
static const cli_flag ADD_FLAGS[] = {
    DATASET_ADD_OPTIONS(TEXT_FLAG, CHOICE_FLAG, INTEGER_FLAG){
        "--dry-run", NULL, "read, check and say what was read; store nothing", false},
    {"--json", NULL, "the answer that PUT /api/v1/datasets/NAME gives", false},
    {"--data-dir", "DIR", "where data sets are kept (regulab-data)", false},
    {0},
};

static const cli_flag LIST_FLAGS[] = {
    {"--data-dir", "DIR", "where data sets are kept (regulab-data)", false},
    {0},
};

static const cli_flag SQL_FLAGS[] = {
    {"--db", "FILE", "the database (regulab.db)", false},
    {"--csv", NULL, "the rows as CSV", false},
    {"--limit", "N", "rows at most (10000)", false},
    {"--time-limit-ms", "N", "time that the statement may take (10000)", false},
    {0},
};

static const cli_flag STORE_FLAGS[] = {
    {"--db", "FILE", "the database (regulab.db)", false},
    {"--data-dir", "DIR", "its models, checkpoints, data sets (regulab-data)", false},
    {0},
};

static const cli_flag PRUNE_FLAGS[] = {
    {"--older-than", "AGE", "experiments that ended before that: 12h, 30d, 8w", false},
    {"--keep-tagged", "TAG", "but not those with this tag; may be repeated", true},
    {"--dry-run", NULL, "say what would be removed, and remove nothing", false},
    {"--db", "FILE", "the database (regulab.db)", false},
    {"--data-dir", "DIR", "its models, checkpoints, data sets (regulab-data)", false},
    {0},
};

static const cli_flag NO_FLAGS[] = {{0}};

const cli_command COMMANDS[] = {
    {"serve", "", "Run the service: REST, live curves, dashboard, SQL.",
     "Prints `listening on http://ADDRESS:PORT` when it is ready. SIGTERM and Ctrl+C stop it: what "
     "trains is\n"
     "kept and goes on at the next start.",
     "regulab serve\nregulab serve --listen 127.0.0.1:0 --workers 2 --recipe demonstration",
     SERVE_FLAGS, 0, 0, cli_serve},
    {"run", "SPEC.json", "Train a specification without a server; - reads standard input.",
     "Several runs (a sweep, repeats) are trained one after the other. Printed are a table (mean "
     "±\n"
     "standard deviation over seeds) and what it says of the configs. With --db an interrupted "
     "run\n"
     "can be finished by `regulab serve` on the same database.",
     "regulab run spec.json\n"
     "echo '{\"sweep\": {\"hidden\": [[], [64]]}, \"repeats\": 3}' | regulab run -\n"
     "regulab run spec.json --threads 1 --export out",
     RUN_FLAGS, 1, 1, cli_run},
    {"lessons", "", "List the lessons, in the order of the path.", NULL, "regulab lessons",
     LESSONS_FLAGS, 0, 0, cli_lessons},
    {"lesson", "NAME", "Train the experiment of a lesson and say whether its claims hold.",
     "Each claim is printed with its outcome and its numbers. The exit status is 0 where all hold, "
     "1 where one\n"
     "does not. What was trained is not kept.",
     "regulab lesson learned-by-heart\nregulab lesson learned-by-heart --counterexample\n"
     "regulab lesson learned-by-heart --seed 1000",
     LESSON_FLAGS, 1, 1, cli_lesson},
    {"check", "SPEC.json",
     "Say what a specification means, or everything that is wrong with it; - reads standard input.",
     "Faults are printed as `POINTER: sentence`, one a line, with exit status 2; what concerns the "
     "text as\n"
     "a whole (bad JSON, with its line and column) has no pointer.",
     "echo '{\"epochs\": 5}' | regulab check -", CHECK_FLAGS, 1, 1, cli_check},
    {"fields", "[NAME]", "List the fields of a specification: type, range, default, meaning.", NULL,
     "regulab fields\nregulab fields optimizer\nregulab fields --json", FIELDS_FLAGS, 0, 1,
     cli_fields},
    {"dataset add", "NAME FILE...", "Register a data set: CSV, IDX (gzip or plain), .npy or .npz.",
     "IDX files are told apart by their content, and the parts by `train`, and `t10k` or `test`, "
     "in their names.",
     "regulab dataset add iris iris.csv --label species\n"
     "regulab dataset add mnist train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz \\\n"
     "    t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz",
     ADD_FLAGS, 2, CLI_WORDS_LIMIT, cli_dataset_add},
    {"dataset list", "", "List the built-in and the registered data sets.", NULL,
     "regulab dataset list", LIST_FLAGS, 0, 0, cli_dataset_list},
    {"sql", "\"SELECT ...\"", "Ask the database: one read-only statement.",
     "Tables experiments, runs, epochs, layers, datasets; views run_results and config_results. "
     "Besides SQLite's own\n"
     "functions there are stddev, median, ci95_low and ci95_high.",
     "regulab sql \"SELECT hidden, n, mean_val_loss FROM config_results ORDER BY mean_val_loss\"\n"
     "regulab sql \"SELECT * FROM epochs WHERE run_id = 1\" --csv",
     SQL_FLAGS, 1, 1, cli_sql},
    {"backup", "DIR", "Copy a store to a folder of its own, also while it is served.",
     "Database, models, checkpoints and data sets of one moment, linked where the disk can. The "
     "folder stands by\n"
     "itself, and `sha256sum -c SHA256SUMS` checks it. To copy the database file alone, or while "
     "it is served, is\n"
     "no backup.",
     "regulab backup backup-monday", STORE_FLAGS, 1, 1, cli_backup},
    {"restore", "DIR", "Make a store of a backup, with an identity of its own.",
     "Nothing is written over: --db names a file that is not there. What is damaged in the backup "
     "is told, a\n"
     "line each, and left out; the exit status is 1 then.",
     "regulab restore backup-monday --db again.db --data-dir again-data", STORE_FLAGS, 1, 1,
     cli_restore},
    {"check-data", "", "Look through a store: database, models, checkpoints, data sets.",
     "Reads everything and compares it with the digests that were stored with it. A line and exit "
     "status 1 for\n"
     "what is damaged or lost. It may be served meanwhile.",
     "regulab check-data", STORE_FLAGS, 0, 0, cli_check_data},
    {"prune", "--older-than AGE",
     "Remove old experiments with their files, and give the room back.",
     "The service must be stopped. What waits, runs or is paused stays, whatever its age, and so "
     "do "
     "data sets.",
     "regulab prune --older-than 30d --keep-tagged keep --dry-run", PRUNE_FLAGS, 0, 0, cli_prune},
    {"version", "", "Print the versions of this program and of its BLAS.", NULL, "regulab version",
     NO_FLAGS, 0, 0, cli_version},
};
const int COMMAND_COUNT = (int)(sizeof COMMANDS / sizeof *COMMANDS);

/* ---- help ---- */

static void print_commands(FILE *file, const char *group)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (group && strncmp(COMMANDS[i].name, group, strlen(group)) != 0)
            continue;
        (void)fprintf(file, "  regulab %s%s%s\n      %s\n", COMMANDS[i].name,
                      *COMMANDS[i].words ? " " : "", COMMANDS[i].words, COMMANDS[i].summary);
    }
}

static void print_overview(FILE *file, const char *group)
{
    (void)fprintf(
        file,
        "Usage: regulab %s ...\n\nTrains neural networks to learn what regularization does.\n\n",
        group ? group : "COMMAND");
    print_commands(file, group);
    (void)fprintf(file, "\nEach command has --help.\n");
}

static void print_examples(const char *examples)
{
    printf("\nExamples:\n  ");
    for (; *examples; examples++) {
        putchar(*examples);
        if (*examples == '\n')
            printf("  ");
    }
    putchar('\n');
}

void cli_print_help(const cli_command *command)
{
    printf("Usage: regulab %s%s%s", command->name, *command->words ? " " : "", command->words);
    printf("%s\n\n%s\n", command->flags->name ? " [FLAGS]" : "", command->summary);
    if (command->help)
        printf("%s\n", command->help);
    if (command->flags->name)
        printf("\nFlags:\n");
    for (const cli_flag *flag = command->flags; flag->name; flag++)
        printf("  %s%s%s\n      %s\n", flag->name, flag->value ? " " : "",
               flag->value ? flag->value : "", flag->help);
    print_examples(command->examples);
}

/* ---- dispatch ---- */

static bool wants_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* The command that the first words name; *n_name becomes how many words that are. */
static const cli_command *find_command(int argc, char **argv, int *n_name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const char *blank = strchr(COMMANDS[i].name, ' ');
        size_t first = blank ? (size_t)(blank - COMMANDS[i].name) : strlen(COMMANDS[i].name);
        if (strlen(argv[0]) != first || strncmp(argv[0], COMMANDS[i].name, first) != 0)
            continue;
        if (blank && (argc < 2 || strcmp(argv[1], blank + 1) != 0))
            continue;
        *n_name = blank ? 2 : 1;
        return &COMMANDS[i];
    }
    return NULL;
}

static bool is_group(const char *word)
{
    size_t n = strlen(word);
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strncmp(COMMANDS[i].name, word, n) == 0 && COMMANDS[i].name[n] == ' ')
            return true;
    return false;
}

static int refuse_command(const char *word)
{
    const char *known[32];
    int n = 0;
    for (int i = 0; i < COMMAND_COUNT; i++)
        known[n++] = COMMANDS[i].name;
    known[n] = NULL;
    const char *nearest = nearest_name(word, known);
    return cli_usage(NULL, nearest ? "unknown command %s; did you mean %s?" : "unknown command %s",
                     word, nearest);
}

static int run_group(int argc, char **argv)
{
    if (argc > 1 && wants_help(argv[1])) {
        print_overview(stdout, argv[0]);
        return CLI_DONE;
    }
    (void)fprintf(stderr, "regulab %s: say what to do.\n\n", argv[0]);
    print_overview(stderr, argv[0]);
    return CLI_USAGE;
}

static int run_command(const cli_command *command, int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            cli_print_help(command);
            return CLI_DONE;
        }
    cli_arguments arguments;
    if (!cli_read(command, argc, argv, &arguments))
        return CLI_USAGE;
    return command->run(&arguments);
}

/* What could not be written (a full disk behind a redirection) is a failure, too. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    (void)fprintf(stderr, "regulab: standard output cannot be written: %s\n", strerror(errno));
    return status == CLI_DONE ? CLI_FAILED : status;
}

int cli_main(int argc, char **argv)
{
    int n_name = 0;
    if (argc < 2) {
        print_overview(stderr, NULL);
        return CLI_USAGE;
    }
    if (wants_help(argv[1])) {
        print_overview(stdout, NULL);
        return close_output(CLI_DONE);
    }
    if (strcmp(argv[1], "--version") == 0)
        return close_output(cli_version(NULL));
    const cli_command *command = find_command(argc - 1, argv + 1, &n_name);
    if (command)
        return close_output(run_command(command, argc - 1 - n_name, argv + 1 + n_name));
    if (is_group(argv[1]))
        return close_output(run_group(argc - 1, argv + 1));
    return refuse_command(argv[1]);
}
