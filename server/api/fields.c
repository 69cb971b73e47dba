#include "server/api/fields.h"

#include "server/api/api.h"
#include "server/codec/codec.h"

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
