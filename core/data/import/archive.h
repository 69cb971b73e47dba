/* archive — the files in a zip or a tar (plain or gzip), one after the other, in the archive's
 * order.
 *
 * 1. Names are compared and shown, never opened: no file is made. A name that leads out of the
 *    archive (a leading `/`, a part `..`), a link, a device, a name that is no text or longer than
 *    ARCHIVE_PATH_LIMIT refuse the whole archive.
 * 2. Folders are passed over, and so is what systems add: names that begin with a dot, __MACOSX,
 *    Thumbs.db, desktop.ini.
 * 3. All entries together are at most SOURCE_BYTES_LIMIT unpacked, by what the archive says and by
 *    what comes.
 * Owns what dataset_source owns until archive_close(); one thread. The directory of a zip is read
 * at once when it is opened: some microseconds for each entry. */
#ifndef CORE_DATA_IMPORT_ARCHIVE_H
#define CORE_DATA_IMPORT_ARCHIVE_H

#include "core/data/import/source.h"
#include "core/data/import/tar.h"

enum { ARCHIVE_PATH_LIMIT = 1024, ARCHIVE_LABEL_BYTES = 320 };

typedef struct archive {
    const char *file_path, *name; /* borrowed; what the user calls it, for sentences */
    dataset_source source;
    bool is_tar;
    tar_reader tar;
    uint64_t n_members, next;        /* of a zip */
    char path[ARCHIVE_PATH_LIMIT];   /* of the entry: no part is `.`, `/` is between them */
    char label[ARCHIVE_LABEL_BYTES]; /* for sentences */
    uint64_t bytes, n_read;          /* of the entry; read of it */
    uint64_t total;                  /* of the entries so far */
    bool is_open;                    /* the entry of a zip */
} archive;

/* What the file begins like, unpacked. */
bool archive_is_zip(const uint8_t *start, size_t n);
bool archive_is_tar(const uint8_t *start, size_t n);

FAIL_CHECKED bool archive_open(const char *path, const char *name, const caller *by, archive *out,
                               fail *f);
void archive_close(archive *a);

/* Back to before the first file. */
FAIL_CHECKED bool archive_rewind(archive *a, fail *f);

/* Goes to the next file; *is_there is false at the end, which is checked to be one. */
FAIL_CHECKED bool archive_next(archive *a, bool *is_there, fail *f);

/* Up to n bytes of the file; *n_read < n only at its end. FAIL_SYNTAX where it is damaged. */
FAIL_CHECKED bool archive_read(archive *a, void *bytes, size_t n, size_t *n_read, fail *f);

/* Reads the rest of the file, so that its checksum is compared. */
FAIL_CHECKED bool archive_finish(archive *a, fail *f);

#endif
