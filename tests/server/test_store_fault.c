/* What the store does when the ground gives way: killed at any moment, disk full, locked, moved or
 * damaged file. */
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "tests/server/store_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- kill -9 ---- */

enum { KILLS = 6, KILL_EPOCHS = 400 };

/* What the child says once it is acknowledged. */
typedef struct word {
    /* epoch -1: the experiment is stored; else all up to it */
    int64_t experiment_id, run_id, epoch;
} word;

static void say(int to, int64_t experiment_id, int64_t run_id, int64_t epoch)
{
    word w = {experiment_id, run_id, epoch};
    if (write(to, &w, sizeof w) != (ssize_t)sizeof w)
        _exit(3);
}

/* Submits and trains for ever, saying what it was promised; is killed. */
static void be_busy(const char *path, int to)
{
    fail f;
    store *s;
    new_run runs[3];
    int64_t id, ids[3];
    bool is_repeat, moved;
    run_metrics m;
    run_metrics_init(&m);
    fixture_runs(runs, 3, 1);
    new_experiment e = {.name = "k", .n_configs = 1, .n_runs = 3, .runs = runs};
    if (!store_open(path, &s, &f))
        _exit(2);
    for (;;) {
        if (!store_insert_experiment(s, &e, &id, ids, &is_repeat, &f))
            _exit(2);
        say(to, id, ids[0], -1);
        store_start_run(s, ids[0], "{}");
        for (int64_t epoch = 0; epoch < KILL_EPOCHS; epoch++) {
            record r = fixture_record(epoch, 2);
            store_add_record(s, ids[0], &r);
            if (epoch % 50 != 49)
                continue;
            if (!store_flush(s, &f))
                _exit(2);
            say(to, id, ids[0], epoch);
        }
        const run_end end = {.to = RUN_STATE_COMPLETED,
                             .reason = STOP_REASON_FINISHED,
                             .metrics = &m,
                             .samples_per_second = 1,
                             .selected_weights = "last"};
        if (!store_finish_run(s, ids[0], &end, &moved, &f))
            _exit(2);
    }
}

/* Starts the child, reads `n` of its words, kills it; returns how many words there are in all. */
static int kill_after(const char *path, int n, word *words, int limit)
{
    int ends[2], status, n_words = 0;
    if (!CHECK(pipe(ends) == 0))
        return 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_busy(path, ends[1]);
    }
    close(ends[1]);
    while (n_words < limit && read(ends[0], &words[n_words], sizeof *words) == sizeof *words)
        if (++n_words == n)
            kill(child, SIGKILL);
    close(ends[0]);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return n_words;
}

typedef struct epoch_count {
    int64_t n, last;
    bool in_order;
} epoch_count;

static bool count_epoch(void *context, const record *r)
{
    epoch_count *c = context;
    c->in_order = c->in_order && r->epoch == c->n;
    c->last = r->epoch;
    c->n++;
    return true;
}

static void check_promises(const fixture *x, const word *words, int n)
{
    for (int i = 0; i < n; i++) {
        fail f;
        experiment e;
        epoch_count c = {.in_order = true, .last = -1};
        if (CHECK_OK(store_get_experiment(x->s, words[i].experiment_id, &e, &f), f)) {
            CHECK_EQUAL_INT(e.n_runs, 3);
            CHECK_EQUAL_INT(e.runs[RUN_STATE_RUNNING], 0);
            experiment_close(&e);
        }
        CHECK_OK(store_list_records(x->s, words[i].run_id, 0, count_epoch, &c, &f), f);
        CHECK(c.in_order && c.last >= words[i].epoch);
    }
}

static void survives_kills(void)
{
    fixture x;
    word words[64];
    if (fixture_open(&x)) {
        for (int k = 0; k < KILLS; k++) {
            store_close(x.s);
            x.s = NULL;
            int n = kill_after(x.path, 1 + (k * 7) % 16, words, 64);
            CHECK(n >= 1);
            if (!fixture_reopen(&x))
                break;
            CHECK_EQUAL_STRING(fixture_query(&x, "PRAGMA integrity_check"), "ok");
            CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM pragma_foreign_key_check"),
                               "0");
            check_promises(&x, words, n);
            CHECK_EQUAL_STRING(fixture_query(&x, "SELECT max(id) - count(*) FROM events"), "0");
            CHECK_EQUAL_STRING(
                fixture_query(&x, "SELECT count(*) FROM runs r WHERE r.epoch <> coalesce((SELECT"
                                  " max(epoch) FROM epochs WHERE run_id = r.id), 0)"),
                "0");
        }
    }
    fixture_close(&x);
}

/* ---- a disk that refuses ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static bool insert_one(const fixture *x, fail *f)
{
    new_run runs[1];
    int64_t id, ids[1];
    bool is_repeat;
    fixture_runs(runs, 1, 1);
    new_experiment e = {.name = "late", .n_configs = 1, .n_runs = 1, .runs = runs};
    return store_insert_experiment(x->s, &e, &id, ids, &is_repeat, f);
}

/* Files cannot grow for a while: new experiments are refused, records wait and arrive. */
static void keeps_records_of_a_full_disk(void)
{
    enum { N = 3000 };
    fixture x;
    fail f;
    int64_t ids[1];
    epoch_count c = {.in_order = true};
    signal(SIGXFSZ, SIG_IGN);
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        store_start_run(x.s, ids[0], "{}");
        limit_files(65536);
        for (int64_t epoch = 0; epoch < N; epoch++) {
            record r = fixture_record(epoch, 2);
            store_add_record(x.s, ids[0], &r);
        }
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "disk refused");
        CHECK(!store_is_healthy(x.s, &f));
        CHECK_EQUAL_INT(f.code, FAIL_STORAGE);
        limit_files(RLIM_INFINITY);
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK(store_is_healthy(x.s, &f));
        CHECK_OK(store_list_records(x.s, ids[0], 0, count_epoch, &c, &f), f);
        CHECK(c.in_order);
        CHECK_EQUAL_INT(c.n, N);
        CHECK_OK(insert_one(&x, &f), f);
        CHECK_EQUAL_STRING(fixture_query(&x, "PRAGMA integrity_check"), "ok");
    }
    fixture_close(&x);
}

/* More records than memory is set aside for: whoever adds them waits, and none is lost. */
typedef struct flood {
    fixture *x;
    int64_t run_id, n;
} flood;

static void *pour(void *context)
{
    const flood *in = context;
    for (int64_t epoch = 0; epoch < in->n; epoch++) {
        record r = fixture_record(epoch, SPEC_ALL_LAYERS_LIMIT);
        store_add_record(in->x->s, in->run_id, &r);
    }
    return NULL;
}

static void blocks_rather_than_loses(void)
{
    fixture x;
    fail f;
    pthread_t thread;
    int64_t ids[1];
    epoch_count c = {.in_order = true};
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        flood in = {.x = &x, .run_id = ids[0], .n = 12000};
        limit_files(65536);
        CHECK(pthread_create(&thread, NULL, pour, &in) == 0);
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        limit_files(RLIM_INFINITY);
        pthread_join(thread, NULL);
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK_OK(store_list_records(x.s, ids[0], 0, count_epoch, &c, &f), f);
        CHECK(c.in_order);
        CHECK_EQUAL_INT(c.n, in.n);
    }
    fixture_close(&x);
}

typedef struct flusher {
    fixture *x;
    fail why;
    bool ok;
} flusher;

static void *flush(void *context)
{
    flusher *in = context;
    in->ok = store_flush(in->x->s, &in->why);
    return NULL;
}

/* Stopping the program does not wait for the disk. */
static void can_be_interrupted(void)
{
    fixture x;
    fail f;
    pthread_t thread;
    int64_t ids[1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        limit_files(4096);
        flusher in = {.x = &x, .ok = true};
        record r = fixture_record(0, 2);
        store_add_record(x.s, ids[0], &r);
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        CHECK(pthread_create(&thread, NULL, flush, &in) == 0);
        store_interrupt(x.s);
        pthread_join(thread, NULL);
        CHECK(!in.ok);
        CHECK_EQUAL_INT(in.why.code, FAIL_STORAGE);
        store_close(x.s);
        x.s = NULL;
        limit_files(RLIM_INFINITY);
        fixture_reopen(&x);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM runs"), "1");
    }
    fixture_close(&x);
}

/* ---- a lock, a moved file, a bad file ---- */

static void waits_for_a_lock(void)
{
    fixture x;
    fail f;
    sqlite3 *other = NULL;
    int64_t ids[1];
    epoch_count c = {.in_order = true};
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        CHECK(sqlite3_open(x.path, &other) == SQLITE_OK);
        CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
        record r = fixture_record(0, 2);
        store_add_record(x.s, ids[0], &r);
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "lock");
        CHECK_OK(store_list_records(x.s, ids[0], 0, count_epoch, &c, &f), f); /* reading goes on */
        CHECK_EQUAL_INT(c.n, 0);
        CHECK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK_OK(store_list_records(x.s, ids[0], 0, count_epoch, &c, &f), f);
        CHECK_EQUAL_INT(c.n, 1);
    }
    sqlite3_close(other);
    fixture_close(&x);
}

static void notices_a_moved_file(void)
{
    fixture x;
    fail f;
    char moved[128];
    if (fixture_open(&x)) {
        snprintf(moved, sizeof moved, "%s.moved", x.path);
        CHECK(rename(x.path, moved) == 0);
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "moved");
        CHECK(!store_is_healthy(x.s, NULL));
        CHECK(rename(moved, x.path) == 0);
        CHECK_OK(insert_one(&x, &f), f);
        CHECK(store_is_healthy(x.s, NULL));
    }
    fixture_close(&x);
}

/* Without any write of the user's: the store itself looks whether the cause has gone. */
static void recovers_by_itself(void)
{
    fixture x;
    fail f;
    char moved[128];
    if (fixture_open(&x)) {
        snprintf(moved, sizeof moved, "%s.moved", x.path);
        CHECK(rename(x.path, moved) == 0);
        CHECK_FAILS(insert_one(&x, &f), f, FAIL_STORAGE, "");
        CHECK(rename(moved, x.path) == 0);
        int n_looks = 0;
        while (!store_is_healthy(x.s, NULL) && n_looks < 60000)
            n_looks += usleep(1000) == 0;
        CHECK(n_looks < 60000);
    }
    fixture_close(&x);
}

static void refuses_damaged(void)
{
    fixture x;
    fail f;
    char noise[8192];
    memset(noise, 'x', sizeof noise);
    if (fixture_open(&x)) {
        store_close(x.s);
        x.s = NULL;
        FILE *file = fopen(x.path, "w");
        CHECK(file && fwrite(noise, sizeof noise, 1, file) == 1);
        if (file)
            fclose(file);
        CHECK_FAILS(store_open(x.path, &x.s, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "damaged or not a database");
        struct stat after;
        CHECK(stat(x.path, &after) == 0);
        CHECK_EQUAL_INT(after.st_size, sizeof noise); /* left as it was */
    }
    fixture_close(&x);
}

static void refuses_bad_places(void)
{
    fixture x;
    fail f;
    store *s = NULL;
    if (fixture_open(&x)) {
        char path[160];
        snprintf(path, sizeof path, "%s/missing/regulab.db", x.folder);
        CHECK_FAILS(store_open(path, &s, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "No such file or directory");
        CHECK_FAILS(store_open(x.folder, &s, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, "Is a directory");
    }
    fixture_close(&x);
}

CHECK_MAIN("store_fault", survives_kills, keeps_records_of_a_full_disk, blocks_rather_than_loses,
           can_be_interrupted, waits_for_a_lock, notices_a_moved_file, recovers_by_itself,
           refuses_damaged, refuses_bad_places)
