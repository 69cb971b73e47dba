/* thin — a trained net with some of its hidden units taken out, as a smaller net: what is not there
 * is not computed.
 *
 * 1. It begins behind the first hidden layer, whose outputs do not depend on what is taken out: its
 *    inputs are those of that layer's units that stay, as net_inference.observe tells them.
 * 2. A hidden unit that is taken out hands on 0; the others hand on `scale` times what they did.
 * 3. Layer normalization is over all units of a layer: those stay, and the next layer's weights are
 *    zero where they are taken out.
 * Ownership: memory is the caller's arena's. Threads: one at a time. */
#ifndef CORE_NET_THIN_H
#define CORE_NET_THIN_H

#include "core/net/infer.h"

typedef struct thin_net {
    const net *whole;
    net net; /* outputs are logits: its task is a regression */
    net_inference inference;
    real *model;
} thin_net;

/* The units of a hidden layer that stay: n of them, increasing. Where none does, units[0] is any
 * unit, whose weights become zero: a product has at least one column. */
typedef struct thin_layer {
    uint32_t *units;
    size_t n;
} thin_layer;

/* Carves (or counts) the memory for any subset of a net that has hidden layers. */
void thin_net_take(thin_net *t, arena *a, const net *whole);

/* The smaller net of the model of `full`, its factors too: kept has one row per hidden layer. */
void thin_net_set(thin_net *t, const net_inference *full, const thin_layer *kept, double scale);

/* The columns of x (rows, units) that stay, in out (rows, kept->n or 1). */
void thin_net_gather(const thin_layer *kept, const real *x, size_t units, size_t rows, real *out);

#endif
