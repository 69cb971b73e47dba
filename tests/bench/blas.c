/* blas — the time that the matrix products of one training step take in OpenBLAS alone, on one
 * thread.
 *
 *     blas BATCH WIDTH0 WIDTH1 ... WIDTHn        prints microseconds per step
 *
 * For each layer the product forward and the gradient of the weights, for each but the first also
 * the gradient of the inputs: the least of seven repeats of a fifth of a second. What a training
 * step takes beyond that is the engine's own. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LAYERS_LIMIT = 16, REPEATS = 7 };

typedef struct layer {
    int n_in, n_out;
    float *x, *dx, *w, *dw; /* (batch, n_in), (batch, n_in), (n_out, n_in), (n_out, n_in) */
} layer;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *new_matrix(int rows, int columns)
{
    size_t n = (size_t)rows * (size_t)columns;
    float *m = aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
    if (!m) {
        perror("blas");
        exit(1);
    }
    for (size_t i = 0; i < n; i++)
        m[i] = (float)(i % 201) / 1000.0f - 0.1f;
    return m;
}

static void one_step(const layer *layers, int n_layers, int batch, float *y, const float *dy)
{
    for (int i = 0; i < n_layers; i++) {
        const layer *l = &layers[i];
        float *out = i + 1 < n_layers ? layers[i + 1].x : y;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, l->n_out, l->n_in, 1.0f, l->x,
                    l->n_in, l->w, l->n_in, 0.0f, out, l->n_out);
        out[0] = 0.01f; /* keeps the values finite over many steps */
    }
    for (int i = n_layers - 1; i >= 0; i--) {
        const layer *l = &layers[i];
        const float *above = i + 1 < n_layers ? layers[i + 1].dx : dy;
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, l->n_out, l->n_in, batch, 1.0f, above,
                    l->n_out, l->x, l->n_in, 0.0f, l->dw, l->n_in);
        if (i > 0)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, l->n_in, l->n_out, 1.0f,
                        above, l->n_out, l->w, l->n_in, 0.0f, l->dx, l->n_in);
    }
}

static double least_seconds_per_step(const layer *layers, int n_layers, int batch)
{
    int n_out = layers[n_layers - 1].n_out;
    float *y = new_matrix(batch, n_out), *dy = new_matrix(batch, n_out);
    double least = 1e9;
    one_step(layers, n_layers, batch, y, dy);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int n_steps = 0;
        double start = seconds(), now = start;
        for (; now - start < 0.2; now = seconds(), n_steps++)
            one_step(layers, n_layers, batch, y, dy);
        if ((now - start) / n_steps < least)
            least = (now - start) / n_steps;
    }
    free(y);
    free(dy);
    return least;
}

int main(int argc, char **argv)
{
    int n_layers = argc - 3, widths[LAYERS_LIMIT + 2];
    if (n_layers < 1 || n_layers > LAYERS_LIMIT) {
        fputs("usage: blas BATCH WIDTH0 WIDTH1 ... WIDTHn\n", stderr);
        return 2;
    }
    for (int i = 0; i < argc - 1; i++) {
        long value = strtol(argv[i + 1], NULL, 10);
        if (value < 1 || value > 65536) {
            fprintf(stderr, "blas: %s is no width\n", argv[i + 1]);
            return 2;
        }
        widths[i] = (int)value;
    }
    layer layers[LAYERS_LIMIT];
    for (int i = 0; i < n_layers; i++) {
        int n_in = widths[i + 1], n_out = widths[i + 2];
        layers[i] = (layer){.n_in = n_in,
                            .n_out = n_out,
                            .x = new_matrix(widths[0], n_in),
                            .dx = new_matrix(widths[0], n_in),
                            .w = new_matrix(n_out, n_in),
                            .dw = new_matrix(n_out, n_in)};
    }
    printf("%.2f\n", 1e6 * least_seconds_per_step(layers, n_layers, widths[0]));
    for (int i = 0; i < n_layers; i++) {
        free(layers[i].x);
        free(layers[i].dx);
        free(layers[i].w);
        free(layers[i].dw);
    }
    return 0;
}
