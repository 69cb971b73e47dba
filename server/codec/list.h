/* list — {"items", "next_cursor"}: what every list answers. */
#ifndef SERVER_CODEC_LIST_H
#define SERVER_CODEC_LIST_H

#include "server/codec/shape.h"

/* Appends a list; add() appends the items with shape_add_item(). next_cursor is looked at after
 * them; "": this is the last page. */
void codec_add_list(buffer *b, void (*add)(void *context, buffer *b), void *context,
                    const char *next_cursor);

/* The JSON Schema of a list of such items. */
void codec_add_list_schema(buffer *b, const shape *item);

#endif
