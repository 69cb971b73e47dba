/* FIELDS[]: the table itself. Adding a hyperparameter is one row here, its member in train_spec, and its use. */
#include "core/spec.h"

#include <float.h>
#include <math.h>

#define AT(member) offsetof(train_spec, member)
#define NONE ((size_t)-1)
#define LARGEST_INTEGER 9007199254740991.0
#define ANY                                                                                        \
    1e30 /* no upper bound but what float32 can hold: too much diverges, and that is a result */

/* clang-format off */
static const char *const SCALINGS[] = {"none", "standard", "minmax", NULL};
static const char *const ACTIVATIONS[] = {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "identity", NULL};
static const char *const NORMALIZATIONS[] = {"none", "batch", "layer", NULL};
static const char *const DROPOUT_POSITIONS[] = {"after_activation", "before_normalization", NULL};
static const char *const INITIALIZATIONS[] = {"auto", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", NULL};
static const char *const DROPOUT_KINDS[] = {"bernoulli", "gaussian", "dropconnect", "alpha", NULL};
static const char *const DROPOUT_SCOPES[] = {"element", "batch", NULL};
static const char *const DROPOUT_SCALINGS[] = {"inverted", "classic", NULL};
static const char *const DROPOUT_SCHEDULES[] = {"constant", "linear", "early", "late", "curriculum", NULL};
static const char *const PENALTY_SCOPES[] = {"weights", "all", NULL};
static const char *const MONITORS[] = {"val_loss", "val_accuracy", NULL};
static const char *const CRITERIA[] = {"patience", "gl", "pq", NULL};
static const char *const OPTIMIZERS[] = {"sgd", "adam", "rmsprop", NULL};
static const char *const OPTIMIZER_ALIASES[] = {"adamw", "adam", NULL};
static const char *const RATE_SCHEDULES[] = {"constant", "step", "exponential", "cosine", "one_cycle", NULL};
static const char *const SWEEP_METHODS[] = {"grid", "random", NULL};
static const char *const REPEAT_VARIES[] = {"seed", "data_seed", NULL};
/* clang-format on */

const char *const FIELD_GROUP_NAMES[FIELD_GROUP_COUNT] = {
    "data", "model", "regularizers", "optimization", "recording", "experiment"};

static bool drops(const train_spec *s)
{
    bool any = s->input_dropout > 0;
    for (int i = 0; i < s->n_hidden; i++)
        any = any || spec_dropout_rate(s, i) > 0;
    return any;
}

static bool drops_hidden(const train_spec *s)
{
    for (int i = 0; i < s->n_hidden; i++)
        if (spec_dropout_rate(s, i) > 0)
            return true;
    return false;
}

static bool has_hidden(const train_spec *s)
{
    return s->n_hidden > 0;
}

static bool scales_by_rate(const train_spec *s)
{
    return drops(s) &&
           (s->dropout_kind == DROPOUT_BERNOULLI || s->dropout_kind == DROPOUT_DROPCONNECT);
}

static bool dropout_is_placed(const train_spec *s)
{
    return drops_hidden(s) && s->normalization != NORMALIZATION_NONE &&
           s->dropout_kind != DROPOUT_DROPCONNECT;
}

static bool dropout_is_scheduled(const train_spec *s)
{
    return drops(s) && s->dropout_schedule != DROPOUT_SCHEDULE_CONSTANT;
}

static bool penalizes(const train_spec *s)
{
    return s->weight_decay > 0 || s->l2 > 0 || s->l1 > 0;
}

static bool stops_early(const train_spec *s)
{
    return s->early_stopping.enabled;
}

static bool stops_by_patience(const train_spec *s)
{
    return stops_early(s) && s->early_stopping.criterion == CRITERION_PATIENCE;
}

static bool stops_by_threshold(const train_spec *s)
{
    return stops_early(s) && s->early_stopping.criterion != CRITERION_PATIENCE;
}

static bool has_momentum(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_SGD || s->optimizer == OPTIMIZER_RMSPROP;
}

static bool may_be_nesterov(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_SGD && s->momentum > 0;
}

static bool is_adam(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_ADAM;
}

static bool is_rmsprop(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_RMSPROP;
}

static bool has_epsilon(const train_spec *s)
{
    return s->optimizer != OPTIMIZER_SGD;
}

static bool decays_rate(const train_spec *s)
{
    return s->learning_rate_schedule == RATE_STEP || s->learning_rate_schedule == RATE_EXPONENTIAL;
}

static bool decays_in_steps(const train_spec *s)
{
    return s->learning_rate_schedule == RATE_STEP;
}

static bool may_warm_up(const train_spec *s)
{
    return s->learning_rate_schedule != RATE_ONE_CYCLE;
}

/* Rows by type. DATA(...) and the like would hide more than they save: only what every row of a type shares is in these. */
#define ROW(field_name, field_group, field_type, ...)                                              \
    {                                                                                              \
        .name = field_name, .group = FIELD_GROUP_##field_group, .type = FIELD_##field_type,        \
        __VA_ARGS__                                                                                \
    }
#define INTEGER(n, g, m, low, high, d, ...)                                                        \
    ROW(n, g, INTEGER, .offset = AT(m), .minimum = low, .maximum = high, .default_number = d,      \
        __VA_ARGS__)
#define NUMBER(n, g, m, low, high, d, ...)                                                         \
    ROW(n, g, NUMBER, .offset = AT(m), .minimum = low, .maximum = high, .default_number = d,       \
        __VA_ARGS__)
#define ENUM(n, g, m, v, d, ...)                                                                   \
    ROW(n, g, ENUM, .offset = AT(m), .values = v, .default_number = d, __VA_ARGS__)
#define BOOLEAN(n, g, m, d, ...)                                                                   \
    ROW(n, g, BOOLEAN, .offset = AT(m), .default_number = d, __VA_ARGS__)
#define EXPERIMENT(n, t, ...)                                                                      \
    ROW(n, EXPERIMENT, t, .offset = NONE, .default_number = NAN, __VA_ARGS__)
#define HELP .help =
#define WHEN .applies =
#define REGULARIZES .is_regularizer = true
#define BELOW_MAXIMUM .exclusive_maximum = true
#define DEPENDS(text) .default_text = text

const field FIELDS[] = {
    /* ---- data ---- */
    ROW("dataset", DATA, DATASET, .offset = AT(dataset), .default_number = NAN,
        DEPENDS("\"glyphs\""),
        HELP "Data set: a built-in generator or a registered name; or an object with \"name\" and "
             "the generator's options."),
    INTEGER("train_size", DATA, train_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP "Training samples: a subset stratified by class, drawn with data_seed."),
    INTEGER("validation_size", DATA, validation_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP "Validation samples: a subset stratified by class, drawn with data_seed."),
    INTEGER("test_size", DATA, test_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP "Test samples: a subset stratified by class, drawn with data_seed."),
    NUMBER("label_noise", DATA, label_noise, 0, 1, 0,
           HELP "Fraction of training labels replaced by a different class, uniformly, once for "
                "all epochs; (K-1)/K makes "
                "labels random. Validation and test labels are never touched."),
    ENUM("scaling", DATA, scaling, SCALINGS, NAN, DEPENDS("the set's own"),
         HELP "Scaling of inputs, fitted on the training split only: standard is (x - "
              "mean)/deviation, minmax is (x - min)/(max - "
              "min); jointly over all pixels for images, per column otherwise. none: pixels in "
              "0..1, other inputs as they are."),
    INTEGER("data_seed", DATA, data_seed, 0, LARGEST_INTEGER, 0,
            HELP "Seed of generators, splits and label noise."),
    /* ---- model ---- */
    ROW("hidden", MODEL, INTEGER_ARRAY, .offset = AT(hidden), .count_offset = AT(n_hidden),
        .minimum = 1, .maximum = 16384, .default_number = NAN, DEPENDS("[128,128]"),
        HELP "Widths of the hidden layers, from the input on; [] is a linear model."),
    ENUM("activation", MODEL, activation, ACTIVATIONS, ACTIVATION_RELU, WHEN has_hidden,
         HELP "Activation of the hidden layers. leaky_relu has slope 0.01, elu alpha 1, gelu is "
              "the exact one (erf)."),
    ENUM("normalization", MODEL, normalization, NORMALIZATIONS, NORMALIZATION_NONE, WHEN has_hidden,
         HELP "Normalization in each hidden layer: dense, normalization, activation, dropout. "
              "Epsilon 1e-5; batch: momentum 0.1, "
              "biased variance in training, unbiased in the running one, and no bias in the dense "
              "layer before it."),
    ENUM("dropout_position", MODEL, dropout_position, DROPOUT_POSITIONS, DROPOUT_AFTER_ACTIVATION,
         WHEN dropout_is_placed,
         HELP "Where dropout acts: after the activation, or before the normalization (the variance "
              "shift of Li et al. 2018)."),
    ENUM("initialization", MODEL, initialization, INITIALIZATIONS, INITIALIZATION_AUTO,
         HELP "Initial weights; auto: He normal for the ReLU family, LeCun normal for selu, Glorot "
              "uniform otherwise. Biases start at 0."),
    /* ---- regularizers ---- */
    ROW("dropout", REGULARIZERS, RATES, .offset = AT(dropout), .count_offset = AT(n_dropout),
        .minimum = 0, .maximum = 1, BELOW_MAXIMUM, .default_number = 0, WHEN has_hidden,
        REGULARIZES,
        HELP "Probability of DROPPING a hidden unit (PyTorch, Keras); one rate, or one per hidden "
             "layer (Srivastava et al. 2014)."),
    NUMBER("input_dropout", REGULARIZERS, input_dropout, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP "Probability of dropping an input."),
    ENUM("dropout_kind", REGULARIZERS, dropout_kind, DROPOUT_KINDS, DROPOUT_BERNOULLI, WHEN drops,
         HELP "bernoulli: units become 0; gaussian: units times N(1, r/(1-r)); dropconnect: "
              "weights into hidden layers become 0 (Wan et "
              "al. 2013); alpha: keeps mean and variance of selu nets (Klambauer et al. 2017)."),
    ENUM("dropout_scope", REGULARIZERS, dropout_scope, DROPOUT_SCOPES, DROPOUT_SCOPE_ELEMENT,
         WHEN drops,
         HELP "element: a mask of its own for every sample; batch: one mask for the whole "
              "minibatch, and the dropped units are not "
              "computed (Graham et al. 2015)."),
    ENUM("dropout_scaling", REGULARIZERS, dropout_scaling, DROPOUT_SCALINGS,
         DROPOUT_SCALING_INVERTED, WHEN scales_by_rate,
         HELP "inverted: survivors times 1/(1-r) in training; classic: no scaling in training, "
              "times 1-r at inference."),
    ENUM("dropout_schedule", REGULARIZERS, dropout_schedule, DROPOUT_SCHEDULES,
         DROPOUT_SCHEDULE_CONSTANT, WHEN drops,
         HELP "The rate in epoch t = 0, 1, ...: linear r*min(1, t/T); early r*(1 - t/T) while t < "
              "T, then 0; late 0 while t < T, then "
              "r; curriculum r*(1 - exp(-10*t/T))."),
    INTEGER("dropout_schedule_epochs", REGULARIZERS, dropout_schedule_epochs, 1, 1e6, NAN,
            DEPENDS("epochs; for early and late epochs/6, rounded up"), WHEN dropout_is_scheduled,
            HELP "T of dropout_schedule, in epochs."),
    INTEGER("monte_carlo_samples", REGULARIZERS, monte_carlo_samples, 0, 1000, 0,
            HELP "Also evaluate the test split with the mean prediction of that many sampled masks "
                 "(Gal and Ghahramani 2016); without masks to sample, once as it is."),
    NUMBER("weight_decay", REGULARIZERS, weight_decay, 0, ANY, 0, REGULARIZES,
           HELP "Decoupled decay: w <- (1 - eta*lambda)*w before the optimizer's step; with adam "
                "this is AdamW (Loshchilov and Hutter 2019)."),
    NUMBER("l2", REGULARIZERS, l2, 0, ANY, 0, REGULARIZES,
           HELP "The penalty (lambda/2)*sum w^2 in the objective: PyTorch's weight_decay of SGD "
                "and Adam; half of Keras' L2."),
    NUMBER("l1", REGULARIZERS, l1, 0, ANY, 0, REGULARIZES,
           HELP "The penalty lambda*sum |w|; a weight that reaches 0 can come back."),
    ENUM("penalty_applies_to", REGULARIZERS, penalty_applies_to, PENALTY_SCOPES, PENALTY_WEIGHTS,
         WHEN penalizes,
         HELP "What weight_decay, l2 and l1 act on: weights, or all parameters (biases and "
              "normalization too)."),
    NUMBER("max_norm", REGULARIZERS, max_norm, 0, ANY, 0, WHEN has_hidden, REGULARIZES,
           HELP "After each update the incoming weights of each hidden unit are projected onto the "
                "L2 ball of this radius; 0 = off."),
    NUMBER("label_smoothing", REGULARIZERS, label_smoothing, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP "Targets (1 - e)*onehot + e/K (Szegedy et al. 2016)."),
    NUMBER("mixup", REGULARIZERS, mixup, 0, ANY, 0, REGULARIZES,
           HELP "alpha of mixup: each minibatch is mixed with a permutation of itself by one "
                "weight drawn from Beta(alpha, alpha) "
                "(Zhang et al. 2018); 0 = off."),
    NUMBER("input_noise", REGULARIZERS, input_noise, 0, ANY, 0, REGULARIZES,
           HELP "Standard deviation of Gaussian noise added to the scaled inputs in training "
                "(Bishop 1995)."),
    NUMBER("activation_noise", REGULARIZERS, activation_noise, 0, ANY, 0, WHEN has_hidden,
           REGULARIZES,
           HELP "Standard deviation of Gaussian noise added to the activations of hidden layers in "
                "training."),
    NUMBER("weight_noise", REGULARIZERS, weight_noise, 0, ANY, 0, REGULARIZES,
           HELP
           "Standard deviation of Gaussian noise added to the weights for each training step."),
    NUMBER("gradient_noise", REGULARIZERS, gradient_noise, 0, ANY, 0, REGULARIZES,
           HELP "Standard deviation of Gaussian noise added to the gradient of each training step "
                "(Neelakantan et al. 2015)."),
    ROW("augmentation", REGULARIZERS, OBJECT, .offset = NONE, .default_number = NAN, DEPENDS("off"),
        REGULARIZES, HELP "Random distortion of images, drawn afresh for every sample and epoch."),
    NUMBER("augmentation.shift", REGULARIZERS, augmentation.shift, 0, 64, 0, REGULARIZES,
           HELP "Shift by up to this many pixels each way."),
    NUMBER("augmentation.rotate", REGULARIZERS, augmentation.rotate, 0, 180, 0, REGULARIZES,
           HELP "Rotation by up to this many degrees each way."),
    NUMBER("augmentation.zoom", REGULARIZERS, augmentation.zoom, 0, 1, 0, BELOW_MAXIMUM,
           REGULARIZES, HELP "Zoom by a factor of 1 plus or minus up to this fraction."),
    NUMBER("augmentation.shear", REGULARIZERS, augmentation.shear, 0, 1, 0, REGULARIZES,
           HELP "Shear by up to this fraction each way."),
    NUMBER("augmentation.cutout", REGULARIZERS, augmentation.cutout, 0, 1024, 0, REGULARIZES,
           HELP "Side in pixels of a square set to the background (DeVries and Taylor 2017)."),
    NUMBER("augmentation.elastic", REGULARIZERS, augmentation.elastic, 0, 1000, 0, REGULARIZES,
           HELP "Elastic distortion: alpha in pixels; sigma is 4 pixels at 28x28 and in proportion "
                "elsewhere (Simard et al. 2003)."),
    BOOLEAN("augmentation.flip", REGULARIZERS, augmentation.flip, 0, REGULARIZES,
            HELP "Mirror left to right with probability 1/2."),
    ROW("early_stopping", REGULARIZERS, OBJECT, .offset = AT(early_stopping.enabled),
        .nullable = true, .default_number = NAN, DEPENDS("null"), REGULARIZES,
        HELP "Stop when the validation metric no longer improves (Keras' names; Prechelt 1998)."),
    ENUM("early_stopping.monitor", REGULARIZERS, early_stopping.monitor, MONITORS, MONITOR_VAL_LOSS,
         WHEN stops_early, HELP "What is watched; never a test metric."),
    ENUM("early_stopping.criterion", REGULARIZERS, early_stopping.criterion, CRITERIA,
         CRITERION_PATIENCE, WHEN stops_early,
         HELP "patience: records without improvement; gl: generalization loss 100*(E/E_best - 1) "
              "above threshold; pq: gl over training "
              "progress above threshold (Prechelt 1998; strips of 5 records)."),
    INTEGER("early_stopping.patience", REGULARIZERS, early_stopping.patience, 0, 1e6, 5,
            WHEN stops_by_patience, HELP "Records without improvement before training stops."),
    NUMBER("early_stopping.min_delta", REGULARIZERS, early_stopping.min_delta, 0, ANY, 0,
           WHEN stops_by_patience, HELP "A smaller improvement counts as none."),
    NUMBER("early_stopping.threshold", REGULARIZERS, early_stopping.threshold, 0, ANY, NAN,
           DEPENDS("gl 2.0; pq 0.75"), WHEN stops_by_threshold, HELP "Threshold of gl or pq."),
    INTEGER("early_stopping.start_from_epoch", REGULARIZERS, early_stopping.start_from_epoch, 0,
            1e6, 0, WHEN stops_early, HELP "Epochs before watching begins."),
    BOOLEAN("early_stopping.restore_best_weights", REGULARIZERS,
            early_stopping.restore_best_weights, 1, WHEN stops_early,
            HELP "Select the weights of the best epoch, however training ends."),
    NUMBER("gradient_clip", REGULARIZERS, gradient_clip, 0, ANY, 0, REGULARIZES,
           HELP "The gradient of data loss and l1 is scaled by min(1, c/(norm + 1e-6)), then l2 "
                "joins (PyTorch's clip_grad_norm_); 0 = off."),
    NUMBER("weight_average", REGULARIZERS, weight_average, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP "Decay of an exponential moving average of the weights, used for evaluation; it "
                "starts with the weights after the first step (PyTorch's AveragedModel). 0 = off."),
    /* ---- optimization ---- */
    ENUM("optimizer", OPTIMIZATION, optimizer, OPTIMIZERS, OPTIMIZER_ADAM,
         .aliases = OPTIMIZER_ALIASES,
         HELP "Update rule, with epsilon where PyTorch has it; adamw is accepted as adam (use "
              "weight_decay)."),
    NUMBER("learning_rate", OPTIMIZATION, learning_rate, 0, ANY, NAN, .exclusive_minimum = true,
           DEPENDS("0.001; sgd 0.05"), HELP "Step size eta."),
    NUMBER("momentum", OPTIMIZATION, momentum, 0, 1, NAN, BELOW_MAXIMUM,
           DEPENDS("sgd 0.9; rmsprop 0"), WHEN has_momentum, HELP "v <- mu*v + g; w <- w - eta*v."),
    BOOLEAN("nesterov", OPTIMIZATION, nesterov, 0, WHEN may_be_nesterov,
            HELP "Nesterov's momentum: w <- w - eta*(g + mu*v)."),
    NUMBER("beta1", OPTIMIZATION, beta1, 0, 1, 0.9, BELOW_MAXIMUM, WHEN is_adam,
           HELP "Decay of adam's first moment."),
    NUMBER("beta2", OPTIMIZATION, beta2, 0, 1, 0.999, BELOW_MAXIMUM, WHEN is_adam,
           HELP "Decay of adam's second moment."),
    NUMBER("rho", OPTIMIZATION, rho, 0, 1, 0.99, BELOW_MAXIMUM, WHEN is_rmsprop,
           HELP "Decay of rmsprop's squared gradients (PyTorch's alpha)."),
    NUMBER("epsilon", OPTIMIZATION, epsilon, 0, 1, 1e-8, .exclusive_minimum = true,
           WHEN has_epsilon, HELP "Added to the root of the second moment."),
    ENUM("learning_rate_schedule", OPTIMIZATION, learning_rate_schedule, RATE_SCHEDULES,
         RATE_CONSTANT,
         HELP "In epoch e = 0, 1, ...: step eta*f^floor(e/decay_every); exponential eta*f^e; "
              "cosine eta/2*(1 + cos(pi*e/epochs)); "
              "one_cycle: PyTorch's OneCycleLR per step, eta is the peak."),
    NUMBER("decay_factor", OPTIMIZATION, decay_factor, 0, 1, 0.1, .exclusive_minimum = true,
           WHEN decays_rate, HELP "f of the step and exponential schedules."),
    INTEGER("decay_every", OPTIMIZATION, decay_every, 1, 1e6, 10, WHEN decays_in_steps,
            HELP "Epochs between steps of the step schedule."),
    INTEGER("warmup_epochs", OPTIMIZATION, warmup_epochs, 0, 1e5, 0, WHEN may_warm_up,
            HELP
            "eta is multiplied by min(1, (step + 1)/(steps of these epochs)). Not with one_cycle, "
            "which has a warm-up of its own."),
    INTEGER("epochs", OPTIMIZATION, epochs, 1, 100000, 20, HELP "Passes over the training split."),
    INTEGER("batch_size", OPTIMIZATION, batch_size, 1, 65536, 64,
            HELP "Samples per step; the last, smaller batch is used."),
    BOOLEAN("shuffle", OPTIMIZATION, shuffle, 1,
            HELP "Visit the training samples in a new random order each epoch."),
    INTEGER("seed", OPTIMIZATION, seed, 0, LARGEST_INTEGER, 0,
            HELP "Seed of weights, order, masks and noise, one independent stream for each: two "
                 "configs with one seed differ only by "
                 "what differs between them."),
    /* ---- recording ---- */
    INTEGER("evaluate_every", RECORDING, evaluate_every, 1, 1e6, 1,
            HELP
            "Epochs between records; epoch 0 (before training) and the last are always recorded."),
    INTEGER("train_evaluation_size", RECORDING, train_evaluation_size, 1, 1e9, 10000,
            HELP "Size of the fixed stratified subset of the training split on which train_loss is "
                 "measured."),
    BOOLEAN("record_layers", RECORDING, record_layers, 1,
            HELP "Record diagnostics of each layer (norms, sparsity, co-adaptation, ...)."),
    /* ---- experiment ---- */
    EXPERIMENT("name", STRING, DEPENDS("\"\""), .maximum = 200, HELP "Name of the experiment."),
    EXPERIMENT("description", STRING, DEPENDS("\"\""), .maximum = 10000,
               HELP "What the experiment is about."),
    EXPERIMENT("tags", STRING_ARRAY, DEPENDS("[]"), .maximum = 32, HELP "Labels to find it by."),
    EXPERIMENT("priority", INTEGER, .minimum = -10, .maximum = 10, DEPENDS("0"),
               HELP "Queued runs of a higher priority start first; those of equal ones take turns. "
                    "What runs goes on."),
    EXPERIMENT("sweep", STRUCTURE, DEPENDS("{}"),
               HELP "Field to array of values, or field to {\"min\", \"max\", \"scale\", "
                    "\"count\"}: every combination is trained."),
    EXPERIMENT("repeat_varies", STRING_ARRAY, DEPENDS("[\"seed\"]"), .values = REPEAT_VARIES,
               .maximum = 2,
               HELP "What each repeat draws anew: seed, data_seed (its own data, split and label "
                    "noise, the same for every config)."),
    EXPERIMENT("sweep_method", ENUM, DEPENDS("\"grid\""), .values = SWEEP_METHODS,
               HELP "All combinations, or a random search of `trials` configs."),
    EXPERIMENT("trials", INTEGER, .minimum = 1, .maximum = 100000, DEPENDS("20"),
               HELP "Configs drawn by a random search."),
    EXPERIMENT("repeats", STRUCTURE, DEPENDS("1"), .minimum = 1, .maximum = 1000,
               HELP "Seeds per config, the same for every config so that runs pair up; or "
                    "{\"until\": {\"metric\", \"half_width\"}, \"min\", "
                    "\"max\"} to add seeds until every interval is that narrow."),
    EXPERIMENT("baseline", STRUCTURE,
               DEPENDS("the config with every swept regularizer at its default, else the first"),
               HELP "Field values of the config that the others are compared against."),
};

const int FIELD_COUNT = (int)(sizeof FIELDS / sizeof FIELDS[0]);

_Static_assert(sizeof FIELDS / sizeof FIELDS[0] <= SPEC_FIELD_LIMIT,
               "is_set must have a mark for every field");
