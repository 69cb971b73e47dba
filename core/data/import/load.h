/* load — a data set on its way in: what the readers of IDX, CSV and NumPy files fill, and what
 * becomes of it.
 *
 * A reader fills shape, inputs and outputs of each part; dataset_load_finish() decides the task,
 * makes classes of the labels and checks the whole. The classes are the distinct labels of all
 * parts: numbers in increasing order, then texts in order of their bytes; they get names unless
 * they are 0 .. k-1. Task, unless the user says it: several output columns are a regression; texts
 * and integers of NumPy or IDX files are classes; NumPy floats are a regression; numbers of a CSV
 * file are classes if all are whole, at most 100 are distinct and there are at least two rows for
 * each. Owns heap memory until dataset_load_close(). Private to core/data/; one thread. */
#ifndef CORE_DATA_IMPORT_LOAD_H
#define CORE_DATA_IMPORT_LOAD_H

#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/data/import/register.h"
#include "core/data/import/source.h"
#include "core/data/origin.h"

typedef struct dataset_load_part {
    size_t n;
    uint8_t *bytes;  /* (n, d), or NULL */
    float *floats;   /* (n, d), or NULL */
    double *outputs; /* (n, n_outputs) */
    /* (n) index of the text that the output is, -1: it is the number; NULL: all are numbers */
    int32_t *texts;
    int32_t *labels; /* (n), made by finish */
    float *targets;  /* (n, n_outputs), made by finish */
} dataset_load_part;

/* Distinct texts in the order in which they came. */
typedef struct dataset_texts {
    size_t n, n_slots;
    char **texts;   /* (n) */
    int32_t *slots; /* hash table of indices, -1: free */
} dataset_texts;

typedef enum load_outputs { OUTPUTS_NUMBERS, OUTPUTS_INTEGERS, OUTPUTS_FLOATS } load_outputs;

typedef struct dataset_load {
    const caller *by; /* who reads */
    size_t d, height, width, channels, n_outputs;
    load_outputs kind; /* CSV numbers, NumPy or IDX integers, NumPy floats */
    dataset_load_part parts[PART_COUNT];
    dataset_texts labels;
    /* Whether the reader has made labels, targets and class names itself, of which task and k. */
    bool has_outputs;
    dataset_task task;
    size_t k;
    char *column_names; /* d texts each with its NUL, or NULL */
    char *class_names;  /* made by finish, or the reader */
    /* What the reader knows of the files, borrowed until the load is closed; warnings are added by
     * dataset_load_warn(). */
    dataset_origin origin;
    double *input_offsets, *target_offsets; /* heap, or NULL; see core/data/dataset.h */
    bool has_missing;
    void *origin_memory[2]; /* heap that it points into, or NULL */
    char **warnings;
    size_t warnings_capacity;
} dataset_load;

void dataset_load_close(dataset_load *load);

/* Adds a sentence to what whoever brings the set is told; at most 100, one more says so. */
FAIL_CHECKED bool dataset_load_warn(dataset_load *load, fail *f, const char *format, ...)
    FAIL_FORMAT(3, 4);

/* Makes classes or targets of the outputs, unless the reader has; task and k of the set. Refuses a
 * class of another part that training rows lack. For dataset_load_finish(). */
FAIL_CHECKED bool dataset_load_make_outputs(dataset_load *load, dataset_task_choice task,
                                            dataset *set, fail *f);

/* Fills *set with borrowed pointers into load. */
FAIL_CHECKED bool dataset_load_finish(dataset_load *load, dataset_task_choice task, dataset *set,
                                      fail *f);

/* The part that a file's name says: t10k, train, test, val; else training. */
dataset_part dataset_load_part_of(const char *file_name);

/* Refuses n rows of d inputs and their bytes when that is more than the limits of
 * core/data/import/register.h, or the caller, allow. `name` is the file's; *granted (NULL: nothing
 * is taken) is what the caller has granted for them, 0 at first. */
FAIL_CHECKED bool dataset_load_check_size(const dataset_load *load, uint64_t *granted,
                                          const char *name, uint64_t n, uint64_t d,
                                          uint64_t value_bytes, fail *f);

/* Index of the text, added if it is new. FAIL_TOO_LARGE above 10000 of them. */
FAIL_CHECKED bool dataset_texts_add(dataset_texts *t, const char *text, int32_t *index, fail *f);

/* Valid UTF-8 without control characters but tabs and line ends, shorter than CONTAINER_NAME_LIMIT.
 */
bool dataset_is_name_text(const char *text);

/* Finds out what the files are, and reads them. */
FAIL_CHECKED bool dataset_read_files(const dataset_file *files, size_t n_files,
                                     const dataset_add_options *options, dataset_load *load,
                                     fail *f);

/* The readers. On false the caller closes what has been filled, all the same. */
FAIL_CHECKED bool dataset_read_idx(const dataset_file *files, size_t n_files, dataset_load *out,
                                   fail *f);
FAIL_CHECKED bool dataset_read_csv(const dataset_file *files, size_t n_files,
                                   const dataset_add_options *options, dataset_load *out, fail *f);
FAIL_CHECKED bool dataset_read_npy(const dataset_file *files, size_t n_files,
                                   const dataset_add_options *options, dataset_load *out, fail *f);
FAIL_CHECKED bool dataset_read_npz(const dataset_file *file, const dataset_add_options *options,
                                   dataset_load *out, fail *f);
/* The first bytes of an IDX file, also of one whose magic number has its low byte first. */
bool dataset_is_idx(const uint8_t magic[4]);

#endif
