/* What there is: registered sets from their headers, and one set as it is when it is open. */
#include "core/data/container.h"
#include "core/data/import/register.h"
#include "core/data/path.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool dataset_read_sha256(const char *name, const char *data_dir, char sha256[DIGEST_TEXT_BYTES],
                         fail *f)
{
    return dataset_path_read_link(name, data_dir, sha256, f);
}

static int64_t created_ms_of(const char *name, const char *data_dir)
{
    struct stat status;
    char path[DATASET_PATH_BYTES];
    fail ignored;
    if (!dataset_path_join(data_dir, "datasets", name, path, &ignored) || lstat(path, &status) != 0)
        return 0;
    return (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
}

static void summarize_header(const container_header *h, dataset_summary *out)
{
    out->task = (dataset_task)h->task;
    out->d = (size_t)h->d;
    out->k = (size_t)h->k;
    out->height = (size_t)h->height;
    out->width = (size_t)h->width;
    out->channels = (size_t)h->channels;
    out->default_scaling = (int)h->default_scaling;
    out->are_bytes = h->value_bytes == 1;
    out->bytes = h->file_bytes;
    for (int p = 0; p < PART_COUNT; p++)
        out->n[p] = (size_t)h->n[p];
}

static void summarize_registered(const char *name, const char *data_dir, dataset_summary *out)
{
    char path[DATASET_PATH_BYTES];
    container_header header;
    fail why = {0};
    *out = (dataset_summary){.created_ms = created_ms_of(name, data_dir)};
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, name);
    if (dataset_path_read_link(name, data_dir, out->sha256, &why) &&
        dataset_path_join(data_dir, "content", out->sha256, path, &why) &&
        container_read_header(path, &header, &why))
        summarize_header(&header, out);
    else
        snprintf(out->problem, sizeof out->problem, "%.*s", (int)sizeof out->problem - 1,
                 why.sentence);
}

bool dataset_list(const char *data_dir, bool (*each)(void *context, const dataset_summary *summary),
                  void *context, fail *f)
{
    struct dirent **entries;
    int n;
    if (!dataset_path_list(data_dir, "datasets", dataset_path_is_name_entry, &entries, &n, f))
        return false;
    for (int i = 0; i < n; i++) {
        dataset_summary summary;
        summarize_registered(entries[i]->d_name, data_dir, &summary);
        if (!each(context, &summary))
            break;
    }
    dataset_path_close_list(entries, n);
    return true;
}

void dataset_summarize(const dataset *set, const char *data_dir, dataset_summary *out)
{
    *out = (dataset_summary){.task = set->task,
                             .built_in = set->built_in,
                             .d = set->d,
                             .k = set->k,
                             .height = set->height,
                             .width = set->width,
                             .channels = set->channels,
                             .default_scaling = set->default_scaling,
                             .are_bytes = set->parts[PART_TRAIN].bytes != NULL,
                             .bytes = container_bytes(set)};
    memcpy(out->name, set->name, sizeof out->name);
    memcpy(out->sha256, set->sha256, sizeof out->sha256);
    out->created_ms = set->built_in ? 0 : created_ms_of(set->name, data_dir);
    for (int p = 0; p < PART_COUNT; p++)
        out->n[p] = set->parts[p].n;
}

bool dataset_describe(const char *name, const char *data_dir, dataset_summary *out, dataset **set,
                      fail *f)
{
    const dataset_options none = {.noise = NAN};
    dataset *opened;
    if (!dataset_open(name, &none, 0, data_dir, &opened, f))
        return false;
    dataset_summarize(opened, data_dir, out);
    if (set)
        *set = opened;
    else
        dataset_close(opened);
    return true;
}
