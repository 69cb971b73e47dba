/* directory — what `regulab run --export DIR` writes, for other programs to train on and to
 * compare with:
 *
 *   spec.json            the resolved specification, with the sizes of the parts as drawn
 *   data.safetensors     x_train F32 [n, d], y_train I64 [n] or F32 [n, k], the same of _val and
 *                        _test, after label noise and scaling, in the order of training without
 *                        shuffling; train_evaluation_index I64
 *   initial.safetensors  the weights that training starts from
 *   final.safetensors    the selected weights
 *   curves.csv           one line per record
 *   result.json          the final metrics, how training ended, times and peak memory
 *
 * 1. A file is whole or absent: written under a temporary name, then renamed. Files of an earlier
 *    export are replaced.
 * 2. No file holds a path or the time of day.
 * Memory: data is written in pieces. Threads: one export per directory at a time. */
#ifndef SERVER_EXPORT_DIRECTORY_H
#define SERVER_EXPORT_DIRECTORY_H

#include "core/base/fail.h"
#include "core/data/split.h"
#include "core/train/train.h"
#include "server/text/buffer.h"

typedef struct export_run {
    const train_spec *spec; /* resolved, also by its data set */
    const split *data;
    const train_result *result; /* with its model */
    const buffer *curves;       /* the text of curves.csv */
    size_t peak_memory_bytes;
} export_run;

/* Makes the directory (and those above it) if need be and checks that files can be made there;
 * *is_new says whether it was made. */
FAIL_CHECKED bool export_directory_open(const char *path, bool *is_new, fail *f);

FAIL_CHECKED bool export_directory_save(const char *path, const export_run *trained, fail *f);

#endif
