/* `regulab dataset add` and `regulab dataset list`. */
#include "core/data/import/register.h"
#include "server/cli/cli.h"
#include "server/cli/table.h"
#include "server/codec/resource.h"

#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool read_options(const cli_arguments *a, dataset_add_options *out, fail *f)
{
    for (int i = 0; i < DATASET_OPTION_COUNT; i++) {
        char flag[32];
        snprintf(flag, sizeof flag, "--%s", DATASET_OPTIONS[i].name);
        const char *text = cli_value(a, flag, NULL);
        if (text && !dataset_read_option(DATASET_OPTIONS[i].name, text, out, f))
            return false;
    }
    return true;
}

/* On one line, whatever is in it. */
static void print_name(const char *name)
{
    for (; *name; name++)
        putchar((unsigned char)*name < 0x20 ? ' ' : *name);
}

/* What was read: a line per column, and the warnings. */
static void print_origin(const dataset_origin *o)
{
    if (o->label)
        printf("separator %s, %s\n", DATASET_SEPARATOR_WORDS[o->separator],
               o->has_header ? "names in the first row" : "no row of names");
    for (size_t i = 0; i < o->n_columns; i++) {
        const dataset_column *c = &o->columns[i];
        printf("  ");
        print_name(c->name);
        printf(": %s", COLUMN_KIND_NAMES[c->kind]);
        if (c->kind == COLUMN_CATEGORY)
            printf(" of %zu", c->n_categories);
        if (c->n_missing > 0)
            printf(", %zu missing", c->n_missing);
        putchar('\n');
    }
    for (size_t i = 0; i < o->n_warnings; i++)
        (void)fprintf(stderr, "regulab: warning: %s\n", o->warnings[i]);
}

static bool print_json(const dataset_summary *s, const dataset_origin *origin, fail *f)
{
    const dataset_answer answer = dataset_answer_of(s, origin);
    buffer b;
    buffer_init(&b, (size_t)64 << 20);
    shape_add(&b, &SHAPE_DATASET, &answer);
    bool is_good = !b.failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the answer");
    if (is_good)
        printf("%s\n", b.data);
    buffer_close(&b);
    return is_good;
}

static void print_summary(const dataset_summary *s, const dataset_origin *origin, const char *done)
{
    printf("%s %s: %zu training", done, s->name, s->n[PART_TRAIN]);
    if (s->n[PART_VALIDATION])
        printf(", %zu validation", s->n[PART_VALIDATION]);
    if (s->n[PART_TEST])
        printf(", %zu test", s->n[PART_TEST]);
    printf(" samples, %zu inputs, %zu %s\nsha256 %s\n", s->d, s->k,
           s->task == TASK_CLASSIFICATION ? "classes" : "targets", s->sha256);
    if (origin)
        print_origin(origin);
}

int cli_dataset_add(const cli_arguments *a)
{
    dataset_file files[CLI_WORDS_LIMIT];
    dataset_add_options options = {.is_dry = cli_has(a, "--dry-run")};
    dataset_summary summary;
    dataset *set;
    bool is_new;
    fail f;
    if (!read_options(a, &options, &f))
        return cli_usage(a->command, "%s: %s", f.field, f.sentence);
    for (int i = 1; i < a->n_words; i++)
        files[i - 1] = (dataset_file){.path = a->words[i], .name = base_name(a->words[i])};
    const char *data_dir = cli_value(a, "--data-dir", "regulab-data");
    if (!dataset_clean(data_dir, &f) ||
        !dataset_add(a->words[0], files, (size_t)a->n_words - 1, &options, data_dir, &summary, &set,
                     &is_new, &f))
        return cli_failed(&f);
    bool is_printed = true;
    if (cli_has(a, "--json"))
        is_printed = print_json(&summary, set->origin, &f);
    else
        print_summary(&summary, set->origin,
                      options.is_dry ? "read"
                      : is_new       ? "registered"
                                     : "already registered");
    dataset_close(set);
    return is_printed ? CLI_DONE : cli_failed(&f);
}

static bool add_row(void *context, const dataset_summary *s)
{
    cli_table *t = context;
    cli_table_add(t, "%s", s->name);
    if (*s->problem) {
        for (int i = 0; i < 6; i++)
            cli_table_add(t, "%s", i == 5 ? s->problem : "");
        return true;
    }
    cli_table_add(t, "%s", s->task == TASK_CLASSIFICATION ? "classification" : "regression");
    for (int part = 0; part < PART_COUNT; part++)
        if (s->n[part])
            cli_table_add(t, "%zu", s->n[part]);
        else
            cli_table_add(t, "%s", ""); /* drawn per run */
    cli_table_add(t, "%zu", s->d);
    cli_table_add(t, "%zu", s->k);
    return true;
}

static bool add_built_in(cli_table *t, const dataset_row *row, fail *f)
{
    dataset_summary summary;
    return dataset_describe(row->name, NULL, &summary, NULL, f) && add_row(t, &summary);
}

int cli_dataset_list(const cli_arguments *a)
{
    static const char *const HEAD[] = {"name", "task",   "training", "validation",
                                       "test", "inputs", "outputs"};
    cli_table t;
    fail f;
    cli_table_init(&t, (int)(sizeof HEAD / sizeof *HEAD));
    for (size_t i = 0; i < sizeof HEAD / sizeof *HEAD; i++)
        cli_table_add(&t, "%s", HEAD[i]);
    bool ok = true;
    for (int i = 0; ok && i < DATASET_COUNT; i++)
        ok = add_built_in(&t, &DATASETS[i], &f);
    ok = ok && dataset_list(cli_value(a, "--data-dir", "regulab-data"), add_row, &t, &f);
    if (ok && t.failed)
        ok = fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the list");
    if (ok)
        cli_table_print(&t, stdout);
    cli_table_close(&t);
    return ok ? CLI_DONE : cli_failed(&f);
}
