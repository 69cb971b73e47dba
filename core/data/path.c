#include "core/data/path.h"

#include "core/data/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char LINK_START[] = "../content/";

bool dataset_path_is_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strlen(name);
    return length >= 1 && length < SPEC_NAME_LIMIT && name[0] != '.' &&
           strspn(name, allowed) == length;
}

bool dataset_path_is_new_name(const char *name)
{
    return dataset_path_is_name(name) && !strchr("_-", name[0]);
}

bool dataset_path_is_sha256(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

bool dataset_path_join(const char *data_dir, const char *folder, const char *entry,
                       char path[DATASET_PATH_BYTES], fail *f)
{
    int n =
        snprintf(path, DATASET_PATH_BYTES, "%s/%s%s%s", data_dir, folder, *entry ? "/" : "", entry);
    if (n < 0 || n >= DATASET_PATH_BYTES)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "The data directory's path is too long.");
    return true;
}

static bool not_found(const char *name, fail *f)
{
    char built_in[256] = "";
    size_t used = 0;
    for (int i = 0; i < DATASET_COUNT && used < sizeof built_in; i++)
        used += (size_t)snprintf(built_in + used, sizeof built_in - used, "%s%s", i ? ", " : "",
                                 DATASETS[i].name);
    return fail_set(f, FAIL_NOT_FOUND, "/dataset",
                    "There is no data set \"%.64s\": it is neither registered nor built in (%s).",
                    name, built_in);
}

bool dataset_path_read_link(const char *name, const char *data_dir, char sha256[DIGEST_TEXT_BYTES],
                            fail *f)
{
    char path[DATASET_PATH_BYTES], target[sizeof LINK_START + 64];
    if (!data_dir || !dataset_path_is_name(name))
        return not_found(name, f);
    if (!dataset_path_join(data_dir, "datasets", name, path, f))
        return false;
    ssize_t n = readlink(path, target, sizeof target);
    if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
        return not_found(name, f);
    if (n < 0 && errno != EINVAL)
        return fail_set(f, FAIL_STORAGE, "/dataset", "The data set %s cannot be looked up: %s.",
                        path, strerror(errno));
    size_t start = sizeof LINK_START - 1;
    if (n == (ssize_t)(start + 64)) {
        target[n] = '\0';
        if (memcmp(target, LINK_START, start) == 0 && dataset_path_is_sha256(target + start)) {
            memcpy(sha256, target + start, 65);
            return true;
        }
    }
    return fail_set(f, FAIL_STORAGE, "/dataset",
                    "%s is not a link to stored content; remove it and add the data set again.",
                    path);
}

bool dataset_path_list(const char *data_dir, const char *folder,
                       int (*allowed)(const struct dirent *), struct dirent ***entries, int *n,
                       fail *f)
{
    char path[DATASET_PATH_BYTES];
    struct dirent **found = NULL;
    if (!dataset_path_join(data_dir, folder, "", path, f))
        return false;
    int n_found = scandir(path, &found, allowed, alphasort);
    if (n_found < 0 && errno != ENOENT)
        return fail_set(f, FAIL_STORAGE, NULL, "The folder %s cannot be listed: %s.", path,
                        strerror(errno));
    *entries = found;
    *n = n_found < 0 ? 0 : n_found;
    return true;
}

void dataset_path_close_list(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
}

int dataset_path_is_name_entry(const struct dirent *entry)
{
    return dataset_path_is_name(entry->d_name);
}
