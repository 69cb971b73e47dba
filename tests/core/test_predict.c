/* What a trained model says: predictions are those of the metrics, Monte-Carlo samples, the model
 * that training starts from. */
#include "tests/core/engine.h"

#include "core/data/internal.h"
#include "core/math/rng.h"
#include "core/spec/metric_score.h"

/* A comparison of rates wants its baseline measured like the others. */
static void monte_carlo_without_masks_is_inference(void)
{
    engine e;
    train_spec s = engine_spec("moons", 300);
    s.monte_carlo_samples = 10;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    CHECK_EQUAL_INT(e.spec.monte_carlo_samples, 10);
    CHECK_NEAR(e.result.selected[METRIC_MC_TEST_LOSS], e.result.selected[METRIC_TEST_LOSS], 0);
    CHECK_NEAR(e.result.selected[METRIC_MC_TEST_ECE], e.result.selected[METRIC_TEST_ECE], 0);
    engine_close(&e);
}

/* Two clouds far from each other, in turns or one after the other: the same rows in another
 * order. */
static dataset *clouds(bool are_sorted)
{
    enum { ROWS = 1500 };
    dataset *set = dataset_new();
    dataset_arrays arrays;
    fail f;
    if (!set)
        abort();
    set->d = 2;
    set->k = 2;
    set->default_scaling = SCALING_STANDARD;
    if (!dataset_allocate(set, ROWS, sizeof(float), &arrays, &f))
        abort();
    for (size_t i = 0; i < ROWS; i++) {
        size_t label = are_sorted ? i / (ROWS / 2) : i % 2,
               number = are_sorted ? i % (ROWS / 2) : i / 2;
        rng_stream s = rng_stream_at(1, RNG_DATA, (uint32_t)label, (uint32_t)number, 0);
        arrays.labels[i] = (int32_t)label;
        for (size_t j = 0; j < 2; j++)
            arrays.floats[2 * i + j] = (float)((label ? 4 : -4) + rng_normal(&s));
    }
    return set;
}

/* A file may hold its classes one after the other: the shift is that of the whole validation
 * split. */
static void variance_shift_is_of_every_class(void)
{
    double shifts[2];
    for (int are_sorted = 0; are_sorted < 2; are_sorted++) {
        fail f;
        fail_list faults = {0};
        engine e = {.spec = engine_spec("clouds", 0), .threads = 1, .set = clouds(are_sorted)};
        e.spec.dropout[0] = 0.5;
        e.spec.epochs = 1;
        e.spec.validation_size = 900;
        CHECK(spec_resolve(&e.spec, &faults));
        CHECK_OR_RETURN(split_open(e.set, &e.spec, &e.data, &f) && engine_train(&e));
        shifts[are_sorted] = e.records[0].layers[0][LAYER_METRIC_VARIANCE_SHIFT];
        engine_close(&e);
    }
    CHECK_NEAR(shifts[1], shifts[0], 0.05);
}

/* As the loss of inference, that of sampled masks does not end at the 87 nats of the least
 * float. */
static void monte_carlo_loss_is_of_logits(void)
{
    engine e;
    train_spec s = engine_spec("blobs", 300);
    s.dataset_options.noise = 100;
    s.scaling = SCALING_NONE;
    s.normalization = NORMALIZATION_NONE;
    s.learning_rate = 1e-9;
    s.epochs = 1;
    s.n_hidden = 1;
    s.activation = ACTIVATION_IDENTITY;
    s.initialization = INITIALIZATION_HE_NORMAL;
    s.input_dropout = 0.01;
    s.monte_carlo_samples = 1;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    double loss = e.result.selected[METRIC_TEST_LOSS];
    CHECK(loss > 100);
    CHECK_NEAR(e.result.selected[METRIC_MC_TEST_LOSS], loss, 0.1);
    engine_close(&e);
}

static void set_much(train_spec *s)
{
    s->dropout[0] = 0.5;
    s->input_dropout = 0.2;
    s->normalization = NORMALIZATION_BATCH;
    s->weight_noise = 0.01;
    s->weight_average = 0.9;
    s->early_stopping.enabled = true;
    s->monte_carlo_samples = 3;
}

static void predictions_agree_with_the_test_metrics(void)
{
    engine e;
    fail f;
    train_spec s = engine_spec("glyphs", 300);
    set_much(&s);
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    size_t n = e.data->n[PART_TEST], d = e.set->d, k = e.set->k;
    float *x = malloc(n * d * sizeof *x), *y = malloc(n * k * sizeof *y),
          *z = malloc(n * k * sizeof *z);
    CHECK_OR_RETURN(x && y && z);
    split_read_inputs(e.data, PART_TEST, NULL, 0, n, x);
    CHECK(train_predict(&e.spec, e.result.model, d, k, e.set->task, x, n, y, &f));
    classification_scores scores = metric_score_classification(y, e.data->labels[PART_TEST], n, k);
    CHECK_NEAR(scores.loss, e.result.selected[METRIC_TEST_LOSS], 1e-6);
    CHECK_NEAR(scores.accuracy, e.result.selected[METRIC_TEST_ACCURACY], 1e-9);
    /* The mean of sampled answers is the Monte-Carlo prediction. */
    memset(y, 0, n * k * sizeof *y);
    for (uint32_t sample = 0; sample < 3; sample++) {
        CHECK(train_predict_sample(&e.spec, e.result.model, d, k, e.set->task, x, n, sample,
                                   e.spec.epochs - 1, z, &f));
        for (size_t i = 0; i < n * k; i++)
            y[i] += z[i] / 3;
    }
    scores = metric_score_classification(y, e.data->labels[PART_TEST], n, k);
    CHECK_NEAR(scores.loss, e.result.selected[METRIC_MC_TEST_LOSS], 1e-5);
    free(x);
    free(y);
    free(z);
    engine_close(&e);
}

static void the_initial_model_is_what_training_starts_from(void)
{
    engine e;
    fail f;
    train_spec s = engine_spec("glyphs", 300);
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    size_t n = e.data->n[PART_VALIDATION], d = e.set->d, k = e.set->k;
    float *model = malloc(e.result.n_model * sizeof *model), *x = malloc(n * d * sizeof *x),
          *y = malloc(n * k * sizeof *y);
    CHECK_OR_RETURN(model && x && y);
    train_initial_model(&e.spec, d, k, model);
    split_read_inputs(e.data, PART_VALIDATION, NULL, 0, n, x);
    CHECK(train_predict(&e.spec, model, d, k, e.set->task, x, n, y, &f));
    CHECK_NEAR(metric_score_classification(y, e.data->labels[PART_VALIDATION], n, k).loss,
               e.records[0].values[METRIC_VAL_LOSS], 1e-6);
    free(model);
    free(x);
    free(y);
    engine_close(&e);
}

CHECK_MAIN("predict", monte_carlo_without_masks_is_inference, monte_carlo_loss_is_of_logits,
           variance_shift_is_of_every_class, predictions_agree_with_the_test_metrics,
           the_initial_model_is_what_training_starts_from)
