/* source — the bytes of a file, gzip or plain, or of a member of a zip archive, read from front to
 * back.
 *
 * Positions are those of the unpacked bytes, of which there are at most SOURCE_BYTES_LIMIT: a
 * megabyte may be unpacked to a gigabyte. The caller is asked before each read. Private to
 * core/data/; one thread. */
#ifndef CORE_DATA_IMPORT_SOURCE_H
#define CORE_DATA_IMPORT_SOURCE_H

#include "core/base/caller.h"
#include "core/base/fail.h"

#include <stdint.h>

#define SOURCE_BYTES_LIMIT ((uint64_t)8 << 30)

typedef struct dataset_source {
    const caller *by;
    const char *name;              /* borrowed: for sentences */
    void *gzip, *archive, *member; /* private */
    uint64_t position;
} dataset_source;

/* `name` is what the user calls the file. FAIL_STORAGE if it cannot be opened. */
FAIL_CHECKED bool source_open(const char *path, const char *name, const caller *by,
                              dataset_source *out, fail *f);
void source_close(dataset_source *s);

/* The zip archive at path, for what follows; `is_checked`: the header of every member is compared
 * with the directory at once. FAIL_SYNTAX if it is none. */
FAIL_CHECKED bool source_open_archive(const char *path, const char *name, bool is_checked,
                                      const caller *by, dataset_source *out, fail *f);

/* Opens member `member` (upper or lower case) of an archive in place of the one before; *is_there
 * says whether it has one. */
FAIL_CHECKED bool source_open_member(dataset_source *archive, const char *member, bool *is_there,
                                     fail *f);

/* A member of an archive, by its place in it. */
typedef struct source_member {
    const char *name; /* UTF-8; borrowed until the archive is closed */
    uint64_t bytes;   /* unpacked, as the archive says */
    bool is_link;     /* a symbolic link: its bytes are a path */
} source_member;
uint64_t source_count_members(const dataset_source *archive);
FAIL_CHECKED bool source_describe_member(const dataset_source *archive, uint64_t i,
                                         source_member *out, fail *f);

/* Opens member i in place of the one before; sentences call it `name`. */
FAIL_CHECKED bool source_open_member_at(dataset_source *archive, uint64_t i, const char *name,
                                        fail *f);

/* Up to n bytes; *n_read < n only at the end. FAIL_SYNTAX where packed data are damaged or cut
 * off. */
FAIL_CHECKED bool source_read(dataset_source *s, void *bytes, size_t n, size_t *n_read, fail *f);

/* Exactly n bytes; FAIL_SYNTAX says at which byte the file ends. */
FAIL_CHECKED bool source_read_all(dataset_source *s, void *bytes, size_t n, fail *f);

/* n bytes into new heap memory, which grows as they come, so that a small file that promises much
 * costs little. */
FAIL_CHECKED bool source_read_new(dataset_source *s, uint64_t n, void **out, fail *f);

/* FAIL_SYNTAX if anything follows. */
FAIL_CHECKED bool source_check_end(dataset_source *s, fail *f);

#endif
