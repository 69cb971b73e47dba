/* IDX files, of which MNIST is made: 00 00, the type of the values, the number of dimensions; the
 * big-endian sizes; then the values, which are read like those of a NumPy array. One dimension are
 * labels, two are rows of numbers, three and four pictures. Four files are a training and a test
 * part, told apart by their names; two are the training part, whatever they are called. */
#include "core/data/import/load.h"
#include "core/data/import/numpy_array.h"

#include <string.h>

/* The types, and what NumPy calls them. */
static const struct {
    uint8_t code;
    char kind;
    size_t item_bytes;
} TYPES[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0B, 'i', 2},
             {0x0C, 'i', 4}, {0x0D, 'f', 4}, {0x0E, 'f', 8}};
enum { TYPE_COUNT = sizeof TYPES / sizeof *TYPES };

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool read_type(const dataset_source *s, const uint8_t magic[4], numpy_array *a, fail *f)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].code == magic[2]) {
            a->kind = TYPES[i].kind;
            a->item_bytes = TYPES[i].item_bytes;
            return true;
        }
    return fail_set(
        f, FAIL_SYNTAX, NULL,
        "%s: byte 2, the type of its values, is 0x%02x; 0x08 (bytes), 0x09, 0x0b, 0x0c "
        "(integers of 8, 16, 32 bits), 0x0d and 0x0e (floats of 32, 64 bits) are taken.",
        s->name, magic[2]);
}

static bool is_type(uint8_t code)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].code == code)
            return true;
    return false;
}

static bool is_dimensions(uint8_t n)
{
    return n >= 1 && n <= NUMPY_DIMENSIONS_LIMIT;
}

static bool is_reversed(const uint8_t magic[4])
{
    return is_dimensions(magic[0]) && is_type(magic[1]) && magic[2] == 0 && magic[3] == 0;
}

bool dataset_is_idx(const uint8_t magic[4])
{
    bool is_straight =
        magic[0] == 0 && magic[1] == 0 && is_type(magic[2]) && is_dimensions(magic[3]);
    return is_straight || is_reversed(magic);
}

static bool read_magic(dataset_source *s, numpy_array *a, fail *f)
{
    uint8_t magic[4];
    if (!source_read_all(s, magic, sizeof magic, f))
        return false;
    if (is_reversed(magic))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: the byte order of its magic number is reversed: IDX files are "
                        "big-endian.",
                        s->name);
    for (int i = 0; i < 2; i++)
        if (magic[i] != 0)
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "%s is no IDX file: byte %d of its magic number is 0x%02x, not 0.",
                            s->name, i, magic[i]);
    if (!read_type(s, magic, a, f))
        return false;
    if (magic[3] < 1 || magic[3] > NUMPY_DIMENSIONS_LIMIT)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: byte 3, the number of dimensions, is %d; 1 (labels) to %d (pictures "
                        "with channels) are taken.",
                        s->name, magic[3], NUMPY_DIMENSIONS_LIMIT);
    a->n_dimensions = magic[3];
    a->is_big_endian = true;
    return true;
}

/* Bytes of values that the sizes, their bytes reversed, speak of; 0: too many. */
static uint64_t reversed_bytes(const numpy_array *a)
{
    uint64_t n = a->item_bytes;
    for (int i = 0; i < a->n_dimensions; i++) {
        uint64_t size = __builtin_bswap32((uint32_t)a->shape[i]);
        n = size > 0 && n <= SOURCE_BYTES_LIMIT / size ? n * size : 0;
    }
    return n;
}

/* After sizes that do not fit to what follows: whether they do when their bytes are reversed. */
static bool explain_order(dataset_source *s, const numpy_array *a, uint64_t start, fail *f)
{
    uint8_t bytes[1 << 14];
    size_t n = sizeof bytes;
    uint64_t expected = reversed_bytes(a);
    fail ignored;
    bool has_ended = f->code == FAIL_INTERRUPTED || expected == 0;
    while (!has_ended && s->position - start <= expected)
        if (!source_read(s, bytes, sizeof bytes, &n, &ignored) || n < sizeof bytes)
            break;
    if (has_ended || s->position - start != expected)
        return false;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s: the byte order of its sizes is reversed: IDX files are big-endian.",
                    s->name);
}

static bool read_header(dataset_source *s, numpy_array *out, fail *f)
{
    uint8_t sizes[4 * NUMPY_DIMENSIONS_LIMIT];
    numpy_array a = {0};
    if (!read_magic(s, &a, f) || !source_read_all(s, sizes, 4 * (size_t)a.n_dimensions, f))
        return false;
    for (int i = 0; i < a.n_dimensions; i++) {
        a.shape[i] = big_endian(sizes + 4 * i);
        if (a.shape[i] == 0)
            return fail_set(f, FAIL_SYNTAX, NULL, "%s: the size in bytes %d to %d is 0.", s->name,
                            4 + 4 * i, 7 + 4 * i);
    }
    *out = a;
    return true;
}

static bool read_values(dataset_source *s, const numpy_array *a, dataset_load *load,
                        dataset_load_part *part, size_t *n_labels, fail *f)
{
    bool are_labels = a->n_dimensions == 1;
    if (are_labels ? part->outputs != NULL : part->n > 0)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s is the second file of %s for the same part; parts are told apart by "
                        "`train`, and `t10k` or `test`, in the names.",
                        s->name, are_labels ? "labels" : "images");
    uint64_t start = s->position;
    return (are_labels ? numpy_array_read_outputs(s, a, load, part, n_labels, f)
                       : numpy_array_read_inputs(s, a, load, part, f)) ||
           explain_order(s, a, start, f);
}

static bool read_file(const dataset_file *file, dataset_part p, dataset_load *load,
                      size_t n_labels[PART_COUNT], fail *f)
{
    dataset_source s;
    numpy_array a;
    if (!source_open(file->path, file->name, load->by, &s, f))
        return false;
    bool is_good =
        read_header(&s, &a, f) && read_values(&s, &a, load, &load->parts[p], &n_labels[p], f);
    source_close(&s);
    return is_good;
}

static bool check_pairs(const dataset_load *load, const size_t n_labels[PART_COUNT], fail *f)
{
    static const char *const names[PART_COUNT] = {"training", "validation", "test"};
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_load_part *part = &load->parts[p];
        if (!part->n != !part->outputs)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL, "The %s part has %s but no %s.", names[p],
                            part->n ? "images" : "labels", part->n ? "labels" : "images");
        if (part->n != n_labels[p])
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The %s part has %zu images but %zu labels.", names[p], part->n,
                            n_labels[p]);
        if (part->n && !part->bytes != !load->parts[PART_TRAIN].bytes)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The values of the %s part have another type than those of the "
                            "training part.",
                            names[p]);
    }
    if (!load->parts[PART_TRAIN].n)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL, "There is no training part.");
    return true;
}

bool dataset_read_idx(const dataset_file *files, size_t n_files, dataset_load *out, fail *f)
{
    size_t n_labels[PART_COUNT] = {0};
    if (n_files < 2)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s is an IDX file: images and labels come in two files, give both.",
                        files[0].name);
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 2 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        if (!read_file(&files[i], p, out, n_labels, f))
            return false;
    }
    return check_pairs(out, n_labels, f);
}
