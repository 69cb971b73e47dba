#include "server/api_fields.h"

#include "server/api.h"
#include "server/codec.h"

void api_fields_list(app *a, const request *q, response *r)
{
    (void)a;
    codec_add_fields(&r->body);
    api_send_tagged(q, MESSAGE_JSON, r);
}
