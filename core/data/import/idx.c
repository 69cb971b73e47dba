/* IDX files as MNIST ships them: 00 00 08 03, big-endian counts n, height, width, then bytes;
 * labels 00 00 08 01, n, bytes. Four files are a training and a test part, told apart by their
 * names; two are the training part, whatever they are called. */
#include "core/data/import/load.h"

#include <stdlib.h>
#include <string.h>

enum { IDX_BYTES = 8, IDX_LABEL_DIMENSIONS = 1, IDX_IMAGE_DIMENSIONS = 3 };

typedef struct idx_header {
    int n_dimensions;
    uint32_t sizes[IDX_IMAGE_DIMENSIONS];
} idx_header;

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool read_header(dataset_source *s, idx_header *h, fail *f)
{
    uint8_t magic[4], sizes[4 * IDX_IMAGE_DIMENSIONS];
    if (!source_read_all(s, magic, sizeof magic, f))
        return false;
    for (int i = 0; i < 2; i++)
        if (magic[i] != 0)
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "%s is no IDX file: byte %d of its magic number is 0x%02x, not 0.",
                            s->name, i, magic[i]);
    if (magic[2] != IDX_BYTES)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: byte 2, the type of its values, is 0x%02x; only 0x08 (bytes) is "
                        "taken.",
                        s->name, magic[2]);
    if (magic[3] != IDX_LABEL_DIMENSIONS && magic[3] != IDX_IMAGE_DIMENSIONS)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: byte 3, the number of dimensions, is %d; images have 3 and labels 1.",
                        s->name, magic[3]);
    h->n_dimensions = magic[3];
    if (!source_read_all(s, sizes, 4 * magic[3], f))
        return false;
    for (int i = 0; i < magic[3]; i++) {
        h->sizes[i] = big_endian(sizes + 4 * i);
        if (h->sizes[i] == 0)
            return fail_set(f, FAIL_SYNTAX, NULL, "%s: the size in bytes %d to %d is 0.", s->name,
                            4 + 4 * i, 7 + 4 * i);
    }
    return true;
}

static bool twice(const dataset_source *s, const char *what, fail *f)
{
    return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s is the second file of %s for the same part; parts are told apart by "
                    "`train`, and `t10k` or `test`, in the names.",
                    s->name, what);
}

static bool read_images(dataset_source *s, const idx_header *h, dataset_load *load,
                        dataset_load_part *part, fail *f)
{
    uint64_t d = (uint64_t)h->sizes[1] * h->sizes[2];
    uint64_t granted = 0;
    void *bytes;
    if (part->bytes)
        return twice(s, "images", f);
    if (load->d > 0 && (load->height != h->sizes[1] || load->width != h->sizes[2]))
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s has images of %ux%u, another file has %zux%zu.", s->name, h->sizes[1],
                        h->sizes[2], load->height, load->width);
    if (!dataset_load_check_size(load, &granted, s->name, h->sizes[0], d, 1, f) ||
        !source_read_new(s, h->sizes[0] * d, &bytes, f))
        return false;
    part->bytes = bytes;
    part->n = h->sizes[0];
    load->d = (size_t)d;
    load->height = h->sizes[1];
    load->width = h->sizes[2];
    load->channels = 1;
    return source_check_end(s, f);
}

/* The number of labels is left in *n until it is compared with that of the images. */
static bool read_labels(dataset_source *s, const idx_header *h, const dataset_load *load,
                        dataset_load_part *part, size_t *n, fail *f)
{
    uint64_t granted = 0;
    void *bytes;
    if (part->outputs)
        return twice(s, "labels", f);
    if (!dataset_load_check_size(load, &granted, s->name, h->sizes[0], 1, 1, f) ||
        !source_read_new(s, h->sizes[0], &bytes, f))
        return false;
    part->outputs = malloc(h->sizes[0] * sizeof *part->outputs);
    for (size_t i = 0; part->outputs && i < h->sizes[0]; i++)
        part->outputs[i] = ((const uint8_t *)bytes)[i];
    free(bytes);
    if (!part->outputs)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %u labels.",
                        h->sizes[0]);
    *n = h->sizes[0];
    return source_check_end(s, f);
}

static bool read_file(const dataset_file *file, dataset_part p, dataset_load *load,
                      size_t n_labels[PART_COUNT], fail *f)
{
    dataset_source s;
    idx_header h = {0};
    if (!source_open(file->path, file->name, load->by, &s, f))
        return false;
    bool is_good = read_header(&s, &h, f);
    if (is_good && h.n_dimensions == IDX_IMAGE_DIMENSIONS)
        is_good = read_images(&s, &h, load, &load->parts[p], f);
    else if (is_good)
        is_good = read_labels(&s, &h, load, &load->parts[p], &n_labels[p], f);
    source_close(&s);
    return is_good;
}

static bool check_pairs(const dataset_load *load, const size_t n_labels[PART_COUNT], fail *f)
{
    static const char *const names[PART_COUNT] = {"training", "validation", "test"};
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_load_part *part = &load->parts[p];
        if (!part->bytes != !part->outputs)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL, "The %s part has %s but no %s.", names[p],
                            part->bytes ? "images" : "labels", part->bytes ? "labels" : "images");
        if (part->n != n_labels[p])
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The %s part has %zu images but %zu labels.", names[p], part->n,
                            n_labels[p]);
    }
    if (!load->parts[PART_TRAIN].bytes)
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
    out->n_outputs = 1;
    out->kind = OUTPUTS_INTEGERS;
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 2 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        if (!read_file(&files[i], p, out, n_labels, f))
            return false;
    }
    return check_pairs(out, n_labels, f);
}
