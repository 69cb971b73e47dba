/* A run's state as bytes: a header that tells runs apart, the state, and the arrays: the trainer's
 * own, then those that regularizers save. Written and read on one machine: no byte order. */
#include "core/math/mat.h"
#include "core/spec/field.h"
#include "core/train/internal.h"

#include <stdio.h>
#include <string.h>

typedef struct header {
    char magic[16];
    char sha256[72];    /* of the data */
    uint64_t spec_hash; /* FNV-1a, hash_spec() */
    uint64_t n_model, n_train, state_bytes;
    char blas_core[32];  /* another one is said, not refused */
    uint64_t state_hash; /* over all that follows, so that a damaged file is not trained on */
} header;

/* What stands behind the header, in order. Told by the specification, not by what is allocated: the
 * bytes are counted before there is anything. */
static saved_list list_pieces(trainer *t)
{
    saved_list list = {.n = 0};
    size_t trained = t->net.n_trained * sizeof(real), all = t->net.n_model * sizeof(real);
    const optimizer *rule = &OPTIMIZERS[t->spec->optimizer];
    saved_list_add(&list, &t->state, sizeof t->state);
    saved_list_add(&list, t->model, all);
    if (rule->has_momentum(t->spec))
        saved_list_add(&list, t->first, trained);
    if (rule->has_squares)
        saved_list_add(&list, t->second, trained);
    if (regularization_keeps_best(t->spec))
        saved_list_add(&list, t->best_model, all);
    const saved_list *others = &t->regularization.saved;
    for (int i = 0; i < others->n; i++)
        saved_list_add(&list, others->pieces[i].data, others->pieces[i].bytes);
    return list;
}

#define HASH_START 0xCBF29CE484222325u

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * 0x100000001B3u;
    return hash;
}

/* The same word by word: a checkpoint is megabytes. */
static uint64_t hash_words(uint64_t hash, const char *bytes, size_t n)
{
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= n; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        hash = (hash ^ word) * 0x100000001B3u;
        hash ^= hash >> 32;
    }
    return hash_bytes(hash, bytes + at, n - at);
}

static uint64_t hash_field(uint64_t hash, const field *row, const train_spec *spec)
{
    const void *value = field_value_const(row, spec);
    switch (row->type) {
    case FIELD_INTEGER:
        return hash_bytes(hash, value, sizeof(int64_t));
    case FIELD_NUMBER:
        return hash_bytes(hash, value, sizeof(double));
    case FIELD_BOOLEAN:
    case FIELD_OBJECT:
        return hash_bytes(hash, value, sizeof(bool));
    case FIELD_ENUM:
        return hash_bytes(hash, value, sizeof(int));
    case FIELD_INTEGER_ARRAY:
        return hash_bytes(hash, value, field_value_count(row, spec) * sizeof(int64_t));
    case FIELD_RATES:
        return hash_bytes(hash, value, field_value_count(row, spec) * sizeof(double));
    default:
        return hash; /* the data set is told by its SHA-256 */
    }
}

/* Only of what is not as if it had never been said, by name: a field that comes to be later, at a
 * default that leaves all as it was, parts no run from its checkpoint. */
static uint64_t hash_spec(const train_spec *spec)
{
    train_spec unsaid;
    uint64_t hash = HASH_START;
    spec_init(&unsaid);
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        if (row->group == FIELD_GROUP_EXPERIMENT || !field_has_place(row) ||
            !field_applies(row, spec) || field_equal(row, spec, &unsaid))
            continue;
        hash = hash_bytes(hash, row->name, strlen(row->name));
        hash = hash_field(hash, row, spec);
    }
    return hash;
}

static header header_of(const trainer *t)
{
    header h = {.magic = "regulab-run-3",
                .spec_hash = hash_spec(t->spec),
                .n_model = t->net.n_model,
                .n_train = t->data->n[PART_TRAIN],
                .state_bytes = sizeof(trainer_state)};
    snprintf(h.blas_core, sizeof h.blas_core, "%s", mat_blas_core());
    memcpy(h.sha256, t->data->set->sha256, sizeof t->data->set->sha256);
    return h;
}

size_t checkpoint_bytes(trainer *t)
{
    saved_list list = list_pieces(t);
    size_t bytes = sizeof(header);
    for (int i = 0; i < list.n; i++)
        bytes += list.pieces[i].bytes;
    return bytes;
}

void checkpoint_write(trainer *t)
{
    char *bytes = t->checkpoint;
    saved_list list = list_pieces(t);
    header h = header_of(t);
    char *at = bytes + sizeof h;
    for (int i = 0; i < list.n; i++) {
        memcpy(at, list.pieces[i].data, list.pieces[i].bytes);
        at += list.pieces[i].bytes;
    }
    h.state_hash = hash_words(HASH_START, bytes + sizeof h, (size_t)(at - bytes) - sizeof h);
    memcpy(bytes, &h, sizeof h);
}

bool checkpoint_read(trainer *t, const char *bytes, size_t n_bytes, fail *f)
{
    header h = header_of(t);
    if (n_bytes != checkpoint_bytes(t) || memcmp(bytes, &h, offsetof(header, blas_core)) != 0)
        return fail_set(f, FAIL_CONFLICT, "",
                        "the checkpoint belongs to another run, data set or program");
    memcpy(&h.state_hash, bytes + offsetof(header, state_hash), sizeof h.state_hash);
    if (hash_words(HASH_START, bytes + sizeof h, n_bytes - sizeof h) != h.state_hash)
        return fail_set(f, FAIL_CONFLICT, "", "the checkpoint is damaged");
    t->is_other_core =
        memcmp(bytes + offsetof(header, blas_core), h.blas_core, sizeof h.blas_core) != 0;
    saved_list list = list_pieces(t);
    bytes += sizeof h;
    for (int i = 0; i < list.n; i++) {
        memcpy(list.pieces[i].data, bytes, list.pieces[i].bytes);
        bytes += list.pieces[i].bytes;
    }
    return true;
}
