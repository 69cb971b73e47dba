#include "core/data/import/source.h"

#include "core/base/array.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>
#include <zlib.h>

enum { STEP_BYTES = 1 << 20, PIECE_BYTES = 1 << 22 };

bool source_open(const char *path, const char *name, const caller *by, dataset_source *out, fail *f)
{
    gzFile file = gzopen(path, "rbe");
    if (!file)
        return fail_set(f, FAIL_STORAGE, NULL, "%s cannot be opened: %s.", name, strerror(errno));
    gzbuffer(file, 1 << 17);
    *out = (dataset_source){.by = by, .name = name, .gzip = file};
    return true;
}

void source_close(dataset_source *s)
{
    if (s->gzip)
        gzclose_r(s->gzip);
    if (s->member)
        zip_fclose(s->member);
    if (s->archive)
        zip_discard(s->archive);
    *s = (dataset_source){0};
}

bool source_open_archive(const char *path, const char *name, bool is_checked, const caller *by,
                         dataset_source *out, fail *f)
{
    int code;
    zip_t *archive = zip_open(path, ZIP_RDONLY | (is_checked ? ZIP_CHECKCONS : 0), &code);
    if (!archive) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        fail_set(f, FAIL_SYNTAX, NULL, "%s is not a whole zip archive: %s.", name,
                 zip_error_strerror(&error));
        zip_error_fini(&error);
        return false;
    }
    *out = (dataset_source){.by = by, .name = name, .archive = archive};
    return true;
}

uint64_t source_count_members(const dataset_source *archive)
{
    return (uint64_t)zip_get_num_entries(archive->archive, 0);
}

/* Programs of Unix keep a file's mode in the upper half of its attributes. */
static bool is_link(zip_t *archive, uint64_t i)
{
    zip_uint8_t system;
    zip_uint32_t attributes;
    return zip_file_get_external_attributes(archive, i, 0, &system, &attributes) == 0 &&
           system == ZIP_OPSYS_UNIX && S_ISLNK(attributes >> 16);
}

bool source_describe_member(const dataset_source *archive, uint64_t i, source_member *out, fail *f)
{
    zip_stat_t status;
    if (zip_stat_index(archive->archive, i, 0, &status) != 0 || !(status.valid & ZIP_STAT_NAME) ||
        !(status.valid & ZIP_STAT_SIZE))
        return fail_set(f, FAIL_SYNTAX, NULL, "%s: entry %llu cannot be read: %s.", archive->name,
                        (unsigned long long)i, zip_strerror(archive->archive));
    *out = (source_member){status.name, status.size, is_link(archive->archive, i)};
    return true;
}

bool source_open_member_at(dataset_source *archive, uint64_t i, const char *name, fail *f)
{
    if (archive->member)
        zip_fclose(archive->member);
    archive->member = zip_fopen_index(archive->archive, i, 0);
    archive->name = name;
    archive->position = 0;
    return archive->member || fail_set(f, FAIL_SYNTAX, NULL, "%s cannot be unpacked: %s.", name,
                                       zip_strerror(archive->archive));
}

bool source_open_member(dataset_source *archive, const char *member, bool *is_there, fail *f)
{
    zip_int64_t index = zip_name_locate(archive->archive, member, ZIP_FL_NOCASE);
    *is_there = index >= 0;
    return index < 0 || source_open_member_at(archive, (zip_uint64_t)index, member, f);
}

/* One read; -1 with *f where the packed data are bad. */
static int64_t read_some(dataset_source *s, void *bytes, size_t n, fail *f)
{
    if (!caller_check(s->by, f))
        return -1;
    if (n > PIECE_BYTES)
        n = PIECE_BYTES;
    int64_t n_read =
        s->member ? zip_fread(s->member, bytes, n) : gzread(s->gzip, bytes, (unsigned)n);
    if (n_read < 0) {
        int code = Z_OK;
        const char *why = s->member ? zip_file_strerror(s->member) : gzerror(s->gzip, &code);
        if (!s->member && code == Z_ERRNO)
            fail_set(f, FAIL_STORAGE, NULL, "%s cannot be read: %s.", s->name, strerror(errno));
        else
            fail_set(f, FAIL_SYNTAX, NULL, "%s cannot be unpacked after byte %llu: %s.", s->name,
                     (unsigned long long)s->position, why);
        return -1;
    }
    s->position += (uint64_t)n_read;
    if (s->position > SOURCE_BYTES_LIMIT) {
        fail_set(f, FAIL_TOO_LARGE, NULL, "%s has more than %llu bytes unpacked, the most allowed.",
                 s->name, (unsigned long long)SOURCE_BYTES_LIMIT);
        return -1;
    }
    return n_read;
}

/* zlib gives what there is of a file that was cut off, and says so only here. */
static bool check_whole(dataset_source *s, fail *f)
{
    int code = Z_OK;
    if (s->gzip)
        gzerror(s->gzip, &code);
    if (code != Z_BUF_ERROR)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s is cut off: its packed data end early, after byte %llu unpacked.", s->name,
                    (unsigned long long)s->position);
}

bool source_read(dataset_source *s, void *bytes, size_t n, size_t *n_read, fail *f)
{
    size_t done = 0;
    while (done < n) {
        int64_t here = read_some(s, (char *)bytes + done, n - done, f);
        if (here < 0)
            return false;
        if (here == 0)
            break;
        done += (size_t)here;
    }
    if (done < n && !check_whole(s, f))
        return false;
    *n_read = done;
    return true;
}

bool source_read_all(dataset_source *s, void *bytes, size_t n, fail *f)
{
    size_t n_read;
    uint64_t end = s->position + n;
    if (!source_read(s, bytes, n, &n_read, f))
        return false;
    if (n_read == n)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL, "%s is cut off: it ends after byte %llu of %llu.",
                    s->name, (unsigned long long)s->position, (unsigned long long)end);
}

/* Up to n bytes, *n_read < n where the file ends; on false the caller frees what there is. */
static bool read_growing(dataset_source *s, size_t n, char **bytes, size_t *n_read, fail *f)
{
    size_t capacity = 0, room, here;
    *n_read = 0;
    do {
        size_t wanted = n - *n_read < STEP_BYTES ? n : *n_read + STEP_BYTES;
        if (!array_reserve(bytes, &capacity, wanted, n))
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "%s needs %zu bytes, which there are not.",
                            s->name, n);
        room = capacity - *n_read;
        if (!source_read(s, *bytes + *n_read, room, &here, f))
            return false;
        *n_read += here;
    } while (here == room && *n_read < n);
    return true;
}

bool source_read_new(dataset_source *s, uint64_t n, void **out, fail *f)
{
    char *bytes = NULL;
    size_t n_read;
    uint64_t end = s->position + n;
    bool is_good = read_growing(s, n, &bytes, &n_read, f);
    if (is_good && n_read < n)
        is_good = fail_set(f, FAIL_SYNTAX, NULL, "%s is cut off: it ends after byte %llu of %llu.",
                           s->name, (unsigned long long)s->position, (unsigned long long)end);
    if (is_good)
        *out = bytes;
    else
        free(bytes);
    return is_good;
}

bool source_check_end(dataset_source *s, fail *f)
{
    char byte;
    size_t n_read;
    uint64_t end = s->position;
    if (!source_read(s, &byte, 1, &n_read, f))
        return false;
    if (n_read == 0)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s goes on after byte %llu, where by its header it should end.", s->name,
                    (unsigned long long)end);
}
