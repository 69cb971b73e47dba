#include "server/store/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char LOG[] = "-wal";
static const char INDEX[] = "-shm";

static store_file find_file(const char *path, const char *suffix)
{
    struct stat about;
    store_file found = {0};
    size_t bytes = strlen(path) + strlen(suffix) + 1;
    char *name = malloc(bytes);
    if (name && snprintf(name, bytes, "%s%s", path, suffix) > 0 && stat(name, &about) == 0)
        found = (store_file){.device = about.st_dev, .number = about.st_ino};
    free(name);
    return found;
}

static bool is_same(store_file a, store_file b)
{
    return a.device == b.device && a.number == b.number;
}

void store_place_note(store_place *p, const store_connection *c)
{
    p->log = find_file(c->path, LOG);
    p->index = find_file(c->path, INDEX);
}

bool store_place_check_database(const store_connection *c, fail *f)
{
    int has_moved = 0;
    sqlite3_file_control(c->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return !has_moved ||
           fail_set(f, FAIL_STORAGE, NULL,
                    "The database %s was moved, deleted or replaced: put it back, or start again.",
                    c->path);
}

bool store_place_check_log(const store_place *p, const char *path, fail *f)
{
    const char *suffix = !is_same(p->log, find_file(path, LOG))       ? LOG
                         : !is_same(p->index, find_file(path, INDEX)) ? INDEX
                                                                      : NULL;
    return !suffix ||
           fail_set(f, FAIL_STORAGE, NULL,
                    "The file %s%s of the database was moved, deleted or replaced.", path, suffix);
}
