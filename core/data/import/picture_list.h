/* picture_list — the files of an archive in order of their paths, and what their folders say of a
 * set of pictures: the class and the part of each.
 *
 * One folder around everything is passed over. Then, where the folders on top are parts (train,
 * training; val, valid, validation; test, testing, in any case) and all of them are, those below
 * are the classes; else those on top are. A class may have folders of its own. The rows of a part
 * are in order of the paths, byte by byte: an archive's own order is the chance of a program.
 * Owns heap memory until picture_list_close(); one thread. */
#ifndef CORE_DATA_IMPORT_PICTURE_LIST_H
#define CORE_DATA_IMPORT_PICTURE_LIST_H

#include "core/data/dataset.h"
#include "core/data/import/archive.h"

typedef struct picture_place {
    char *path;
    uint64_t bytes;       /* of the file, unpacked */
    dataset_part part;    /* made by arrange, like what follows */
    const char *class_at; /* in path */
    size_t class_bytes;
    size_t row; /* in its part */
} picture_place;

typedef struct picture_list {
    size_t n, capacity;
    picture_place *places; /* (n) by path */
    size_t n_rows[PART_COUNT];
    uint64_t name_bytes, granted;
} picture_list;

void picture_list_close(picture_list *list);

/* Goes through the whole archive. FAIL_SYNTAX for two files of one path. */
FAIL_CHECKED bool picture_list_read(archive *a, picture_list *list, fail *f);

/* Finds class, part and row of every file. `name` is the archive's. FAIL_INCOMPATIBLE names a file
 * that lies where no class can be told, or beside parts. */
FAIL_CHECKED bool picture_list_arrange(picture_list *list, const char *name, fail *f);

/* The place of a path, or NULL. */
const picture_place *picture_list_find(const picture_list *list, const char *path);

#endif
