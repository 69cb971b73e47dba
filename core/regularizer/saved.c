#include "core/regularizer/saved.h"

#include <assert.h>

void saved_list_add(saved_list *list, void *data, size_t bytes)
{
    assert(list->n < SAVED_LIMIT);
    list->pieces[list->n++] = (saved_piece){data, bytes};
}
