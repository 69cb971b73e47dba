/* path — where registered data sets lie: names, links and content in the data directory.
 *
 * The layout is that of core/data/import/register.h. Private to core/data/. No state; any
 * thread. */
#ifndef CORE_DATA_PATH_H
#define CORE_DATA_PATH_H

#include "core/base/digest.h"
#include "core/base/fail.h"

#include <stdbool.h>

enum { DATASET_PATH_BYTES = 4096 };

/* 1 to 63 of A-Z a-z 0-9 _ . -, not starting with a dot. Says nothing about built-in names. */
bool dataset_path_is_name(const char *name);
/* One that may be given to a set: it also begins with a letter or digit (`-x` would be an option in
 * a command). Others are from a time when they were allowed; they are opened and removed. */
bool dataset_path_is_new_name(const char *name);

/* DATA_DIR/folder/entry (folder alone where entry is ""). FAIL_TOO_LARGE if that is longer than a
 * path may be. */
FAIL_CHECKED bool dataset_path_join(const char *data_dir, const char *folder, const char *entry,
                                    char path[DATASET_PATH_BYTES], fail *f);

/* The SHA-256 that the name's link points to. FAIL_NOT_FOUND ("/dataset"), also for what cannot be
 * a name and where data_dir is NULL; FAIL_STORAGE where the link is not one of ours. */
FAIL_CHECKED bool dataset_path_read_link(const char *name, const char *data_dir,
                                         char sha256[DIGEST_TEXT_BYTES], fail *f);

/* Entries of DATA_DIR/folder that are `allowed`, sorted by name; the caller closes. A folder that
 * is not there has none. */
struct dirent;
FAIL_CHECKED bool dataset_path_list(const char *data_dir, const char *folder,
                                    int (*allowed)(const struct dirent *), struct dirent ***entries,
                                    int *n, fail *f);
void dataset_path_close_list(struct dirent **entries, int n);

/* For dataset_path_list(): entries that can be names of data sets. */
int dataset_path_is_name_entry(const struct dirent *entry);

/* 64 lower-case hex digits. */
bool dataset_path_is_sha256(const char *text);

#endif
