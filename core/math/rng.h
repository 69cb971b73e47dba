/* rng — Philox4x32-10 (Salmon et al. 2011), one independent stream per purpose, addressed, never
 * stateful.
 *
 * Every random number of a run is a pure function of (seed, purpose, block, row, step, layer), so
 * that an independent program can recompute each one, and switching one regularizer on changes
 * nobody else's draws.
 *
 *   key[0]     = seed bits 0..31
 *   key[1]     = seed bits 32..52 in bits 0..20, purpose in bits 21..31
 *   counter    = (block, row, step, layer), each a 32-bit word
 *
 * row is the sample's position in its minibatch (0 for scope `batch`), step counts from 0 at the
 * start of the run, layer is 0 for the input and i for hidden layer i = 1, 2, ... (the output layer
 * is n_hidden + 1). A block is four 32-bit words w0..w3, read in this order. The draws:
 *
 *   mask decision  16 bits: unit u reads half-word u mod 8 (low half of w0, high half of w0, low
 *                  half of w1, ...) of block u / 8 and is dropped if it is < round(65536 * rate);
 *                  survivors are scaled by 1 / (1 - round(65536*rate)/65536)
 *   uniform        32 bits: (w + 0.5) / 2^32, in (0, 1): word u mod 4 of block u / 4
 *   normal         Box-Muller on the pairs (w0, w1) and (w2, w3) with u1 = (w_even + 0.5)/2^32, u2
 *                  = w_odd / 2^32: element u is of block u / 4: r = sqrt(-2 ln u1); even u:
 *                  r*cos(2*pi*u2), odd u: r*sin(2*pi*u2)
 *   below(n)       32 bits: the high word of w * n (Lemire without rejection: bias below n / 2^32)
 *   permutation    Fisher-Yates, i = n-1 .. 1, j = below(i + 1) from the i-th word from the top:
 *                  word n-1-i of the stream
 *   stream         a sequence of words w0 w1 w2 w3 of block 0, then of block 1, ...: used by
 *                  sequential consumers
 *
 * Purposes (their number is part of the address and never changes):
 *    0 weights        initial weights: layer i (1-based), row 0, step 0; element u in row-major
 *                     order of the weight matrix
 *    1 order          order of the training samples: step = epoch (0-based), row 0, layer 0:
 *                     permutation
 *    2 dropout        masks of `dropout` and `input_dropout`: bernoulli and alpha: mask decisions
 *                     of (row, step, layer); gaussian: normals; dropconnect: mask decisions over
 *                     the weights of layer i, element u = output*inputs + input
 *    3 input_noise    normals: (row, step, layer 0)
 *    4 activation_noise  normals: (row, step, layer i)
 *    5 weight_noise   normals: (row 0, step, layer i), element u of the weight matrix
 *    6 gradient_noise normals: (row 0, step, layer i), element u of the weight matrix; biases: row
 *    1; normalization: rows 2 (weight) and 3 (bias)
 *    7 mixup          (row 0, step, layer 0): the stream gives first the Beta draw, then (row 1,
 *                     step, layer 0) the permutation; the Beta draw is x / (x + y) of two gammas; a
 *                     gamma of shape a (Marsaglia and Tsang 2000) takes, for a < 1, one uniform u
 *                     for its factor u^(1/a) and goes on with a + 1; then, until it accepts, a
 *                     normal (two words) and, if 1 + c*normal is positive, a uniform (one word)
 *    8 augmentation   (row, step, layer 0): the stream; core/regularizer/augment.h documents the
 *                     order
 *    9 monte_carlo    masks of Monte-Carlo evaluation and of predictions in training mode: as
 *                     purpose 2, with row = sample's index in the split and step = index of the
 *                     sampled mask
 *   10 data           built-in generators, seeded by data_seed: row = sample, layer 0: the stream;
 *                     core/data/generators.h has the rest
 *   11 split          splits and subsets, seeded by data_seed: layer = which draw
 *                     (core/data/dataset.h), row = class
 *   12 label_noise    seeded by data_seed: step 0 chooses the rows (permutation), step 1 the new
 *                     labels
 *   13 diagnostics    masks drawn only to measure variance_shift: as purpose 2, row = validation
 *                     sample, step = 0
 *   14 ablation      units taken out to measure ablation_25 and the like: (row 0, step = number of
 *                     the mask, layer i): the permutation of the layer's units, whose first ones
 *                     are taken out
 *
 * Threads: pure functions. */
#ifndef CORE_MATH_RNG_H
#define CORE_MATH_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef enum rng_purpose {
    RNG_WEIGHTS,
    RNG_ORDER,
    RNG_DROPOUT,
    RNG_INPUT_NOISE,
    RNG_ACTIVATION_NOISE,
    RNG_WEIGHT_NOISE,
    RNG_GRADIENT_NOISE,
    RNG_MIXUP,
    RNG_AUGMENTATION,
    RNG_MONTE_CARLO,
    RNG_DATA,
    RNG_SPLIT,
    RNG_LABEL_NOISE,
    RNG_DIAGNOSTICS,
    RNG_ABLATION,
    RNG_PURPOSE_COUNT
} rng_purpose;

typedef struct rng_key {
    uint32_t word[2];
} rng_key;

/* The part of a counter that is fixed while blocks are counted up. */
typedef struct rng_address {
    rng_key key;
    uint32_t row, step, layer;
} rng_address;

/* One block with any number of rounds (10 everywhere but in the known-answer tests, which also use
 * 7). */
void rng_philox(const uint32_t counter[4], const uint32_t key[2], int rounds, uint32_t out[4]);

/* The key of a purpose under a seed in 0 .. 2^53 - 1. */
rng_key rng_key_of(int64_t seed, rng_purpose purpose);

/* The four words of one block. */
void rng_block(const rng_address *address, uint32_t block, uint32_t out[4]);

/* out[u] for u = first .. first + n - 1 of the address; any `first`. Uniforms in (0, 1); standard
 * normals. */
void rng_fill_uniform(const rng_address *address, size_t first, size_t n, float *out);
void rng_fill_normal(const rng_address *address, size_t first, size_t n, float *out);

/* round(65536 * rate): decisions below it are drops. */
uint32_t rng_threshold(double rate);

/* Mask decisions of units 0 .. n - 1 as bits, 1 = survives: bit u % 32 of bits[u / 32]; the last
 * word's unused bits are 0. */
void rng_fill_mask(const rng_address *address, size_t n, uint32_t threshold, uint32_t *bits);

/* A sequential reader of an address's words; a value, cheap to make. */
typedef struct rng_stream {
    rng_address address;
    uint32_t block, used; /* the next block; words of `words` already read */
    uint32_t words[4];
} rng_stream;

rng_stream rng_stream_at(int64_t seed, rng_purpose purpose, uint32_t row, uint32_t step,
                         uint32_t layer);
uint32_t rng_next(rng_stream *stream);
double rng_uniform(rng_stream *stream); /* (0, 1), one word */
double rng_uniform_between(rng_stream *stream, double low, double high);
double rng_normal(rng_stream *stream);              /* Box-Muller's cosine half, two words */
uint32_t rng_below(rng_stream *stream, uint32_t n); /* 0 .. n - 1, n >= 1, one word */
/* Beta(a, b), any a, b > 0: two gammas (Marsaglia and Tsang 2000). */
double rng_beta(rng_stream *stream, double a, double b);
void rng_permute(rng_stream *stream, uint32_t *items, size_t n); /* Fisher-Yates in place */

#endif
