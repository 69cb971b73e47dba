#include "core/data/import/archive.h"

#include "core/data/import/load.h"

#include <stdio.h>
#include <string.h>

enum {
    LABEL_NAME_BYTES = 100,
    LABEL_PATH_BYTES = 200,
    SHOWN_BYTES = 100,
    FREE_MEMBERS = 10000,
    MEMBER_BYTES = 400 /* what libzip keeps of each */
};

bool archive_is_zip(const uint8_t *start, size_t n)
{
    return n >= 4 && (memcmp(start, "PK\x03\x04", 4) == 0 || memcmp(start, "PK\x05\x06", 4) == 0);
}

bool archive_is_tar(const uint8_t *start, size_t n)
{
    return n >= TAR_BLOCK_BYTES && tar_is_header(start);
}

/* The first block, unpacked, tells a tar. */
static bool sniff(const char *path, const char *name, const caller *by, bool *is_tar, fail *f)
{
    uint8_t start[TAR_BLOCK_BYTES];
    size_t n;
    dataset_source s;
    if (!source_open(path, name, by, &s, f))
        return false;
    bool is_good = source_read(&s, start, sizeof start, &n, f);
    source_close(&s);
    if (is_good)
        *is_tar = archive_is_tar(start, n);
    return is_good;
}

static bool open_zip(archive *a, const caller *by, fail *f)
{
    if (!source_open_archive(a->file_path, a->name, false, by, &a->source, f))
        return false;
    a->n_members = source_count_members(&a->source);
    if (a->n_members <= FREE_MEMBERS || caller_grant(by, a->n_members * MEMBER_BYTES, f))
        return true;
    source_close(&a->source);
    return false;
}

bool archive_open(const char *path, const char *name, const caller *by, archive *out, fail *f)
{
    archive a = {.file_path = path, .name = name};
    if (!sniff(path, name, by, &a.is_tar, f) ||
        !(a.is_tar ? source_open(path, name, by, &a.source, f) : open_zip(&a, by, f)))
        return false;
    *out = a;
    return true;
}

bool archive_rewind(archive *a, fail *f)
{
    const caller *by = a->source.by;
    a->next = a->total = 0;
    a->tar.left = 0;
    if (!a->is_tar)
        return true;
    source_close(&a->source);
    return source_open(a->file_path, a->name, by, &a->source, f);
}

void archive_close(archive *a)
{
    source_close(&a->source);
}

/* ---- names ---- */

static bool bad_name(archive *a, const char *path, const char *why, fail *f)
{
    return fail_set(f, FAIL_SYNTAX, NULL, "%s has an entry called \"%.200s\": %s.", a->name, path,
                    why);
}

/* A name that is no text: what can be shown of it. */
static bool strange_name(archive *a, const char *name, fail *f)
{
    char shown[SHOWN_BYTES];
    size_t n = 0;
    for (; name[n] && n < sizeof shown - 1; n++)
        shown[n] = (char)(name[n] >= ' ' && name[n] <= '~' ? name[n] : '?');
    shown[n] = '\0';
    return bad_name(a, shown, "names are UTF-8 texts of less than 1024 bytes", f);
}

/* Of a long path its end, from a border between letters on. */
static void label_entry(archive *a)
{
    size_t n = strlen(a->path);
    const char *at = n > LABEL_PATH_BYTES ? a->path + n - LABEL_PATH_BYTES : a->path;
    while ((*at & 0xC0) == 0x80)
        at++;
    snprintf(a->label, sizeof a->label, "%.*s: %s%.*s", LABEL_NAME_BYTES, a->name,
             at > a->path ? "..." : "", LABEL_PATH_BYTES, at);
}

/* The entry's name without empty parts and `.`, with `/` for `\`. */
static bool take_path(archive *a, const char *name, fail *f)
{
    size_t n = 0;
    const char *at = name;
    if (!dataset_is_name_text(name))
        return strange_name(a, name, f);
    if (*name == '/' || *name == '\\')
        return bad_name(a, name, "names that begin with / lead out of the archive", f);
    while (*at) {
        size_t n_part = strcspn(at, "/\\");
        if (n_part == 2 && memcmp(at, "..", 2) == 0)
            return bad_name(a, name, "names with .. lead out of the archive", f);
        if (n + n_part + 2 > sizeof a->path)
            return bad_name(a, name, "the name is too long", f);
        if (n_part > 0 && !(n_part == 1 && *at == '.')) {
            if (n > 0)
                a->path[n++] = '/';
            memcpy(a->path + n, at, n_part);
            n += n_part;
        }
        at += n_part + (at[n_part] != '\0');
    }
    a->path[n] = '\0';
    label_entry(a);
    return true;
}

static bool is_added_part(const char *part, size_t n)
{
    static const char *const added[] = {"__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r"};
    for (size_t i = 0; i < sizeof added / sizeof *added; i++)
        if (strlen(added[i]) == n && strncasecmp(part, added[i], n) == 0)
            return true;
    return part[0] == '.';
}

/* Whether a system has added the file, or the folder that it lies in. */
static bool is_added(const char *path)
{
    for (const char *at = path; *at;) {
        size_t n = strcspn(at, "/");
        if (is_added_part(at, n))
            return true;
        at += n + (at[n] != '\0');
    }
    return *path == '\0';
}

/* ---- entries ---- */

/* Reads the header of the next entry of a tar; nothing may follow the last but zeros. */
static bool next_of_tar(archive *a, const char **name, bool *is_file, bool *is_other,
                        bool *is_there, fail *f)
{
    if (!tar_next(&a->tar, &a->source, is_there, f))
        return false;
    *name = a->tar.name;
    *is_file = a->tar.kind == TAR_FILE;
    *is_other = a->tar.kind == TAR_OTHER;
    a->bytes = a->tar.bytes;
    return true;
}

static bool next_of_zip(archive *a, const char **name, bool *is_file, bool *is_other,
                        bool *is_there, fail *f)
{
    source_member member;
    a->is_open = false;
    *is_there = a->next < a->n_members;
    if (!*is_there)
        return true;
    if (!caller_check(a->source.by, f) ||
        !source_describe_member(&a->source, a->next++, &member, f))
        return false;
    size_t n = strlen(member.name);
    *name = member.name;
    *is_other = member.is_link;
    *is_file = !member.is_link && n > 0 && member.name[n - 1] != '/';
    a->bytes = member.bytes;
    return true;
}

static bool check_entry(archive *a, bool is_other, fail *f)
{
    if (is_other)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is a link or a device, not a file.", a->label);
    if (a->bytes > SOURCE_BYTES_LIMIT || a->total + a->bytes > SOURCE_BYTES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s brings the archive to more than %llu bytes unpacked, the most allowed.",
                        a->label, (unsigned long long)SOURCE_BYTES_LIMIT);
    a->total += a->bytes;
    return true;
}

/* A checksum stands at the end of a packed tar. */
static bool read_to_end(archive *a, fail *f)
{
    uint8_t bytes[TAR_BLOCK_BYTES * 16];
    size_t n = sizeof bytes;
    while (a->is_tar && n == sizeof bytes)
        if (!source_read(&a->source, bytes, sizeof bytes, &n, f))
            return false;
    return true;
}

bool archive_next(archive *a, bool *is_there, fail *f)
{
    for (;;) {
        const char *name = "";
        bool is_file = false, is_other = false;
        if (!(a->is_tar ? next_of_tar(a, &name, &is_file, &is_other, is_there, f)
                        : next_of_zip(a, &name, &is_file, &is_other, is_there, f)))
            return false;
        if (!*is_there)
            return read_to_end(a, f);
        if (!take_path(a, name, f))
            return false;
        a->n_read = 0;
        if ((is_file || is_other) && !is_added(a->path))
            return check_entry(a, is_other, f);
    }
}

bool archive_read(archive *a, void *bytes, size_t n, size_t *n_read, fail *f)
{
    if (a->is_tar)
        return tar_read(&a->tar, &a->source, bytes, n, n_read, f);
    if (!a->is_open && !source_open_member_at(&a->source, a->next - 1, a->label, f))
        return false;
    a->is_open = true;
    if (!source_read(&a->source, bytes, n, n_read, f))
        return false;
    a->n_read += *n_read;
    if (a->n_read <= a->bytes)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s is unpacked to more than the %llu bytes that the archive says.", a->label,
                    (unsigned long long)a->bytes);
}

bool archive_finish(archive *a, fail *f)
{
    uint8_t bytes[1 << 14];
    size_t n = sizeof bytes;
    while (n == sizeof bytes)
        if (!archive_read(a, bytes, sizeof bytes, &n, f))
            return false;
    return true;
}
