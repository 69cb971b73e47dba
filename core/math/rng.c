#include "core/math/rng.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 10 };
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0 0x9E3779B9u
#define WEYL_1 0xBB67AE85u

void rng_philox(const uint32_t counter[4], const uint32_t key[2], int rounds, uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0],
             k1 = key[1];
    for (int i = 0; i < rounds; i++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0, p1 = (uint64_t)MULTIPLIER_1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

rng_key rng_key_of(int64_t seed, rng_purpose purpose)
{
    assert(seed >= 0 && seed < (int64_t)1 << 53);
    return (rng_key){{(uint32_t)seed, (uint32_t)(seed >> 32) | (uint32_t)purpose << 21}};
}

void rng_block(const rng_address *address, uint32_t block, uint32_t out[4])
{
    const uint32_t counter[4] = {block, address->row, address->step, address->layer};
    rng_philox(counter, address->key.word, ROUNDS, out);
}

uint32_t rng_threshold(double rate)
{
    return (uint32_t)lround(65536.0 * rate);
}

rng_stream rng_stream_at(int64_t seed, rng_purpose purpose, uint32_t row, uint32_t step,
                         uint32_t layer)
{
    return (rng_stream){.address = {rng_key_of(seed, purpose), row, step, layer}, .used = 4};
}

uint32_t rng_next(rng_stream *stream)
{
    if (stream->used == 4) {
        rng_block(&stream->address, stream->block++, stream->words);
        stream->used = 0;
    }
    return stream->words[stream->used++];
}

double rng_uniform(rng_stream *stream)
{
    return ((double)rng_next(stream) + 0.5) * 0x1p-32;
}

double rng_uniform_between(rng_stream *stream, double low, double high)
{
    return low + (high - low) * rng_uniform(stream);
}

double rng_normal(rng_stream *stream)
{
    double u1 = rng_uniform(stream), u2 = (double)rng_next(stream) * 0x1p-32;
    return sqrt(-2 * log(u1)) * cos(6.283185307179586 * u2);
}

uint32_t rng_below(rng_stream *stream, uint32_t n)
{
    assert(n > 0);
    return (uint32_t)((uint64_t)rng_next(stream) * n >> 32);
}

/* A gamma draw, and its logarithm, which stays a number where the draw itself underflows. */
typedef struct gamma_sample {
    double value, logarithm;
} gamma_sample;

/* Marsaglia and Tsang 2000; shape < 1 by the boost u^(1/shape). */
static gamma_sample gamma_draw(rng_stream *stream, double shape)
{
    double boost = 1, log_boost = 0;
    if (shape < 1) {
        double u = rng_uniform(stream);
        boost = pow(u, 1 / shape);
        log_boost = log(u) / fmax(shape, 1e-300);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(stream), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(rng_uniform(stream)) < 0.5 * x * x + d - d * v + d * log(v))
            return (gamma_sample){boost * d * v, log_boost + log(d * v)};
    }
}

double rng_beta(rng_stream *stream, double a, double b)
{
    gamma_sample x = gamma_draw(stream, a), y = gamma_draw(stream, b);
    if (x.value + y.value > 0)
        return x.value / (x.value + y.value);
    /* Both underflow where a and b are small: the same quotient by logarithms, nearly always 0 or
     * 1. */
    return 1 / (1 + exp(y.logarithm - x.logarithm));
}

void rng_permute(rng_stream *stream, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        uint32_t j = rng_below(stream, (uint32_t)i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
