#include "core/data/container.h"

#include "core/base/digest.h"
#include "core/data/internal.h"
#include "core/math/kernel_gather.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(container_header) == 136, "the header has no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "containers are mapped as they are");

enum { FIRST_HEADER_BYTES = offsetof(container_header, has_missing) }; /* of version 1 */

typedef struct layout {
    uint64_t inputs[PART_COUNT], outputs[PART_COUNT], names, offsets, end;
} layout;

static uint64_t align_up(uint64_t offset)
{
    return (offset + CONTAINER_ALIGNMENT - 1) / CONTAINER_ALIGNMENT * CONTAINER_ALIGNMENT;
}

/* Sizes are within the limits, so that nothing overflows. */
static layout layout_of(const container_header *h)
{
    layout l = {0};
    uint64_t end = h->header_bytes;
    uint64_t output_bytes = 4 * (h->task == TASK_CLASSIFICATION ? 1 : h->k);
    for (int p = 0; p < PART_COUNT; p++) {
        if (h->n[p] == 0)
            continue;
        l.inputs[p] = align_up(end);
        l.outputs[p] = align_up(l.inputs[p] + h->n[p] * h->d * h->value_bytes);
        end = l.outputs[p] + h->n[p] * output_bytes;
    }
    l.names = align_up(end);
    l.end = h->names_bytes > 0 ? l.names + h->names_bytes : end;
    uint64_t n_offsets = h->has_input_offsets * h->d + h->has_target_offsets * h->k;
    l.offsets = align_up(l.end);
    l.end = n_offsets > 0 ? l.offsets + n_offsets * sizeof(double) : l.end;
    return l;
}

static size_t names_bytes_of(const char *names, size_t n)
{
    size_t n_bytes = 0;
    for (size_t i = 0; names && i < n; i++)
        n_bytes += strlen(names + n_bytes) + 1;
    return n_bytes;
}

static container_header header_of(const dataset *set)
{
    bool is_plain = !set->has_missing && !set->input_offsets && !set->target_offsets;
    container_header h = {
        .version = is_plain ? 1 : 2,
        .header_bytes = is_plain ? FIRST_HEADER_BYTES : sizeof h,
        .task = set->task,
        .default_scaling = (uint32_t)set->default_scaling,
        .shared_scaling = set->shared_scaling,
        .value_bytes = set->parts[PART_TRAIN].bytes ? 1 : 4,
        .has_class_names = set->class_names != NULL,
        .has_column_names = set->column_names != NULL,
        .d = set->d,
        .k = set->k,
        .height = set->height,
        .width = set->width,
        .channels = set->channels,
        .names_bytes =
            names_bytes_of(set->class_names, set->k) + names_bytes_of(set->column_names, set->d),
        .has_missing = set->has_missing,
        .has_input_offsets = set->input_offsets != NULL,
        .has_target_offsets = set->target_offsets != NULL,
    };
    memcpy(h.magic, CONTAINER_MAGIC, sizeof h.magic);
    for (int p = 0; p < PART_COUNT; p++)
        h.n[p] = set->parts[p].n;
    h.file_bytes = layout_of(&h).end;
    return h;
}

uint64_t container_bytes(const dataset *set)
{
    return header_of(set).file_bytes;
}

/* ---- writing ---- */

enum { BLOCK_BYTES = 1 << 22 }; /* after so many the caller is asked */

typedef struct sink {
    const caller *by;
    int descriptor;
    digest sum;
    uint64_t written;
} sink;

static bool sink_add_block(sink *s, const void *bytes, size_t n_bytes, fail *f)
{
    digest_add(&s->sum, bytes, n_bytes);
    s->written += n_bytes;
    const char *at = bytes;
    while (s->descriptor >= 0 && n_bytes > 0) {
        ssize_t n = write(s->descriptor, at, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
            return fail_set(f, FAIL_STORAGE, NULL,
                            "The disk of the data directory is full: the data set was not stored.");
        if (n < 0)
            return fail_set(f, FAIL_STORAGE, NULL, "The data set could not be written: %s.",
                            strerror(errno));
        at += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

static bool sink_add(sink *s, const void *bytes, size_t n_bytes, fail *f)
{
    const char *at = bytes;
    for (size_t here; n_bytes > 0; at += here, n_bytes -= here) {
        here = n_bytes < BLOCK_BYTES ? n_bytes : BLOCK_BYTES;
        if (!sink_add_block(s, at, here, f) || !caller_check(s->by, f))
            return false;
    }
    return true;
}

static bool sink_align(sink *s, fail *f)
{
    static const char zeros[CONTAINER_ALIGNMENT];
    return sink_add(s, zeros, (size_t)(align_up(s->written) - s->written), f);
}

static bool sink_add_rows(sink *s, const dataset *set, const dataset_rows *rows, fail *f)
{
    size_t n_values = rows->n * set->d;
    if (rows->n == 0)
        return true;
    if (!sink_align(s, f) || (rows->bytes ? !sink_add(s, rows->bytes, n_values, f)
                                          : !sink_add(s, rows->floats, 4 * n_values, f)))
        return false;
    if (!sink_align(s, f))
        return false;
    if (set->task == TASK_CLASSIFICATION)
        return sink_add(s, rows->labels, 4 * rows->n, f);
    return sink_add(s, rows->targets, 4 * rows->n * set->k, f);
}

static bool sink_add_offsets(sink *s, const dataset *set, fail *f)
{
    size_t d = set->input_offsets ? set->d : 0, k = set->target_offsets ? set->k : 0;
    return d + k == 0 ||
           (sink_align(s, f) && sink_add(s, set->input_offsets, d * sizeof(double), f) &&
            sink_add(s, set->target_offsets, k * sizeof(double), f));
}

bool container_write(const dataset *set, const caller *by, int descriptor,
                     char sha256[DIGEST_TEXT_BYTES], uint64_t *file_bytes, fail *f)
{
    container_header h = header_of(set);
    sink s = {.by = by, .descriptor = descriptor};
    digest_init(&s.sum);
    if (!sink_add(&s, &h, h.header_bytes, f))
        return false;
    for (int p = 0; p < PART_COUNT; p++)
        if (!sink_add_rows(&s, set, &set->parts[p], f))
            return false;
    if (h.names_bytes > 0 &&
        (!sink_align(&s, f) ||
         !sink_add(&s, set->class_names, names_bytes_of(set->class_names, set->k), f) ||
         !sink_add(&s, set->column_names, names_bytes_of(set->column_names, set->d), f)))
        return false;
    if (!sink_add_offsets(&s, set, f))
        return false;
    assert(s.written == h.file_bytes);
    digest_write(&s.sum, sha256);
    *file_bytes = h.file_bytes;
    return true;
}

/* ---- reading ---- */

static bool damaged(fail *f, const char *path, const char *what)
{
    return fail_set(f, FAIL_STORAGE, "/dataset",
                    "The stored data set %s is damaged (%s); remove it and add it again.", path,
                    what);
}

static bool check_shape(const container_header *h)
{
    if (h->task > TASK_REGRESSION || h->default_scaling > SCALING_MINMAX || h->shared_scaling > 1 ||
        (h->value_bytes != 1 && h->value_bytes != 4) || h->has_class_names > 1 ||
        h->has_column_names > 1 || h->has_missing > 1 || h->has_input_offsets > 1 ||
        h->has_target_offsets > 1 || h->zero != 0 ||
        (h->has_target_offsets && h->task == TASK_CLASSIFICATION))
        return false;
    if (h->d < 1 || h->d > CONTAINER_COLUMNS_LIMIT ||
        h->k < (h->task == TASK_CLASSIFICATION ? 2 : 1) ||
        h->k > (h->task == TASK_CLASSIFICATION ? CONTAINER_CLASSES_LIMIT : CONTAINER_COLUMNS_LIMIT))
        return false;
    if (h->channels > h->d || h->height > h->d || h->width > h->d)
        return false;
    return h->channels * h->height * h->width == h->d ||
           (h->channels == 0 && h->height == 0 && h->width == 0);
}

static bool check_sizes(const container_header *h)
{
    uint64_t outputs = h->task == TASK_CLASSIFICATION ? 1 : h->k;
    uint64_t widest = h->d > outputs ? h->d : outputs, n_rows = 0;
    for (int p = 0; p < PART_COUNT; p++) {
        if (h->n[p] > CONTAINER_VALUES_LIMIT / widest)
            return false;
        n_rows += h->n[p];
    }
    return h->n[PART_TRAIN] > 0 && n_rows <= CONTAINER_VALUES_LIMIT / widest;
}

static bool check_header(const container_header *h, uint64_t file_bytes, const char *path, fail *f)
{
    if (memcmp(h->magic, CONTAINER_MAGIC, sizeof h->magic) != 0)
        return damaged(f, path, "it does not start like a data set");
    if (h->version < 1 || h->version > CONTAINER_VERSION)
        return fail_set(f, FAIL_STORAGE, "/dataset",
                        "The stored data set %s has version %u; this program reads up to %d.", path,
                        h->version, CONTAINER_VERSION);
    uint64_t names_limit =
        (h->has_class_names * h->k + h->has_column_names * h->d) * CONTAINER_NAME_LIMIT;
    if (h->header_bytes != (h->version == 1 ? FIRST_HEADER_BYTES : sizeof *h) || !check_shape(h) ||
        !check_sizes(h) || h->names_bytes > names_limit)
        return damaged(f, path, "its header makes no sense");
    if (h->file_bytes != file_bytes || layout_of(h).end != file_bytes)
        return damaged(f, path, "its size is not what its header says");
    return true;
}

/* A header of version 1 is the start of one of version 2. */
static bool read_header(int file, container_header *h)
{
    *h = (container_header){0};
    if (pread(file, h, FIRST_HEADER_BYTES, 0) != (ssize_t)FIRST_HEADER_BYTES)
        return false;
    return h->version == 1 || pread(file, h, sizeof *h, 0) == (ssize_t)sizeof *h;
}

/* Opens and checks the header; the caller closes *descriptor. */
static bool open_header(const char *path, int *descriptor, container_header *h, fail *f)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return fail_set(f, FAIL_NOT_FOUND, "/dataset", "The stored data set %s is missing.", path);
    if (file < 0)
        return fail_set(f, FAIL_STORAGE, "/dataset", "The stored data set %s cannot be opened: %s.",
                        path, strerror(errno));
    bool is_good = false;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        damaged(f, path, "it is not a file");
    else if (!read_header(file, h))
        damaged(f, path, "it is shorter than its header");
    else
        is_good = check_header(h, (uint64_t)status.st_size, path, f);
    if (is_good)
        *descriptor = file;
    else
        close(file);
    return is_good;
}

bool container_read_header(const char *path, container_header *out, fail *f)
{
    container_header h;
    int file;
    if (!open_header(path, &file, &h, f))
        return false;
    close(file);
    *out = h;
    return true;
}

static bool are_labels(const int32_t *labels, size_t n, size_t k)
{
    for (size_t i = 0; i < n; i++)
        if (labels[i] < 0 || (size_t)labels[i] >= k)
            return false;
    return true;
}

/* Finite, or, where inputs may be missing, not a number. */
static bool are_inputs(const float *floats, size_t n, bool has_missing)
{
    if (!has_missing)
        return kernel_gather_are_finite(floats, n);
    for (size_t i = 0; i < n; i++)
        if (isinf(floats[i]))
            return false;
    return true;
}

/* Points the rows into the mapping; false where a value is not allowed. */
static bool place_rows(const container_header *h, const char *base, const layout *l, int p,
                       bool has_missing, dataset_rows *rows)
{
    *rows = (dataset_rows){.n = (size_t)h->n[p]};
    if (rows->n == 0)
        return true;
    const void *inputs = base + l->inputs[p], *outputs = base + l->outputs[p];
    if (h->value_bytes == 1)
        rows->bytes = inputs;
    else
        rows->floats = inputs;
    if (rows->floats && !are_inputs(rows->floats, rows->n * (size_t)h->d, has_missing))
        return false;
    if (h->task == TASK_CLASSIFICATION) {
        rows->labels = outputs;
        return are_labels(rows->labels, rows->n, (size_t)h->k);
    }
    rows->targets = outputs;
    return kernel_gather_are_finite(rows->targets, rows->n * (size_t)h->k);
}

/* Where each of n texts starts in the names' section, which holds exactly these; false where it
 * does not. */
static bool find_names(const char *at, uint64_t n_bytes, const char **starts, uint64_t n)
{
    const char *end = at + n_bytes;
    for (uint64_t i = 0; i < n; i++) {
        const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!nul)
            return false;
        starts[i] = at;
        at = nul + 1;
    }
    return at == end;
}

/* *starts is NULL where the set has no names; else the caller frees it. */
static bool place_names(const container_header *h, const char *base, const layout *l, dataset *set,
                        const char ***starts, const char *path, fail *f)
{
    uint64_t n_classes = h->has_class_names * h->k, n = n_classes + h->has_column_names * h->d;
    *starts = NULL;
    if (n == 0)
        return h->names_bytes == 0 || damaged(f, path, "it has names of nothing");
    const char **found = calloc((size_t)n, sizeof *found);
    if (!found)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for %llu names.",
                        (unsigned long long)n);
    if (!find_names(base + l->names, h->names_bytes, found, n)) {
        free(found);
        return damaged(f, path, "its names cannot be read");
    }
    set->class_names = h->has_class_names ? found[0] : NULL;
    set->column_names = h->has_column_names ? found[n_classes] : NULL;
    *starts = found;
    return true;
}

/* False where an offset is not finite. */
static bool place_offsets(const container_header *h, const char *base, const layout *l,
                          dataset *set)
{
    const double *offsets = (const void *)(base + l->offsets);
    size_t d = h->has_input_offsets ? (size_t)h->d : 0,
           k = h->has_target_offsets ? (size_t)h->k : 0;
    set->has_missing = h->has_missing == 1;
    set->input_offsets = d ? offsets : NULL;
    set->target_offsets = k ? offsets + d : NULL;
    for (size_t i = 0; i < d + k; i++)
        if (!isfinite(offsets[i]))
            return false;
    return true;
}

/* Fills the set from a mapped file. */
static bool place(const container_header *h, const char *base, const char *path, dataset *set,
                  const char ***names, fail *f)
{
    layout l = layout_of(h);
    set->task = (dataset_task)h->task;
    set->d = (size_t)h->d;
    set->k = (size_t)h->k;
    set->height = (size_t)h->height;
    set->width = (size_t)h->width;
    set->channels = (size_t)h->channels;
    set->default_scaling = (int)h->default_scaling;
    set->shared_scaling = h->shared_scaling == 1;
    if (!place_offsets(h, base, &l, set))
        return damaged(f, path, "it has an offset that cannot be");
    for (int p = 0; p < PART_COUNT; p++)
        if (!place_rows(h, base, &l, p, set->has_missing, &set->parts[p]))
            return damaged(f, path, "it has a label or a number that cannot be");
    return place_names(h, base, &l, set, names, path, f);
}

static bool digest_mapping(const char *base, size_t n_bytes, const caller *by,
                           char found[DIGEST_TEXT_BYTES], fail *f)
{
    digest sum;
    digest_init(&sum);
    for (size_t at = 0, here; at < n_bytes; at += here) {
        here = n_bytes - at < BLOCK_BYTES ? n_bytes - at : BLOCK_BYTES;
        if (!caller_check(by, f))
            return false;
        digest_add(&sum, base + at, here);
    }
    digest_write(&sum, found);
    return true;
}

bool container_open(const char *path, const char sha256[DIGEST_TEXT_BYTES], const caller *by,
                    dataset *set, fail *f)
{
    container_header h;
    int file;
    if (!open_header(path, &file, &h, f))
        return false;
    size_t n_bytes = (size_t)h.file_bytes;
    void *base = mmap(NULL, n_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (base == MAP_FAILED)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset",
                        "The stored data set %s (%zu bytes) cannot be mapped: %s.", path, n_bytes,
                        strerror(errno));
    char found[DIGEST_TEXT_BYTES];
    dataset filled = *set;
    const char **names = NULL;
    bool is_good = digest_mapping(base, n_bytes, by, found, f);
    if (is_good)
        is_good = strcmp(found, sha256) == 0 ? place(&h, base, path, &filled, &names, f)
                                             : damaged(f, path, "its SHA-256 is another");
    if (!is_good) {
        free(names);
        munmap(base, n_bytes);
        return false;
    }
    *set = filled;
    memcpy(set->sha256, found, sizeof set->sha256);
    set->storage->mapping = base;
    set->storage->mapping_bytes = n_bytes;
    set->storage->names = names;
    return true;
}
