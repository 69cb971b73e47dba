#include "core/data/import/picture_list.h"

#include "core/base/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_LIMIT = 1000000, GRANT_STEP = 4 << 20 };

void picture_list_close(picture_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->places[i].path);
    free(list->places);
    *list = (picture_list){0};
}

/* ---- the files ---- */

static bool reserve(picture_list *list, const archive *a, fail *f)
{
    list->name_bytes += strlen(a->path) + 32; /* what an allocation costs beside */
    uint64_t needed = list->name_bytes + 2 * list->capacity * sizeof *list->places;
    if (needed > list->granted + GRANT_STEP) {
        if (!caller_grant(a->source.by, (size_t)(needed - list->granted), f))
            return false;
        list->granted = needed;
    }
    if (list->n == FILES_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "%s has more than %d files, the most allowed.",
                        a->name, FILES_LIMIT);
    return array_reserve(&list->places, &list->capacity, list->n + 1, FILES_LIMIT) ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the names of %zu files.",
                    list->n);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const picture_place *)a)->path, ((const picture_place *)b)->path);
}

static bool check_paths(const picture_list *list, const archive *a, fail *f)
{
    for (size_t i = 1; i < list->n; i++)
        if (strcmp(list->places[i - 1].path, list->places[i].path) == 0)
            return fail_set(f, FAIL_SYNTAX, NULL, "%s has %.200s twice.", a->name,
                            list->places[i].path);
    if (list->n == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has no files.", a->name);
    return true;
}

bool picture_list_read(archive *a, picture_list *list, fail *f)
{
    for (bool is_there;;) {
        if (!archive_next(a, &is_there, f))
            return false;
        if (!is_there)
            break;
        if (!reserve(list, a, f))
            return false;
        char *path = strdup(a->path);
        if (!path)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a name.");
        list->places[list->n++] = (picture_place){.path = path, .bytes = a->bytes};
    }
    if (list->n > 0)
        qsort(list->places, list->n, sizeof *list->places, compare_paths);
    return check_paths(list, a, f);
}

const picture_place *picture_list_find(const picture_list *list, const char *path)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list->places[middle].path, path);
        if (order == 0)
            return &list->places[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- folders ---- */

/* Bytes of the folder at the beginning of the path; 0 for a file outside of folders. */
static size_t folder_bytes(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static bool is_deep(const char *path) /* a folder in a folder */
{
    return strchr(path, '/') != strrchr(path, '/');
}

/* PART_COUNT: the folder is no part. */
static dataset_part part_of(const char *path)
{
    static const struct {
        const char *name;
        dataset_part part;
    } names[] = {{"train", PART_TRAIN},    {"training", PART_TRAIN},
                 {"val", PART_VALIDATION}, {"valid", PART_VALIDATION},
                 {"test", PART_TEST},      {"validation", PART_VALIDATION},
                 {"testing", PART_TEST}};
    size_t n = folder_bytes(path);
    for (size_t i = 0; i < sizeof names / sizeof *names && n > 0; i++)
        if (strlen(names[i].name) == n && strncasecmp(path, names[i].name, n) == 0)
            return names[i].part;
    return PART_COUNT;
}

/* Bytes of all paths up to where the classes or parts begin. */
static size_t find_top(const picture_list *list)
{
    const char *first = list->places[0].path;
    size_t n = folder_bytes(first);
    if (n == 0 || part_of(first) != PART_COUNT)
        return 0;
    for (size_t i = 0; i < list->n; i++) {
        const char *path = list->places[i].path;
        if (strncmp(path, first, n + 1) != 0 || !is_deep(path))
            return 0;
    }
    return n + 1;
}

/* Whether the folders on top are parts; a class may be called like one where no folder is below. */
static bool find_parts(const picture_list *list, size_t top, const char *name, bool *are_parts,
                       fail *f)
{
    const char *inside = NULL, *beside = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const char *path = list->places[i].path + top;
        bool is_inside = part_of(path) != PART_COUNT && is_deep(path);
        *(is_inside ? &inside : &beside) = path;
    }
    *are_parts = inside && !beside;
    if (!inside || !beside)
        return true;
    return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s has %.100s, as if its folders on top were parts (train, val, test), and "
                    "%.100s, which lies in none; a picture's folders are CLASS/ or PART/CLASS/.",
                    name, inside, beside);
}

static bool place(picture_list *list, picture_place *p, size_t top, bool are_parts,
                  const char *name, fail *f)
{
    const char *path = p->path + top;
    p->part = are_parts ? part_of(path) : PART_TRAIN;
    p->class_at = path + (are_parts ? folder_bytes(path) + 1 : 0);
    p->class_bytes = folder_bytes(p->class_at);
    p->row = list->n_rows[p->part]++;
    return p->class_bytes > 0 ||
           fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s has %.200s, which lies in no folder; every class is a folder of PNG or "
                    "JPEG pictures.",
                    name, p->path);
}

bool picture_list_arrange(picture_list *list, const char *name, fail *f)
{
    assert(list->n > 0);
    size_t top = find_top(list);
    bool are_parts;
    if (!find_parts(list, top, name, &are_parts, f))
        return false;
    for (size_t i = 0; i < list->n; i++)
        if (!place(list, &list->places[i], top, are_parts, name, f))
            return false;
    return list->n_rows[PART_TRAIN] > 0 ||
           fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s has no training part: no folder train/.", name);
}
