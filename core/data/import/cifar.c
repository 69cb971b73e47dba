#include "core/data/import/cifar.h"

#include "core/data/container.h"
#include "core/data/import/label.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 32,
    CHANNELS = 3,
    PIXELS = CHANNELS * SIDE * SIDE,
    RECORD_10 = 1 + PIXELS,
    RECORD_100 = 2 + PIXELS,
    COARSE_CLASSES = 20,
    BATCHES_LIMIT = 64,
    NAMES_BYTES_LIMIT = 1 << 16
};

typedef struct cifar_batch {
    const char *name; /* borrowed */
    uint64_t bytes;
    dataset_part part;
    size_t first; /* row of its part */
} cifar_batch;

typedef struct cifar_reader {
    dataset_load *load;
    const char *name; /* of what is read, for sentences */
    size_t n;
    cifar_batch batches[BATCHES_LIMIT];
    size_t record; /* RECORD_10 or RECORD_100 */
    size_t n_names;
    char *names; /* of the classes: (n_names) texts each with its NUL; NULL: numbers */
    bool (*read)(void *context, void *bytes, size_t n, size_t *n_read, fail *f);
    void *context;
} cifar_reader;

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool cifar_is_batch(const char *name)
{
    const char *base = base_of(name), *dot = strcasestr(base, ".bin");
    return dot && dot > base && (!dot[4] || strcasecmp(dot + 4, ".gz") == 0);
}

bool cifar_are_records(uint64_t bytes)
{
    return bytes > 0 && (bytes % RECORD_10 == 0 || bytes % RECORD_100 == 0);
}

/* ---- the batches ---- */

static bool add_batch(cifar_reader *r, const char *name, uint64_t bytes, fail *f)
{
    if (r->n == BATCHES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "There are more than %d batches.", BATCHES_LIMIT);
    if (!cifar_are_records(bytes))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has %llu bytes, no whole number of records: those of CIFAR-10 have %d "
                        "bytes, those of CIFAR-100 %d.",
                        name, (unsigned long long)bytes, RECORD_10, RECORD_100);
    r->batches[r->n++] =
        (cifar_batch){.name = name, .bytes = bytes, .part = dataset_load_part_of(base_of(name))};
    return true;
}

static int compare_batches(const void *a, const void *b)
{
    return strcmp(((const cifar_batch *)a)->name, ((const cifar_batch *)b)->name);
}

static bool fits(const cifar_reader *r, size_t record)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->batches[i].bytes % record != 0)
            return false;
    return true;
}

/* Both lengths fit to some files: CIFAR-100 has no batches of that name. */
static bool find_record(cifar_reader *r, fail *f)
{
    bool is_10 = fits(r, RECORD_10), is_100 = fits(r, RECORD_100);
    if (!is_10 && !is_100)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "Some files have records of CIFAR-10 (%d bytes), others of CIFAR-100 (%d).",
                        RECORD_10, RECORD_100);
    bool is_batch = strcasestr(base_of(r->batches[0].name), "batch");
    r->record = is_10 && (!is_100 || is_batch) ? RECORD_10 : RECORD_100;
    return true;
}

static bool reserve(cifar_reader *r, fail *f)
{
    dataset_load *load = r->load;
    uint64_t n[PART_COUNT] = {0}, total = 0, granted = 0;
    for (size_t i = 0; i < r->n; i++) {
        cifar_batch *b = &r->batches[i];
        b->first = (size_t)n[b->part];
        n[b->part] += b->bytes / r->record;
        total += b->bytes / r->record;
    }
    if (n[PART_TRAIN] == 0)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "There is no training part: all files have "
                        "`test` or `val` in their names.");
    if (!dataset_load_check_size(load, &granted, r->name, total, PIXELS, 1, f))
        return false;
    for (int p = 0; p < PART_COUNT; p++) {
        dataset_load_part *part = &load->parts[p];
        part->n = (size_t)n[p];
        if (part->n == 0)
            continue;
        part->bytes = malloc(part->n * PIXELS);
        if (!part->bytes)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu pictures.",
                            part->n);
        if (!label_reserve(part, part->n, f))
            return false;
    }
    return true;
}

static bool prepare(cifar_reader *r, fail *f)
{
    qsort(r->batches, r->n, sizeof *r->batches, compare_batches);
    if (!find_record(r, f) || !reserve(r, f))
        return false;
    r->load->d = PIXELS;
    r->load->height = r->load->width = SIDE;
    r->load->channels = CHANNELS;
    r->load->n_outputs = 1;
    r->load->kind = OUTPUTS_INTEGERS;
    return true;
}

/* ---- records ---- */

static const char *name_of(const cifar_reader *r, size_t class)
{
    const char *name = r->names;
    while (class -- > 0)
        name += strlen(name) + 1;
    return name;
}

static bool put_label(cifar_reader *r, const cifar_batch *b, size_t i, const uint8_t *record,
                      fail *f)
{
    bool is_10 = r->record == RECORD_10;
    dataset_load_part *part = &r->load->parts[b->part];
    size_t class = record[is_10 ? 0 : 1];
    if (class >= (is_10 ? 10 : 100) || (!is_10 && record[0] >= COARSE_CLASSES))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: the label of record %zu (byte %zu) is %d; %s are taken.", b->name, i,
                        i * r->record, class < 100 && !is_10 ? record[0] : (int)class,
                        is_10 ? "0 to 9" : "0 to 19 and 0 to 99");
    part->outputs[b->first + i] = (double)class;
    if (class >= r->n_names)
        return true;
    const char *name = name_of(r, class);
    return label_put(r->load, part, b->first + i, name, strlen(name), r->name, f);
}

static bool read_batch(cifar_reader *r, const cifar_batch *b, fail *f)
{
    uint8_t record[RECORD_100];
    size_t n_read, n = (size_t)(b->bytes / r->record);
    uint8_t *to = r->load->parts[b->part].bytes + b->first * PIXELS;
    for (size_t i = 0; i < n; i++, to += PIXELS) {
        if (!r->read(r->context, record, r->record, &n_read, f))
            return false;
        if (n_read < r->record)
            return fail_set(f, FAIL_SYNTAX, NULL, "%s is cut off in record %zu.", b->name, i);
        if (!put_label(r, b, i, record, f))
            return false;
        memcpy(to, record + r->record - PIXELS, PIXELS);
    }
    return true;
}

/* ---- files ---- */

static bool read_source(void *context, void *bytes, size_t n, size_t *n_read, fail *f)
{
    return source_read(context, bytes, n, n_read, f);
}

/* Bytes of the file, unpacked. */
static bool measure(const dataset_file *file, const caller *by, uint64_t *bytes, fail *f)
{
    dataset_source s;
    uint8_t block[1 << 14];
    size_t n = sizeof block;
    bool is_good = true;
    if (!source_open(file->path, file->name, by, &s, f))
        return false;
    while (is_good && n == sizeof block)
        is_good = source_read(&s, block, sizeof block, &n, f);
    *bytes = s.position;
    source_close(&s);
    return is_good;
}

static bool read_file(cifar_reader *r, const cifar_batch *b, const char *path, fail *f)
{
    dataset_source s;
    if (!source_open(path, b->name, r->load->by, &s, f))
        return false;
    r->context = &s;
    bool is_good = read_batch(r, b, f) && source_check_end(&s, f);
    source_close(&s);
    r->context = NULL;
    return is_good;
}

static const char *path_of(const dataset_file *files, const char *name)
{
    while (files->name != name)
        files++;
    return files->path;
}

bool cifar_read_files(const dataset_file *files, size_t n_files, dataset_load *load, fail *f)
{
    cifar_reader r = {.load = load, .name = files[0].name, .read = read_source};
    for (size_t i = 0; i < n_files; i++) {
        uint64_t bytes;
        if (!measure(&files[i], load->by, &bytes, f) || !add_batch(&r, files[i].name, bytes, f))
            return false;
    }
    if (!prepare(&r, f))
        return false;
    for (size_t i = 0; i < r.n; i++)
        if (!read_file(&r, &r.batches[i], path_of(files, r.batches[i].name), f))
            return false;
    return true;
}

/* ---- an archive ---- */

static bool read_entry(void *context, void *bytes, size_t n, size_t *n_read, fail *f)
{
    return archive_read(context, bytes, n, n_read, f);
}

/* Names of classes, a line each, from the entry that the archive stands at. */
static bool read_names(cifar_reader *r, archive *a, fail *f)
{
    size_t n;
    char *text = calloc(NAMES_BYTES_LIMIT, 1);
    if (!text)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for names.");
    if (r->names || !archive_read(a, text, NAMES_BYTES_LIMIT - 1, &n, f)) {
        free(text);
        return r->names != NULL;
    }
    r->names = text;
    char *to = text, *save;
    for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
        size_t n_bytes = strlen(line) + 1;
        memmove(to, line, n_bytes);
        to += n_bytes;
        r->n_names++;
    }
    return true;
}

static bool are_names(const cifar_reader *r, const char *path)
{
    const char *wanted = r->record == RECORD_10 ? "batches.meta.txt" : "fine_label_names.txt";
    return strcasecmp(base_of(path), wanted) == 0;
}

static const cifar_batch *find_batch(const cifar_reader *r, const char *path)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->batches[i].name, path) == 0)
            return &r->batches[i];
    return NULL;
}

/* Goes through the archive: once for the names of the classes, then for the batches. */
static bool go_through(cifar_reader *r, archive *a, bool is_for_names, fail *f)
{
    for (bool is_there;;) {
        if (!archive_next(a, &is_there, f))
            return false;
        if (!is_there)
            return true;
        const cifar_batch *b = find_batch(r, a->path);
        if (is_for_names ? !are_names(r, a->path) : b == NULL)
            continue;
        if (!(is_for_names ? read_names(r, a, f) : read_batch(r, b, f)) || !archive_finish(a, f))
            return false;
    }
}

/* What is beside the batches in the archives as they are given away. */
static bool is_known(const char *path)
{
    static const char *const known[] = {"batches.meta.txt", "fine_label_names.txt",
                                        "coarse_label_names.txt", "readme.html", "readme.txt"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(base_of(path), known[i]) == 0)
            return true;
    return false;
}

bool cifar_read_archive(archive *a, const picture_list *list, dataset_load *load, fail *f)
{
    cifar_reader r = {.load = load, .name = a->name, .read = read_entry, .context = a};
    for (size_t i = 0; i < list->n; i++) {
        const char *path = list->places[i].path;
        if (!cifar_is_batch(path) && !is_known(path))
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "%s has batches of CIFAR (*.bin) and %.200s, which is none.", a->name,
                            path);
        if (cifar_is_batch(path) && !add_batch(&r, path, list->places[i].bytes, f))
            return false;
    }
    bool is_good = prepare(&r, f) && archive_rewind(a, f) && go_through(&r, a, true, f) &&
                   archive_rewind(a, f) && go_through(&r, a, false, f);
    free(r.names);
    return is_good;
}
