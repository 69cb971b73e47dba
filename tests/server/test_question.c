/* Roles of varied fields and the primary metric; what an interval is about and what matters. */
#include "server/study/estimand.h"
#include "server/study/question.h"
#include "tests/check.h"

#include <stdlib.h>

/* ---- roles ---- */

typedef struct case_of_roles {
    uint8_t origin[SPEC_FIELD_LIMIT];
    question question;
    question_role roles[SPEC_FIELD_LIMIT];
} case_of_roles;

static int index_of(const char *name)
{
    const field *row = field_find(name);
    CHECK(row != NULL);
    return row ? (int)(row - FIELDS) : 0;
}

static void start(case_of_roles *c)
{
    *c = (case_of_roles){0};
    question_init(&c->question);
}

static void sweep(case_of_roles *c, const char *name)
{
    c->origin[index_of(name)] = QUESTION_SWEPT;
}

static void vary(case_of_roles *c, const char *name)
{
    c->origin[index_of(name)] = QUESTION_BY_VARIANT;
}

static void name_role(case_of_roles *c, const char *name, question_role role)
{
    c->question.role_plus_one[index_of(name)] = (uint8_t)(role + 1);
    c->question.names_treatment = c->question.names_treatment || role == QUESTION_TREATMENT;
}

static const char *role_of(case_of_roles *c, const char *name)
{
    question_assign(&c->question, c->origin, c->roles);
    return QUESTION_ROLE_NAMES[c->roles[index_of(name)]];
}

static const char *metric_of(case_of_roles *c)
{
    question_assign(&c->question, c->origin, c->roles);
    return question_metric(&c->question, c->origin, c->roles);
}

static void the_group_decides(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "dropout");
    sweep(&c, "learning_rate");
    sweep(&c, "hidden");
    sweep(&c, "train_size");
    sweep(&c, "evaluate_every");
    CHECK_EQUAL_STRING(role_of(&c, "dropout"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "learning_rate"), "tune");
    CHECK_EQUAL_STRING(role_of(&c, "hidden"), "context");
    CHECK_EQUAL_STRING(role_of(&c, "train_size"), "context");
    CHECK_EQUAL_STRING(role_of(&c, "evaluate_every"), "context");
    CHECK_EQUAL_STRING(metric_of(&c), "test_loss"); /* something is tuned */
}

static void without_a_regularizer_the_next_group_is_asked_about(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "learning_rate");
    sweep(&c, "hidden");
    CHECK_EQUAL_STRING(role_of(&c, "learning_rate"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "hidden"), "context");
    CHECK_EQUAL_STRING(metric_of(&c), "val_loss");
    start(&c);
    sweep(&c, "hidden");
    sweep(&c, "train_size");
    CHECK_EQUAL_STRING(role_of(&c, "hidden"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "train_size"), "context");
    start(&c);
    sweep(&c, "train_size");
    CHECK_EQUAL_STRING(role_of(&c, "train_size"), "treatment");
    start(&c);
    sweep(&c, "evaluate_every");
    CHECK_EQUAL_STRING(role_of(&c, "evaluate_every"), "treatment");
}

static void variants_are_treatments_and_swept_regularizers_tuned(void)
{
    case_of_roles c;
    start(&c);
    vary(&c, "dropout");
    vary(&c, "optimizer");
    sweep(&c, "weight_decay");
    sweep(&c, "train_size");
    CHECK_EQUAL_STRING(role_of(&c, "dropout"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "optimizer"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "weight_decay"), "tune");
    CHECK_EQUAL_STRING(role_of(&c, "train_size"), "context");
    CHECK_EQUAL_STRING(metric_of(&c), "test_loss");
}

static void a_named_treatment_makes_other_regularizers_tuned(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "dropout");
    sweep(&c, "weight_decay");
    name_role(&c, "dropout", QUESTION_TREATMENT);
    CHECK_EQUAL_STRING(role_of(&c, "dropout"), "treatment");
    CHECK_EQUAL_STRING(role_of(&c, "weight_decay"), "tune");
}

static void the_question_names_roles_otherwise(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "dropout");
    sweep(&c, "learning_rate");
    sweep(&c, "hidden");
    name_role(&c, "dropout", QUESTION_CONTEXT);
    name_role(&c, "hidden", QUESTION_TUNE);
    CHECK_EQUAL_STRING(role_of(&c, "dropout"), "context");
    CHECK_EQUAL_STRING(role_of(&c, "hidden"), "tune");
    CHECK_EQUAL_STRING(role_of(&c, "learning_rate"), "treatment"); /* none is left but it */
    name_role(&c, "learning_rate", QUESTION_TUNE);
    CHECK_EQUAL_STRING(role_of(&c, "learning_rate"), "tune");
}

static void an_object_names_its_members(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "early_stopping.patience");
    sweep(&c, "dropout");
    name_role(&c, "early_stopping", QUESTION_TUNE);
    CHECK_EQUAL_STRING(role_of(&c, "early_stopping.patience"), "tune");
    CHECK_EQUAL_STRING(role_of(&c, "dropout"), "treatment");
    name_role(&c, "early_stopping.patience", QUESTION_CONTEXT);
    CHECK_EQUAL_STRING(role_of(&c, "early_stopping.patience"), "context");
}

static void early_stopping_is_judged_on_the_test_split(void)
{
    case_of_roles c;
    start(&c);
    sweep(&c, "early_stopping");
    CHECK_EQUAL_STRING(metric_of(&c), "test_loss");
    start(&c);
    sweep(&c, "dropout");
    CHECK_EQUAL_STRING(metric_of(&c), "val_loss");
    snprintf(c.question.metric, sizeof c.question.metric, "test_accuracy");
    CHECK_EQUAL_STRING(metric_of(&c), "test_accuracy");
}

/* ---- what the interval is about ---- */

/* Wine: 178 rows, 36 for validation, 36 for test. */
static estimand_data wine(void)
{
    return (estimand_data){.varies_data_seed = true,
                           .stored = {178, 0, 0},
                           .drawn = {106, 36, 36},
                           .n_train_evaluation = 106};
}

static void one_draw_is_a_split(void)
{
    estimand_data d = wine();
    d.varies_data_seed = false;
    CHECK_EQUAL_INT(estimand_about_of(&d, "val_loss"), ESTIMAND_SPLIT);
    CHECK(estimand_share(&d, "val_loss") == 0);
}

static void generated_rows_are_new_data(void)
{
    estimand_data d = wine();
    d.is_generated = true;
    CHECK_EQUAL_INT(estimand_about_of(&d, "test_loss"), ESTIMAND_NEW_DATA);
    CHECK(estimand_share(&d, "test_loss") == 0);
}

static void redrawn_rows_share_a_pool(void)
{
    estimand_data d = wine();
    CHECK_EQUAL_INT(estimand_about_of(&d, "val_loss"), ESTIMAND_RESPLIT);
    CHECK_NEAR(estimand_share(&d, "val_loss"), 36 / 106.0, 1e-15);
    CHECK_NEAR(estimand_share(&d, "mc_test_ece"), 36 / 106.0, 1e-15);
    CHECK_NEAR(estimand_share(&d, "weight_norm"), 36 / 106.0, 1e-15);
    d.drawn[PART_TRAIN] = 50; /* a smaller training part is drawn from as many rows */
    d.n_train_evaluation = 40;
    CHECK_NEAR(estimand_share(&d, "val_loss"), 36 / 106.0, 1e-15);
    CHECK_NEAR(estimand_share(&d, "train_accuracy"), 40 / 106.0, 1e-15);
    CHECK_NEAR(estimand_share(&d, "batch_loss"), 50 / 106.0, 1e-15);
}

/* MNIST: a stored test part is the same in every repeat, what validates is not. */
static void a_stored_part_measured_whole_is_one_split(void)
{
    estimand_data d = {.varies_data_seed = true,
                       .stored = {60000, 0, 10000},
                       .drawn = {54000, 6000, 10000},
                       .n_train_evaluation = 10000};
    CHECK_EQUAL_INT(estimand_about_of(&d, "test_loss"), ESTIMAND_SPLIT);
    CHECK_EQUAL_INT(estimand_about_of(&d, "val_loss"), ESTIMAND_RESPLIT);
    CHECK_NEAR(estimand_share(&d, "val_loss"), 6000 / 54000.0, 1e-15);
    d.drawn[PART_TEST] = 1000; /* a part of it is drawn anew */
    CHECK_EQUAL_INT(estimand_about_of(&d, "test_loss"), ESTIMAND_RESPLIT);
    const estimand_data unknown = {.varies_data_seed = true};
    CHECK(isnan(estimand_share(&unknown, "val_loss")));
}

static void the_name_says_the_part(void)
{
    CHECK_EQUAL_INT(estimand_part("test_loss"), PART_TEST);
    CHECK_EQUAL_INT(estimand_part("mc_test_accuracy"), PART_TEST);
    CHECK_EQUAL_INT(estimand_part("train_loss"), PART_TRAIN);
    CHECK_EQUAL_INT(estimand_part("batch_loss"), PART_TRAIN);
    CHECK_EQUAL_INT(estimand_part("val_r2"), PART_VALIDATION);
    CHECK_EQUAL_INT(estimand_part("layers.0.coadaptation"), PART_VALIDATION);
    CHECK(estimand_is_of_validation("val_accuracy"));
    CHECK(estimand_is_of_validation("generalization_gap"));
    CHECK(!estimand_is_of_validation("weight_norm") && !estimand_is_of_validation("test_loss"));
}

/* ---- what matters ---- */

static void the_smallest_effect_follows_the_scale(void)
{
    CHECK_NEAR(estimand_smallest_effect("val_loss", 0.4), 0.004, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("mc_test_loss", 0.4), 0.004, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("test_rmse", 3), 0.03, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("test_ece", 0.02), 0.0002, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("test_brier", 0.2), 0.002, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("val_r2", 0.7), 0.003, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("val_accuracy", 0.98), 0.001, 1e-12);
    CHECK_NEAR(estimand_smallest_effect("val_accuracy", 0.6), 0.005, 1e-12);
    CHECK(isnan(estimand_smallest_effect("val_accuracy", 1)));
    CHECK(isnan(estimand_smallest_effect("val_loss", 0)));
    CHECK(isnan(estimand_smallest_effect("val_loss", NAN)));
    CHECK(isnan(estimand_smallest_effect("val_accuracy", NAN)));
    CHECK(isnan(estimand_smallest_effect("weight_norm", 5)));
    CHECK(isnan(estimand_smallest_effect("generalization_gap", 0.2)));
    CHECK(isnan(estimand_smallest_effect("batch_loss_std", 0.2)));
}

static void class_shares_predict_as_well_as_they_can(void)
{
    const double shares[] = {0.5, 0.25, 0.25, 0};
    CHECK_NEAR(estimand_trivial("val_loss", shares, 4), 1.5 * log(2), 1e-14);
    CHECK_NEAR(estimand_trivial("test_accuracy", shares, 4), 0.5, 0);
    CHECK_NEAR(estimand_trivial("test_brier", shares, 4), 0.625, 1e-15);
    CHECK(isnan(estimand_trivial("test_ece", shares, 4)));
}

/* ---- curves ---- */

static void epochs_to_is_the_first_at_or_beyond(void)
{
    static const int64_t epochs[] = {0, 2, 4, 6};
    const double falling[] = {1, NAN, 0.2, 0.1};
    bool is_reached = false;
    CHECK_WITHIN(estimand_epochs_to(epochs, falling, 4, 0.2, METRIC_LOWER_IS_BETTER, &is_reached),
                 4, 0);
    CHECK(is_reached);
    CHECK_WITHIN(estimand_epochs_to(epochs, falling, 4, 2, METRIC_LOWER_IS_BETTER, &is_reached), 0,
                 0);
    CHECK(is_reached);
    CHECK_WITHIN(estimand_epochs_to(epochs, falling, 4, 0.05, METRIC_LOWER_IS_BETTER, &is_reached),
                 6, 0);
    CHECK(!is_reached); /* it counts as its last epoch, and is told */
    CHECK_WITHIN(estimand_epochs_to(epochs, falling, 4, 1.5, METRIC_HIGHER_IS_BETTER, &is_reached),
                 6, 0);
    CHECK(!is_reached);
    CHECK_WITHIN(estimand_epochs_to(epochs, falling, 4, 0.9, METRIC_HIGHER_IS_BETTER, &is_reached),
                 0, 0);
}

/* 200 glyphs at 20 epochs, dropout 0.5: the loss falls by 2 % an epoch. */
static void a_falling_curve_is_still_improving(void)
{
    double curve[60];
    for (int i = 0; i < 60; i++)
        curve[i] = 2 * pow(0.98, i);
    CHECK_EQUAL_INT(estimand_progress_of(curve, 20), ESTIMAND_PROGRESS_IMPROVING);
    CHECK_EQUAL_INT(estimand_progress_of(curve, 4), ESTIMAND_PROGRESS_IMPROVING); /* k = 2 */
    CHECK_EQUAL_INT(estimand_progress_of(curve, 3), ESTIMAND_PROGRESS_UNKNOWN);
    for (int i = 40; i < 60; i++)
        curve[i] = 0.9 - 0.0001 * i;
    CHECK_EQUAL_INT(estimand_progress_of(curve, 60), ESTIMAND_PROGRESS_SETTLED); /* k = 6 */
    curve[52] = NAN;
    CHECK_EQUAL_INT(estimand_progress_of(curve, 60), ESTIMAND_PROGRESS_UNKNOWN);
    const double rising[] = {1, 1, 1.2, 1.3};
    CHECK_EQUAL_INT(estimand_progress_of(rising, 4), ESTIMAND_PROGRESS_SETTLED);
}

CHECK_MAIN("question", the_group_decides, without_a_regularizer_the_next_group_is_asked_about,
           variants_are_treatments_and_swept_regularizers_tuned,
           a_named_treatment_makes_other_regularizers_tuned, the_question_names_roles_otherwise,
           an_object_names_its_members, early_stopping_is_judged_on_the_test_split,
           one_draw_is_a_split, generated_rows_are_new_data, redrawn_rows_share_a_pool,
           a_stored_part_measured_whole_is_one_split, the_name_says_the_part,
           the_smallest_effect_follows_the_scale, class_shares_predict_as_well_as_they_can,
           epochs_to_is_the_first_at_or_beyond, a_falling_curve_is_still_improving)
