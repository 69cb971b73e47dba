#include "server/codec/residuals.h"

#include "server/codec/codec.h"

static void open_array(buffer *b, const char *key)
{
    json_add_key(b, key);
    buffer_add_text(b, "[");
}

static void add_quantiles(buffer *b, const residuals_summary *s)
{
    open_array(b, "quantiles");
    for (int q = 0; q < RESIDUALS_QUANTILES; q++) {
        json_add_separator(b);
        buffer_add_text(b, "{");
        json_add_member_number(b, "share", RESIDUALS_SHARES[q]);
        json_add_member_number(b, "residual", s->quantiles[q]);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
}

static void add_histogram(buffer *b, const residuals_summary *s)
{
    json_add_key(b, "histogram");
    buffer_add_text(b, "{");
    json_add_member_number(b, "low", s->low);
    json_add_member_number(b, "high", s->high);
    open_array(b, "counts");
    for (int i = 0; i < RESIDUALS_BINS; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)s->counts[i]);
    }
    buffer_add_text(b, "]}");
}

/* Every so-manieth sample with all its outputs. */
static void add_floats(buffer *b, const char *key, const residuals *r, const float *values,
                       size_t n_samples)
{
    open_array(b, key);
    for (size_t p = 0; p < n_samples; p++)
        for (size_t c = 0; c < r->k; c++) {
            json_add_separator(b);
            json_add_float(b, values[p * r->n / n_samples * r->k + c]);
        }
    buffer_add_text(b, "]");
}

static void add_points(buffer *b, const residuals *r)
{
    size_t most = CODEC_RESIDUALS_POINTS / r->k, n_samples = r->n < most ? r->n : most;
    n_samples = n_samples > 0 ? n_samples : 1;
    json_add_key(b, "points");
    buffer_add_text(b, "{");
    add_floats(b, "target", r, r->targets, n_samples);
    add_floats(b, "prediction", r, r->predictions, n_samples);
    open_array(b, "output");
    for (size_t i = 0; i < n_samples * r->k; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)(i % r->k));
    }
    buffer_add_text(b, "]}");
}

void codec_add_residuals(buffer *b, const residuals *r, const residuals_summary *s)
{
    json_add_member_integer(b, "n", (int64_t)r->n);
    json_add_member_integer(b, "outputs", (int64_t)r->k);
    json_add_member_number(b, "rmse", s->rmse);
    json_add_member_number(b, "mae", s->mae);
    json_add_member_number(b, "r2", s->r2);
    json_add_member_number(b, "bias", s->bias);
    add_quantiles(b, s);
    add_histogram(b, s);
    add_points(b, r);
}

static void add_member_float(buffer *b, const char *key, float value)
{
    json_add_key(b, key);
    json_add_float(b, value);
}

void codec_add_residual(buffer *b, const residuals *r, size_t place, const float *inputs, size_t d)
{
    json_add_separator(b);
    buffer_add_text(b, "{");
    json_add_member_integer(b, "index", (int64_t)(place / r->k));
    json_add_member_integer(b, "output", (int64_t)(place % r->k));
    add_member_float(b, "target", r->targets[place]);
    add_member_float(b, "prediction", r->predictions[place]);
    json_add_member_number(b, "residual",
                           (double)r->targets[place] - (double)r->predictions[place]);
    json_add_key(b, "inputs");
    if (inputs) {
        buffer_add_text(b, "[");
        for (size_t c = 0; c < d; c++) {
            json_add_separator(b);
            json_add_float(b, inputs[c]);
        }
        buffer_add_text(b, "]");
    } else {
        buffer_add_text(b, "null");
    }
    buffer_add_text(b, "}");
}
