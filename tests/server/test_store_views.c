/* What a query finds: statistics of configurations, a column of every field and metric, the file in
 * the shell of SQLite. */
#include "tests/server/store_fixture.h"

#include "core/spec/field.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

static double query_number(const fixture *x, const char *sql)
{
    return strtod(fixture_query(x, sql), NULL);
}

static void sums_up_configs(void)
{
    fixture x;
    int64_t ids[10];
    const double losses[5] = {1000.001, 1000.002, 1000.004, 1000.008, 1000.016};
    double mean = 0, squares = 0;
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 10, 2, ids);
        for (int i = 0; i < 5; i++) {
            fixture_train(&x, ids[2 * i], losses[i]);
            fixture_train(&x, ids[2 * i + 1], i == 2 ? NAN : 0.25);
            mean += losses[i] / 5;
        }
        for (int i = 0; i < 5; i++)
            squares += (losses[i] - mean) * (losses[i] - mean);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n FROM config_results"), "5");
        CHECK_NEAR(query_number(&x, "SELECT printf('%.17g', mean_val_loss)"
                                    " FROM config_results WHERE config_id LIKE '%0'"),
                   mean, 1e-14);
        CHECK_NEAR(query_number(&x, "SELECT printf('%.17g', std_val_loss)"
                                    " FROM config_results WHERE config_id LIKE '%0'"),
                   sqrt(squares / 4), 1e-9);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT std_best_epoch FROM config_results"), "0.0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT mean_val_loss FROM config_results"
                                             " WHERE config_id LIKE '%1'"),
                           "null");
    }
    fixture_close(&x);
}

static void has_every_column(const fixture *x, const char *view, const char *name)
{
    char sql[256], column[96];
    snprintf(column, sizeof column, "%s", name);
    for (char *c = column; *c; c++)
        *c = *c == '.' ? '_' : *c;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
             view, column);
    if (strcmp(fixture_query(x, sql), "1") != 0)
        printf("    %s.%s is missing\n", view, column);
    CHECK_EQUAL_STRING(fixture_query(x, sql), "1");
}

static void shows_every_field(void)
{
    fixture x;
    const char *name;
    double value;
    char prefixed[96];
    if (fixture_open(&x)) {
        for (int i = 0; i < FIELD_COUNT; i++) {
            if (FIELDS[i].group == FIELD_GROUP_EXPERIMENT)
                continue;
            has_every_column(&x, "run_results", FIELDS[i].name);
            if (strcmp(FIELDS[i].name, "seed") != 0)
                has_every_column(&x, "config_results", FIELDS[i].name);
        }
        for (int i = 0; run_metric_get(&(run_metrics){0}, i, &name, &value); i++) {
            has_every_column(&x, "run_results", name);
            snprintf(prefixed, sizeof prefixed, "mean_%s", name);
            has_every_column(&x, "config_results", prefixed);
            snprintf(prefixed, sizeof prefixed, "std_%s", name);
            has_every_column(&x, "config_results", prefixed);
        }
        for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
            has_every_column(&x, "epochs", METRICS[i].name);
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            has_every_column(&x, "layers", LAYER_METRICS[i].name);
    }
    fixture_close(&x);
}

/* Two columns of one name would be told apart by nobody. */
static void names_columns_once(void)
{
    fixture x;
    if (fixture_open(&x)) {
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) - count(DISTINCT name)"
                                             " FROM pragma_table_info('run_results')"),
                           "0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM pragma_table_info('run_results')"
                                             " WHERE name LIKE '%:%'"),
                           "0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM sqlite_schema"
                                             " WHERE type = 'view' AND sql LIKE '%(%'"),
                           "0");
    }
    fixture_close(&x);
}

/* From outside, while the store is open. */
static void opens_in_the_shell(void)
{
    fixture x;
    char command[256], line[256] = "";
    int64_t ids[1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        snprintf(command, sizeof command,
                 "sqlite3 %s 'SELECT run_id, status, dataset, hidden, val_loss, seed, data_seed"
                 " FROM run_results'",
                 x.path);
        FILE *shell = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what is tested */
        if (CHECK(shell != NULL)) {
            CHECK(fgets(line, sizeof line, shell) != NULL);
            CHECK_EQUAL_STRING(line, "1|completed|moons|[8,8]|0.5|0|4\n");
            CHECK_EQUAL_INT(pclose(shell), 0);
        }
    }
    fixture_close(&x);
}

CHECK_MAIN("store_views", sums_up_configs, shows_every_field, names_columns_once,
           opens_in_the_shell)
