/* The minibatch of a step as the split gives it: order, inputs and targets. */
#include "core/math/rng.h"
#include "core/train/internal.h"

#include <assert.h>
#include <string.h>

static void one_hot(const trainer *t, const uint32_t *positions, size_t first, size_t n)
{
    const int32_t *labels = t->data->labels[PART_TRAIN];
    size_t k = t->net.outputs;
    memset(t->work.target, 0, n * k * sizeof(real));
    for (size_t i = 0; i < n; i++)
        t->work.target[i * k + (size_t)labels[positions ? positions[i] : first + i]] = 1;
}

typedef struct read_job {
    trainer *t;
    const uint32_t *positions;
    size_t first, n;
} read_job;

static void read_part(void *context, int part)
{
    const read_job *j = context;
    net_rows rows = net_group(j->n, part);
    size_t at = rows.first * j->t->net.inputs, count = rows.n * j->t->net.inputs;
    float *to = j->t->rows ? j->t->rows + at : (float *)(void *)(j->t->work.input + at);
    split_read_inputs(j->t->data, PART_TRAIN, j->positions ? j->positions + rows.first : NULL,
                      j->first + rows.first, rows.n, to);
    for (size_t i = 0; j->t->rows && i < count; i++)
        j->t->work.input[at + i] = to[i];
}

static void read_targets(trainer *t, const uint32_t *positions, size_t first, size_t n)
{
    if (t->net.task == TASK_CLASSIFICATION) {
        one_hot(t, positions, first, n);
        return;
    }
    if (sizeof(real) == sizeof(float)) {
        split_read_targets(t->data, PART_TRAIN, positions, first, n,
                           (float *)(void *)t->work.target);
        return;
    }
    enum { CHUNK = 64 };
    float chunk[CHUNK];
    size_t k = t->net.outputs;
    assert(k <= CHUNK);
    for (size_t i = 0; i < n; i++) {
        split_read_targets(t->data, PART_TRAIN, positions ? positions + i : NULL, first + i, 1,
                           chunk);
        for (size_t j = 0; j < k; j++)
            t->work.target[i * k + j] = (real)chunk[j];
    }
}

void minibatch_shuffle(trainer *t, int64_t epoch)
{
    size_t n = t->data->n[PART_TRAIN];
    if (!t->spec->shuffle)
        return;
    for (uint32_t i = 0; i < n; i++)
        t->order[i] = i;
    rng_stream stream = rng_stream_at(t->spec->seed, RNG_ORDER, 0, (uint32_t)epoch, 0);
    rng_permute(&stream, t->order, n);
}

void minibatch_read(trainer *t, int64_t number)
{
    size_t n_train = t->data->n[PART_TRAIN], first = (size_t)(number * t->spec->batch_size);
    read_job j = {.t = t, .first = first};
    j.n = n_train - first < (size_t)t->spec->batch_size ? n_train - first
                                                        : (size_t)t->spec->batch_size;
    j.positions = t->spec->shuffle ? t->order + first : NULL;
    t->work.n = j.n;
    parallel_run(t->parallel, net_groups(j.n), read_part, &j);
    read_targets(t, j.positions, first, j.n);
}
