/* Philox against the known answers of Random123, and every fill against the addressing that
 * core/math/rng.h documents. */
#include "tests/check.h"

#include "core/math/kernel.h"
#include "core/math/rng.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The kat_vectors of Random123, release v1.14.0: rounds, counter, key, expected. */
static const struct {
    int rounds;
    uint32_t counter[4], key[2], expected[4];
} KNOWN[] = {
    {7, {0, 0, 0, 0}, {0, 0}, {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48}},
    {7, {~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662}},
    {7,
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}},
    {10, {0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {10, {~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {10,
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void known_answers(void)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        uint32_t out[4];
        rng_philox(KNOWN[i].counter, KNOWN[i].key, KNOWN[i].rounds, out);
        for (int j = 0; j < 4; j++)
            CHECK_EQUAL_INT(out[j], KNOWN[i].expected[j]);
    }
}

static void keys_hold_seed_and_purpose(void)
{
    rng_key key = rng_key_of(((int64_t)1 << 53) - 1, RNG_DIAGNOSTICS);
    CHECK_EQUAL_INT(key.word[0], 0xFFFFFFFFu);
    CHECK_EQUAL_INT(key.word[1], 0x1FFFFFu | 13u << 21);
    key = rng_key_of(0x123456789ALL, RNG_DROPOUT);
    CHECK_EQUAL_INT(key.word[0], 0x3456789Au);
    CHECK_EQUAL_INT(key.word[1], 0x12u | 2u << 21);
}

static void blocks_equal_single_ones(void)
{
    rng_address address = {rng_key_of(42, RNG_DROPOUT), 0, 17, 3};
    static uint32_t words[4 * 5 * 37];
    kernel_blocks(&address, 9, 5, 2, 37, words);
    for (uint32_t row = 0; row < 5; row++)
        for (uint32_t block = 0; block < 37; block++) {
            uint32_t expected[4];
            address.row = 9 + row;
            rng_block(&address, 2 + block, expected);
            for (uint32_t j = 0; j < 4; j++)
                CHECK_EQUAL_INT(words[4 * (row * 37 + block) + j], expected[j]);
        }
}

/* The rule of core/math/rng.h, unit by unit. */
static bool survives(const rng_address *address, size_t u, uint32_t threshold)
{
    uint32_t words[4];
    rng_block(address, (uint32_t)(u / 8), words);
    return (words[u % 8 / 2] >> (u % 2 * 16) & 0xFFFF) >= threshold;
}

static void masks_follow_the_addressing(void)
{
    rng_address address = {rng_key_of(5, RNG_DROPOUT), 7, 1, 2};
    uint32_t threshold = rng_threshold(0.3), bits[32];
    CHECK_EQUAL_INT(threshold, 19661);
    for (size_t n = 1; n < 700; n += 97) {
        rng_fill_mask(&address, n, threshold, bits);
        for (size_t u = 0; u < n; u++)
            CHECK_EQUAL_INT(bits[u / 32] >> (u % 32) & 1, survives(&address, u, threshold));
        if (n % 32)
            CHECK_EQUAL_INT(bits[n / 32] >> (n % 32), 0);
    }
}

static void normals_follow_the_addressing(void)
{
    rng_address address = {rng_key_of(5, RNG_INPUT_NOISE), 3, 1, 0};
    float all[1000], some[50];
    rng_fill_normal(&address, 0, 1000, all);
    for (size_t u = 0; u < 1000; u++) {
        uint32_t words[4];
        rng_block(&address, (uint32_t)(u / 4), words);
        size_t pair = u % 4 / 2 * 2;
        double radius = sqrt(-2 * log((words[pair] + 0.5) * 0x1p-32)),
               angle = 2 * M_PI * 0x1p-32 * words[pair + 1];
        CHECK_NEAR(all[u], radius * (u % 2 ? sin(angle) : cos(angle)), 1e-4);
    }
    rng_fill_normal(&address, 333, 50, some);
    for (size_t i = 0; i < 50; i++)
        CHECK_NEAR(some[i], all[333 + i], 1e-7);
}

static void uniforms_follow_the_addressing(void)
{
    rng_address address = {rng_key_of(5, RNG_DATA), 3, 1, 2};
    float some[301];
    for (size_t first = 0; first < 9; first += 4) {
        rng_fill_uniform(&address, first, 301, some);
        for (size_t i = 0; i < 301; i++) {
            uint32_t words[4];
            rng_block(&address, (uint32_t)((first + i) / 4), words);
            CHECK_NEAR(some[i], (words[(first + i) % 4] + 0.5) * 0x1p-32, 1e-7);
        }
    }
}

/* Word number n of a stream. */
static uint32_t word_of(const rng_stream *s, uint32_t n)
{
    uint32_t words[4];
    rng_block(&s->address, n / 4, words);
    return words[n % 4];
}

static void streams_follow_the_addressing(void)
{
    enum { N = 1000 };
    const rng_stream start = rng_stream_at(77, RNG_SPLIT, 4, 5, 6);
    rng_stream s = start;
    for (uint32_t n = 0; n < 100; n++)
        CHECK_EQUAL_INT(rng_next(&s), word_of(&start, n));
    CHECK_NEAR(rng_uniform(&s), (word_of(&start, 100) + 0.5) * 0x1p-32, 1e-15);
    CHECK_EQUAL_INT(rng_below(&s, 1000), (uint64_t)word_of(&start, 101) * 1000 >> 32);
    double radius = sqrt(-2 * log((word_of(&start, 102) + 0.5) * 0x1p-32));
    CHECK_NEAR(rng_normal(&s), radius * cos(2 * M_PI * 0x1p-32 * word_of(&start, 103)), 1e-12);
    /* Fisher-Yates from the top, a word each. */
    uint32_t items[N], expected[N];
    for (uint32_t i = 0; i < N; i++)
        items[i] = expected[i] = i;
    s = start;
    rng_permute(&s, items, N);
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = (uint32_t)((uint64_t)word_of(&start, N - 1 - i) * (i + 1) >> 32),
                 kept = expected[i];
        expected[i] = expected[j];
        expected[j] = kept;
    }
    CHECK_EQUAL_BYTES(items, expected, sizeof items);
}

static void draws_have_their_moments(void)
{
    enum { N = 200000 };
    float *x = malloc(N * sizeof *x);
    double sum = 0, squares = 0, uniform = 0, beta = 0;
    CHECK_OR_RETURN(x);
    rng_address address = {rng_key_of(1, RNG_WEIGHT_NOISE), 0, 0, 1};
    rng_fill_normal(&address, 0, N, x);
    for (size_t i = 0; i < N; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    CHECK(fabs(sum / N) < 0.01);
    CHECK(fabs(squares / N - 1) < 0.02);
    rng_fill_uniform(&address, 0, N, x);
    for (size_t i = 0; i < N; i++)
        uniform += (double)x[i] / N;
    CHECK(fabs(uniform - 0.5) < 0.005);
    rng_stream s = rng_stream_at(3, RNG_MIXUP, 0, 0, 0);
    for (int i = 0; i < 20000; i++) {
        double b = rng_beta(&s, 0.4, 0.4);
        beta += (b - 0.5) * (b - 0.5) / 20000;
    }
    CHECK(fabs(beta - 1 / (4 * (2 * 0.4 + 1))) < 0.005); /* the variance of Beta(a, a) */
    free(x);
}

/* Beta(a, a) with a small a is nearly a coin: its variance 1 / (4 (2a + 1)) goes to 1/4. Both of
 * its gammas underflow then. */
static void small_betas_are_coins(void)
{
    static const double SHAPES[] = {DBL_TRUE_MIN, 1e-300, 1e-6, 1e-3, 5e-3};
    for (size_t k = 0; k < sizeof SHAPES / sizeof SHAPES[0]; k++) {
        enum { N = 4000 };
        double a = SHAPES[k], mean = 0, variance = 0;
        for (uint32_t i = 0; i < N; i++) {
            rng_stream s = rng_stream_at(3, RNG_MIXUP, 0, i, 0);
            double b = rng_beta(&s, a, a);
            CHECK(b >= 0 && b <= 1);
            mean += b / N;
            variance += (b - 0.5) * (b - 0.5) / N;
        }
        CHECK_NEAR(mean, 0.5, 0.03);
        CHECK_NEAR(variance, 1 / (4 * (2 * a + 1)), 0.003);
    }
}

static void permutations_are_permutations(void)
{
    enum { N = 1000 };
    uint32_t items[N], again[N], seen[N] = {0}, moved = 0;
    for (uint32_t i = 0; i < N; i++)
        items[i] = again[i] = i;
    rng_stream s = rng_stream_at(3, RNG_ORDER, 0, 5, 0), t = s;
    rng_permute(&s, items, N);
    rng_permute(&t, again, N);
    for (uint32_t i = 0; i < N; i++) {
        seen[items[i]]++;
        moved += items[i] != i;
        CHECK_EQUAL_INT(items[i], again[i]);
    }
    for (uint32_t i = 0; i < N; i++)
        CHECK_EQUAL_INT(seen[i], 1);
    CHECK(moved > N / 2);
}

static void purposes_differ(void)
{
    for (int p = 0; p < RNG_PURPOSE_COUNT; p++)
        for (int q = 0; q < p; q++) {
            rng_stream a = rng_stream_at(0, (rng_purpose)p, 0, 0, 0),
                       b = rng_stream_at(0, (rng_purpose)q, 0, 0, 0);
            CHECK(rng_next(&a) != rng_next(&b));
        }
}

CHECK_MAIN("rng", known_answers, keys_hold_seed_and_purpose, blocks_equal_single_ones,
           masks_follow_the_addressing, normals_follow_the_addressing,
           uniforms_follow_the_addressing, streams_follow_the_addressing, draws_have_their_moments,
           small_betas_are_coins, permutations_are_permutations, purposes_differ)
