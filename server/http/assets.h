/* assets — the dashboard's files, loaded at start into a table of exact URL paths.
 *
 * 1. A request's path is only ever compared with the table; no file name is made from it.
 * 2. In the table: every regular file under the directory (no dotfiles, nothing below node_modules,
 *    no package*.json), and the library files that vendor.txt lists, one path a line. "/" is
 *    index.html.
 * 3. Changes on disk after the start are not noticed.
 * Threads: constant after assets_open(). */
#ifndef SERVER_HTTP_ASSETS_H
#define SERVER_HTTP_ASSETS_H

#include "core/base/fail.h"

typedef struct assets assets;

typedef struct asset {
    char *path; /* "/view/run.js" */
    char *bytes;
    size_t n_bytes;
    const char *content_type;
    char etag[24]; /* quoted, of the content */
} asset;

/* A directory that is not there gives an empty table and a sentence on standard error. */
FAIL_CHECKED bool assets_open(const char *directory, assets **out, fail *f);
void assets_close(assets *a); /* NULL: nothing */

/* The file with this exact URL path, or NULL. */
const asset *assets_find(const assets *a, const char *path);
int assets_count(const assets *a);

/* The content type by the name's ending; "application/octet-stream" if unknown. */
const char *assets_content_type(const char *name);

#endif
