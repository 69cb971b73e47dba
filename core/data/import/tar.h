/* tar — the headers of a tar archive in a stream of bytes: ustar, GNU and pax names and sizes.
 *
 * Private to core/data/import/; one thread. */
#ifndef CORE_DATA_IMPORT_TAR_H
#define CORE_DATA_IMPORT_TAR_H

#include "core/data/import/source.h"

enum { TAR_BLOCK_BYTES = 512, TAR_NAME_LIMIT = 4096 };

typedef enum tar_kind { TAR_FILE, TAR_FOLDER, TAR_OTHER } tar_kind; /* other: links, devices */

typedef struct tar_reader {
    char name[TAR_NAME_LIMIT]; /* of the entry */
    tar_kind kind;
    uint64_t bytes; /* of the entry */
    uint64_t left;  /* of its bytes and of the zeros that fill its last block */
} tar_reader;

/* Whether the block is a header: its checksum says so. */
bool tar_is_header(const uint8_t block[TAR_BLOCK_BYTES]);

/* Passes over what is left of the entry and reads the header of the next; *is_there is false at
 * the end of the archive, behind which nothing is looked at. */
FAIL_CHECKED bool tar_next(tar_reader *t, dataset_source *s, bool *is_there, fail *f);

/* Up to n bytes of the entry, of which n_before were read. */
FAIL_CHECKED bool tar_read(tar_reader *t, dataset_source *s, void *bytes, size_t n, size_t *n_read,
                           fail *f);

#endif
