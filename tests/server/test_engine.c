/* What an engine does with a lease: refusals before training, reports and commands, checkpoints,
 * and that a run stopped anywhere ends in the same bytes. */
#include "tests/server/engine_watch.h"

static void a_run_stopped_at_random_steps_ends_in_the_same_bytes(void)
{
    train_spec spec;
    watcher alone;
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    srand(20260131);
    for (int round = 0; round < 10; round++) {
        watcher w = {.stop = COMMAND_PAUSE, .shelf = &kept};
        int n_starts = 0;
        do {
            w.n_steps = 0;
            w.stop_after = 1 + rand() % 60;
            train(&spec, &w);
            CHECK_OR_RETURN(w.n_ends == n_starts + 1);
            CHECK_EQUAL_INT(w.was_resumed, n_starts > 0);
        } while (w.result.stop == TRAIN_STOP_PAUSED && ++n_starts < 500);
        CHECK(n_starts > 0);
        CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_FINISHED);
        same_model(&w, &alone);
        same_curve(&w, &alone);
        train_result_close(&w.result);
        kept.kept = (run_file){.bytes = 0};
    }
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

/* Told to pause, and then that it is to go on after all: under the same lease. */
static bool hear_called_off(void *context, const report *r, command *answer, fail *f)
{
    watcher *w = context;
    bool is_paused = r->kind == REPORT_ENDED && r->ended.result->stop == TRAIN_STOP_PAUSED;
    bool is_heard = hear(w, r, answer, f);
    if (is_paused)
        w->n_steps = 0;
    answer->kind = is_paused ? COMMAND_GO : answer->kind;
    return is_heard;
}

static void a_pause_that_is_called_off_is_only_a_checkpoint(void)
{
    train_spec spec;
    watcher alone;
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 50, .shelf = &kept};
    engine_owner owner = {.context = &w, .report = hear_called_off, .open_dataset = open_set};
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = spec, .threads = 1};
    owner.load_checkpoint = take_down;
    work_train(&a, &owner, NULL);
    CHECK_EQUAL_INT(w.n_starts, 1);
    CHECK(w.n_ends > 1);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_FINISHED);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void a_refused_report_is_the_last(void)
{
    train_spec spec;
    watcher whole = {.stop_after = 0};
    fill_spec(&spec);
    spec.epochs = 2;
    train(&spec, &whole);
    CHECK(whole.n_reports > 10);
    for (int at = 1; at <= whole.n_reports; at++) {
        watcher w = {.refuses_at = at};
        train(&spec, &w);
        CHECK_EQUAL_INT(w.n_reports, at);
        CHECK_EQUAL_INT(w.n_ends, 0);
    }
    train_result_close(&whole.result);
}

/* Small steps: most are told nothing of. */
static void progress_is_told_now_and_then(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    engine_owner owner = {.context = &w, .report = hear, .open_dataset = open_set};
    fill_spec(&spec);
    spec.epochs = 200;
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = spec, .threads = 1};
    a.progress_seconds = 3600;
    work_train(&a, &owner, NULL);
    CHECK_EQUAL_INT(w.n_steps, 1); /* the first */
    train_result_close(&w.result);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static bool insert_run(store *s, int64_t *run_id)
{
    new_run row = {.config_id = "aaaaaaaaaaaa", .config = "{}", .values = "{}", .epochs = 3};
    new_experiment e = {.name = "",
                        .description = "",
                        .tags = "[]",
                        .spec = "{}",
                        .n_configs = 1,
                        .n_runs = 1,
                        .runs = &row,
                        .baseline_config_id = row.config_id};
    int64_t id;
    bool is_repeat;
    fail f;
    return CHECK_OK(store_insert_experiment(s, &e, &id, run_id, &is_repeat, &f), f);
}

static int64_t kept_bytes(const ledger *l, int64_t run_id)
{
    run_files kept;
    fail f;
    return CHECK_OK(store_get_files(l->store, run_id, &kept, &f), f) ? kept.checkpoint.bytes : -1;
}

static void no_checkpoint_is_written_before_the_records_are_durable(void)
{
    char folder[64], database[96];
    const report_checkpoint c = {.blas_core = "core", .bytes = "bytes", .n_bytes = 5};
    const record line = {.epoch = 1};
    int64_t run_id;
    ledger l;
    jobs_checkpoint read;
    fail f;
    make_folder(folder);
    snprintf(database, sizeof database, "%s/regulab.db", folder);
    CHECK_OR_RETURN(jobs_files_open(folder, &f) && store_open(database, &l.store, &f));
    l.files = (jobs_files){folder, store_identity(l.store)};
    CHECK_OR_RETURN(insert_run(l.store, &run_id));
    store_start_run(l.store, run_id, "{}");
    CHECK_OK(store_flush(l.store, &f), f);
    store_interrupt(l.store); /* else it waits for the disk */
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1024); /* the checkpoint would fit */
    store_add_record(l.store, run_id, &line);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK_EQUAL_INT(kept_bytes(&l, run_id), 0);
    limit_files(RLIM_INFINITY);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK(kept_bytes(&l, run_id) > 5);
    CHECK_OK(ledger_load_checkpoint(&l, run_id, &read, &f), f);
    CHECK_EQUAL_INT(read.n_bytes, 5);
    jobs_checkpoint_close(&read);
    store_close(l.store);
    remove_folder(folder);
}

static void cancelling_is_a_result(void)
{
    train_spec spec;
    watcher w = {.stop = COMMAND_CANCEL, .stop_after = 5};
    fill_spec(&spec);
    train(&spec, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_CANCELLED);
    CHECK_EQUAL_INT(w.n_steps, 5);
}

/* 64 GB: more than is free nearly everywhere; where it is not, at least the figure is right. */
static void what_does_not_fit_is_refused_with_the_figure(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    dataset *set;
    fail f;
    fill_spec(&spec);
    spec.n_hidden = 16;
    for (int i = 0; i < 16; i++)
        spec.hidden[i] = 16384;
    CHECK_OR_RETURN(dataset_open("moons", &spec.dataset_options, 0, NULL, &set, &f));
    size_t wanted = plan_run_memory_bytes(&spec, set);
    CHECK(wanted > (size_t)60000000000);
    dataset_close(set);
    if (wanted < memory_available_bytes())
        return;
    train(&spec, &w);
    CHECK_EQUAL_INT(w.why.code, FAIL_OUT_OF_MEMORY);
    CHECK_CONTAINS(w.why.sentence, " MB of memory");
    CHECK_EQUAL_INT(w.n_reports, 1);
}

static void an_unknown_data_set_is_not_trained_on(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    fill_spec(&spec);
    snprintf(spec.dataset, sizeof spec.dataset, "nonesuch");
    train(&spec, &w);
    CHECK_EQUAL_INT(w.why.code, FAIL_NOT_FOUND);
    CHECK_EQUAL_STRING(w.why.field, "/dataset");
    CHECK_EQUAL_INT(w.n_reports, 1);
}

/* Every row of the table can be opened and closed, and asks for work when it is offered some. */
static bool nothing_to_take(void *context, assignment *out)
{
    (void)out;
    atomic_fetch_add((atomic_int *)context, 1);
    return false;
}

static void every_engine_asks_when_it_is_offered_something(void)
{
    for (int i = 0; i < ENGINE_COUNT; i++) {
        const engine_kind *kind = &ENGINES[i];
        atomic_int n_asked = 0;
        engine_owner owner = {
            .context = &n_asked, .take = nothing_to_take, .report = hear, .open_dataset = open_set};
        engine_options options = {.n_workers = 3};
        void *engine;
        int n_places;
        fail f;
        CHECK(strlen(kind->name) > 0 && strlen(kind->help) > 0);
        CHECK_OR_RETURN(kind->open(&owner, &options, &engine, &n_places, &f));
        CHECK(n_places > 0);
        kind->offer(engine);
        while (atomic_load(&n_asked) == 0)
            sched_yield();
        kind->close(engine);
    }
    CHECK_EQUAL_STRING(ENGINES[0].name, "threads");
}

CHECK_MAIN("engine", a_run_stopped_at_random_steps_ends_in_the_same_bytes,
           a_pause_that_is_called_off_is_only_a_checkpoint, a_refused_report_is_the_last,
           progress_is_told_now_and_then, no_checkpoint_is_written_before_the_records_are_durable,
           cancelling_is_a_result, what_does_not_fit_is_refused_with_the_figure,
           an_unknown_data_set_is_not_trained_on, every_engine_asks_when_it_is_offered_something)
