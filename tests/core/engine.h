/* engine — trains small specifications inside a test. */
#ifndef TESTS_CORE_ENGINE_H
#define TESTS_CORE_ENGINE_H

#include "tests/check.h"

#include "core/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENGINE_RECORDS_LIMIT = 256, ENGINE_EPOCHS = 3 };

typedef struct engine {
    train_spec spec;
    dataset *set;
    split *data;
    train_result result;
    int n_records;
    record records[ENGINE_RECORDS_LIMIT];
    /* Stops: the command given after `stop_at` steps of this call (0: none), and the checkpoint
     * that came of it. */
    train_command command;
    int64_t stop_at, n_steps;
    char *checkpoint;
    size_t checkpoint_bytes;
    int threads;
    bool (*on_model)(void *context, int64_t epoch, const float *model, fail *f); /* or NULL */
    void *on_model_context;
} engine;

/* A specification that trains in some milliseconds. */
CHECK_UNUSED static train_spec engine_spec(const char *dataset_name, int64_t n)
{
    train_spec s;
    spec_init(&s);
    snprintf(s.dataset, sizeof s.dataset, "%s", dataset_name);
    s.dataset_options.n = n;
    s.n_hidden = 2;
    s.hidden[0] = 24;
    s.hidden[1] = 16;
    s.epochs = ENGINE_EPOCHS;
    s.batch_size = 32;
    return s;
}

CHECK_UNUSED static void engine_fail(const char *sentence)
{
    printf("    %s\n", sentence);
    CHECK(false);
}

CHECK_UNUSED static bool engine_record(void *context, const record *r, fail *f)
{
    engine *e = context;
    (void)f;
    if (e->n_records < ENGINE_RECORDS_LIMIT)
        e->records[e->n_records++] = *r;
    return true;
}

CHECK_UNUSED static train_answer engine_step(void *context, int64_t step, int64_t n_steps)
{
    engine *e = context;
    (void)step;
    (void)n_steps;
    return (train_answer){.command = ++e->n_steps == e->stop_at ? e->command : TRAIN_GO_ON};
}

CHECK_UNUSED static bool engine_model(void *context, int64_t epoch, const float *model, fail *f)
{
    const engine *e = context;
    return e->on_model(e->on_model_context, epoch, model, f);
}

CHECK_UNUSED static bool engine_checkpoint(void *context, const void *bytes, size_t n, fail *f)
{
    engine *e = context;
    (void)f;
    free(e->checkpoint);
    e->checkpoint = malloc(n);
    if (!e->checkpoint)
        abort();
    memcpy(e->checkpoint, bytes, n);
    e->checkpoint_bytes = n;
    return true;
}

CHECK_UNUSED static bool engine_open(engine *e, const train_spec *spec)
{
    fail f;
    fail_list faults = {0};
    *e = (engine){.spec = *spec, .threads = 1};
    if (!spec_resolve(&e->spec, &faults)) {
        engine_fail(faults.items[0].sentence);
        return false;
    }
    if (!dataset_open(e->spec.dataset, &e->spec.dataset_options, e->spec.data_seed, NULL, &e->set,
                      &f)) {
        engine_fail(f.sentence);
        return false;
    }
    if (train_check(&e->spec, e->set, &faults) && split_open(e->set, &e->spec, &e->data, &f))
        return true;
    engine_fail(faults.n ? faults.items[0].sentence : f.sentence);
    dataset_close(e->set);
    return false;
}

/* Trains from the engine's checkpoint if it has one. */
CHECK_UNUSED static bool engine_train(engine *e)
{
    fail f;
    train_hooks hooks = {.context = e,
                         .on_record = engine_record,
                         .on_checkpoint = engine_checkpoint,
                         .on_model = e->on_model ? engine_model : NULL,
                         .on_step = engine_step};
    train_input input = {.spec = &e->spec, .data = e->data, .threads = e->threads};
    char *from = e->checkpoint;
    input.checkpoint = from;
    input.checkpoint_bytes = e->checkpoint_bytes;
    e->checkpoint = NULL;
    e->n_steps = 0;
    train_result_close(&e->result);
    bool ok = train_run(&input, &hooks, &e->result, &f);
    free(from);
    if (!ok)
        engine_fail(f.sentence);
    return ok;
}

CHECK_UNUSED static void engine_close(engine *e)
{
    train_result_close(&e->result);
    split_close(e->data);
    dataset_close(e->set);
    free(e->checkpoint);
}

CHECK_UNUSED static bool engine_same_numbers(const double *a, const double *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

/* Weights, curves and final metrics agree to the bit, times aside. */
CHECK_UNUSED static bool engine_equal(const engine *a, const engine *b)
{
    bool same = a->result.n_model == b->result.n_model && a->n_records == b->n_records &&
                a->result.model && b->result.model &&
                memcmp(a->result.model, b->result.model, a->result.n_model * sizeof(float)) == 0;
    for (int i = 0; same && i < a->n_records; i++) {
        record x = a->records[i], y = b->records[i];
        x.values[METRIC_SECONDS] = y.values[METRIC_SECONDS] = 0;
        same = x.epoch == y.epoch && x.step == y.step &&
               engine_same_numbers(x.values, y.values, METRIC_EPOCH_COUNT) &&
               x.n_layers == y.n_layers;
        for (int l = 0; same && l < x.n_layers; l++)
            same = engine_same_numbers(x.layers[l], y.layers[l], LAYER_METRIC_COUNT);
    }
    return same && engine_same_numbers(a->result.selected + METRIC_EPOCH_COUNT,
                                       b->result.selected + METRIC_EPOCH_COUNT,
                                       METRIC_COUNT - METRIC_EPOCH_COUNT);
}

#endif
