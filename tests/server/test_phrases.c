/* Plain words: numbers on their side of a limit, levels, metrics and arms without field syntax. */
#include "server/study/phrases.h"
#include "tests/server/arms_fixture.h"

/* ---- numbers ---- */

static void a_p_is_shown_on_its_side_of_the_level(void)
{
    static const struct {
        double p;
        const char *words;
    } cases[] = {{0.0496, "p = 0.0496"},         {0.05, "p = 0.05"},
                 {0.0504, "p = 0.05"},           {0.012, "p = 0.012"},
                 {0.04999999, "p = 0.04999999"}, {1e-5, "p < 0.0001"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer b;
        buffer_init(&b, 256);
        phrases_add_p(cases[i].p, &b);
        CHECK_EQUAL_STRING(b.data, cases[i].words);
        buffer_close(&b);
    }
}

static void number_words(double x, int digits, const char *expected)
{
    buffer b;
    buffer_init(&b, 256);
    phrases_add_number(x, digits, &b);
    CHECK_EQUAL_STRING(b.data, expected);
    buffer_close(&b);
}

static void numbers_have_true_minus_signs_and_no_exponents(void)
{
    number_words(-0.25, 3, "−0.25");
    number_words(0.000042, 2, "0.000042");
    number_words(-0.00009996, 3, "−0.0001");
    number_words(1234.6, 3, "1235");
    number_words(-1e6, 2, "−1000000");
    number_words(99.97, 3, "100");
    number_words(0, 3, "0");
}

/* ---- names ---- */

static void level_words(const char *name, bool is_regularizer, const char *plain, bool is_default,
                        const char *expected)
{
    const study_factor factor = {.name = name, .is_regularizer = is_regularizer};
    const study_level level = {.text = plain, .plain = plain, .is_default = is_default};
    buffer b;
    buffer_init(&b, 256);
    phrases_add_level(&factor, &level, &b);
    CHECK_EQUAL_STRING(b.data, expected);
    buffer_close(&b);
}

static void levels_have_plain_words(void)
{
    level_words("dropout", true, "0.5", false, "dropout 0.5");
    level_words("weight_decay", true, "0", true, "no weight decay");
    level_words("label_noise", false, "0", true, "label noise 0");
    level_words("early_stopping", true, "none", true, "no early stopping");
    level_words("early_stopping.patience", false, "5", false, "early stopping patience 5");
    level_words("nesterov", false, "true", false, "nesterov");
    level_words("nesterov", false, "false", true, "no nesterov");
    level_words("hidden", false, "[128,64]", false, "hidden 128-64");
    level_words("hidden", false, "[]", false, "hidden none");
    level_words("optimizer", false, "sgd", false, "optimizer sgd");
    level_words("dataset", false, "my_set", false, "dataset my_set");
    level_words("augmentation", true, "{shift=1,flip=true}", false,
                "augmentation (shift 1, flip true)");
}

static void metric_words(const char *name, const char *expected)
{
    buffer b;
    buffer_init(&b, 256);
    phrases_add_metric_name(name, &b);
    CHECK_EQUAL_STRING(b.data, expected);
    buffer_close(&b);
}

static void metrics_have_plain_words(void)
{
    metric_words("val_loss", "validation loss");
    metric_words("test_accuracy", "test accuracy");
    metric_words("train_r2", "training R²");
    metric_words("mc_test_ece", "test calibration error over sampled masks");
    metric_words("generalization_gap", "generalization gap");
    metric_words("layers.12.effective_rank", "effective rank of layer 12");
    const study_options o = {.metric = "epochs_to", .of = "train_loss", .target = 0.2};
    buffer b;
    buffer_init(&b, 256);
    phrases_add_metric(&o, &b);
    CHECK_EQUAL_STRING(b.data, "epochs to a training loss of 0.2");
    buffer_close(&b);
}

static void arms_are_named_by_variant_or_by_what_is_on(void)
{
    static const char *const expected[] = {"no dropout or weight decay", "dropout 0.5",
                                           "dropout 0.5 with weight decay 0.1", "two cures"};
    fixture x;
    arms a;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "weight_decay", QUESTION_TREATMENT, 0);
    fixture_run(&x, fixture_config_2(&x, 0, 0), 0, 1);
    fixture_run(&x, fixture_config_2(&x, 0.5, 0), 0, 2);
    fixture_run(&x, fixture_config_2(&x, 0.5, 0.1), 0, 3);
    fixture_run(&x, fixture_config_2(&x, 0.6, 0.1), 0, 4);
    x.factors[0].is_of_variants = x.factors[1].is_of_variants = true;
    x.configs[3].variant = "two cures";
    CHECK_OR_RETURN(fixture_open(&x, &a));
    for (size_t c = 0; c < 4; c++) {
        buffer b;
        buffer_init(&b, 256);
        phrases_add_arm(&a, fixture_arm(&a, c), &b);
        CHECK_EQUAL_STRING(b.data, expected[c]);
        buffer_close(&b);
    }
    arms_close(&a);
}

CHECK_MAIN("phrases", a_p_is_shown_on_its_side_of_the_level,
           numbers_have_true_minus_signs_and_no_exponents, levels_have_plain_words,
           metrics_have_plain_words, arms_are_named_by_variant_or_by_what_is_on)
