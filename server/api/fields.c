#include "server/api/fields.h"

#include "server/api/api.h"
#include "server/codec/codec.h"

void api_fields_list(app *a, const request *q, response *r)
{
    (void)a;
    fail f;
    int64_t first, limit;
    if (!api_read_page(q, &first, &limit, &f)) {
        response_fail(r, &f);
        return;
    }
    if (!request_query(
            q,
            "limit")) /* the table is of use as a whole: it comes in pages only to who asks for them */
        limit = FIELD_COUNT;
    codec_add_fields(&r->body, first, limit);
    api_send_tagged(q, MESSAGE_JSON, r);
}
