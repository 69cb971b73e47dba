/* `regulab backup`, `regulab restore` and `regulab check-data`: a store kept, made anew, and looked
 * through. */
#include "server/jobs/backup.h"
#include "server/cli/cli.h"
#include "server/jobs/check_data.h"

static const char *database_of(const cli_arguments *a)
{
    return cli_value(a, "--db", "regulab.db");
}

static const char *data_dir_of(const cli_arguments *a)
{
    return cli_value(a, "--data-dir", "regulab-data");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_counts(const char *done, const char *where, const backup_counts *n)
{
    printf("%s %s: the database, %zu model file%s, %zu checkpoint%s, %zu data set%s\n", done, where,
           n->n_models, plural(n->n_models), n->n_checkpoints, plural(n->n_checkpoints), n->n_sets,
           plural(n->n_sets));
}

int cli_backup(const cli_arguments *a)
{
    backup_counts n;
    fail f;
    if (!jobs_backup_make(database_of(a), data_dir_of(a), a->words[0], &n, &f))
        return cli_failed(&f);
    print_counts("backed up to", a->words[0], &n);
    if (n.n_missing == 0)
        return CLI_DONE;
    (void)fprintf(stderr,
                  "regulab: %zu file%s that the database names %s lost; `regulab check-data` says "
                  "which\n",
                  n.n_missing, plural(n.n_missing), n.n_missing == 1 ? "is" : "are");
    return CLI_FAILED;
}

/* A line for each; `context` counts them. */
static void hear(void *context, const char *sentence)
{
    size_t *n = context;
    (*n)++;
    printf("%s\n", sentence);
}

int cli_restore(const cli_arguments *a)
{
    backup_counts n;
    size_t n_damaged = 0;
    fail f;
    if (!jobs_backup_restore(a->words[0], database_of(a), data_dir_of(a), hear, &n_damaged, &n, &f))
        return cli_failed(&f);
    print_counts("restored", database_of(a), &n);
    if (n_damaged == 0)
        return CLI_DONE;
    (void)fprintf(stderr, "regulab: %zu damaged thing%s of the backup %s left out\n", n_damaged,
                  plural(n_damaged), n_damaged == 1 ? "was" : "were");
    return CLI_FAILED;
}

int cli_check_data(const cli_arguments *a)
{
    data_counts n;
    size_t n_damaged = 0;
    fail f;
    if (!jobs_check_data(database_of(a), data_dir_of(a), hear, &n_damaged, &n, &f))
        return cli_failed(&f);
    if (n_damaged > 0)
        return CLI_FAILED;
    printf("all is well: the database, %zu model file%s, %zu checkpoint%s, %zu data set%s\n",
           n.n_models, plural(n.n_models), n.n_checkpoints, plural(n.n_checkpoints), n.n_sets,
           plural(n.n_sets));
    return CLI_DONE;
}
