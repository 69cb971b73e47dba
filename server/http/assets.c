#include "server/http/assets.h"
#include "core/base/array.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LIMIT = 1024, DEPTH_LIMIT = 8, LINE_BYTES = 512, FILES_LIMIT = 100000 };
#define FILE_BYTES_LIMIT ((long long)16 << 20)

struct assets {
    asset *rows; /* (n), in order of path */
    int n;
    size_t capacity;
};

static const struct {
    const char *ending, *content_type;
} TYPES[] = {{".html", "text/html; charset=utf-8"},
             {".js", "text/javascript; charset=utf-8"},
             {".mjs", "text/javascript; charset=utf-8"},
             {".css", "text/css; charset=utf-8"},
             {".json", "application/json"},
             {".svg", "image/svg+xml"},
             {".png", "image/png"},
             {".ico", "image/x-icon"},
             {".webp", "image/webp"},
             {".woff2", "font/woff2"},
             {".txt", "text/plain; charset=utf-8"},
             {".webmanifest", "application/manifest+json"}};

const char *assets_content_type(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(dot, TYPES[i].ending) == 0)
            return TYPES[i].content_type;
    return "application/octet-stream";
}

/* FNV-1a, 64 bits: tells versions of one file apart, no more. */
static uint64_t hash(const char *bytes, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * 1099511628211u;
    return h;
}

/* ---- loading ---- */

static asset *new_row(assets *a)
{
    return array_reserve(&a->rows, &a->capacity, (size_t)a->n + 1, FILES_LIMIT) ? &a->rows[a->n]
                                                                                : NULL;
}

static bool refuse(const char *path, fail *f)
{
    return fail_set(f, FAIL_STORAGE, NULL, "The dashboard's file %s cannot be read: %s.", path,
                    errno ? strerror(errno) : "it is too large");
}

static bool read_whole(const char *path, char **bytes, size_t *n, fail *f)
{
    errno = 0;
    struct stat about;
    FILE *file = fopen(path, "rbe");
    char *data = NULL;
    bool ok = file && fstat(fileno(file), &about) == 0 && about.st_size <= FILE_BYTES_LIMIT;
    if (ok) {
        size_t size = (size_t)about.st_size;
        data = malloc(size + 1);
        ok = data && fread(data, 1, size, file) == size;
        *n = size;
    }
    if (file)
        fclose(file);
    if (!ok) {
        free(data);
        refuse(path, f);
        return false;
    }
    *bytes = data;
    return true;
}

/* The file DIRECTORY/name as the URL path /name. */
static bool add_file(assets *a, const char *directory, const char *name, fail *f)
{
    char path[PATH_LIMIT];
    asset *row = new_row(a);
    char *bytes = NULL;
    size_t n = 0;
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path || !row)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the dashboard's files.");
    if (!read_whole(path, &bytes, &n, f))
        return false;
    *row = (asset){.bytes = bytes,
                   .n_bytes = n,
                   .content_type = assets_content_type(name),
                   .path = malloc(strlen(name) + 2)};
    if (!row->path) {
        free(bytes);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the dashboard's files.");
    }
    sprintf(row->path, "/%s", name);
    snprintf(row->etag, sizeof row->etag, "\"%016llx\"", (unsigned long long)hash(bytes, n));
    a->n++;
    return true;
}

static bool is_hidden(const char *name)
{
    return name[0] == '.' || strcmp(name, "node_modules") == 0 || strcmp(name, "vendor.txt") == 0 ||
           (strncmp(name, "package", 7) == 0 && strstr(name, ".json"));
}

/* All below DIRECTORY/inside; `inside` is "" at the top, else it ends with a slash. */
static bool add_tree(assets *a, const char *directory, const char *inside, int depth, fail *f)
{
    char path[PATH_LIMIT], name[PATH_LIMIT];
    if (snprintf(path, sizeof path, "%s/%s", directory, inside) >= (int)sizeof path ||
        depth > DEPTH_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "The folder %s is too deep.", directory);
    DIR *list = opendir(path);
    if (!list)
        return refuse(path, f);
    bool ok = true;
    for (struct dirent *entry = readdir(list); ok && entry; entry = readdir(list)) {
        struct stat about;
        if (is_hidden(entry->d_name) || fstatat(dirfd(list), entry->d_name, &about, 0) != 0)
            continue;
        bool is_folder = S_ISDIR(about.st_mode);
        if (snprintf(name, sizeof name, "%s%s%s", inside, entry->d_name, is_folder ? "/" : "") >=
            (int)sizeof name)
            ok = fail_set(f, FAIL_TOO_LARGE, NULL, "A path below %s is too long.", directory);
        else if (is_folder)
            ok = add_tree(a, directory, name, depth + 1, f);
        else if (S_ISREG(about.st_mode))
            ok = add_file(a, directory, name, f);
    }
    closedir(list);
    return ok;
}

/* They come with npm and not with the sources, so a fresh build does not have them yet. */
static bool add_library(assets *a, const char *directory, const char *name, fail *f)
{
    char path[PATH_LIMIT];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path &&
        access(path, F_OK) != 0)
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The dashboard's library %s is not in %s yet: `make npm` in the sources "
                        "fetches it (`make run` and `make install` do so, too).",
                        name, directory);
    return add_file(a, directory, name, f);
}

static bool add_vendor_files(assets *a, const char *directory, fail *f)
{
    char path[PATH_LIMIT], line[LINE_BYTES];
    if (snprintf(path, sizeof path, "%s/vendor.txt", directory) >= (int)sizeof path)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "The path %s is too long.", directory);
    FILE *list = fopen(path, "re");
    if (!list)
        return true; /* no libraries are used */
    bool ok = true;
    while (ok && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] && line[0] != '#')
            ok = add_library(a, directory, line, f);
    }
    fclose(list);
    return ok;
}

static int compare(const void *x, const void *y)
{
    return strcmp(((const asset *)x)->path, ((const asset *)y)->path);
}

bool assets_open(const char *directory, assets **out, fail *f)
{
    struct stat about;
    assets *a = calloc(1, sizeof *a);
    if (!a)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the dashboard's files.");
    bool is_there = directory && stat(directory, &about) == 0 && S_ISDIR(about.st_mode);
    if (directory && !is_there)
        fprintf(stderr, "warning: no folder %s: the dashboard is not served\n", directory);
    if (is_there && !(add_tree(a, directory, "", 0, f) && add_vendor_files(a, directory, f))) {
        assets_close(a);
        return false;
    }
    if (a->n > 0)
        qsort(a->rows, (size_t)a->n, sizeof *a->rows, compare);
    *out = a;
    return true;
}

void assets_close(assets *a)
{
    if (!a)
        return;
    for (int i = 0; i < a->n; i++) {
        free(a->rows[i].path);
        free(a->rows[i].bytes);
    }
    free(a->rows);
    free(a);
}

/* ---- finding ---- */

static const asset *find_exact(const assets *a, const char *path)
{
    const asset key = {.path = (char *)(uintptr_t)path};
    return a->n ? bsearch(&key, a->rows, (size_t)a->n, sizeof *a->rows, compare) : NULL;
}

const asset *assets_find(const assets *a, const char *path)
{
    if (strcmp(path, "/") == 0)
        return find_exact(a, "/index.html");
    const asset *found = find_exact(a, path);
    if (!found &&
        strcmp(path, "/favicon.ico") == 0) /* browsers ask for it, whatever the page says */
        found = find_exact(a, "/favicon.svg");
    return found;
}

int assets_count(const assets *a)
{
    return a->n;
}
