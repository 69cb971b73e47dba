/* The training loop from outside: replay, threads, interruption, stopping, selection,
 * divergence. */
#include "tests/core/engine.h"

#include "core/data/internal.h"
#include "core/math/rng.h"
#include "core/regularizer/regularizer.h"
#include "core/spec/metric_score.h"

static void plain(train_spec *s)
{
    (void)s;
}

static void masks(train_spec *s)
{
    s->dropout[0] = 0.5;
    s->input_dropout = 0.2;
    s->l2 = 1e-4;
}

static void gathered(train_spec *s)
{
    masks(s);
    s->dropout_scope = DROPOUT_SCOPE_BATCH;
    s->max_norm = 2;
    s->optimizer = OPTIMIZER_SGD;
}

static void everything(train_spec *s)
{
    masks(s);
    s->normalization = NORMALIZATION_BATCH;
    s->input_noise = s->activation_noise = s->weight_noise = s->gradient_noise = 0.01;
    s->mixup = 0.2;
    s->label_smoothing = 0.1;
    s->gradient_clip = 1;
    s->weight_average = 0.9;
    s->early_stopping.enabled = true;
    s->learning_rate_schedule = RATE_ONE_CYCLE;
    s->monte_carlo_samples = 3;
}

static void connected(train_spec *s)
{
    s->dropout[0] = 0.3;
    s->dropout_kind = DROPOUT_DROPCONNECT;
    s->normalization = NORMALIZATION_LAYER;
    s->optimizer = OPTIMIZER_RMSPROP;
    s->momentum = 0.5;
    s->dropout_schedule = DROPOUT_SCHEDULE_CURRICULUM;
}

static void wide(train_spec *s) /* wide enough that layers are split into parts */
{
    s->hidden[0] = 1300;
    s->hidden[1] = 1024;
    s->epochs = 1;
    masks(s);
}

static void augmented(train_spec *s)
{
    s->augmentation.rotate = 10;
    s->augmentation.elastic = 5;
    s->dropout[0] = 0.2;
    s->dropout_kind = DROPOUT_GAUSSIAN;
}

static const struct {
    const char *name, *dataset;
    void (*set)(train_spec *s);
} VARIANTS[] = {
    {"plain", "moons", plain},
    {"masks", "moons", masks},
    {"gathered", "glyphs", gathered},
    {"everything", "glyphs", everything},
    {"connected", "spirals", connected},
    {"regression", "sine", masks},
    {"wide", "glyphs", wide},
    {"augmented", "glyphs", augmented},
};
enum { N_VARIANTS = (int)(sizeof VARIANTS / sizeof VARIANTS[0]) };

static bool open_variant(engine *e, int i)
{
    train_spec s = engine_spec(VARIANTS[i].dataset, 300);
    VARIANTS[i].set(&s);
    return engine_open(e, &s);
}

/* Races show on several threads alone, and not in pieces. */
#if defined __SANITIZE_THREAD__
enum { FEWEST_THREADS = 3, TRIALS = 1, N_IN_PIECES = 1 };
#else
enum { FEWEST_THREADS = 1, TRIALS = 3, N_IN_PIECES = N_VARIANTS };
#endif

static void the_same_twice_and_on_any_number_of_threads(void)
{
    for (int i = 0; i < N_VARIANTS; i++)
        for (int threads = FEWEST_THREADS; threads <= 3; threads++) {
            engine a, b;
            CHECK_OR_RETURN(open_variant(&a, i));
            CHECK_OR_RETURN(open_variant(&b, i));
            b.threads = threads;
            CHECK(engine_train(&a) && engine_train(&b));
            CHECK(a.n_records > 1);
            if (!engine_equal(&a, &b))
                printf("    %s, %d threads\n", VARIANTS[i].name, threads);
            CHECK(engine_equal(&a, &b));
            engine_close(&a);
            engine_close(&b);
        }
}

static void an_interrupted_run_ends_in_the_same_bytes(void)
{
    for (int i = 0; i < N_IN_PIECES; i++) {
        engine whole;
        CHECK_OR_RETURN(open_variant(&whole, i));
        CHECK(engine_train(&whole));
        rng_stream s = rng_stream_at((int64_t)i, RNG_DATA, 0, 0, 0);
        for (int trial = 0; trial < TRIALS; trial++) {
            engine cut;
            CHECK_OR_RETURN(open_variant(&cut, i));
            int n_pauses = 0;
            do { /* pause after a few steps, again and again */
                cut.stop_at = 1 + (int64_t)rng_below(&s, 5);
                cut.command = TRAIN_PAUSE;
                CHECK_OR_RETURN(engine_train(&cut));
                n_pauses++;
            } while (cut.result.stop == TRAIN_STOP_PAUSED);
            CHECK(n_pauses > 1);
            if (!engine_equal(&whole, &cut))
                printf("    %s, %d pieces\n", VARIANTS[i].name, n_pauses);
            CHECK(engine_equal(&whole, &cut));
            CHECK_EQUAL_INT(cut.result.best_epoch, whole.result.best_epoch);
            engine_close(&cut);
        }
        engine_close(&whole);
    }
}

static void a_checkpoint_of_another_run_is_refused(void)
{
    engine a, b;
    fail f = {0};
    CHECK_OR_RETURN(open_variant(&a, 1));
    a.stop_at = 4;
    a.command = TRAIN_PAUSE;
    CHECK(engine_train(&a));
    train_spec other = engine_spec("moons", 300);
    masks(&other);
    other.seed = 1;
    CHECK_OR_RETURN(engine_open(&b, &other));
    train_input input = {.spec = &b.spec,
                         .data = b.data,
                         .threads = 1,
                         .checkpoint = a.checkpoint,
                         .checkpoint_bytes = a.checkpoint_bytes};
    CHECK(!train_run(&input, NULL, &b.result, &f));
    CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
    input.spec = &a.spec;
    input.data = a.data;
    input.checkpoint_bytes--;
    CHECK(!train_run(&input, NULL, &b.result, &f));
    CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
    input.checkpoint_bytes++;
    a.checkpoint[a.checkpoint_bytes - 5] ^= 1; /* a weight's bit */
    CHECK(!train_run(&input, NULL, &b.result, &f));
    CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
    CHECK(strstr(f.sentence, "damaged") != NULL);
    engine_close(&a);
    engine_close(&b);
}

/* Whether both train, select and test on the same rows with the same labels. */
static bool share_split(const engine *a, const engine *b)
{
    bool is_same = strcmp(a->set->sha256, b->set->sha256) == 0;
    for (int p = 0; is_same && p < PART_COUNT; p++) {
        size_t n = a->data->n[p];
        is_same = n == b->data->n[p] &&
                  memcmp(a->data->rows[p], b->data->rows[p], n * sizeof(uint32_t)) == 0 &&
                  memcmp(a->data->labels[p], b->data->labels[p], n * sizeof(int32_t)) == 0;
    }
    return is_same && memcmp(a->data->train_evaluation, b->data->train_evaluation,
                             a->data->n_train_evaluation * sizeof(uint32_t)) == 0;
}

static bool share_weights(const engine *a, const engine *b)
{
    size_t n = a->result.n_model;
    float *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    train_initial_model(&a->spec, a->set->d, a->set->k, x);
    train_initial_model(&b->spec, b->set->d, b->set->k, y);
    bool is_same = memcmp(x, y, n * sizeof *x) == 0;
    free(x);
    free(y);
    return is_same;
}

/* Another seed is another training on the same data, another data_seed the same on other data. */
static void seeds_matter_and_share_what_they_should(void)
{
    engine a, b, c;
    train_spec s = engine_spec("moons", 300), t, u;
    s.label_noise = 0.2;
    s.train_evaluation_size = 60;
    t = u = s;
    t.seed = 1;
    u.data_seed = 1;
    CHECK_OR_RETURN(engine_open(&a, &s) && engine_open(&b, &t) && engine_open(&c, &u));
    CHECK(engine_train(&a) && engine_train(&b) && engine_train(&c));
    CHECK(!engine_equal(&a, &b) && !engine_equal(&a, &c));
    CHECK(share_split(&a, &b) && !share_split(&a, &c));
    CHECK(!share_weights(&a, &b) && share_weights(&a, &c));
    engine_close(&a);
    engine_close(&b);
    engine_close(&c);
}

static void early_stopping_stops_and_restores_the_best(void)
{
    engine e;
    train_spec s = engine_spec("glyphs", 300);
    s.epochs = 200;
    s.early_stopping.enabled = true;
    s.early_stopping.patience = 4;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    CHECK_EQUAL_INT(e.result.stop, TRAIN_STOP_EARLY_STOPPED);
    CHECK_EQUAL_INT(e.result.epoch, e.result.best_epoch + 4);
    CHECK_EQUAL_INT(e.result.selected_epoch, e.result.best_epoch);
    double best = e.records[e.result.best_epoch].values[METRIC_VAL_LOSS];
    for (int i = 1; i < e.n_records; i++)
        CHECK(e.records[i].values[METRIC_VAL_LOSS] >= best);
    CHECK_NEAR(e.result.selected[METRIC_VAL_LOSS], best, 1e-12);
    engine_close(&e);
}

/* Where Prechelt's criterion stops these records, or -1: written down once more. */
static int64_t prechelts_end(const engine *e, int criterion, double threshold)
{
    double best = INFINITY, sum = 0, least = INFINITY;
    for (int i = 1; i < e->n_records; i++) {
        double validation = e->records[i].values[METRIC_VAL_LOSS],
               training = e->records[i].values[METRIC_TRAIN_LOSS];
        best = fmin(best, validation);
        double loss = 100 * (validation / best - 1);
        sum += training;
        least = fmin(least, training);
        if (criterion == CRITERION_GL && loss > threshold)
            return e->records[i].epoch;
        if (i % 5 > 0)
            continue;
        if (criterion == CRITERION_PQ && loss / (1000 * (sum / 5 / least - 1)) > threshold)
            return e->records[i].epoch;
        sum = 0;
        least = INFINITY;
    }
    return -1;
}

static void prechelts_criteria_stop(void)
{
    for (int criterion = CRITERION_GL; criterion <= CRITERION_PQ; criterion++) {
        engine e;
        train_spec s = engine_spec("glyphs", 300);
        s.epochs = 250;
        s.early_stopping.enabled = true;
        s.early_stopping.criterion = criterion;
        s.early_stopping.restore_best_weights = false;
        s.early_stopping.threshold = criterion == CRITERION_PQ ? 0.2 : 3;
        CHECK_OR_RETURN(engine_open(&e, &s));
        CHECK(engine_train(&e));
        CHECK_EQUAL_INT(e.result.stop, TRAIN_STOP_EARLY_STOPPED);
        CHECK_EQUAL_INT(e.result.selected_epoch, e.result.epoch);
        CHECK_EQUAL_INT(e.result.epoch, prechelts_end(&e, criterion, s.early_stopping.threshold));
        CHECK_EQUAL_INT(e.n_records, e.result.epoch + 1);
        engine_close(&e);
    }
}

static void divergence_is_a_result(void)
{
    engine e;
    train_spec s = engine_spec("moons", 300);
    s.optimizer = OPTIMIZER_SGD;
    s.learning_rate = 900;
    s.epochs = 50;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    CHECK_EQUAL_INT(e.result.stop, TRAIN_STOP_DIVERGED);
    CHECK(e.n_records >= 2);
    const record *last = &e.records[e.n_records - 1];
    CHECK(!isfinite(last->values[METRIC_BATCH_LOSS]) || !isfinite(last->values[METRIC_VAL_LOSS]) ||
          !isfinite(last->values[METRIC_TRAIN_LOSS]));
    CHECK(isnan(e.result.selected[METRIC_TEST_LOSS]));
    engine_close(&e);
}

/* Decay that overshoots: the weights change their sign and grow until nothing is a number any
 * more. */
static void divergence_leaves_the_best_weights(void)
{
    engine e;
    train_spec s = engine_spec("blobs", 300);
    s.optimizer = OPTIMIZER_SGD;
    s.learning_rate = 0.01;
    s.weight_decay = 260;
    s.epochs = 100;
    s.early_stopping.enabled = true;
    s.early_stopping.patience = 100;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    CHECK_EQUAL_INT(e.result.stop, TRAIN_STOP_DIVERGED);
    CHECK(e.result.best_epoch > 0 && e.result.best_epoch < e.result.epoch);
    CHECK(e.result.selected_is_best);
    CHECK_EQUAL_INT(e.result.selected_epoch, e.result.best_epoch);
    CHECK(isfinite(e.result.selected[METRIC_TEST_LOSS]));
    CHECK_NEAR(e.result.selected[METRIC_VAL_LOSS],
               e.records[e.result.best_epoch].values[METRIC_VAL_LOSS], 1e-12);
    engine_close(&e);
}

static void cancelling_ends_without_a_model(void)
{
    engine e;
    train_spec s = engine_spec("moons", 300);
    CHECK_OR_RETURN(engine_open(&e, &s));
    e.stop_at = 3;
    e.command = TRAIN_CANCEL;
    CHECK(engine_train(&e));
    CHECK_EQUAL_INT(e.result.stop, TRAIN_STOP_CANCELLED);
    CHECK_EQUAL_INT(e.result.step, 3);
    CHECK(e.result.model == NULL);
    engine_close(&e);
}

static void records_come_when_asked_for(void)
{
    engine e;
    train_spec s = engine_spec("moons", 300);
    s.epochs = 7;
    s.evaluate_every = 3;
    s.record_layers = false;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    static const int64_t EPOCHS[] = {0, 3, 6, 7};
    CHECK_EQUAL_INT(e.n_records, 4);
    for (int i = 0; i < 4 && i < e.n_records; i++) {
        CHECK_EQUAL_INT(e.records[i].epoch, EPOCHS[i]);
        CHECK_EQUAL_INT(e.records[i].n_layers, 0);
    }
    CHECK(isnan(e.records[0].values[METRIC_BATCH_LOSS]));
    CHECK(isfinite(e.records[0].values[METRIC_TRAIN_LOSS]));
    engine_close(&e);
}

static void memory_is_known_before(void)
{
    for (int i = 0; i < N_VARIANTS; i++) {
        engine e;
        CHECK_OR_RETURN(open_variant(&e, i));
        CHECK(engine_train(&e));
        size_t told = train_memory_bytes(&e.spec, e.set, e.data->n);
        CHECK(told >= e.result.memory_bytes);
        CHECK(told < e.result.memory_bytes + ((size_t)40 << 20));
        engine_close(&e);
    }
}

CHECK_MAIN("train", the_same_twice_and_on_any_number_of_threads,
           an_interrupted_run_ends_in_the_same_bytes, a_checkpoint_of_another_run_is_refused,
           seeds_matter_and_share_what_they_should, early_stopping_stops_and_restores_the_best,
           prechelts_criteria_stop, divergence_is_a_result, divergence_leaves_the_best_weights,
           cancelling_ends_without_a_model, records_come_when_asked_for, memory_is_known_before)
