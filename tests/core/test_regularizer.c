/* The contract of REGULARIZERS[], by looping over the table: a new row cannot escape it. */
#include "tests/core/engine.h"

#include "core/net/tensor.h"
#include "core/regularizer/mask.h"
#include "core/regularizer/regularizer.h"
#include "core/spec/field.h"

/* How a row is switched on: by the number in the field of its name, but for these. */
static const struct {
    const char *name, *fields[2];
    double values[2];
} STRENGTHS[] = {
    {"augmentation", {"augmentation.shift", "augmentation.cutout"}, {1, 3}},
    {"dropconnect", {"dropout", NULL}, {0.4, 0}},
    {"dropout", {"dropout", "input_dropout"}, {0.4, 0.2}},
    {"l1", {"l1", NULL}, {1e-3, 0}},
    {"l2", {"l2", NULL}, {1e-2, 0}},
    {"max_norm", {"max_norm", NULL}, {0.8, 0}},
    {"early_stopping", {"early_stopping.min_delta", NULL}, {100, 0}},
    {"weight_average", {"weight_average", NULL}, {0.9, 0}},
};
enum { N_STRENGTHS = (int)(sizeof STRENGTHS / sizeof STRENGTHS[0]) };
#define STRENGTH 0.1
#define LITTLE_MIXUP 0.02 /* keeps many a sample wholly, or puts its partner in its place */

static void set_number(train_spec *s, const char *name, double value)
{
    const field *row = field_find(name);
    if (!row)
        printf("    no field %s: say in STRENGTHS[] how the row is switched on\n", name);
    CHECK_OR_RETURN(row);
    *(double *)field_value(row, s) = value;
}

static void set_strength(train_spec *s, int i, double factor)
{
    const char *name = REGULARIZERS[i]->name;
    int found = 0;
    while (found < N_STRENGTHS && strcmp(STRENGTHS[found].name, name) != 0)
        found++;
    if (found == N_STRENGTHS) {
        set_number(s, name, factor * STRENGTH);
        return;
    }
    for (int j = 0; j < 2 && STRENGTHS[found].fields[j]; j++)
        set_number(s, STRENGTHS[found].fields[j], factor * STRENGTHS[found].values[j]);
    if (strcmp(name, "dropconnect") == 0)
        s->dropout_kind = DROPOUT_DROPCONNECT;
    s->early_stopping.enabled = strcmp(name, "early_stopping") == 0 && factor > 0;
    s->early_stopping.patience = 1;
}

/* Switches a row on so that it comes to nothing: a strength that is no float any more, a limit that
 * is never reached, a mask that is scheduled for later. */
static void set_faint(train_spec *s, int i)
{
    const char *name = REGULARIZERS[i]->name;
    const field *row = field_find(name);
    if (strcmp(name, "mixup") == 0)
        s->mixup = LITTLE_MIXUP;
    else if (strcmp(name, "max_norm") == 0 || strcmp(name, "gradient_clip") == 0)
        set_number(s, name, row->maximum);
    else
        set_strength(s, i, strstr(name, "drop") ? 1 : 1e-50);
    if (strstr(name, "drop")) {
        s->dropout_schedule = DROPOUT_SCHEDULE_LATE;
        s->dropout_schedule_epochs = ENGINE_EPOCHS;
    }
    s->early_stopping.patience = ENGINE_EPOCHS;
}

static bool train(engine *e, int i, double factor)
{
    train_spec s = engine_spec("glyphs", 200);
    if (i >= 0)
        set_strength(&s, i, factor);
    return engine_open(e, &s) && engine_train(e);
}

/* Every contract is for every row: each is found by its name, and does something. */
static void rows_have_names_and_hooks(void)
{
    CHECK(REGULARIZER_COUNT > 0);
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        const regularizer *row = REGULARIZERS[i];
        CHECK(row->name && *row->name && row->is_active);
        CHECK(row->state_bytes <= REGULARIZER_STATE_LIMIT);
        CHECK(!row->saves_state || row->state_bytes > 0);
        CHECK(!row->take || row->state_bytes > 0);
        CHECK(!row->on_gradient || row->needs_whole_gradient);
        CHECK(!row->penalty || row->add_gradient);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(row->name, REGULARIZERS[j]->name) != 0);
    }
    CHECK(field_find(regularizer_remedy()));
}

static void strength_zero_is_absence(void)
{
    engine plain;
    CHECK_OR_RETURN(train(&plain, -1, 0));
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        engine zero;
        CHECK_OR_RETURN(train(&zero, i, 0));
        CHECK(engine_equal(&plain, &zero));
        CHECK(!REGULARIZERS[i]->is_active(&zero.spec));
        engine_close(&zero);
    }
    engine_close(&plain);
}

static void each_changes_training_and_repeats_itself(void)
{
    engine plain;
    CHECK_OR_RETURN(train(&plain, -1, 0));
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        engine a, b;
        CHECK_OR_RETURN(train(&a, i, 1) && train(&b, i, 1));
        CHECK(REGULARIZERS[i]->is_active(&a.spec));
        CHECK(engine_equal(&a, &b));
        if (engine_equal(&plain, &a))
            printf("    %s changes nothing\n", REGULARIZERS[i]->name);
        CHECK(!engine_equal(&plain, &a));
        engine_close(&a);
        engine_close(&b);
    }
    engine_close(&plain);
}

/* The weights of every epoch, the initial ones first. */
typedef struct weights {
    size_t n_model;
    int n_epochs;
    float *epochs[ENGINE_EPOCHS + 1];
} weights;

static bool keep_weights(void *context, int64_t epoch, const float *model, fail *f)
{
    weights *w = context;
    (void)f;
    if (!CHECK_EQUAL_INT(epoch, w->n_epochs) || !CHECK(epoch <= ENGINE_EPOCHS))
        return true;
    w->epochs[epoch] = malloc(w->n_model * sizeof(float));
    memcpy(w->epochs[epoch], model, w->n_model * sizeof(float));
    w->n_epochs++;
    return true;
}

/* The loss of a part with these weights, by a net that knows of no regularizer. */
static double plain_loss(const engine *e, const train_spec *plain, dataset_part part,
                         const float *model)
{
    size_t n = part == PART_TRAIN ? e->data->n_train_evaluation : e->data->n[part], k = e->set->k;
    const uint32_t *positions = part == PART_TRAIN ? e->data->train_evaluation : NULL;
    float *x = malloc(n * e->set->d * sizeof *x), *answers = malloc(n * k * sizeof *answers);
    double sum = 0;
    fail f;
    split_read_inputs(e->data, part, positions, 0, n, x);
    CHECK_OK(train_predict(plain, model, e->set->d, k, e->set->task, x, n, answers, &f), f);
    for (size_t i = 0; i < n; i++) {
        int32_t label = e->data->labels[part][positions ? positions[i] : i];
        sum -= log((double)answers[i * k + (size_t)label]);
    }
    free(x);
    free(answers);
    return sum / (double)n;
}

/* Whatever acts in training, the losses of every epoch are those of its weights alone: nothing is
 * drawn, masked or distorted while they are measured. */
static void evaluation_is_untouched(void)
{
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        engine e;
        weights w = {0};
        train_spec s = engine_spec("glyphs", 200), plain;
        set_strength(&s, i, 1);
        s.early_stopping.patience = ENGINE_EPOCHS;
        CHECK_OR_RETURN(engine_open(&e, &s));
        w.n_model = tensor_model_size(&e.spec, e.set->d, e.set->k);
        e.on_model = keep_weights;
        e.on_model_context = &w;
        CHECK_OR_RETURN(engine_train(&e));
        CHECK_EQUAL_INT(w.n_epochs, ENGINE_EPOCHS + 1);
        CHECK_EQUAL_INT(e.n_records, ENGINE_EPOCHS + 1);
        plain = engine_spec("glyphs", 200);
        fail_list faults = {0};
        CHECK(spec_resolve(&plain, &faults));
        for (int r = 0; r < w.n_epochs; r++) {
            const double *values = e.records[r].values;
            CHECK_NEAR(values[METRIC_TRAIN_LOSS], plain_loss(&e, &plain, PART_TRAIN, w.epochs[r]),
                       1e-5);
            CHECK_NEAR(values[METRIC_VAL_LOSS],
                       plain_loss(&e, &plain, PART_VALIDATION, w.epochs[r]), 1e-5);
            free(w.epochs[r]);
        }
        CHECK(fabs(e.records[0].values[METRIC_VAL_LOSS] - e.records[1].values[METRIC_VAL_LOSS]) >
              0);
        engine_close(&e);
    }
}

/* Stopped within every epoch and resumed, each row comes to the same bits: what it must remember is
 * in the checkpoint. */
static void a_pause_loses_nothing(void)
{
    for (int i = 0; i < REGULARIZER_COUNT; i++)
        for (int64_t every = 2; every <= 3; every++) {
            engine whole, pieces;
            train_spec s = engine_spec("glyphs", 200);
            set_strength(&s, i, 1);
            CHECK_OR_RETURN(engine_open(&whole, &s) && engine_open(&pieces, &s));
            CHECK_OR_RETURN(engine_train(&whole));
            pieces.command = TRAIN_PAUSE;
            pieces.stop_at = every;
            int n_pauses = -1;
            do {
                CHECK_OR_RETURN(engine_train(&pieces));
                n_pauses++;
            } while (pieces.result.stop == TRAIN_STOP_PAUSED);
            CHECK(n_pauses >= 2);
            CHECK_EQUAL_INT(pieces.result.stop, whole.result.stop);
            CHECK_EQUAL_INT(pieces.result.best_epoch, whole.result.best_epoch);
            if (!engine_equal(&whole, &pieces))
                printf("    %s does not resume\n", REGULARIZERS[i]->name);
            CHECK(engine_equal(&whole, &pieces));
            engine_close(&whole);
            engine_close(&pieces);
        }
}

/* A seed with which mixup keeps every sample as it is, in each step of a training. */
static int64_t seed_without_mixing(double mixup, uint32_t n_steps)
{
    for (int64_t seed = 1;; seed++) {
        uint32_t step = 0;
        for (; step < n_steps; step++) {
            rng_stream draw = rng_stream_at(seed, RNG_MIXUP, 0, step, 0);
            if ((float)rng_beta(&draw, mixup, mixup) < 1)
                break;
        }
        if (step == n_steps)
            return seed;
    }
}

/* A training in which all that draws is at work, but for row i. One step per epoch; the last record
 * looks at the draws of METRIC_GRADIENTS more. */
static train_spec busy_spec(int i)
{
    train_spec s = engine_spec("glyphs", 200);
    bool is_dense = strcmp(REGULARIZERS[i]->name, "dropconnect") == 0;
    s.batch_size = 65536;
    s.seed = seed_without_mixing(LITTLE_MIXUP, ENGINE_EPOCHS + METRIC_GRADIENTS);
    for (int j = 0; j < REGULARIZER_COUNT; j++) {
        const char *name = REGULARIZERS[j]->name;
        bool draws = strstr(name, "noise") || strcmp(name, "augmentation") == 0 ||
                     strcmp(name, "mixup") == 0 || (strcmp(name, "dropout") == 0 && !is_dense);
        if (j != i && draws)
            set_strength(&s, j, 1);
    }
    return s;
}

/* The ledger of penalties: doubles, which a faint strength is more than 0 for. */
static void take_penalties(engine *to, const engine *from)
{
    static const int LEDGER[] = {METRIC_PENALTY, METRIC_L1_PENALTY, METRIC_L2_PENALTY,
                                 METRIC_OBJECTIVE};
    for (int r = 0; r < to->n_records; r++)
        for (size_t i = 0; i < sizeof LEDGER / sizeof *LEDGER; i++)
            to->records[r].values[LEDGER[i]] = from->records[r].values[LEDGER[i]];
}

/* A row is switched on whose strength comes to nothing, though it draws all that it would draw: the
 * training stays as it was to the bit. So it has the same order, initial weights, masks and
 * noises. */
static void switching_one_on_moves_no_other_draw(void)
{
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        engine without, with;
        train_spec s = busy_spec(i), t = s;
        set_faint(&t, i);
        CHECK_OR_RETURN(engine_open(&without, &s) && engine_open(&with, &t));
        CHECK_OR_RETURN(engine_train(&without) && engine_train(&with));
        CHECK(!REGULARIZERS[i]->is_active(&without.spec));
        CHECK(REGULARIZERS[i]->is_active(&with.spec));
        take_penalties(&with, &without);
        if (!engine_equal(&without, &with))
            printf("    %s moves what others draw\n", REGULARIZERS[i]->name);
        CHECK(engine_equal(&without, &with));
        engine_close(&without);
        engine_close(&with);
    }
}

static double hidden_row_norm(const engine *e, size_t *n_rows, double *largest)
{
    tensor t;
    double smallest = INFINITY;
    *largest = 0;
    *n_rows = 0;
    for (int i = 0; tensor_get(&e->spec, e->set->d, e->set->k, i, &t); i++) {
        if (t.kind != TENSOR_WEIGHT || t.layer == e->spec.n_hidden)
            continue;
        for (size_t r = 0; r < t.shape[0]; r++) {
            double squares = 0;
            for (size_t c = 0; c < t.shape[1]; c++)
                squares += pow((double)e->result.model[t.offset + r * t.shape[1] + c], 2);
            smallest = fmin(smallest, sqrt(squares));
            *largest = fmax(*largest, sqrt(squares));
            ++*n_rows;
        }
    }
    return smallest;
}

static void max_norm_holds(void)
{
    engine e;
    size_t n;
    double largest;
    train_spec s = engine_spec("glyphs", 200);
    s.max_norm = 0.8;
    CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
    hidden_row_norm(&e, &n, &largest);
    CHECK_EQUAL_INT((long long)n, 40);
    CHECK(largest <= 0.8 * (1 + 1e-6));
    CHECK(largest > 0.79);
    engine_close(&e);
}

/* The step that clipping allows: plain sgd moves the weights by rate * min(norm, limit). */
static void clipping_bounds_the_step(void)
{
    for (double limit = 0.05; limit < 100; limit *= 20) {
        engine e;
        train_spec s = engine_spec("glyphs", 200);
        s.optimizer = OPTIMIZER_SGD;
        s.momentum = 0;
        s.learning_rate = 1;
        s.gradient_clip = limit;
        s.epochs = 1;
        s.batch_size = 65536;
        CHECK_OR_RETURN(engine_open(&e, &s) && engine_train(&e));
        size_t n = e.result.n_model;
        float *initial = malloc(n * sizeof *initial);
        CHECK_OR_RETURN(initial);
        train_initial_model(&e.spec, e.set->d, e.set->k, initial);
        double squares = 0, norm = e.records[1].values[METRIC_GRADIENT_NORM];
        for (size_t i = 0; i < n; i++)
            squares += pow((double)e.result.model[i] - (double)initial[i], 2);
        CHECK_NEAR(sqrt(squares), fmin(norm, limit), 1e-5);
        free(initial);
        engine_close(&e);
    }
}

/* The gathered products of scope batch give what masking everything gives (which clipping
 * forces). */
static void leaving_out_equals_masking(void)
{
    engine left_out, masked;
    train_spec s = engine_spec("glyphs", 200);
    s.dropout[0] = 0.5;
    s.input_dropout = 0.2;
    s.dropout_scope = DROPOUT_SCOPE_BATCH;
    s.l2 = 1e-3;
    s.weight_decay = 1e-2;
    train_spec t = s;
    t.gradient_clip = 1e9;
    CHECK_OR_RETURN(engine_open(&left_out, &s) && engine_open(&masked, &t));
    CHECK(engine_train(&left_out) && engine_train(&masked));
    for (size_t i = 0; i < left_out.result.n_model; i++)
        CHECK(fabsf(left_out.result.model[i] - masked.result.model[i]) < 1e-4f);
    CHECK(!engine_equal(
        &left_out, &masked)); /* the sums were taken in another order: two ways were compared */
    engine_close(&left_out);
    engine_close(&masked);
}

static void schedules_follow_their_formulas(void)
{
    train_spec s;
    spec_init(&s);
    s.dropout_schedule_epochs = 4;
    static const double EXPECTED[][6] = {
        [DROPOUT_SCHEDULE_CONSTANT] = {0.4, 0.4, 0.4, 0.4, 0.4, 0.4},
        [DROPOUT_SCHEDULE_LINEAR] = {0, 0.1, 0.2, 0.3, 0.4, 0.4},
        [DROPOUT_SCHEDULE_EARLY] = {0.4, 0.3, 0.2, 0.1, 0, 0},
        [DROPOUT_SCHEDULE_LATE] = {0, 0, 0, 0, 0.4, 0.4},
    };
    for (int kind = DROPOUT_SCHEDULE_CONSTANT; kind <= DROPOUT_SCHEDULE_LATE; kind++)
        for (int64_t epoch = 0; epoch < 6; epoch++) {
            s.dropout_schedule = kind;
            CHECK(fabs(mask_scheduled_rate(&s, 0.4, epoch) - EXPECTED[kind][epoch]) < 1e-12);
        }
    s.dropout_schedule = DROPOUT_SCHEDULE_CURRICULUM;
    for (int64_t epoch = 0; epoch < 6; epoch++)
        CHECK(fabs(mask_scheduled_rate(&s, 0.4, epoch) - 0.4 * (1 - exp(-2.5 * (double)epoch))) <
              1e-12);
}

CHECK_MAIN("regularizer", rows_have_names_and_hooks, strength_zero_is_absence,
           each_changes_training_and_repeats_itself, evaluation_is_untouched, a_pause_loses_nothing,
           switching_one_on_moves_no_other_draw, max_norm_holds, clipping_bounds_the_step,
           leaving_out_equals_masking, schedules_follow_their_formulas)
