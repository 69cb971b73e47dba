/* FIELDS[] as a contract: every row is whole, and the rules over several fields. */
#include "tests/check.h"

#include "core/spec/field.h"

#include <math.h>

static bool has_place(const field *row)
{
    return row->offset != (size_t)-1;
}

static void rows_are_whole(void)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        CHECK(row->name && row->name[0]);
        CHECK(row->help && strlen(row->help) > 5);
        CHECK(row->group < FIELD_GROUP_COUNT);
        CHECK(field_find(row->name) == row);
        if (row->type == FIELD_ENUM)
            CHECK(row->values && row->values[0]);
        if (isnan(row->default_number))
            CHECK(row->default_text != NULL);
        else if (row->type == FIELD_NUMBER || row->type == FIELD_INTEGER)
            CHECK(field_check_number(row, row->default_number, NULL, "", NULL));
        if (row->type == FIELD_NUMBER || row->type == FIELD_INTEGER)
            CHECK(row->minimum < row->maximum);
    }
}

/* Each penalty says what it is, in symbols and in the words of the other tools. */
static void penalties_are_explained(void)
{
    static const char *const penalties[] = {"weight_decay", "l2", "l1"};
    for (size_t i = 0; i < sizeof penalties / sizeof *penalties; i++) {
        const field *row = field_find(penalties[i]);
        CHECK(row && row->formula && strstr(row->formula, "λ"));
        CHECK(row && row->equivalents.pytorch && strstr(row->equivalents.pytorch, "λ"));
        CHECK(row && row->equivalents.keras && strstr(row->equivalents.keras, "λ"));
    }
    int n_formulas = 0;
    for (int i = 0; i < FIELD_COUNT; i++)
        n_formulas += FIELDS[i].is_regularizer && FIELDS[i].formula;
    CHECK(n_formulas >= 12);
}

static void ranges_hold_at_their_ends(void)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        fail f = {0};
        if (row->type != FIELD_NUMBER && row->type != FIELD_INTEGER)
            continue;
        CHECK(field_check_number(row, row->minimum, NULL, "/x", NULL) == !row->exclusive_minimum);
        CHECK(field_check_number(row, row->maximum, NULL, "/x", NULL) == !row->exclusive_maximum);
        CHECK(!field_check_number(row, row->minimum - 1, NULL, "/x", &f));
        CHECK_EQUAL_INT(f.code, FAIL_OUT_OF_RANGE);
        CHECK_EQUAL_STRING(f.field, "/x");
        CHECK(!field_check_number(row, NAN, NULL, "/x", &f));
        CHECK(!field_check_number(row, INFINITY, NULL, "/x", &f));
        if (row->type == FIELD_INTEGER)
            CHECK(!field_check_number(row, row->minimum + 0.5, NULL, "/x", &f));
    }
}

static void defaults_resolve_and_are_stable(void)
{
    train_spec s, again;
    fail_list faults = {0};
    spec_init(&s);
    CHECK(spec_resolve(&s, &faults));
    again = s;
    CHECK(spec_resolve(&again, &faults));
    for (int i = 0; i < FIELD_COUNT; i++)
        CHECK(field_equal(&FIELDS[i], &s, &again));
    CHECK_NEAR(s.learning_rate, 1e-3, 1e-15);
    CHECK_EQUAL_INT(s.epochs, 20);
    CHECK_EQUAL_INT(s.n_hidden, 2);
    spec_init(&s);
    s.optimizer = OPTIMIZER_SGD;
    CHECK(spec_resolve(&s, &faults));
    CHECK_NEAR(s.learning_rate, 0.05, 1e-15);
    CHECK_NEAR(s.momentum, 0.9, 1e-15);
    s.optimizer = OPTIMIZER_RMSPROP;
    s.momentum = NAN;
    CHECK(spec_resolve(&s, &faults));
    CHECK(s.momentum >= 0 && s.momentum <= 0);
}

/* nesterov applies where momentum does, and sgd has one by default. */
static void nesterov_needs_no_momentum_to_be_said(void)
{
    train_spec s;
    fail_list faults = {0};
    spec_init(&s);
    s.optimizer = OPTIMIZER_SGD;
    s.nesterov = true;
    CHECK(spec_resolve(&s, &faults) && s.nesterov);
    CHECK_NEAR(s.momentum, 0.9, 1e-15);
    CHECK(spec_resolve(&s, &faults) && s.nesterov);
    s.momentum = 0;
    CHECK(spec_resolve(&s, &faults) && !s.nesterov);
}

/* What would be wrong with dropout is without effect where nothing is dropped. */
static void rules_of_dropout_bind_only_dropout(void)
{
    train_spec s;
    fail_list faults = {0};
    spec_init(&s);
    s.dropout_scaling = DROPOUT_SCALING_CLASSIC;
    s.dropout_schedule = DROPOUT_SCHEDULE_LINEAR;
    CHECK(spec_resolve(&s, &faults));
    spec_init(&s);
    s.dropout_kind = DROPOUT_ALPHA;
    s.dropout_scope = DROPOUT_SCOPE_BATCH;
    CHECK(spec_resolve(&s, &faults));
}

static void the_cut_schedules_last_a_sixth(void)
{
    train_spec s;
    fail_list faults = {0};
    spec_init(&s);
    s.dropout[0] = 0.5;
    s.epochs = 20;
    s.dropout_schedule = DROPOUT_SCHEDULE_EARLY;
    CHECK(spec_resolve(&s, &faults));
    CHECK_EQUAL_INT(s.dropout_schedule_epochs, 4);
    spec_init(&s);
    s.dropout[0] = 0.5;
    s.dropout_schedule = DROPOUT_SCHEDULE_LINEAR;
    CHECK(spec_resolve(&s, &faults));
    CHECK_EQUAL_INT(s.dropout_schedule_epochs, 20);
}

static void what_means_the_same_is_the_same(void)
{
    train_spec a, b;
    fail_list faults = {0};
    spec_init(&a);
    spec_init(&b);
    b.momentum = 0.5; /* adam has none */
    b.rho = 0.5;
    b.dropout_kind = DROPOUT_GAUSSIAN; /* nothing is dropped */
    b.early_stopping.patience = 3;
    b.n_dropout = 2;
    CHECK(spec_resolve(&a, &faults) && spec_resolve(&b, &faults));
    for (int i = 0; i < FIELD_COUNT; i++)
        CHECK(field_equal(&FIELDS[i], &a, &b));
    a.dropout[0] = b.dropout[0] = b.dropout[1] = 0.3;
    b.n_dropout = 2;
    CHECK(spec_resolve(&a, &faults) && spec_resolve(&b, &faults));
    CHECK(field_equal(field_find("dropout"), &a, &b));
    b.dropout[0] = 0.2;
    CHECK(!field_equal(field_find("dropout"), &a, &b));
}

static fail_code fault_of(void (*set)(train_spec *s), const char *pointer)
{
    train_spec s;
    fail_list faults = {0};
    spec_init(&s);
    set(&s);
    CHECK(!spec_resolve(&s, &faults));
    CHECK(faults.n >= 1);
    CHECK_EQUAL_STRING(faults.items[0].field, pointer);
    return faults.items[0].code;
}

static void too_many_rates(train_spec *s)
{
    s->n_dropout = 3;
}

static void one_rate_for_two_layers(train_spec *s)
{
    s->n_dropout = 1; /* [0]: an array, not a number */
}

static void warm_up_of_one_cycle(train_spec *s)
{
    s->learning_rate_schedule = RATE_ONE_CYCLE;
    s->warmup_epochs = 2;
}

static void vanishing_rate(train_spec *s)
{
    s->dropout[0] = 1e-7;
}

static void alpha_for_the_batch(train_spec *s)
{
    s->dropout[0] = 0.1;
    s->dropout_kind = DROPOUT_ALPHA;
    s->dropout_scope = DROPOUT_SCOPE_BATCH;
}

static void quotient_of_accuracy(train_spec *s)
{
    s->early_stopping.enabled = true;
    s->early_stopping.criterion = CRITERION_PQ;
    s->early_stopping.monitor = MONITOR_VAL_ACCURACY;
}

static void batches_of_one(train_spec *s)
{
    s->normalization = NORMALIZATION_BATCH;
    s->batch_size = 1;
}

static void moving_classic_rate(train_spec *s)
{
    s->dropout[0] = 0.5;
    s->dropout_scaling = DROPOUT_SCALING_CLASSIC;
    s->dropout_schedule = DROPOUT_SCHEDULE_LINEAR;
}

static void combinations_without_sense_are_faults(void)
{
    CHECK_EQUAL_INT(fault_of(too_many_rates, "/dropout"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(one_rate_for_two_layers, "/dropout"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(warm_up_of_one_cycle, "/warmup_epochs"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(vanishing_rate, "/dropout"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(alpha_for_the_batch, "/dropout_scope"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(quotient_of_accuracy, "/early_stopping/monitor"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(batches_of_one, "/batch_size"), FAIL_INCOMPATIBLE);
    CHECK_EQUAL_INT(fault_of(moving_classic_rate, "/dropout_schedule"), FAIL_INCOMPATIBLE);
}

static void names_are_suggested(void)
{
    CHECK_EQUAL_STRING(field_nearest_name("dropuot"), "dropout");
    CHECK_EQUAL_STRING(field_nearest_name("weightdecay"), "weight_decay");
    CHECK_EQUAL_STRING(field_nearest_name("learning_rat"), "learning_rate");
    CHECK_EQUAL_STRING(field_nearest_name("early_stop"), "early_stopping");
    CHECK_EQUAL_STRING(field_nearest_name("augmentation.rotation"), "augmentation.rotate");
    CHECK_EQUAL_STRING(field_nearest_name("lr"), "learning_rate");
    CHECK(field_nearest_name("zzzzzzzz") == NULL);
    CHECK_EQUAL_INT(field_enum_index(field_find("optimizer"), "adamw"), OPTIMIZER_ADAM);
    CHECK_EQUAL_INT(field_enum_index(field_find("optimizer"), "adamax"), -1);
}

static void what_has_no_effect_is_said(void)
{
    train_spec s;
    char sentence[256] = "";
    spec_init(&s);
    CHECK(!spec_warning(&s, 0, sentence, sizeof sentence));
    s.momentum = 0.5;
    s.is_set[field_find("momentum") - FIELDS] = 1;
    CHECK(spec_warning(&s, 0, sentence, sizeof sentence));
    CHECK(strstr(sentence, "momentum") != NULL);
    CHECK(!spec_warning(&s, 1, sentence, sizeof sentence));
}

/* Every field another value than its default, each element of an array its own. */
static train_spec changed_spec(void)
{
    train_spec s;
    spec_init(&s);
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        if (!has_place(row))
            continue;
        if (row->type == FIELD_NUMBER)
            *(double *)field_value(row, &s) = 0.625;
        else if (row->type == FIELD_BOOLEAN || row->type == FIELD_OBJECT)
            *(bool *)field_value(row, &s) = !*(bool *)field_value(row, &s);
        else
            memset(field_value(row, &s), 2, 1);
        s.is_set[i] = 1;
    }
    s.n_hidden = 5;
    s.n_dropout = 4;
    for (int layer = 0; layer < 5; layer++) {
        s.hidden[layer] = 100 + layer;
        s.dropout[layer] = 0.125 * (layer + 1);
    }
    snprintf(s.dataset, sizeof s.dataset, "spirals");
    s.dataset_options = (dataset_options){.n = 77, .noise = 0.25, .classes = 3, .dimensions = 9};
    return s;
}

/* All of a field is copied, and nothing of any other; the default is put back likewise. */
static void values_are_copied_field_by_field(void)
{
    const train_spec from = changed_spec();
    train_spec fresh, all;
    spec_init(&fresh);
    spec_init(&all);
    for (int i = 0; i < FIELD_COUNT; i++) {
        train_spec to = fresh;
        if (!has_place(&FIELDS[i]))
            continue;
        CHECK(!field_equal(&FIELDS[i], &from, &fresh));
        field_copy(&FIELDS[i], &from, &to);
        field_copy(&FIELDS[i], &from, &all);
        for (int j = 0; j < FIELD_COUNT; j++)
            if (has_place(&FIELDS[j]))
                CHECK(field_equal(&FIELDS[j], &to, j == i ? &from : &fresh));
        CHECK_EQUAL_INT(to.is_set[i], 1);
        field_set_default(&FIELDS[i], &to);
        CHECK(field_equal(&FIELDS[i], &fresh, &to));
    }
    CHECK_EQUAL_BYTES(all.hidden, from.hidden, 5 * sizeof *all.hidden);
    CHECK_EQUAL_BYTES(all.dropout, from.dropout, 5 * sizeof *all.dropout);
    CHECK(all.n_hidden == 5 && all.n_dropout == 4);
    CHECK_EQUAL_STRING(all.dataset, "spirals");
    CHECK_EQUAL_BYTES(&all.dataset_options, &from.dataset_options, sizeof all.dataset_options);
}

CHECK_MAIN("spec", rows_are_whole, penalties_are_explained, ranges_hold_at_their_ends,
           defaults_resolve_and_are_stable, the_cut_schedules_last_a_sixth,
           what_means_the_same_is_the_same, combinations_without_sense_are_faults,
           names_are_suggested, what_has_no_effect_is_said, values_are_copied_field_by_field,
           nesterov_needs_no_momentum_to_be_said, rules_of_dropout_bind_only_dropout)
