#include "server/http/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 256 * 1024,
    SPARE_BYTES = 64 * 1024, /* for what comes between a full block and its writing */
    POST_BUFFER_BYTES = 64 * 1024,
    PATH_BYTES = 512,
    NAME_BYTES = 256,
    TYPE_BYTES = 64
};

typedef struct upload_file {
    int lock; /* descriptor of the file that keeps it locked: another program leaves it alone */
    char path[PATH_BYTES], name[NAME_BYTES], type[TYPE_BYTES];
} upload_file;

struct http_upload {
    struct MHD_PostProcessor *parts; /* NULL: the body is one file */
    char directory[PATH_BYTES - 16];
    char *block; /* (BLOCK_BYTES + SPARE_BYTES), n_block of them filled */
    size_t n_block;
    int fd; /* of the file being written, -1: none */
    int n_files;
    upload_file files[DATASET_FILES_LIMIT];
    message_file list[DATASET_FILES_LIMIT];
    fail first; /* .code != FAIL_NONE: why nothing more is written */
};

/* ---- the folder ---- */

static bool make_directory(const char *path, fail *f)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    return fail_set(f, FAIL_STORAGE, NULL, "The folder %s cannot be made: %s.", path,
                    strerror(errno));
}

static bool incoming_path(const char *data_dir, char *out, size_t n, fail *f)
{
    if (snprintf(out, n, "%s/incoming", data_dir) < (int)n)
        return true;
    return fail_set(f, FAIL_TOO_LARGE, NULL, "The path of the data directory is too long.");
}

/* One that nobody is writing or reading any more: also another service on this folder may. */
static void remove_left(int folder, const char *name)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(file);
}

bool http_upload_prepare(const char *data_dir, fail *f)
{
    char path[PATH_BYTES - 16];
    if (!incoming_path(data_dir, path, sizeof path, f) || !make_directory(data_dir, f) ||
        !make_directory(path, f))
        return false;
    DIR *directory = opendir(path);
    if (!directory)
        return fail_set(f, FAIL_STORAGE, NULL, "The folder %s cannot be read: %s.", path,
                        strerror(errno));
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (entry->d_name[0] != '.')
            remove_left(dirfd(directory), entry->d_name);
    closedir(directory);
    return true;
}

/* ---- files ---- */

static void copy_text(char *out, size_t n, const char *text)
{
    snprintf(out, n, "%s", text ? text : "");
}

static bool refuse_disk(http_upload *u)
{
    return fail_set(&u->first, FAIL_STORAGE, NULL, "The upload cannot be stored: %s.",
                    strerror(errno));
}

static bool end_file(http_upload *u)
{
    int fd = u->fd;
    u->fd = -1;
    return fd < 0 || close(fd) == 0 || refuse_disk(u);
}

static int make_file(const http_upload *u, upload_file *file)
{
    snprintf(file->path, sizeof file->path, "%s/XXXXXX", u->directory);
    int fd = mkostemp(file->path, O_CLOEXEC);
    file->lock = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (file->lock >= 0 && flock(file->lock, LOCK_EX) == 0)
        return fd;
    int error = errno;
    if (fd >= 0) {
        unlink(file->path);
        close(fd);
    }
    if (file->lock >= 0)
        close(file->lock);
    errno = error;
    return -1;
}

static bool start_file(http_upload *u, const char *name, const char *type)
{
    if (!end_file(u))
        return false;
    if (u->n_files == DATASET_FILES_LIMIT)
        return fail_set(&u->first, FAIL_TOO_LARGE, NULL, "More than %d files in one upload.",
                        DATASET_FILES_LIMIT);
    upload_file *file = &u->files[u->n_files];
    u->fd = make_file(u, file);
    if (u->fd < 0 && errno == ENOENT && mkdir(u->directory, 0777) == 0) /* an empty DATA_DIR */
        u->fd = make_file(u, file);
    if (u->fd < 0)
        return refuse_disk(u);
    copy_text(file->name, sizeof file->name, name);
    copy_text(file->type, sizeof file->type, type);
    u->list[u->n_files++] =
        (message_file){.path = file->path, .file_name = file->name, .content_type = file->type};
    return true;
}

static bool write_bytes(http_upload *u, const char *data, size_t n)
{
    message_file *file = &u->list[u->n_files - 1];
    while (n > 0) {
        ssize_t written = write(u->fd, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return refuse_disk(u);
        data += written;
        n -= (size_t)written;
        file->bytes += (uint64_t)written;
    }
    return true;
}

/* ---- multipart ---- */

/* A part is told in pieces; the first at offset 0, maybe twice (an empty piece first). */
static bool is_same_part(const http_upload *u, const char *name)
{
    return u->fd >= 0 && u->list[u->n_files - 1].bytes == 0 &&
           strcmp(u->files[u->n_files - 1].name, name ? name : "") == 0;
}

static enum MHD_Result take_part(void *context, enum MHD_ValueKind kind, const char *key,
                                 const char *name, const char *type, const char *encoding,
                                 const char *data, uint64_t offset, size_t n)
{
    (void)kind;
    (void)key;
    (void)encoding;
    http_upload *u = context;
    if (offset == 0 && !is_same_part(u, name) && !start_file(u, name, type))
        return MHD_NO;
    return write_bytes(u, data, n) ? MHD_YES : MHD_NO;
}

/* ---- the upload ---- */

bool http_upload_open(struct MHD_Connection *connection, const char *data_dir,
                      const char *content_type, http_upload **out, fail *f)
{
    http_upload *u = calloc(1, sizeof *u);
    if (!u)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for another upload.");
    u->fd = -1;
    u->block = malloc(BLOCK_BYTES + SPARE_BYTES);
    bool multipart = strcmp(content_type, "multipart/form-data") == 0;
    bool ok = incoming_path(data_dir, u->directory, sizeof u->directory, f);
    if (ok && !u->block)
        ok = fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for another upload.");
    if (ok && multipart) {
        u->parts = MHD_create_post_processor(connection, POST_BUFFER_BYTES, take_part, u);
        if (!u->parts)
            ok = fail_set(f, FAIL_SYNTAX, NULL, "multipart/form-data needs a boundary.");
    } else if (ok && !start_file(u, "", content_type)) {
        *f = u->first;
        ok = false;
    }
    if (!ok)
        http_upload_close(u);
    else
        *out = u;
    return ok;
}

void http_upload_close(http_upload *u)
{
    if (!u)
        return;
    if (u->parts)
        MHD_destroy_post_processor(u->parts);
    if (u->fd >= 0)
        close(u->fd);
    for (int i = 0; i < u->n_files; i++) {
        unlink(u->files[i].path);
        close(u->files[i].lock);
    }
    free(u->block);
    free(u);
}

size_t http_upload_add(http_upload *u, const char *data, size_t n)
{
    size_t room = BLOCK_BYTES + SPARE_BYTES - u->n_block;
    if (n > room)
        n = room;
    memcpy(u->block + u->n_block, data, n);
    u->n_block += n;
    return n;
}

bool http_upload_is_full(const http_upload *u)
{
    return u->n_block >= BLOCK_BYTES;
}

static bool refuse_form(http_upload *u)
{
    return u->first.code != FAIL_NONE
               ? false
               : fail_set(&u->first, FAIL_SYNTAX, NULL,
                          "The body is not well-formed multipart/form-data.");
}

bool http_upload_write(http_upload *u, fail *f)
{
    bool ok = u->first.code == FAIL_NONE;
    if (ok && u->n_block > 0)
        ok = u->parts
                 ? MHD_post_process(u->parts, u->block, u->n_block) == MHD_YES || refuse_form(u)
                 : write_bytes(u, u->block, u->n_block);
    u->n_block = 0;
    if (!ok)
        *f = u->first;
    return ok;
}

bool http_upload_finish(http_upload *u, const message_file **files, int *n, fail *f)
{
    bool ok = http_upload_write(u, f);
    if (ok && u->parts) {
        ok = MHD_destroy_post_processor(u->parts) == MHD_YES || refuse_form(u);
        u->parts = NULL;
    }
    if (ok)
        ok = end_file(u);
    if (ok && u->n_files == 0)
        ok = fail_set(&u->first, FAIL_SYNTAX, NULL, "The upload holds no file.");
    if (!ok) {
        *f = u->first;
        return false;
    }
    *files = u->list;
    *n = u->n_files;
    return true;
}
