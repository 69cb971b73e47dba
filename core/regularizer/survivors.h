/* survivors — products without the units that a mask drops (Graham, Reizenstein and Robinson 2015):
 * the rows and columns of the weights that are left, side by side.
 *
 * A place is the input (0) or what hidden layer i hands on (i). Where the survivors of a place are
 * listed for a step, the layers around it compute with compact matrices.
 * Ownership: memory comes from the arena. Threads: one, but as noted. */
#ifndef CORE_REGULARIZER_SURVIVORS_H
#define CORE_REGULARIZER_SURVIVORS_H

#include "core/net/net.h"

typedef struct survivors {
    struct {
        uint32_t *units; /* increasing */
        size_t n;
        bool is_listed; /* in this step; else all units are there */
    } places[SPEC_ALL_LAYERS_LIMIT];
    real *input; /* (batch, inputs) */
    real *weights[SPEC_ALL_LAYERS_LIMIT], *bias[SPEC_ALL_LAYERS_LIMIT];
} survivors;

/* Carves (or counts) the memory: `drops` tells the places that a mask may act on, of
 * shape->n_layers. */
void survivors_take(survivors *s, arena *a, const net *shape, size_t batch, const bool *drops);

/* A step begins: all units are there. */
void survivors_start(survivors *s);

/* Lists those of a place's `width` units whose bit is 1. */
void survivors_list(survivors *s, int place, const uint32_t *bits, size_t width);

/* Puts what is left in the place of a layer's (0-based) weights and bias, and of what the first
 * layer reads. Splits its work itself. */
void survivors_put_weights(const survivors *s, int layer, net_work *work, parallel *p);

/* Rows [row, row + rows) of work->input, `width` wide, where place 0 is listed: what is left of
 * them goes to s->input. Any thread. */
void survivors_put_input(const survivors *s, const net_work *work, size_t width, size_t row,
                         size_t rows);

#endif
