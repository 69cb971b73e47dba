/* saved — the pieces of memory that a checkpoint holds, in order: plain values and arrays, as they
 * are. */
#ifndef CORE_REGULARIZER_SAVED_H
#define CORE_REGULARIZER_SAVED_H

#include "core/spec/spec.h"

#include <stddef.h>

enum { SAVED_LIMIT = 8 * SPEC_ALL_LAYERS_LIMIT };

typedef struct saved_piece {
    void *data; /* NULL while memory is counted */
    size_t bytes;
} saved_piece;

typedef struct saved_list {
    int n;
    saved_piece pieces[SAVED_LIMIT];
} saved_list;

/* Adds a piece; data is borrowed for as long as the list is used. More than SAVED_LIMIT is a
 * programming error. */
void saved_list_add(saved_list *list, void *data, size_t bytes);

#endif
