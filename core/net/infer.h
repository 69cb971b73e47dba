/* infer — what a trained net answers: no hooks, no random number, no memory of a step.
 *
 * Ownership: scratch lives in the caller's arena. Threads: products are split over p's threads by
 * shape alone (core/math/parallel.h). */
#ifndef CORE_NET_INFER_H
#define CORE_NET_INFER_H

#include "core/net/net.h"

typedef struct net_scratch { /* for chunks of `rows` rows */
    real *a, *b;             /* (rows, widest) */
    size_t rows;
} net_scratch;

/* Carves (or counts) the scratch of inference on chunks of up to `rows` rows. */
void net_take_scratch(const net *n, arena *a, size_t rows, net_scratch *scratch);

/* A model, and the factors of what was scaled down in training on the average: 1 where nothing
 * was. */
typedef struct net_inference {
    const real *model;
    /* on the input (0) and on what hidden layer i hands on */
    double keep[SPEC_ALL_LAYERS_LIMIT];
    double keep_dense[SPEC_ALL_LAYERS_LIMIT]; /* on the dense product, before its bias */
    double keep_before_normalization[SPEC_ALL_LAYERS_LIMIT]; /* after it */
    /* May be NULL: what each layer computes, before the factor of what it hands on. */
    void (*observe)(void *context, int layer, const real *out, size_t n);
    void *context;
} net_inference;

/* Outputs (probabilities for classification) of x (n, inputs), n <= scratch rows; returns the
 * matrix (n, outputs), inside scratch. x may be scratch->a. */
const real *net_infer(const net *n, const net_inference *inference, real *x, size_t rows,
                      net_scratch *scratch, parallel *p);

#endif
