/* Shapes at the ends of what is allowed: no hidden layer, single units that are all dropped,
 * thousands of outputs. */
#include "tests/core/engine.h"

#include "core/math/kernel.h"
#include "core/spec/metric_score.h"

/* ---- many outputs ---- */

enum { WIDE_ROWS = 8, WIDE_OUTPUTS = 20000 };

/* A regression with more outputs than a hidden layer may have units: one part that is training,
 * validation and test. */
typedef struct wide {
    dataset set;
    split data;
    float inputs[WIDE_ROWS], *targets, scale, shift;
    uint32_t rows[WIDE_ROWS];
} wide;

static bool wide_open(wide *w)
{
    *w =
        (wide){.targets = calloc((size_t)WIDE_ROWS * WIDE_OUTPUTS, sizeof *w->targets), .scale = 1};
    if (!w->targets)
        return false;
    w->set = (dataset){.name = "wide", .task = TASK_REGRESSION, .d = 1, .k = WIDE_OUTPUTS};
    w->data = (split){.set = &w->set,
                      .n_train_evaluation = WIDE_ROWS,
                      .train_evaluation = w->rows,
                      .scale = &w->scale,
                      .shift = &w->shift,
                      .is_uniform = true};
    for (uint32_t i = 0; i < WIDE_ROWS; i++) {
        w->rows[i] = i;
        w->inputs[i] = (float)i / WIDE_ROWS;
        for (size_t j = 0; j < WIDE_OUTPUTS; j++)
            w->targets[i * WIDE_OUTPUTS + j] = w->inputs[i] * (float)(j % 7);
    }
    for (int p = 0; p < PART_COUNT; p++) {
        w->set.parts[p] =
            (dataset_rows){.n = WIDE_ROWS, .floats = w->inputs, .targets = w->targets};
        w->data.n[p] = WIDE_ROWS;
        w->data.rows[p] = w->rows;
        w->data.source[p] = (dataset_part)p;
    }
    return true;
}

static bool keep_first(void *context, const record *r, fail *f)
{
    double *first = context;
    (void)f;
    if (r->epoch == 0)
        *first = r->values[METRIC_TRAIN_LOSS];
    return true;
}

static void twenty_thousand_outputs_are_trained(void)
{
    wide w;
    double first = NAN;
    train_spec s = engine_spec("wide", 1);
    train_result result = {0};
    fail_list faults = {0};
    fail f;
    CHECK_OR_RETURN(wide_open(&w));
    s.n_hidden = 1;
    s.gradient_clip = 1;
    CHECK_OR_RETURN(spec_resolve(&s, &faults));
    train_input input = {.spec = &s, .data = &w.data, .threads = 1};
    CHECK(train_memory_bytes(&s, &w.set, w.data.n) > sizeof w);
    s.epochs = 20;
    const train_hooks hooks = {.context = &first, .on_record = keep_first};
    CHECK(train_run(&input, &hooks, &result, &f));
    CHECK_EQUAL_INT(result.stop, TRAIN_STOP_FINISHED);
    CHECK(isfinite(result.selected[METRIC_TEST_LOSS]));
    CHECK(result.last[METRIC_TRAIN_LOSS] < 0.9 * first);
    train_result_close(&result);
    free(w.targets);
}

/* ---- every switch on every shape ---- */

typedef struct shape {
    const char *name;
    int n_hidden;
    int64_t hidden[3];
} shape;

static const shape SHAPES[] = {
    {"linear", 0, {0}}, {"one unit", 1, {1}}, {"units", 3, {2, 1, 3}}, {"parts", 2, {520, 2}}};

static void set_kind(train_spec *s, int kind, int scope, int scaling)
{
    s->dropout_kind = kind;
    s->dropout_scope = scope;
    s->dropout_scaling = scaling;
    s->dropout[0] = s->input_dropout = 0.9;
    s->n_dropout = 0;
    s->monte_carlo_samples = 2;
}

static void set_everything(train_spec *s)
{
    s->l1 = s->l2 = s->weight_decay = 1e-3;
    s->penalty_applies_to = PENALTY_ALL;
    s->max_norm = 1;
    s->label_smoothing = 0.1;
    s->mixup = 0.4;
    s->input_noise = s->activation_noise = s->weight_noise = 0.05;
    s->weight_average = 0.9;
    s->early_stopping.enabled = true;
    s->early_stopping.patience = 50;
}

static void check_same(const char *what, const engine *a, const engine *b)
{
    if (!engine_equal(a, b))
        printf("    %s\n", what);
    CHECK(engine_equal(a, b));
}

/* What a sanitizer looks for is the same with every factor that masks are scaled by; and races show
 * on several threads alone, which a net with hardly a unit has no use for. */
#if defined __SANITIZE_THREAD__
enum { LAST_SCALING = DROPOUT_SCALING_INVERTED, ON_THREADS_ONLY = true, FIRST_SHAPE = 2 };
#elif defined __SANITIZE_ADDRESS__
enum { LAST_SCALING = DROPOUT_SCALING_INVERTED, ON_THREADS_ONLY = false, FIRST_SHAPE = 0 };
#else
enum { LAST_SCALING = DROPOUT_SCALING_CLASSIC, ON_THREADS_ONLY = false, FIRST_SHAPE = 0 };
#endif

static void check_on_threads(const train_spec *s)
{
    engine three;
    if (!engine_open(&three, s))
        return;
    three.threads = 3;
    CHECK(engine_train(&three));
    CHECK_EQUAL_INT(three.result.stop, TRAIN_STOP_FINISHED);
    engine_close(&three);
}

/* Trains in one go, on three threads, and in two pieces. */
static void check_spec(const char *what, const train_spec *s)
{
    engine one, three, pieces;
    if (ON_THREADS_ONLY) {
        check_on_threads(s);
        return;
    }
    if (!engine_open(&one, s))
        return;
    CHECK(engine_train(&one));
    CHECK_EQUAL_INT(one.result.stop, TRAIN_STOP_FINISHED);
    CHECK(isfinite(one.result.selected[METRIC_TEST_LOSS]));
    CHECK_OR_RETURN(engine_open(&three, s) && engine_open(&pieces, s));
    three.threads = 3;
    CHECK(engine_train(&three));
    check_same(what, &one, &three);
    pieces.command = TRAIN_PAUSE;
    pieces.stop_at = 4;
    CHECK(engine_train(&pieces));
    CHECK_EQUAL_INT(pieces.result.stop, TRAIN_STOP_PAUSED);
    pieces.stop_at = 0;
    CHECK(engine_train(&pieces));
    check_same(what, &one, &pieces);
    engine_close(&one);
    engine_close(&three);
    engine_close(&pieces);
}

static bool is_allowed(const train_spec *s)
{
    train_spec copy = *s;
    fail_list faults = {0};
    return spec_resolve(&copy, &faults);
}

/* 61 rows in batches of 12: the last has a single one, but with batch normalization, which needs
 * two. */
static train_spec small_spec(const shape *h, int normalization)
{
    train_spec s = engine_spec("blobs", 200);
    s.train_size = normalization == NORMALIZATION_BATCH ? 62 : 61;
    s.n_hidden = h->n_hidden;
    memcpy(s.hidden, h->hidden, sizeof h->hidden);
    s.batch_size = 12;
    s.activation = ACTIVATION_SIGMOID;
    s.normalization = normalization;
    return s;
}

static void try_kinds(const shape *h, int normalization, int position, bool everything)
{
    for (int kind = DROPOUT_BERNOULLI; kind <= DROPOUT_ALPHA; kind++)
        for (int scope = DROPOUT_SCOPE_ELEMENT; scope <= DROPOUT_SCOPE_BATCH; scope++)
            for (int scaling = 0; scaling <= LAST_SCALING; scaling++) {
                char what[96];
                train_spec s = small_spec(h, normalization);
                snprintf(what, sizeof what, "%s, normalization %d, position %d, kind %d, scope %d",
                         h->name, normalization, position, kind, scope);
                set_kind(&s, kind, scope, scaling);
                s.dropout_position = position;
                if (everything)
                    set_everything(&s);
                if (is_allowed(&s))
                    check_spec(what, &s);
            }
}

static void every_shape_survives_every_dropout(void)
{
    for (size_t i = FIRST_SHAPE; i < sizeof SHAPES / sizeof SHAPES[0]; i++)
        for (int n = NORMALIZATION_NONE; n <= NORMALIZATION_LAYER; n++)
            for (int position = 0; position <= DROPOUT_BEFORE_NORMALIZATION; position++) {
                if (!ON_THREADS_ONLY)
                    try_kinds(&SHAPES[i], n, position, false);
                try_kinds(&SHAPES[i], n, position, true);
            }
}

static void schedules_resume_where_they_were(void)
{
    for (int schedule = 0; schedule <= DROPOUT_SCHEDULE_CURRICULUM; schedule++) {
        train_spec s = small_spec(&SHAPES[2], NORMALIZATION_NONE);
        set_kind(&s, DROPOUT_BERNOULLI, schedule % 2, DROPOUT_SCALING_INVERTED);
        s.dropout_schedule = schedule;
        s.dropout_schedule_epochs = 2;
        s.learning_rate_schedule = RATE_ONE_CYCLE;
        s.gradient_clip = 0.5;
        s.gradient_noise = 0.01;
        check_spec("schedule", &s);
    }
}

static void a_regression_is_mixed_too(void)
{
    train_spec s = engine_spec("sine", 200);
    s.mixup = 1;
    s.normalization = NORMALIZATION_BATCH;
    s.weight_average = 0.5;
    s.early_stopping.enabled = true;
    check_spec("regression", &s);
}

/* ---- schedules and early ends ---- */

/* The rates of Monte-Carlo evaluation are those of the selected epoch; predictions can be asked for
 * the same. */
static void samples_have_the_rates_of_their_epoch(void)
{
    engine e;
    fail f;
    train_spec s = engine_spec("glyphs", 300);
    s.dropout[0] = 0.8;
    s.dropout_schedule = DROPOUT_SCHEDULE_LINEAR;
    s.epochs = 60;
    s.learning_rate = 0.02;
    s.monte_carlo_samples = 1;
    s.early_stopping.enabled = true;
    s.early_stopping.patience = 2;
    CHECK_OR_RETURN(engine_open(&e, &s));
    CHECK(engine_train(&e));
    CHECK(e.result.selected_epoch > 0 && e.result.selected_epoch < 30);
    size_t n = e.data->n[PART_TEST], d = e.set->d, k = e.set->k;
    float *x = malloc(n * d * sizeof *x), *y = malloc(n * k * sizeof *y);
    CHECK_OR_RETURN(x && y);
    split_read_inputs(e.data, PART_TEST, NULL, 0, n, x);
    for (int last = 0; last <= 1; last++) {
        int64_t epoch = (last ? e.spec.epochs : e.result.selected_epoch) - 1;
        CHECK(train_predict_sample(&e.spec, e.result.model, d, k, e.set->task, x, n, 0, epoch, y,
                                   &f));
        double loss = metric_score_classification(y, e.data->labels[PART_TEST], n, k).loss;
        CHECK((fabs(loss - e.result.selected[METRIC_MC_TEST_LOSS]) < 1e-5) == !last);
    }
    free(x);
    free(y);
    engine_close(&e);
}

/* ---- sums ---- */

static void long_sums_keep_their_digits(void)
{
    enum { N = 1 << 24 };
    real *x = malloc((size_t)N * sizeof *x);
    double squares = 0, absolute = 0;
    uint32_t word = 1;
    CHECK_OR_RETURN(x);
    for (size_t i = 0; i < N; i++) {
        word = word * 1664525U + 1013904223U;
        x[i] = (real)(((double)(word >> 8) * 0x1p-24 - 0.5) * 0.05);
        squares += (double)x[i] * (double)x[i];
        absolute += fabs((double)x[i]);
    }
    CHECK_NEAR((double)kernel_sum_squares(x, N) / squares, 1, 1e-6);
    CHECK_NEAR((double)kernel_sum_absolute(x, N) / absolute, 1, 1e-6);
    free(x);
}

CHECK_MAIN("extremes", twenty_thousand_outputs_are_trained, every_shape_survives_every_dropout,
           schedules_resume_where_they_were, a_regression_is_mixed_too,
           samples_have_the_rates_of_their_epoch, long_sums_keep_their_digits)
