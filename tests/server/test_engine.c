/* The engine: refusals before training, checkpoints, and that a run stopped anywhere ends in the
 * same bytes. */
#include "core/base/memory.h"
#include "server/jobs/engine.h"
#include "server/plan/check.h"

#include "tests/check.h"

#include <stdlib.h>
#include <unistd.h>

enum { RECORDS_LIMIT = 64 };

typedef struct watcher {
    int n_steps, stop_after; /* steps until the next pause; 0: never */
    train_command command;   /* what the stop is */
    int n_records;
    int64_t epochs[RECORDS_LIMIT];
    double val_loss[RECORDS_LIMIT];
    bool was_resumed;
    char note[256];
    size_t memory_bytes;
    bool makes_durable; /* what on_checkpoint says */
    int n_durable;
} watcher;

static bool on_record(void *context, const record *r, fail *f)
{
    watcher *w = context;
    (void)f;
    if (w->n_records < RECORDS_LIMIT) {
        w->epochs[w->n_records] = r->epoch;
        w->val_loss[w->n_records++] = r->values[METRIC_VAL_LOSS];
    }
    return true;
}

static bool on_checkpoint(void *context, const void *bytes, size_t n_bytes, fail *f)
{
    watcher *w = context;
    (void)bytes;
    (void)n_bytes;
    (void)f;
    w->n_durable++;
    return w->makes_durable;
}

static train_answer on_step(void *context, int64_t step, int64_t n_steps)
{
    watcher *w = context;
    (void)step;
    (void)n_steps;
    w->n_steps++;
    bool is_over = w->stop_after && w->n_steps >= w->stop_after;
    return (train_answer){.command = is_over ? w->command : TRAIN_GO_ON};
}

static void on_start(void *context, const engine_start *start)
{
    watcher *w = context;
    w->was_resumed = start->is_resumed;
    w->memory_bytes = start->memory_bytes;
    snprintf(w->note, sizeof w->note, "%s", start->note);
}

static void fill_spec(train_spec *spec)
{
    fail_list faults = {.n = 0};
    dataset *set;
    fail f;
    spec_init(spec);
    snprintf(spec->dataset, sizeof spec->dataset, "moons");
    spec->dataset_options.n = 300;
    spec->n_hidden = 2;
    spec->hidden[0] = spec->hidden[1] = 16;
    spec->dropout[0] = 0.3;
    spec->epochs = 12;
    spec->batch_size = 16;
    CHECK(spec_resolve(spec, &faults));
    CHECK_OK(dataset_open("moons", &spec->dataset_options, 0, NULL, &set, &f), f);
    CHECK_OK(plan_resolve(spec, set, &f), f);
    dataset_close(set);
}

static void make_folder(char path[64])
{
    snprintf(path, 64, "/tmp/regulab-test-engine-XXXXXX");
    CHECK(mkdtemp(path) != NULL);
}

static engine_task task_of(const train_spec *spec, const char *checkpoint, watcher *w)
{
    return (engine_task){.spec = spec,
                         .checkpoint_path = checkpoint,
                         .threads = 1,
                         .hooks = {.context = w,
                                   .on_record = on_record,
                                   .on_checkpoint = on_checkpoint,
                                   .on_step = on_step},
                         .on_start = on_start};
}

static void undisturbed(const train_spec *spec, train_result *result, watcher *w)
{
    char sha256[65];
    fail f;
    *w = (watcher){.stop_after = 0};
    engine_task task = task_of(spec, NULL, w);
    CHECK_OK(engine_train(&task, result, sha256, &f), f);
    CHECK_EQUAL_INT(result->stop, TRAIN_STOP_FINISHED);
    CHECK_EQUAL_INT(strlen(sha256), 64);
    CHECK_EQUAL_INT(w->n_records, 13);
    CHECK(w->memory_bytes > 0);
}

static void same_curve(const watcher *a, const watcher *b)
{
    CHECK_EQUAL_INT(a->n_records, b->n_records);
    CHECK_EQUAL_BYTES(a->epochs, b->epochs, (size_t)b->n_records * sizeof *b->epochs);
    CHECK_EQUAL_BYTES(a->val_loss, b->val_loss, (size_t)b->n_records * sizeof *b->val_loss);
}

static void a_run_stopped_at_random_steps_ends_in_the_same_bytes(void)
{
    train_spec spec;
    train_result whole = {0};
    watcher alone;
    char folder[64], path[96], sha256[65];
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &whole, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    srand(20260131);
    for (int round = 0; round < 10; round++) {
        watcher w = {.command = TRAIN_PAUSE, .makes_durable = true};
        train_result result = {0};
        int n_starts = 0;
        do {
            train_result_close(&result);
            w.n_steps = 0;
            w.stop_after = 1 + rand() % 60;
            engine_task task = task_of(&spec, path, &w);
            CHECK_OR_RETURN(engine_train(&task, &result, sha256, &f));
            CHECK_EQUAL_INT(w.was_resumed, n_starts > 0);
        } while (result.stop == TRAIN_STOP_PAUSED && ++n_starts < 500);
        CHECK(n_starts > 0);
        CHECK_EQUAL_INT(result.stop, TRAIN_STOP_FINISHED);
        CHECK_EQUAL_INT(result.n_model, whole.n_model);
        CHECK_EQUAL_BYTES(result.model, whole.model, whole.n_model * sizeof(float));
        same_curve(&w, &alone);
        train_result_close(&result);
        unlink(path);
    }
    train_result_close(&whole);
    rmdir(folder);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK_OR_RETURN(file != NULL);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void an_unusable_checkpoint_is_left_aside_and_said(void)
{
    static const char *const TEXTS[] = {"", "regulab",
                                        "not a checkpoint at all, but long enough for a "
                                        "head of sixty-four bytes and some more"};
    train_spec spec;
    train_result whole = {0};
    watcher alone;
    char folder[64], path[96], sha256[65];
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &whole, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        watcher w = {.makes_durable = true};
        train_result result = {0};
        write_text(path, TEXTS[i]);
        engine_task task = task_of(&spec, path, &w);
        CHECK_OK(engine_train(&task, &result, sha256, &f), f);
        CHECK(!w.was_resumed);
        CHECK_CONTAINS(w.note, "started over");
        CHECK_EQUAL_BYTES(result.model, whole.model, whole.n_model * sizeof(float));
        train_result_close(&result);
    }
    train_result_close(&whole);
    unlink(path);
    rmdir(folder);
}

static void a_checkpoint_of_another_run_is_left_aside(void)
{
    train_spec spec, other;
    train_result whole = {0}, result = {0};
    watcher alone, w = {.command = TRAIN_PAUSE, .stop_after = 20, .makes_durable = true};
    char folder[64], path[96], sha256[65];
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &whole, &alone);
    other = spec;
    other.seed = 7;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    engine_task task = task_of(&other, path, &w);
    CHECK_OK(engine_train(&task, &result, sha256, &f), f);
    CHECK_EQUAL_INT(result.stop, TRAIN_STOP_PAUSED);
    CHECK(access(path, R_OK) == 0);
    train_result_close(&result);
    w = (watcher){.makes_durable = true};
    task = task_of(&spec, path, &w);
    CHECK_OK(engine_train(&task, &result, sha256, &f), f);
    CHECK_EQUAL_BYTES(result.model, whole.model, whole.n_model * sizeof(float));
    same_curve(&w, &alone);
    train_result_close(&result);
    train_result_close(&whole);
    unlink(path);
    rmdir(folder);
}

static void no_checkpoint_is_written_before_the_records_are_durable(void)
{
    train_spec spec;
    train_result result = {0};
    watcher w = {.command = TRAIN_PAUSE, .stop_after = 30, .makes_durable = false};
    char folder[64], path[96], sha256[65];
    fail f;
    fill_spec(&spec);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    engine_task task = task_of(&spec, path, &w);
    CHECK_OK(engine_train(&task, &result, sha256, &f), f);
    CHECK_EQUAL_INT(result.stop, TRAIN_STOP_PAUSED);
    CHECK_EQUAL_INT(w.n_durable, 1);
    CHECK(access(path, F_OK) != 0);
    train_result_close(&result);
    rmdir(folder);
}

static void cancelling_is_a_result(void)
{
    train_spec spec;
    train_result result = {0};
    watcher w = {.command = TRAIN_CANCEL, .stop_after = 5};
    char sha256[65];
    fail f;
    fill_spec(&spec);
    engine_task task = task_of(&spec, NULL, &w);
    CHECK_OK(engine_train(&task, &result, sha256, &f), f);
    CHECK_EQUAL_INT(result.stop, TRAIN_STOP_CANCELLED);
    train_result_close(&result);
}

/* 64 GB: more than is free nearly everywhere; where it is not, at least the figure is right. */
static void what_does_not_fit_is_refused_with_the_figure(void)
{
    train_spec spec;
    train_result result = {0};
    watcher w = {.stop_after = 0};
    fail_list faults = {.n = 0};
    dataset *set;
    char sha256[65];
    fail f;
    fill_spec(&spec);
    spec.n_hidden = 16;
    for (int i = 0; i < 16; i++)
        spec.hidden[i] = 16384;
    CHECK_OR_RETURN(dataset_open("moons", &spec.dataset_options, 0, NULL, &set, &f));
    size_t wanted = plan_run_memory_bytes(&spec, set);
    CHECK(wanted > (size_t)60000000000);
    CHECK(plan_check_set(&spec, set, wanted, &faults));
    CHECK(!plan_check_set(&spec, set, wanted - 1, &faults));
    dataset_close(set);
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_OUT_OF_MEMORY);
    CHECK_CONTAINS(faults.items[0].sentence, " MB of memory");
    if (wanted < memory_available_bytes())
        return;
    engine_task task = task_of(&spec, NULL, &w);
    CHECK_FAILS(engine_train(&task, &result, sha256, &f), f, FAIL_OUT_OF_MEMORY, "");
    CHECK_EQUAL_INT(w.n_steps, 0);
}

static void the_data_set_fills_in_its_own(void)
{
    train_spec spec, again;
    dataset *set;
    fail_list faults = {.n = 0};
    fail f;
    spec_init(&spec);
    CHECK(spec_resolve(&spec, &faults));
    CHECK_OR_RETURN(dataset_open(spec.dataset, &spec.dataset_options, 0, NULL, &set, &f));
    CHECK_OK(plan_resolve(&spec, set, &f), f);
    CHECK_EQUAL_INT(spec.scaling, set->default_scaling);
    CHECK(spec.dataset_options.n > 0);
    again = spec;
    CHECK_OK(plan_resolve(&again, set, &f), f);
    CHECK_EQUAL_INT(again.dataset_options.n, spec.dataset_options.n);
    CHECK(plan_check_set(&spec, set, SIZE_MAX, &faults));
    CHECK_EQUAL_INT(plan_step_count(&spec, 3000), 20 * 47);
    CHECK(plan_run_memory_bytes(&spec, set) > 100000);
    dataset_close(set);
}

static void an_unknown_data_set_is_not_trained_on(void)
{
    train_spec spec;
    train_result result = {0};
    watcher w = {.stop_after = 0};
    char sha256[65];
    fail f;
    fill_spec(&spec);
    snprintf(spec.dataset, sizeof spec.dataset, "nonesuch");
    engine_task task = task_of(&spec, NULL, &w);
    CHECK_FAILS(engine_train(&task, &result, sha256, &f), f, FAIL_NOT_FOUND, "/dataset");
    CHECK_EQUAL_INT(w.n_steps, 0);
}

CHECK_MAIN("engine", a_run_stopped_at_random_steps_ends_in_the_same_bytes,
           an_unusable_checkpoint_is_left_aside_and_said, a_checkpoint_of_another_run_is_left_aside,
           no_checkpoint_is_written_before_the_records_are_durable, cancelling_is_a_result,
           what_does_not_fit_is_refused_with_the_figure, the_data_set_fills_in_its_own,
           an_unknown_data_set_is_not_trained_on)
