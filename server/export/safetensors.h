/* safetensors — models and arrays in the safetensors format: an 8-byte length, a JSON
 * header, the tensors' bytes.
 *
 * 1. Every tensor is little-endian, row-major, without gaps, in the order of the header; the header
 * is padded with spaces to a multiple of 8 bytes, so that tensors are aligned. The same content
 * gives the same bytes.
 * 2. A model is the flat vector of core/net/tensor.h; reading checks every name, type, shape and
 *    offset
 * against the specification. Threads: pure functions. */
#ifndef SERVER_EXPORT_SAFETENSORS_H
#define SERVER_EXPORT_SAFETENSORS_H

#include "core/base/fail.h"
#include "core/spec/spec.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

typedef enum export_type { EXPORT_F32, EXPORT_F64, EXPORT_I64, EXPORT_U8 } export_type;

typedef struct export_tensor {
    const char *name;
    export_type type;
    int n_dimensions; /* 1 .. 4 */
    size_t shape[4];
} export_tensor;

/* Bytes of one tensor. */
size_t export_tensor_bytes(const export_tensor *t);

/* Appends length and header for tensors that follow in this order. */
void export_safetensors_add_header(buffer *b, const export_tensor *tensors, int n_tensors);

/* Appends a whole file with the model's tensors. */
void export_safetensors_add_model(buffer *b, const train_spec *spec, size_t inputs, size_t outputs,
                                  const float *model);

/* Bytes that export_safetensors_add_model() appends at most. */
size_t export_safetensors_model_bytes(const train_spec *spec, size_t inputs, size_t outputs);

/* Reads a file that export_safetensors_add_model() wrote for this spec; *model (on the heap,
 * tensor_model_size() floats) is the caller's. FAIL_SYNTAX with what is wrong where it is another
 * file. */
FAIL_CHECKED bool export_safetensors_read_model(const void *bytes, size_t n_bytes,
                                                const train_spec *spec, size_t *inputs,
                                                size_t *outputs, float **model, fail *f);

#endif
