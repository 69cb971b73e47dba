/* container — the file that a data set is stored in: a header, then aligned arrays, mapped
 * read-only.
 *
 * Everything is little-endian. Byte 0: the header below, container_header. Then, each at the next
 * multiple of 64 bytes, zeros between: for the parts train, validation, test that have rows: inputs
 * (n, d) of value_bytes each (1: bytes, 4: float32), then labels (n) int32, or targets (n, k)
 * float32; then the names: k class names if has_class_names, then d column names if
 * has_column_names, UTF-8, each with its NUL; then, in version 2, what was
 * taken off the values, as doubles: (d) if has_input_offsets, (k) if has_target_offsets. Places
 * follow from the sizes; file_bytes is where the last array ends. A set without offsets and missing
 * inputs is written as version 1, whose header ends before has_missing.
 *
 * 1. container_open() believes nothing: the digest (where asked for), all sizes, labels and floats
 *    are checked before a pointer is given out.
 * 2. A container file never changes after it has its name; an open set outlives the removal of its
 *    file.
 * Private to core/data/. */
#ifndef CORE_DATA_CONTAINER_H
#define CORE_DATA_CONTAINER_H

#include "core/base/digest.h"
#include "core/base/fail.h"
#include "core/data/dataset.h"

#include <stdint.h>

#define CONTAINER_MAGIC "\x89RGLABD\n"
enum { CONTAINER_VERSION = 2, CONTAINER_ALIGNMENT = 64 };

/* What is absurd, and so refused from files that users bring. */
#define CONTAINER_VALUES_LIMIT (1ULL << 31) /* n * d over all parts, and n * k of a regression */
enum {
    CONTAINER_COLUMNS_LIMIT = 100000,
    CONTAINER_CLASSES_LIMIT = 10000,
    CONTAINER_NAME_LIMIT = 1024
};

typedef struct container_header {
    char magic[8];
    uint32_t version, header_bytes;
    uint32_t task, default_scaling, shared_scaling, value_bytes;
    uint32_t has_class_names, has_column_names;
    uint64_t d, k, height, width, channels;
    uint64_t n[PART_COUNT];
    uint64_t names_bytes, file_bytes;
    uint32_t has_missing, has_input_offsets, has_target_offsets, zero; /* version 2 */
} container_header;

/* Asks the caller between blocks. Writes the set as a container to `descriptor` (-1: nowhere) from
 * its current position and gives the SHA-256 of the bytes and their number. FAIL_STORAGE names the
 * trouble (a full disk). */
FAIL_CHECKED bool container_write(const dataset *set, const caller *by, int descriptor,
                                  char sha256[DIGEST_TEXT_BYTES], uint64_t *file_bytes, fail *f);

/* Bytes of the file that the set would be written as. */
uint64_t container_bytes(const dataset *set);

/* Maps the file and fills *set (all but name); the mapping belongs to set->storage. `sha256` is
 * what the content must have. FAIL_STORAGE says what is wrong with a damaged file. */
FAIL_CHECKED bool container_open(const char *path, const char sha256[DIGEST_TEXT_BYTES],
                                 const caller *by, dataset *set, fail *f);

/* The header alone, checked against the file's size. FAIL_NOT_FOUND if there is no such file. */
FAIL_CHECKED bool container_read_header(const char *path, container_header *out, fail *f);

#endif
