#include "server/export/safetensors.h"
#include "core/net/tensor.h"
#include "server/codec/codec.h"
#include "server/text/check.h"
#include "server/text/member.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are written as they lie in memory");

enum { HEADER_BYTES_LIMIT = 1 << 20, MODEL_TENSORS_LIMIT = 6 * SPEC_ALL_LAYERS_LIMIT };

static const struct {
    const char *name;
    size_t bytes;
} TYPES[] = {[EXPORT_F32] = {"F32", 4},
             [EXPORT_F64] = {"F64", 8},
             [EXPORT_I64] = {"I64", 8},
             [EXPORT_U8] = {"U8", 1}};

size_t export_tensor_bytes(const export_tensor *t)
{
    size_t n = TYPES[t->type].bytes;
    for (int i = 0; i < t->n_dimensions; i++)
        n *= t->shape[i];
    return n;
}

static void add_tensor(buffer *b, const export_tensor *t, size_t offset)
{
    json_add_key(b, t->name);
    buffer_add_format(b, "{\"dtype\":\"%s\",\"shape\":[", TYPES[t->type].name);
    for (int i = 0; i < t->n_dimensions; i++)
        buffer_add_format(b, i ? ",%zu" : "%zu", t->shape[i]);
    buffer_add_format(b, "],\"data_offsets\":[%zu,%zu]}", offset, offset + export_tensor_bytes(t));
}

void export_safetensors_add_header(buffer *b, const export_tensor *tensors, int n_tensors)
{
    buffer header;
    size_t offset = 0;
    buffer_init(&header, HEADER_BYTES_LIMIT);
    buffer_add_text(&header, "{");
    for (int i = 0; i < n_tensors; i++) {
        add_tensor(&header, &tensors[i], offset);
        offset += export_tensor_bytes(&tensors[i]);
    }
    buffer_add_text(&header, "}");
    while (header.n % 8 && !header.failed)
        buffer_add(&header, " ", 1);
    uint64_t length = header.n;
    b->failed = b->failed || header.failed;
    buffer_add(b, &length, sizeof length);
    buffer_add(b, header.data, header.n);
    buffer_close(&header);
}

/* The model's tensors; names point into `parts`. */
static int list_tensors(const train_spec *spec, size_t inputs, size_t outputs,
                        tensor parts[MODEL_TENSORS_LIMIT],
                        export_tensor tensors[MODEL_TENSORS_LIMIT])
{
    int n = 0;
    for (; tensor_get(spec, inputs, outputs, n, &parts[n]); n++) {
        const tensor *part = &parts[n];
        tensors[n] = (export_tensor){.name = part->name,
                                     .type = EXPORT_F32,
                                     .n_dimensions = part->n_dimensions,
                                     .shape = {part->shape[0], part->shape[1]}};
        assert(n + 1 < MODEL_TENSORS_LIMIT);
    }
    return n;
}

void export_safetensors_add_model(buffer *b, const train_spec *spec, size_t inputs, size_t outputs,
                                  const float *model)
{
    tensor parts[MODEL_TENSORS_LIMIT];
    export_tensor tensors[MODEL_TENSORS_LIMIT];
    int n = list_tensors(spec, inputs, outputs, parts, tensors);
    export_safetensors_add_header(b, tensors, n);
    for (int i = 0; i < n; i++)
        buffer_add(b, model + parts[i].offset, parts[i].n * sizeof *model);
}

size_t export_safetensors_model_bytes(const train_spec *spec, size_t inputs, size_t outputs)
{
    return tensor_model_size(spec, inputs, outputs) * sizeof(float) + HEADER_BYTES_LIMIT;
}

/* The two numbers of a tensor's shape, from the header. */
static bool find_shape(const char *header, size_t n, const char *name, size_t out[2])
{
    char *end;
    const char *row, *sizes;
    size_t row_bytes, sizes_bytes;
    if (!json_member_find(header, n, name, &row, &row_bytes) ||
        !json_member_find(row, row_bytes, "shape", &sizes, &sizes_bytes) || *sizes != '[')
        return false;
    out[0] = (size_t)strtoull(sizes + 1, &end, 10);
    if (*end != ',')
        return false;
    out[1] = (size_t)strtoull(end + 1, &end, 10);
    return *end == ']';
}

static bool not_this_model(fail *f, const char *what)
{
    return fail_set(f, FAIL_SYNTAX, NULL, "the model file cannot be used: %s", what);
}

static char *read_header(const unsigned char *bytes, size_t n_bytes, size_t *length)
{
    uint64_t n;
    if (n_bytes < sizeof n)
        return NULL;
    memcpy(&n, bytes, sizeof n);
    if (n > HEADER_BYTES_LIMIT || n > n_bytes - sizeof n)
        return NULL;
    char *header = malloc(n + 1);
    if (!header)
        return NULL;
    memcpy(header, bytes + sizeof n, n);
    header[n] = '\0';
    *length = (size_t)n;
    return header;
}

/* The header is compared whole with the one that would be written: name, type, shape and offset of
 * every tensor at once. */
static bool is_header_of(const unsigned char *bytes, size_t header_bytes, const train_spec *spec,
                         size_t inputs, size_t outputs)
{
    tensor parts[MODEL_TENSORS_LIMIT];
    export_tensor tensors[MODEL_TENSORS_LIMIT];
    buffer b;
    buffer_init(&b, HEADER_BYTES_LIMIT + 8);
    export_safetensors_add_header(&b, tensors, list_tensors(spec, inputs, outputs, parts, tensors));
    bool same = !b.failed && b.n == header_bytes + 8 && memcmp(b.data, bytes, b.n) == 0;
    buffer_close(&b);
    return same;
}

bool export_safetensors_read_model(const void *bytes, size_t n_bytes, const train_spec *spec,
                                   size_t *inputs, size_t *outputs, float **model, fail *f)
{
    size_t header_bytes, first[2], last[2];
    char *header = read_header(bytes, n_bytes, &header_bytes);
    if (!header)
        return not_this_model(f, "it has no safetensors header");
    char name[32];
    snprintf(name, sizeof name, "layers.%d.weight", spec->n_hidden);
    fail ignored;
    bool found = json_check_text(header, header_bytes, &ignored) &&
                 find_shape(header, header_bytes, "layers.0.weight", first) &&
                 find_shape(header, header_bytes, name, last);
    free(header);
    if (!found || !is_header_of(bytes, header_bytes, spec, first[1], last[0]))
        return not_this_model(f, "its tensors are not those of this run's network");
    size_t n = tensor_model_size(spec, first[1], last[0]), start = header_bytes + sizeof(uint64_t);
    if (n_bytes - start != n * sizeof(float))
        return not_this_model(f, "it has more or fewer bytes than its header says");
    float *copy = malloc(n * sizeof *copy);
    if (!copy)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for a model of %zu bytes",
                        n * sizeof *copy);
    memcpy(copy, (const unsigned char *)bytes + start, n * sizeof *copy);
    *model = copy;
    *inputs = first[1];
    *outputs = last[0];
    return true;
}
