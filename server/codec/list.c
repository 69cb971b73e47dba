#include "server/codec/list.h"

#include "server/codec/shape_schema.h"

#include <string.h>

typedef struct list_answer {
    member_stream items;
    const char *next_cursor;
} list_answer;

static const member LIST_ROWS[] = {
    {"items", MEMBER_OBJECT, "One page of them.", AT(list_answer, items), .depth = 1,
     .write = member_add_stream},
    {"next_cursor", MEMBER_TEXT, "The cursor of the next page; null: this is the last.",
     MEMBER_NULLABLE, AT(list_answer, next_cursor)},
};
static const shape LIST = {BYTES_OF(list_answer), MEMBERS(LIST_ROWS)};

void codec_add_list(buffer *b, void (*add)(void *context, buffer *b), void *context,
                    const char *next_cursor)
{
    shape_add(b, &LIST, &(list_answer){{add, context}, next_cursor});
}

void codec_add_list_schema(buffer *b, const shape *item)
{
    member rows[sizeof LIST_ROWS / sizeof *LIST_ROWS];
    const shape list = {BYTES_OF(list_answer), MEMBERS(rows)};
    memcpy(rows, LIST_ROWS, sizeof rows);
    rows[0].of = item;
    shape_add_schema(b, &list, false);
}
