/* Columns that follow from the tables of metrics: a database that lacks them gets them when it is
 * opened, and loses nothing. */
#include "server/store/columns.h"
#include "server/store/curves.h"
#include "server/store/runs.h"
#include "tests/server/store_fixture.h"

typedef struct table {
    const char *name, *prefix;
    store_columns which;
} table;

static const table TABLES[] = {{"epochs", "", STORE_EPOCH_COLUMNS},
                               {"layers", "", STORE_LAYER_COLUMNS},
                               {"runs", "", STORE_RUN_COLUMNS},
                               {"configs", "mean_", STORE_RUN_COLUMNS},
                               {"configs", "std_", STORE_RUN_COLUMNS}};
enum { TABLE_COUNT = sizeof TABLES / sizeof *TABLES };

static const char *query_columns(const fixture *x, const char *table_name)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) || ' ' || total(length(name || type)) FROM pragma_table_info('%s')",
             table_name);
    return fixture_query(x, sql);
}

/* Takes every metric's column away, as an older program had none of them. The views go first: they
 * name them. */
static void drop_columns(const fixture *x)
{
    char sql[160];
    fixture_query(x, "DROP VIEW run_results");
    fixture_query(x, "DROP VIEW config_results");
    for (int t = 0; t < TABLE_COUNT; t++)
        for (int i = 0; i < store_columns_count(TABLES[t].which); i++) {
            snprintf(sql, sizeof sql, "ALTER TABLE %s DROP COLUMN %s%s", TABLES[t].name,
                     TABLES[t].prefix, store_columns_name(TABLES[t].which, i));
            if (!CHECK(strncmp(fixture_query(x, sql), "error", 5) != 0))
                printf("    %s: %s\n", sql, fixture_query(x, sql));
        }
}

static bool count_record(void *context, const record *r)
{
    int *n = context;
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        CHECK(isnan(r->values[i]));
    CHECK_EQUAL_INT(r->epoch, *n);
    CHECK_EQUAL_INT(r->step, 10 * r->epoch);
    ++*n;
    return true;
}

static void a_database_without_columns_gets_them(void)
{
    fixture x;
    fail f;
    int64_t ids[2];
    char before[TABLE_COUNT][64];
    CHECK_OR_RETURN(fixture_open(&x));
    fixture_insert(&x, "old", 2, 1, ids);
    fixture_train(&x, ids[0], 0.5);
    for (int t = 0; t < TABLE_COUNT; t++)
        snprintf(before[t], sizeof *before, "%s", query_columns(&x, TABLES[t].name));
    store_close(x.s);
    x.s = NULL;
    drop_columns(&x);
    CHECK(strcmp(query_columns(&x, "epochs"), before[0]) != 0);
    CHECK_OR_RETURN(fixture_reopen(&x));
    for (int t = 0; t < TABLE_COUNT; t++)
        CHECK_EQUAL_STRING(query_columns(&x, TABLES[t].name), before[t]);

    int n_records = 0; /* the rows are there, and know nothing of the new columns */
    CHECK_OK(store_list_records(x.s, ids[0], 0, count_record, &n_records, &f), f);
    CHECK_EQUAL_INT(n_records, 4);
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM layers"), "8");
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n FROM config_results"), "1");

    fixture_train(&x, ids[1], 0.25); /* what comes is whole */
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT val_loss FROM run_results WHERE run_id = 2"),
                       "0.25");
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(sparsity) FROM layers"), "8");
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(batch_loss) FROM epochs"), "4");
    /* A mean over some of the runs would pass for one over all. */
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n || ',' || coalesce(mean_val_loss, 'none')"
                                         " FROM config_results"),
                       "2,none");
    CHECK_OR_RETURN(fixture_reopen(&x));
    CHECK_EQUAL_STRING(query_columns(&x, "runs"), before[2]);
    fixture_close(&x);
}

/* The column came with the eighth migration: of runs that are older it is what their provenance
 * says. */
static void old_runs_know_their_data(void)
{
    static const char SHA256[] = "00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1";
    fixture x;
    fail f;
    run r;
    int64_t ids[2];
    char provenance[160];
    CHECK_OR_RETURN(fixture_open(&x));
    fixture_insert(&x, "old", 2, 1, ids);
    snprintf(provenance, sizeof provenance, "{\"version\":\"1\",\"data_sha256\":\"%s\"}", SHA256);
    store_start_run(x.s, ids[0], provenance);
    store_close(x.s);
    x.s = NULL;
    static const char *const back[] = {"DROP VIEW run_results",
                                       "DROP VIEW config_results",
                                       "DROP VIEW comparison_results",
                                       "DROP TABLE arms",
                                       "DROP TABLE test_looks",
                                       "DROP TABLE extensions",
                                       "ALTER TABLE configs DROP COLUMN data",
                                       "ALTER TABLE configs DROP COLUMN label",
                                       "ALTER TABLE experiments DROP COLUMN varies_data_seed",
                                       "DROP TRIGGER runs_ended",
                                       "DROP TABLE data_directories",
                                       "ALTER TABLE runs DROP COLUMN model_sha256",
                                       "ALTER TABLE runs DROP COLUMN model_bytes",
                                       "ALTER TABLE runs DROP COLUMN checkpoint_sha256",
                                       "ALTER TABLE runs DROP COLUMN checkpoint_bytes"};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++)
        fixture_query(&x, back[i]);
    fixture_query(&x, "ALTER TABLE runs DROP COLUMN data_sha256");
    fixture_query(&x, "ALTER TABLE identity DROP COLUMN starts");
    fixture_query(&x, "DELETE FROM schema_migrations WHERE number > 7");
    fixture_query(&x, "PRAGMA user_version = 7");
    CHECK_OR_RETURN(fixture_reopen(&x));
    CHECK_OK(store_get_run(x.s, ids[0], &r, &f), f);
    CHECK_EQUAL_STRING(r.data_sha256, SHA256);
    run_close(&r);
    CHECK_OK(store_get_run(x.s, ids[1], &r, &f), f);
    CHECK_EQUAL_STRING(r.data_sha256, "");
    run_close(&r);
    snprintf(provenance, sizeof provenance, "{\"data_sha256\":\"%s\"}", "another");
    store_start_run(x.s, ids[1], provenance);
    CHECK_OK(store_flush(x.s, &f), f);
    CHECK_OK(store_get_run(x.s, ids[1], &r, &f), f);
    CHECK_EQUAL_STRING(r.data_sha256, "another");
    run_close(&r);
    fixture_close(&x);
}

/* A metric that was renamed keeps what was measured, and its former name in the views. */
static void a_renamed_column_keeps_its_values(void)
{
    static const char *const PLACES[][3] = {
        {"epochs", "batch_loss_std", "gradient_noise"},
        {"runs", "last_batch_loss_std", "last_gradient_noise"},
        {"runs", "best_batch_loss_std", "best_gradient_noise"},
        {"configs", "mean_last_batch_loss_std", "mean_last_gradient_noise"},
        {"configs", "std_best_batch_loss_std", "std_best_gradient_noise"},
    };
    fixture x;
    int64_t id;
    char sql[160], before[64];
    CHECK_OR_RETURN(fixture_open(&x));
    fixture_insert(&x, "old", 1, 1, &id);
    fixture_train(&x, id, 0.5);
    snprintf(before, sizeof before, "%s",
             fixture_query(&x, "SELECT sum(batch_loss_std) FROM epochs"));
    store_close(x.s);
    x.s = NULL;
    fixture_query(&x, "UPDATE runs SET last_batch_loss_std = 0.5");
    fixture_query(&x, "UPDATE configs SET mean_last_batch_loss_std = 0.25");
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) { /* the views follow */
        snprintf(sql, sizeof sql, "ALTER TABLE %s RENAME COLUMN %s TO %s", PLACES[i][0],
                 PLACES[i][1], PLACES[i][2]);
        fixture_query(&x, sql);
    }
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT sum(gradient_noise) FROM epochs"), before);
    CHECK_OR_RETURN(fixture_reopen(&x));
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT sum(batch_loss_std) FROM epochs"), before);
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM pragma_table_info('epochs')"
                                         " WHERE name = 'gradient_noise'"),
                       "0");
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT last_gradient_noise || ',' || last_batch_loss_std"
                                         " FROM run_results"),
                       "0.5,0.5");
    CHECK_EQUAL_STRING(fixture_query(&x, "SELECT mean_last_gradient_noise || ',' ||"
                                         " mean_last_batch_loss_std FROM config_results"),
                       "0.25,0.25");
    fixture_close(&x);
}

CHECK_MAIN("store_columns", a_database_without_columns_gets_them, a_renamed_column_keeps_its_values,
           old_runs_know_their_data)
