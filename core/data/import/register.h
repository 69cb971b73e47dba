/* register — the data sets that users bring: checked on arrival, stored by content, found by name.
 *
 *   DATA_DIR/content/<sha256>   the container of core/data/container.h, read-only, named by its own
 *                               SHA-256
 *   DATA_DIR/datasets/<name>    a symbolic link to ../content/<sha256>
 *   DATA_DIR/origins/<name>     what its files said, core/data/origin.h
 *
 * 1. A name refers to whole, checked content or does not exist: content is written to a temporary
 *    file, synced, read back and renamed before its link is made; a bad file is refused whole and
 *    leaves nothing behind.
 * 2. The same content is stored once; it is removed when the last name that refers to it is.
 * 3. Names are 1 to 63 of A-Z a-z 0-9 _ . -, begin with a letter or digit, and are not those of
 *    built-in sets.
 * Memory: a set is assembled in memory before it is written; what needs more than half of the
 * machine's memory, or than the caller grants, 2^31 values, 8 GiB unpacked, 100000 columns, 10000
 * classes or more blank lines than rows (and a thousand) is refused with the figure.
 * Threads and processes: any number at once; changes take a lock on DATA_DIR/content. A set that is
 * open stays readable after it was removed. */
#ifndef CORE_DATA_IMPORT_REGISTER_H
#define CORE_DATA_IMPORT_REGISTER_H

#include "core/base/digest.h"
#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/data/import/options.h"

enum { DATASET_FILES_LIMIT = 6 }; /* images and labels of each part */
typedef struct dataset_file {
    const char *path; /* where its bytes are */
    /* what the user calls it: the format by its extension, the part by `train`, `val`, `test`,
     * `t10k` */
    const char *name;
} dataset_file;

typedef struct dataset_summary {
    char name[SPEC_NAME_LIMIT];
    char sha256[DIGEST_TEXT_BYTES];
    dataset_task task;
    bool built_in;
    size_t n[PART_COUNT]; /* rows as stored: parts that a set does not have are drawn per run */
    size_t d, k;          /* inputs; classes or regression outputs */
    size_t height, width, channels;
    int default_scaling; /* scaling_kind */
    bool are_bytes;      /* inputs are stored as bytes */
    uint64_t bytes;      /* of the file that the set is, or would be, stored in */
    int64_t created_ms;  /* when the name was registered (Unix time); 0 for built-in ones */
    /* "" or why the set cannot be opened: then only name, sha256 and created_ms are there */
    char problem[256];
} dataset_summary;

/* Reads, checks and stores the files as one set (IDX: images and labels, 2 to 4 files; CSV: 1 to 3;
 * .npz: 1; .npy: pairs). FAIL_CONFLICT when the name has other content; the same content under the
 * same name is a success that changes nothing (*is_new false). With options->is_dry nothing is
 * stored: the answer is what it would be (*is_new false, created_ms 0). *set, if not NULL, is left
 * open: its origin is what the files said. */
FAIL_CHECKED bool dataset_add(const char *name, const dataset_file *files, size_t n_files,
                              const dataset_add_options *options, const char *data_dir,
                              dataset_summary *out, dataset **set, bool *is_new, fail *f);

/* Removes the name, and its content if no other name refers to it. FAIL_NOT_FOUND; FAIL_FORBIDDEN
 * for built-in names. */
FAIL_CHECKED bool dataset_remove(const char *name, const char *data_dir, fail *f);

/* Calls `each` for every registered set in order of name, until it returns false. Opens headers
 * only. */
FAIL_CHECKED bool dataset_list(const char *data_dir,
                               bool (*each)(void *context, const dataset_summary *summary),
                               void *context, fail *f);

/* What an open set is; data_dir tells when a registered name came. */
void dataset_summarize(const dataset *set, const char *data_dir, dataset_summary *out);

/* One set, built-in (generated from its default options and data_seed 0) or registered; *set, if
 * not NULL, is left open for dataset_count_classes() and dataset_preview_images(). */
FAIL_CHECKED bool dataset_describe(const char *name, const char *data_dir, dataset_summary *out,
                                   dataset **set, fail *f);

/* Rows of each class in a stored part: counts (k). Classification only. */
void dataset_count_classes(const dataset *set, dataset_part part, size_t *counts);

/* Up to n_images pictures of the stored training part as bytes (n, height, width, shown channels),
 * floats stretched from the least to the greatest value of their image; classes take turns, labels
 * (n) tells which. Returns n; 0 if the set has no images. Shown are three channels as red, green
 * and blue, of other numbers the mean: 3 or 1. */
size_t dataset_preview_channels(const dataset *set);
size_t dataset_preview_images(const dataset *set, size_t n_images, uint8_t *pixels,
                              int32_t *labels);

/* The content that a registered name refers to, without opening it. FAIL_NOT_FOUND. */
FAIL_CHECKED bool dataset_read_sha256(const char *name, const char *data_dir,
                                      char sha256[DIGEST_TEXT_BYTES], fail *f);

/* At start: makes the folders, and removes temporary files of writers that are gone and content
 * that no name refers to. */
FAIL_CHECKED bool dataset_clean(const char *data_dir, fail *f);

#endif
