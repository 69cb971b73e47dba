#include "server/api/fields.h"

#include "server/api/api.h"
#include "server/codec/codec.h"

static const member QUERY_ROWS[] = {
    {"limit", MEMBER_INTEGER, "Fields in the answer; all if not given.", MEMBER_OPTIONAL,
     AT(page_query, limit), RANGE(1, 500)},
    {"cursor", MEMBER_TEXT, "next_cursor of the page before; empty: the first page.",
     MEMBER_OPTIONAL, AT(page_query, cursor), RANGE(0, 24), .alphabet = "0-9a-f"},
};
const shape SHAPE_FIELDS_QUERY = {BYTES_OF(page_query), MEMBERS(QUERY_ROWS)};

/* The table is of use as a whole: it comes in pages only to who asks for them. */
void api_fields_list(app *a, const request *q, response *r)
{
    (void)a;
    fail f;
    int64_t first, limit;
    if (!api_read_page(q, &first, &limit, &f)) {
        response_fail(r, &f);
        return;
    }
    codec_add_fields(&r->body, first, limit > 0 ? limit : FIELD_COUNT);
    api_send_tagged(q, MESSAGE_JSON, r);
}
