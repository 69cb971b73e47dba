/* hooks — the contract of one regularizer: its row with its hooks, and what these may look at.
 *
 * A file of a kind defines its rows and includes this; core/regularizer/regularizer.h has the
 * table, and the functions that call the hooks. A NULL hook costs nothing.
 *
 * 1. Each regularizer draws from its own stream: switching one on changes nobody else's draws.
 * 2. A state is its row's own: nobody else knows its type or looks into it.
 * 3. A pause loses nothing: what later steps and records depend on, beyond what on_epoch and
 *    on_step set anew, is in saved_arrays or, with saves_state, in the state.
 * Threads: as noted; the parallel hooks write only inside the slice or rows that they are given. */
#ifndef CORE_REGULARIZER_HOOKS_H
#define CORE_REGULARIZER_HOOKS_H

#include "core/data/split.h"
#include "core/math/rng.h"
#include "core/net/infer.h"
#include "core/regularizer/saved.h"
#include "core/spec/metric.h"
#include "core/spec/spec.h"

enum {
    REGULARIZERS_LIMIT = 24,
    REGULARIZER_STATE_LIMIT = 4096 /* bytes; what grows with the net is carved in `take` */
};

typedef struct regularization regularization;

/* `state`: the row's own, state_bytes long, zeroed before `take`; NULL where that is 0. */
typedef struct regularizer {
    const char *name;          /* its field, or the value of dropout_kind */
    size_t state_bytes;        /* at most REGULARIZER_STATE_LIMIT */
    bool is_sampled;           /* acts in sampled predictions too (Monte-Carlo dropout): a mask */
    bool needs_whole_gradient; /* all of a step's gradient is there before any of it is used */
    bool keeps_finite;         /* a remedy for trainings that diverge: its field is named then */
    bool saves_state;          /* the state itself goes into checkpoints: it holds no pointer */

    /* ---- before a run ---- */
    bool (*is_active)(const train_spec *spec);
    /* What it demands of a resolved specification and a data set, where it is active: adds every
     * fault; true when it added none. */
    bool (*check)(const train_spec *spec, const dataset *set, fail_list *faults);
    /* The best record's weights are to be selected in place of the last ones. */
    bool (*keeps_best)(const train_spec *spec);
    /* Factors that a trained model's inference takes: all are 1 before. */
    void (*inference)(const train_spec *spec, net_inference *inference);
    /* Carves (or counts) its memory; shapes are known, weights are not. While counting, all
     * pointers that come from the arena are NULL. */
    void (*take)(void *state, const regularization *r, arena *a);
    /* Adds the arrays that a checkpoint holds. */
    void (*saved_arrays)(const void *state, const regularization *r, saved_list *out);
    /* Training begins with these weights; a checkpoint may replace what it saved. */
    void (*on_start)(void *state, const regularization *r, const real *model);

    /* ---- in a step, in this order ---- */
    /* An epoch (0-based) begins or goes on. One thread. */
    void (*on_epoch)(void *state, const regularization *r, int64_t epoch);
    /* A step begins: draw what its rows share. One thread. */
    void (*on_step)(void *state, const regularization *r);
    /* Before the forward pass: put other weights in a layer's place. Splits its work itself. */
    void (*on_weights)(void *state, const regularization *r, int layer, parallel *p);
    /* The minibatch is read: change inputs and targets where rows depend on each other (one
     * thread), then row by row (parallel over groups of rows). */
    void (*on_whole_batch)(void *state, const regularization *r);
    void (*on_batch)(void *state, const regularization *r, size_t row, size_t rows);
    /* In place of a layer's matrix product where replaces_dense says so: forward parallel over
     * rows, backward one thread. */
    bool (*replaces_dense)(const void *state, const regularization *r, int layer);
    void (*dense_forward)(void *state, const regularization *r, int layer, size_t row,
                          const real *x, real *z);
    void (*dense_backward)(void *state, const regularization *r, int layer, size_t row,
                           const real *x, const real *delta, real *weight_gradient,
                           real *x_gradient);
    /* A slice of a hidden layer is computed; its gradient comes back, rows in opposite order.
     * Parallel over slices. */
    void (*on_forward)(void *state, const regularization *r, int layer, net_stage stage,
                       const net_slice *s, real *x);
    void (*on_backward)(void *state, const regularization *r, int layer, net_stage stage,
                        const net_slice *s, real *delta);
    /* Undo in the gradient what on_weights did. Parallel over parts. */
    void (*on_weight_gradient)(void *state, const regularization *r, int layer, size_t row,
                               size_t rows, real *gradient);
    /* Its explicit term in the objective, of n parameters; and its constants for the fused update
     * pass, added to what is there. */
    double (*penalty)(const train_spec *spec, const real *x, size_t n);
    void (*add_gradient)(const train_spec *spec, kernel_update *u);
    /* With needs_whole_gradient: the gradient (n) of all trained parameters, whose norm this is,
     * before any use. One thread. */
    void (*on_gradient)(void *state, const regularization *r, double norm, real *gradient,
                        size_t n);
    /* Just before the update: a block of whole rows of a layer's gradient (parallel over parts), or
     * with row NET_NONE one of its vectors, `rows` saying which (core/math/rng.h; one thread). And
     * the same rows of the weights just after. */
    void (*on_update)(void *state, const regularization *r, int layer, size_t row, size_t rows,
                      real *gradient);
    void (*after_update)(void *state, const regularization *r, int layer, size_t rows,
                         real *weights);
    /* The step is done. One thread. */
    void (*after_step)(void *state, const regularization *r, const real *model);

    /* ---- after an epoch ---- */
    /* The weights that are evaluated and selected in place of the model. */
    real *(*on_evaluation)(void *state, const regularization *r);
    /* A record of an epoch >= 1 is complete. *is_best: whether it is the best so far, as far as
     * known before. True ends the training. */
    bool (*after_record)(void *state, const regularization *r, const record *made, bool *is_best);
} regularizer;

/* The regularizers of one run: what hooks may look at, and which rows are active. Only `work` and
 * the arguments are for hooks to write. */
struct regularization {
    const train_spec *spec;
    const net *net;
    net_work *work;
    const split *data;         /* NULL in predictions */
    size_t batch;              /* rows that the memory is for */
    bool needs_whole_gradient; /* of any active row */
    /* the step */
    bool is_training;
    rng_purpose mask_purpose; /* dropout, monte_carlo or diagnostics */
    uint32_t step;            /* of the counters */
    uint32_t first_row;       /* counter row of the minibatch's row 0 */
    /* in the order of the table */
    int n_active;
    struct {
        const regularizer *row;
        void *state;
    } active[REGULARIZERS_LIMIT];
    saved_list saved;
};

#endif
