#include "server/lesson/files.h"

#include "server/jobs/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".json"
enum { NAME_BYTES = 64 };

bool lesson_is_taught(const lesson *l)
{
    return l->main.n_claims > 0;
}

/* ---- one ---- */

static bool is_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < NAME_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool none_of_that_name(const char *name, fail *f)
{
    return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no recipe or lesson \"%.60s\".", name);
}

static bool read_file(const char *name, lesson_file *l, fail *f)
{
    fail_list *faults = calloc(1, sizeof *faults);
    if (!faults)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read \"%s\".", name);
    bool is_read = codec_read_lesson(l->text, l->n, &l->lesson, faults);
    if (!is_read)
        fail_set(f, FAIL_INTERNAL, NULL, "\"%s\" is not readable: %s: %s", name,
                 faults->items[0].field, faults->items[0].sentence);
    free(faults);
    return is_read;
}

bool lesson_files_open(const char *static_dir, const char *name, lesson_file *out, fail *f)
{
    char path[JOBS_PATH_BYTES];
    lesson_file l = {.text = NULL};
    if (!is_name(name))
        return none_of_that_name(name, f);
    int n = snprintf(path, sizeof path, "%s/lessons/%s" SUFFIX, static_dir, name);
    if (n >= (int)sizeof path)
        return none_of_that_name(name, f);
    if (!jobs_files_load(path, &l.text, &l.n, f))
        return false;
    if (!l.text)
        return none_of_that_name(name, f);
    if (!read_file(name, &l, f)) {
        free(l.text);
        return false;
    }
    *out = l;
    return true;
}

void lesson_file_close(lesson_file *l)
{
    lesson_close(&l->lesson);
    free(l->text);
    *l = (lesson_file){.text = NULL};
}

/* ---- all ---- */

static int is_lesson_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name), n_suffix = strlen(SUFFIX);
    return n > n_suffix && n - n_suffix < NAME_BYTES &&
           strcmp(entry->d_name + n - n_suffix, SUFFIX) == 0;
}

static int compare_places(const void *a, const void *b)
{
    const lesson_file *x = a, *y = b;
    if (x->lesson.step != y->lesson.step)
        return x->lesson.step < y->lesson.step ? -1 : 1;
    return strcmp(x->lesson.name, y->lesson.name);
}

static void add_file(const char *static_dir, const char *file_name, bool only_taught,
                     lesson_list *l)
{
    char name[NAME_BYTES];
    fail f;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(file_name) - strlen(SUFFIX)), file_name);
    if (!lesson_files_open(static_dir, name, &l->items[l->n], &f))
        (void)fprintf(stderr, "regulab: %s: %s\n", file_name, f.sentence);
    else if (only_taught && !lesson_is_taught(&l->items[l->n].lesson))
        lesson_file_close(&l->items[l->n]);
    else
        l->n++;
}

bool lesson_files_list(const char *static_dir, bool only_taught, lesson_list *out, fail *f)
{
    char path[JOBS_PATH_BYTES];
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/lessons", static_dir);
    int n = scandir(path, &entries, is_lesson_file, alphasort);
    lesson_list l = {.items = calloc(n > 0 ? (size_t)n : 1, sizeof *l.items)};
    for (int i = 0; i < n; i++) {
        if (l.items)
            add_file(static_dir, entries[i]->d_name, only_taught, &l);
        free(entries[i]);
    }
    free(entries);
    if (!l.items)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the list.");
    qsort(l.items, l.n, sizeof *l.items, compare_places);
    *out = l;
    return true;
}

void lesson_list_close(lesson_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        lesson_file_close(&l->items[i]);
    free(l->items);
    *l = (lesson_list){.n = 0};
}
