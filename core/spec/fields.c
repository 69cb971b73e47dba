/* FIELDS[]: the table itself. Adding a hyperparameter is one row here, its member in train_spec,
 * and its use. */
#include "core/spec/field.h"
#include "core/spec/trait.h"

#include <math.h>
#include <stddef.h>

#define AT(member) offsetof(train_spec, member)
#define NONE ((size_t)-1)
#define ANY                                                                                        \
    1e30 /* no upper bound but what float32 can hold: too much diverges, and that is a result */

static const char *const SCALINGS[] = {"none", "standard", "minmax", NULL};
static const char *const TARGET_SCALINGS[] = {"none", "standard", NULL};
static const char *const ACTIVATIONS[] = {"relu", "leaky_relu", "elu",     "selu",     "gelu",
                                          "silu", "tanh",       "sigmoid", "identity", NULL};
static const char *const NORMALIZATIONS[] = {"none", "batch", "layer", NULL};
static const char *const DROPOUT_POSITIONS[] = {"after_activation", "before_normalization", NULL};
static const char *const INITIALIZATIONS[] = {
    "auto", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", NULL};
static const char *const DROPOUT_KINDS[] = {"bernoulli", "gaussian", "dropconnect", "alpha", NULL};
static const char *const DROPOUT_SCOPES[] = {"element", "batch", NULL};
static const char *const DROPOUT_SCALINGS[] = {"inverted", "classic", NULL};
static const char *const DROPOUT_SCHEDULES[] = {"constant", "linear",     "early",
                                                "late",     "curriculum", NULL};
static const char *const PENALTY_SCOPES[] = {"weights", "all", NULL};
static const char *const MONITORS[] = {
#define MONITOR_ROW(id, name) name,
#include "core/spec/monitor_rows.h"
    NULL};
static const char *const CRITERIA[] = {"patience", "gl", "pq", NULL};
static const char *const OPTIMIZERS[] = {"sgd", "adam", "rmsprop", NULL};
static const char *const OPTIMIZER_ALIASES[] = {"adamw", "adam", NULL};
static const char *const RATE_SCHEDULES[] = {"constant", "step",      "exponential",
                                             "cosine",   "one_cycle", NULL};
static const char *const SWEEP_METHODS[] = {"grid", "random", NULL};
static const char *const REPEAT_VARIES[] = {"seed", "data_seed", NULL};

const char *const FIELD_GROUP_NAMES[FIELD_GROUP_COUNT] = {
    "data", "model", "regularizers", "optimization", "recording", "experiment"};

/* Rows by type. DATA(...) and the like would hide more than they save: only what every row of a
 * type shares is in these. */
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
#define FORMULA .formula =
#define ELSEWHERE(pytorch, keras, scikit_learn) .equivalents = {pytorch, keras, scikit_learn}
#define WHEN .applies =
#define REGULARIZES .is_regularizer = true
#define IS_LATER .is_later = true
#define BELOW_MAXIMUM .exclusive_maximum = true
#define DEPENDS(text) .default_text = text

const field FIELDS[] = {
    /* ---- data ---- */
    ROW("dataset", DATA, DATASET, .offset = AT(dataset), .default_number = NAN,
        DEPENDS("\"glyphs\""),
        HELP "What is learned: a built-in generator or a registered data set by name, or an object "
             "with \"name\" and the generator's options."),
    INTEGER("train_size", DATA, train_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP
            "How many samples to train on: a subset stratified by class, drawn with data_seed. Few "
            "samples are easily learned by heart, which is where regularizers help most."),
    INTEGER("validation_size", DATA, validation_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP "How many samples to validate on: they decide when to stop and which config is "
                 "chosen. A subset stratified by class, drawn with data_seed."),
    INTEGER("test_size", DATA, test_size, 1, 1e9, NAN, DEPENDS("the set's own"),
            HELP "How many samples to measure the outcome on, once, at the end: a subset "
                 "stratified by class, drawn with data_seed."),
    NUMBER("label_noise", DATA, label_noise, 0, 1, 0,
           HELP "Fraction of training labels replaced by a different class, uniformly, once for "
                "all epochs; a net that learns by heart repeats them. (K − 1)/K makes the labels "
                "random. Validation and test labels are never touched."),
    ENUM("scaling", DATA, scaling, SCALINGS, NAN, DEPENDS("the set's own"),
         HELP "Brings the inputs to a common scale, by statistics of the training split alone: "
              "jointly over all pixels for images, per column otherwise. With none, pixels lie in "
              "0 to 1 and other inputs stay as they are.",
         FORMULA "standard (x − mean)/deviation; minmax (x − min)/(max − min)",
         ELSEWHERE(NULL, "layers.Normalization", "StandardScaler, MinMaxScaler")),
    ENUM("target_scaling", DATA, target_scaling, TARGET_SCALINGS, NAN,
         DEPENDS("standard for registered regression sets, else none"), IS_LATER,
         HELP "Brings the targets of a regression to mean 0 and deviation 1, by statistics of the "
              "training split alone, so that a net need not first grow to their size. Losses are "
              "of the scaled targets; RMSE, residuals and predictions are in the set's own units.",
         FORMULA "standard (y − mean)/deviation",
         ELSEWHERE(NULL, NULL, "TransformedTargetRegressor")),
    INTEGER("data_seed", DATA, data_seed, 0, SPEC_SEED_LIMIT, 0,
            HELP "Seed of generators, splits, subsets and label noise."),
    /* ---- model ---- */
    ROW("hidden", MODEL, INTEGER_ARRAY, .offset = AT(hidden), .count_offset = AT(n_hidden),
        .minimum = 1, .maximum = 16384, .default_number = NAN, DEPENDS("[128,128]"),
        HELP "Widths of the hidden layers, from the input on. More and wider layers can learn "
             "more, also by heart; [] is a linear model.",
        ELSEWHERE("nn.Linear for each", "Dense(units) for each", "hidden_layer_sizes")),
    ENUM("activation", MODEL, activation, ACTIVATIONS, ACTIVATION_RELU, WHEN trait_has_hidden,
         HELP "What a hidden unit makes of its weighted sum. leaky_relu has slope 0.01, elu alpha "
              "1, gelu is the exact one (erf).",
         ELSEWHERE("nn.ReLU, nn.GELU, …",
                   "Dense(activation=…); leaky_relu: LeakyReLU(negative_slope=0.01)",
                   "activation='relu', 'tanh', 'logistic' or 'identity'")),
    ENUM("normalization", MODEL, normalization, NORMALIZATIONS, NORMALIZATION_NONE,
         WHEN trait_has_hidden,
         HELP
         "Brings the sums of each hidden layer to mean 0 and variance 1, over the minibatch "
         "(batch) or over the layer's units (layer), then scales and shifts them by learned "
         "numbers. The order is dense, normalization, activation, dropout. batch: the dense layer "
         "has no bias; momentum 0.1, biased variance in training, unbiased in the running one.",
         FORMULA "y = γ·(x − mean)/√(variance + 1e-5) + β",
         ELSEWHERE("nn.BatchNorm1d, nn.LayerNorm",
                   "BatchNormalization(momentum=0.9, epsilon=1e-5), biased in both; "
                   "LayerNormalization(epsilon=1e-5)",
                   NULL)),
    ENUM("dropout_position", MODEL, dropout_position, DROPOUT_POSITIONS, DROPOUT_AFTER_ACTIVATION,
         WHEN trait_dropout_is_placed,
         HELP
         "Where dropout acts: after the activation, or before the normalization, whose statistics "
         "then differ between training and inference (the variance shift of Li et al. 2018)."),
    ENUM("initialization", MODEL, initialization, INITIALIZATIONS, INITIALIZATION_AUTO,
         HELP "How the first weights are drawn, so that signals keep their size through the "
              "layers. auto: He normal for the ReLU family, LeCun normal for selu, Glorot uniform "
              "otherwise. Biases start at 0.",
         FORMULA "variance: He 2/inputs; Glorot 2/(inputs + outputs); LeCun 1/inputs",
         ELSEWHERE("nn.init.kaiming_normal_, xavier_uniform_, …", "kernel_initializer", NULL)),
    /* ---- regularizers ---- */
    ROW("dropout", REGULARIZERS, RATES, .offset = AT(dropout), .count_offset = AT(n_dropout),
        .minimum = 0, .maximum = 1, BELOW_MAXIMUM, .default_number = 0, WHEN trait_has_hidden,
        REGULARIZES,
        HELP "In training each hidden unit is left out with this probability, at random and anew "
             "for each sample and step, so that units cannot rely on one another; at inference all "
             "take part. One rate, or one per hidden layer (Srivastava et al. 2014).",
        FORMULA "h ← m·h/(1 − r), m = 0 with probability r, else 1",
        ELSEWHERE("nn.Dropout(p=r)", "Dropout(r)", NULL)),
    NUMBER("input_dropout", REGULARIZERS, input_dropout, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP "The same for inputs; about 0.2 is usual.", FORMULA "x ← m·x/(1 − r)",
           ELSEWHERE("nn.Dropout(p=r) on the input", "Dropout(r) on the input", NULL)),
    ENUM("dropout_kind", REGULARIZERS, dropout_kind, DROPOUT_KINDS, DROPOUT_BERNOULLI,
         WHEN trait_drops,
         HELP "What dropout does. bernoulli: units become 0; gaussian: units are multiplied by "
              "noise with the mean and variance of that mask; dropconnect: weights into hidden "
              "layers become 0 (Wan et al. 2013); alpha: dropped units take selu's lowest value, "
              "and all are rescaled to keep mean and variance (Klambauer et al. 2017).",
         FORMULA "gaussian: h ← h·N(1, r/(1 − r)); dropconnect: W ← M∘W/(1 − r)",
         ELSEWHERE("nn.Dropout, nn.AlphaDropout", "Dropout, GaussianDropout, AlphaDropout", NULL)),
    ENUM("dropout_scope", REGULARIZERS, dropout_scope, DROPOUT_SCOPES, DROPOUT_SCOPE_ELEMENT,
         WHEN trait_drops,
         HELP
         "element: a mask of its own for every sample; batch: one mask for the whole minibatch. "
         "With bernoulli, and without normalization, gradient_clip and gradient_noise, the units "
         "that it drops are not computed, which is quicker (Graham et al. 2015).",
         ELSEWHERE("element", "element; batch with noise_shape=(1, None)", NULL)),
    ENUM("dropout_scaling", REGULARIZERS, dropout_scaling, DROPOUT_SCALINGS,
         DROPOUT_SCALING_INVERTED, WHEN trait_scales_by_rate,
         HELP "Who makes up for the missing units: inverted scales the others in training, classic "
              "scales all at inference, as the first papers did.",
         FORMULA "inverted: 1/(1 − r) in training; classic: 1 − r at inference",
         ELSEWHERE("inverted", "inverted", NULL)),
    ENUM("dropout_schedule", REGULARIZERS, dropout_schedule, DROPOUT_SCHEDULES,
         DROPOUT_SCHEDULE_CONSTANT, WHEN trait_drops,
         HELP "How the rates change over the epochs t = 0, 1, …: linear and curriculum (Morerio et "
              "al. 2017) begin without dropout, early begins with it and ends it at T, late begins "
              "it at T (Liu et al. 2023).",
         FORMULA "linear r·min(1, t/T); early r·(1 − t/T) while t < T, then 0; late 0 while t < T, "
                 "then r; curriculum r·(1 − exp(−10·t/T))"),
    INTEGER("dropout_schedule_epochs", REGULARIZERS, dropout_schedule_epochs, 1, 1e6, NAN,
            DEPENDS("epochs; for early and late epochs/6, rounded up"),
            WHEN trait_dropout_is_scheduled, HELP "T of dropout_schedule, in epochs."),
    INTEGER("monte_carlo_samples", REGULARIZERS, monte_carlo_samples, 0, 1000, 0,
            HELP "Also evaluate the test split with the mean prediction of that many sampled "
                 "masks, which says more honestly how sure the net is (Gal and Ghahramani 2016). "
                 "Without masks to sample, once as it is.",
            FORMULA "p = (1/k)·Σ p(x, mask i)"),
    NUMBER("weight_decay", REGULARIZERS, weight_decay, 0, ANY, 0, REGULARIZES,
           HELP "Shrinks every weight by the same small fraction in each step, apart from the "
                "loss: weights that nothing holds up fade away. Decoupled: the optimizer does not "
                "rescale it; with adam this is AdamW (Loshchilov and Hutter 2019).",
           FORMULA "w ← (1 − η·λ)·w before the step",
           ELSEWHERE("AdamW(weight_decay=λ), of all parameters",
                     "SGD, Adam or RMSprop(weight_decay=λ), of all parameters", NULL)),
    NUMBER(
        "l2", REGULARIZERS, l2, 0, ANY, 0, REGULARIZES,
        HELP "Adds a cost for large weights to the loss, so that many small weights do the work of "
             "a few large ones (ridge regression). Independent of the batch size.",
        FORMULA "J + (λ/2)·Σ w²: λ·w joins the gradient",
        ELSEWHERE("SGD, Adam or RMSprop(weight_decay=λ)", "kernel_regularizer=L2(λ/2)",
                  "MLPClassifier(alpha=λ·batch_size); hidden []: LogisticRegression(C=1/(n·λ))")),
    NUMBER("l1", REGULARIZERS, l1, 0, ANY, 0, REGULARIZES,
           HELP "Adds a cost in proportion to the size of every weight, so that unimportant ones "
                "are drawn to zero (lasso). A weight that reaches 0 can come back.",
           FORMULA "J + λ·Σ |w|: λ·sign(w) joins the gradient",
           ELSEWHERE("loss + λ·w.abs().sum()", "kernel_regularizer=L1(λ)",
                     "hidden []: LogisticRegression(l1_ratio=1, solver='saga', C=1/(n·λ)); before "
                     "1.8 penalty='l1'")),
    ENUM("penalty_applies_to", REGULARIZERS, penalty_applies_to, PENALTY_SCOPES, PENALTY_WEIGHTS,
         WHEN trait_penalizes,
         HELP "What weight_decay, l2 and l1 act on: the weights, or all parameters (biases and "
              "normalization too).",
         ELSEWHERE("all, unless parameters are put into groups",
                   "weights with kernel_regularizer; all with weight_decay", "weights")),
    NUMBER(
        "max_norm", REGULARIZERS, max_norm, 0, ANY, 0, WHEN trait_has_hidden, REGULARIZES,
        HELP
        "Bounds the length of the weights into each hidden unit: after each update, longer ones "
        "are scaled back to it (Srivastava et al. 2014). Allows large learning rates. 0 is off.",
        FORMULA "w ← w·min(1, c/‖w‖₂) for each unit",
        ELSEWHERE("w.data.renorm_(2, 0, c) after each step", "kernel_constraint=MaxNorm(c)", NULL)),
    NUMBER("label_smoothing", REGULARIZERS, label_smoothing, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP "Asks for a little less than certainty: a part ε of the target is shared by all "
                "classes (Szegedy et al. 2016). Keeps the net from ever larger logits.",
           FORMULA "target (1 − ε)·onehot + ε/K",
           ELSEWHERE("CrossEntropyLoss(label_smoothing=ε)",
                     "CategoricalCrossentropy(label_smoothing=ε)", NULL)),
    NUMBER("mixup", REGULARIZERS, mixup, 0, ANY, 0, REGULARIZES,
           HELP "Trains on mixtures of each sample with another of its minibatch, labels too "
                "(Zhang et al. 2018). The larger α, the nearer to half and half; 0 is off.",
           FORMULA "x ← β·x + (1 − β)·x', y likewise; x' from a permutation of the minibatch, β ~ "
                   "Beta(α, α) for each minibatch"),
    NUMBER("input_noise", REGULARIZERS, input_noise, 0, ANY, 0, REGULARIZES,
           HELP "Adds Gaussian noise of this standard deviation to the scaled inputs in training, "
                "so that the net does not depend on small differences. For linear regression it is "
                "ridge (Bishop 1995).",
           FORMULA "x ← x + N(0, σ²); with one linear output like l2 = 2·σ²",
           ELSEWHERE("x + σ*torch.randn_like(x)", "GaussianNoise(σ) on the input", NULL)),
    NUMBER("activation_noise", REGULARIZERS, activation_noise, 0, ANY, 0, WHEN trait_has_hidden,
           REGULARIZES,
           HELP "Adds Gaussian noise of this standard deviation to the activations of the hidden "
                "layers in training.",
           FORMULA "h ← h + N(0, σ²)",
           ELSEWHERE("h + σ*torch.randn_like(h)", "GaussianNoise(σ) after each layer", NULL)),
    NUMBER("weight_noise", REGULARIZERS, weight_noise, 0, ANY, 0, REGULARIZES,
           HELP "Adds Gaussian noise of this standard deviation to the weights for each training "
                "step: prefers solutions that bear small changes.",
           FORMULA "the gradient is taken at w + N(0, σ²)"),
    NUMBER("gradient_noise", REGULARIZERS, gradient_noise, 0, ANY, 0, REGULARIZES,
           HELP "Adds Gaussian noise of this standard deviation to the gradient of each training "
                "step (Neelakantan et al. 2015).",
           FORMULA "g ← g + N(0, σ²)"),
    ROW("augmentation", REGULARIZERS, OBJECT, .offset = NONE, .default_number = NAN, DEPENDS("off"),
        REGULARIZES,
        HELP "Random distortion of images, drawn afresh for every sample and epoch: the net hardly "
             "ever sees the same picture twice."),
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
           HELP "Elastic distortion: the strength α in pixels; σ is 4 pixels at 28×28 and in "
                "proportion elsewhere (Simard et al. 2003)."),
    BOOLEAN("augmentation.flip", REGULARIZERS, augmentation.flip, 0, REGULARIZES,
            HELP "Mirror left to right with probability 1/2. Not for digits and letters."),
    ROW("early_stopping", REGULARIZERS, OBJECT, .offset = AT(early_stopping.enabled),
        .nullable = true, .default_number = NAN, DEPENDS("null"), REGULARIZES,
        HELP "Ends training when the validation metric no longer improves, before the net learns "
             "the noise (Prechelt 1998).",
        ELSEWHERE(NULL, "EarlyStopping", "MLPClassifier(early_stopping=True)")),
    ENUM("early_stopping.monitor", REGULARIZERS, early_stopping.monitor, MONITORS, MONITOR_VAL_LOSS,
         WHEN trait_stops_early,
         HELP "What is watched: a metric of the validation split, never of the test split.",
         ELSEWHERE(NULL, "monitor", "always validation accuracy")),
    ENUM("early_stopping.criterion", REGULARIZERS, early_stopping.criterion, CRITERIA,
         CRITERION_PATIENCE, WHEN trait_stops_early,
         HELP "When it ends. patience: after so many records without improvement; gl: when the "
              "validation loss E has risen too far above its best; pq: when that rise outweighs "
              "the progress in training (Prechelt 1998; strips of 5 records).",
         FORMULA "gl = 100·(E/E_best − 1) > threshold; pq = gl/progress > threshold, progress = "
                 "1000·(mean/least − 1) of the strip's train_loss",
         ELSEWHERE(NULL, "patience only", "patience only")),
    INTEGER("early_stopping.patience", REGULARIZERS, early_stopping.patience, 0, 1e6, 5,
            WHEN trait_stops_by_patience, HELP "Records without improvement before training stops.",
            ELSEWHERE(NULL, "patience", "n_iter_no_change=patience − 1")),
    NUMBER("early_stopping.min_delta", REGULARIZERS, early_stopping.min_delta, 0, ANY, 0,
           WHEN trait_stops_by_patience, HELP "A smaller improvement counts as none.",
           ELSEWHERE(NULL, "min_delta", "tol")),
    NUMBER("early_stopping.threshold", REGULARIZERS, early_stopping.threshold, 0, ANY, NAN,
           DEPENDS("gl 2.0; pq 0.75"), WHEN trait_stops_by_threshold,
           HELP "Threshold of gl or pq."),
    INTEGER("early_stopping.start_from_epoch", REGULARIZERS, early_stopping.start_from_epoch, 0,
            1e6, 0, WHEN trait_stops_early, HELP "Epochs before watching begins.",
            ELSEWHERE(NULL, "start_from_epoch", NULL)),
    BOOLEAN("early_stopping.restore_best_weights", REGULARIZERS,
            early_stopping.restore_best_weights, 1, WHEN trait_stops_early,
            HELP "Select the weights of the best epoch, however training ends.",
            ELSEWHERE(NULL, "restore_best_weights", "always")),
    NUMBER("gradient_clip", REGULARIZERS, gradient_clip, 0, ANY, 0, REGULARIZES,
           HELP "Scales the gradient down when its norm over all parameters is above this, so that "
                "a single wild minibatch does no harm. It acts on the gradient of data loss and "
                "l1; l2 joins after it. 0 is off.",
           FORMULA "g ← g·min(1, c/(‖g‖ + 1e-6))",
           ELSEWHERE("clip_grad_norm_(parameters, c)", "global_clipnorm=c", NULL)),
    NUMBER("weight_average", REGULARIZERS, weight_average, 0, 1, 0, BELOW_MAXIMUM, REGULARIZES,
           HELP
           "Evaluates with a moving average of the weights, which is smoother than the last ones. "
           "It averages over about the last 1/(1 − d) steps, which must be few beside all steps: "
           "0.99 suits a default run. It starts with the weights after the first step. 0 is off.",
           FORMULA "a ← d·a + (1 − d)·w after each step",
           ELSEWHERE("AveragedModel(multi_avg_fn=get_ema_multi_avg_fn(d))",
                     "use_ema=True, ema_momentum=d", NULL)),
    /* ---- optimization ---- */
    ENUM("optimizer", OPTIMIZATION, optimizer, OPTIMIZERS, OPTIMIZER_ADAM,
         .aliases = OPTIMIZER_ALIASES,
         HELP "How a gradient becomes a step: sgd, or adam and rmsprop, which give each weight a "
              "step size of its own. adamw is accepted as adam (use weight_decay).",
         ELSEWHERE("SGD, Adam, RMSprop", "SGD, Adam, RMSprop", "solver='sgd' or 'adam'")),
    NUMBER("learning_rate", OPTIMIZATION, learning_rate, 0, ANY, NAN, .exclusive_minimum = true,
           DEPENDS("0.001; sgd 0.05"),
           HELP "Size η of the steps: too small learns slowly, too large diverges. Tune it first, "
                "and again whenever a regularizer changes.",
           FORMULA "w ← w − η·step", ELSEWHERE("lr", "learning_rate", "learning_rate_init")),
    NUMBER("momentum", OPTIMIZATION, momentum, 0, 1, NAN, BELOW_MAXIMUM,
           DEPENDS("sgd 0.9; rmsprop 0"), WHEN trait_has_momentum,
           HELP "How much of the last step goes on: smooths the way.",
           FORMULA "v ← μ·v + g; w ← w − η·v (rmsprop: g/(√v + ε) in place of g)",
           ELSEWHERE("momentum", "momentum", "momentum")),
    BOOLEAN("nesterov", OPTIMIZATION, nesterov, 0, WHEN trait_may_be_nesterov,
            HELP "Nesterov's momentum: looks one step ahead.", FORMULA "w ← w − η·(g + μ·v)",
            ELSEWHERE("nesterov", "nesterov", "nesterovs_momentum")),
    NUMBER("beta1", OPTIMIZATION, beta1, 0, 1, 0.9, BELOW_MAXIMUM, WHEN trait_is_adam,
           HELP "Decay of adam's mean of the gradients.", FORMULA "m ← β₁·m + (1 − β₁)·g",
           ELSEWHERE("betas[0]", "beta_1", "beta_1")),
    NUMBER("beta2", OPTIMIZATION, beta2, 0, 1, 0.999, BELOW_MAXIMUM, WHEN trait_is_adam,
           HELP "Decay of adam's mean of the squared gradients.", FORMULA "v ← β₂·v + (1 − β₂)·g²",
           ELSEWHERE("betas[1]", "beta_2", "beta_2")),
    NUMBER("rho", OPTIMIZATION, rho, 0, 1, 0.99, BELOW_MAXIMUM, WHEN trait_is_rmsprop,
           HELP "Decay of rmsprop's mean of the squared gradients.", FORMULA "v ← ρ·v + (1 − ρ)·g²",
           ELSEWHERE("alpha", "rho", NULL)),
    NUMBER("epsilon", OPTIMIZATION, epsilon, 0, 1, 1e-8, .exclusive_minimum = true,
           WHEN trait_has_epsilon,
           HELP "Added to the root of the mean square, so that nothing is divided by zero.",
           FORMULA "adam m̂/(√v̂ + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ); rmsprop g/(√v + ε)",
           ELSEWHERE("eps",
                     "epsilon, but inside the root in RMSprop and before the correction in Adam",
                     "epsilon, before the correction")),
    ENUM("learning_rate_schedule", OPTIMIZATION, learning_rate_schedule, RATE_SCHEDULES,
         RATE_CONSTANT,
         HELP "How the learning rate changes over the epochs e = 0, 1, …; one_cycle changes it in "
              "every step, with η as its peak.",
         FORMULA "step η·f^⌊e/decay_every⌋; exponential η·f^e; cosine η/2·(1 + cos(π·e/epochs))",
         ELSEWHERE("StepLR, ExponentialLR, CosineAnnealingLR, OneCycleLR",
                   "ExponentialDecay, CosineDecay, per step",
                   "another: learning_rate='invscaling' or 'adaptive', with sgd")),
    NUMBER("decay_factor", OPTIMIZATION, decay_factor, 0, 1, 0.1, .exclusive_minimum = true,
           WHEN trait_decays_rate, HELP "f of the step and exponential schedules.",
           ELSEWHERE("gamma", "decay_rate", NULL)),
    INTEGER("decay_every", OPTIMIZATION, decay_every, 1, 1e6, 10, WHEN trait_decays_in_steps,
            HELP "Epochs between steps of the step schedule.",
            ELSEWHERE("step_size",
                      "ExponentialDecay(decay_steps=decay_every·steps per epoch, staircase=True)",
                      NULL)),
    INTEGER(
        "warmup_epochs", OPTIMIZATION, warmup_epochs, 0, 1e5, 0, WHEN trait_may_warm_up,
        HELP "Starts with small steps that grow over these epochs. Not with one_cycle, which has a "
             "warm-up of its own.",
        FORMULA "η·min(1, (step + 1)/(steps of these epochs))",
        ELSEWHERE(
            "LinearLR(start_factor=1/N, total_iters=N − 1) per step, N the steps of these epochs",
            "CosineDecay(warmup_steps=N, warmup_target=η)", NULL)),
    INTEGER("epochs", OPTIMIZATION, epochs, 1, 100000, 20, HELP "Passes over the training split.",
            ELSEWHERE("your own loop", "fit(epochs=…)", "max_iter")),
    INTEGER("batch_size", OPTIMIZATION, batch_size, 1, 65536, 64,
            HELP "Samples per step; the last, smaller batch is used, too. Small batches are noisy, "
                 "which regularizes by itself.",
            ELSEWHERE("DataLoader(batch_size=…)", "fit(batch_size=…)", "batch_size")),
    BOOLEAN("shuffle", OPTIMIZATION, shuffle, 1,
            HELP "Visit the training samples in a new random order each epoch.",
            ELSEWHERE("DataLoader(shuffle=True)", "fit(shuffle=True)", "shuffle=True")),
    INTEGER("seed", OPTIMIZATION, seed, 0, SPEC_SEED_LIMIT, 0,
            HELP
            "Seed of weights, order, masks and noise, one independent stream for each: two configs "
            "with one seed differ only by what differs between them, so they compare in pairs."),
    /* ---- recording ---- */
    INTEGER("evaluate_every", RECORDING, evaluate_every, 1, 1e6, 1,
            HELP
            "Epochs between records; epoch 0 (before training) and the last are always recorded."),
    INTEGER("train_evaluation_size", RECORDING, train_evaluation_size, 1, 1e9, 10000,
            HELP "Size of the fixed stratified subset of the training split on which train_loss is "
                 "measured."),
    BOOLEAN("record_layers", RECORDING, record_layers, 1,
            HELP "Record diagnostics of each layer: norms, sparsity, co-adaptation and others."),
    /* ---- experiment ---- */
    EXPERIMENT("name", STRING, DEPENDS("\"\""), .maximum = 200, HELP "Name of the experiment."),
    EXPERIMENT("description", STRING, DEPENDS("\"\""), .maximum = 10000,
               HELP "What the experiment is about."),
    EXPERIMENT("tags", STRING_ARRAY, DEPENDS("[]"), .maximum = 32, HELP "Labels to find it by."),
    EXPERIMENT("priority", INTEGER, .minimum = SPEC_PRIORITY_LEAST, .maximum = SPEC_PRIORITY_MOST,
               DEPENDS("0"),
               HELP "Queued runs of a higher priority start first; those of equal ones take turns. "
                    "What runs goes on."),
    EXPERIMENT("sweep", STRUCTURE, DEPENDS("{}"),
               HELP "Field to array of values, or field to {\"min\", \"max\", \"scale\", "
                    "\"count\"}. With sweep_method grid every combination is trained."),
    EXPERIMENT("variants", STRUCTURE, DEPENDS("none"),
               HELP "A list of configs, each an object of field values and a label, crossed with "
                    "the sweep: one regularizer at a time beside each other."),
    EXPERIMENT("question", STRUCTURE, DEPENDS("{}"),
               HELP "What the experiment is to answer: which varied fields are the treatment, "
                    "which each arm tunes for itself and which are the context (treatment, tune, "
                    "context), the metric, and the smallest_effect that matters."),
    EXPERIMENT("repeat_varies", STRING_ARRAY,
               DEPENDS("[\"seed\",\"data_seed\"]; [\"seed\"] where all three parts are stored with "
                       "the set"),
               .values = REPEAT_VARIES, .maximum = 2,
               HELP "What each repeat draws anew: seed, data_seed (its own data, split and label "
                    "noise, the same for every config)."),
    EXPERIMENT("sweep_method", ENUM, DEPENDS("\"grid\""), .values = SWEEP_METHODS,
               HELP "All combinations of the swept values (grid), or configs drawn at random from "
                    "the values and ranges (random)."),
    EXPERIMENT("trials", INTEGER, .minimum = 1, .maximum = SPEC_RUNS_LIMIT, DEPENDS("20"),
               HELP "How many configs a random search draws."),
    EXPERIMENT(
        "repeats", STRUCTURE, DEPENDS("1"), .minimum = 1, .maximum = SPEC_REPEATS_LIMIT,
        HELP
        "Seeds per config, the same for every config, so that runs pair up: 3 at least "
        "for a verdict, 10 for a claim. Or {\"until\": {\"metric\", \"half_width\"}, "
        "\"min\", \"max\"}: after min repeats (10) as many are added at once, up to max (40), as "
        "their spread calls for, so that the interval of every difference to the baseline is "
        "that narrow."),
    EXPERIMENT("baseline", STRUCTURE,
               DEPENDS("the config with every swept regularizer at its default, else the first"),
               HELP "Field values of the config that the others are compared against."),
};

const char FIELD_SYMBOLS[] = "λ, r, σ, ε, α, c, d, f, β, μ and ρ are the value of the field "
                             "itself; w is a weight, W a matrix of them, x an input, h an "
                             "activation, g a gradient, m a mask or a mean, v a mean of squares or "
                             "a velocity, η the learning rate, J the loss, K the number of "
                             "classes, n that of training samples.";

const int FIELD_COUNT = (int)(sizeof FIELDS / sizeof FIELDS[0]);

_Static_assert(sizeof FIELDS / sizeof FIELDS[0] <= SPEC_FIELD_LIMIT,
               "is_set must have a mark for every field");
