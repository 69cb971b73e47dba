/* files — the recipes and lessons of STATIC_DIR/lessons: each NAME.json is one
 * (server/codec/lesson.h).
 *
 * Files are read at each call. Ownership: what is opened is the caller's until it is closed.
 * Threads: any number at once. */
#ifndef SERVER_LESSON_FILES_H
#define SERVER_LESSON_FILES_H

#include "server/codec/lesson.h"

typedef struct lesson_file {
    lesson lesson;
    char *text; /* the whole file */
    size_t n;
} lesson_file;

/* FAIL_NOT_FOUND if there is none of that name. */
FAIL_CHECKED bool lesson_files_open(const char *static_dir, const char *name, lesson_file *out,
                                    fail *f);
void lesson_file_close(lesson_file *l);

/* Recipes, or lessons: those that claim something. */
bool lesson_is_taught(const lesson *l);

typedef struct lesson_list {
    size_t n;
    lesson_file *items; /* recipes by name, then lessons by their place in the path */
} lesson_list;

/* Of all, or of lessons alone. A file that is none is left out and told on standard error: it must
 * not take the others with it. False for want of memory. */
FAIL_CHECKED bool lesson_files_list(const char *static_dir, bool only_taught, lesson_list *out,
                                    fail *f);
void lesson_list_close(lesson_list *l);

#endif
