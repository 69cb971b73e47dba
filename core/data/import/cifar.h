/* cifar — the binary batches of CIFAR-10 and CIFAR-100: records of a label, or of a coarse and a
 * fine one, and 3072 bytes, the red, green and blue plane of a picture of 32 x 32.
 *
 * Batches with `test` in their names are the test part, all others join as the training part, in
 * order of their names. The length of a record, 3073 or 3074 bytes, tells the two apart. In an
 * archive batches.meta.txt and fine_label_names.txt name the classes. Private to
 * core/data/import/. */
#ifndef CORE_DATA_IMPORT_CIFAR_H
#define CORE_DATA_IMPORT_CIFAR_H

#include "core/data/import/load.h"
#include "core/data/import/picture_list.h"

/* Whether the file is called like a batch: *.bin. */
bool cifar_is_batch(const char *name);
/* Whether so many bytes are whole records. */
bool cifar_are_records(uint64_t bytes);

FAIL_CHECKED bool cifar_read_files(const dataset_file *files, size_t n_files, dataset_load *load,
                                   fail *f);
/* The batches in the archive, whose files are in the list. */
FAIL_CHECKED bool cifar_read_archive(archive *a, const picture_list *list, dataset_load *load,
                                     fail *f);

#endif
