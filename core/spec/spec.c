#include "core/spec/spec.h"

#include "core/base/number.h"
#include "core/math/rng.h"
#include "core/spec/field.h"
#include "core/spec/trait.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void spec_init(train_spec *spec)
{
    memset(spec, 0, sizeof *spec);
    for (int i = 0; i < FIELD_COUNT; i++)
        field_set_default(&FIELDS[i], spec);
}

/* ---- the rules that take several fields together ---- */

static void fill_dependent_defaults(train_spec *s)
{
    if (isnan(s->learning_rate))
        s->learning_rate = s->optimizer == OPTIMIZER_SGD ? 0.05 : 1e-3;
    if (isnan(s->momentum))
        s->momentum = s->optimizer == OPTIMIZER_SGD ? 0.9 : 0;
    if (s->dropout_schedule_epochs == 0) {
        bool cut = s->dropout_schedule == DROPOUT_SCHEDULE_EARLY ||
                   s->dropout_schedule == DROPOUT_SCHEDULE_LATE;
        s->dropout_schedule_epochs = cut ? (s->epochs + 5) / 6 : s->epochs;
    }
    if (isnan(s->early_stopping.threshold))
        s->early_stopping.threshold = s->early_stopping.criterion == CRITERION_PQ ? 0.75 : 2.0;
}

static void use_one_rate_where_all_are_equal(train_spec *s)
{
    for (int i = 1; i < s->n_dropout; i++)
        if (s->dropout[i] < s->dropout[0] || s->dropout[i] > s->dropout[0])
            return;
    s->n_dropout = 0;
}

/* Fields that do not apply go back to their default, so that configurations that mean the same are
 * the same. Twice, since one field's reset may end the use of another (nesterov needs momentum,
 * momentum needs sgd). */
static void reset_what_does_not_apply(train_spec *s)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < FIELD_COUNT; i++)
            if (!field_applies(&FIELDS[i], s))
                field_set_default(&FIELDS[i], s);
}

static bool check_rate(const train_spec *s, double rate, const char *pointer, fail_list *faults)
{
    uint32_t threshold = rng_threshold(rate);
    if (s->dropout_kind == DROPOUT_GAUSSIAN || rate <= 0 || (threshold > 0 && threshold < 65536))
        return true;
    char text[NUMBER_BYTES];
    number_write(rate, text);
    return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                         "a rate of %s rounds to %s: masks take 16 bits a decision, so rates are "
                         "multiples of 1/65536",
                         text, threshold ? "1" : "0");
}

static bool check_dropout(const train_spec *s, fail_list *faults)
{
    bool ok = check_rate(s, s->input_dropout, "/input_dropout", faults);
    bool one_each = s->n_dropout == 0 || s->n_dropout == s->n_hidden;
    if (!one_each)
        ok =
            fail_list_add(faults, FAIL_INCOMPATIBLE, "/dropout",
                          "dropout needs one rate, or one for each of the %d hidden layers, not %d",
                          s->n_hidden, s->n_dropout);
    for (int i = 0; one_each && i < (s->n_dropout ? s->n_dropout : 1); i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, s->n_dropout == 0 ? "/dropout" : "/dropout/%d", i);
        ok = check_rate(s, s->dropout[i], pointer, faults) && ok;
    }
    if (one_each && trait_drops(s) && s->dropout_kind == DROPOUT_ALPHA &&
        s->dropout_scope == DROPOUT_SCOPE_BATCH)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/dropout_scope",
                           "alpha dropout has no scope batch: its dropped units take a value of "
                           "their own, so there is nothing to leave out");
    return ok;
}

/* Classic scaling puts the rate into inference: with a rate that moves, a model would mean
 * something else in each epoch. */
static bool check_scaling(const train_spec *s, fail_list *faults)
{
    bool masks = s->dropout_kind == DROPOUT_BERNOULLI || s->dropout_kind == DROPOUT_DROPCONNECT;
    if (!masks || !trait_drops(s) || s->dropout_scaling != DROPOUT_SCALING_CLASSIC ||
        s->dropout_schedule == DROPOUT_SCHEDULE_CONSTANT)
        return true;
    return fail_list_add(faults, FAIL_INCOMPATIBLE, "/dropout_schedule",
                         "with classic scaling inference depends on the rate, which a schedule "
                         "changes: use inverted scaling");
}

static bool check_stopping(const train_spec *s, fail_list *faults)
{
    if (!s->early_stopping.enabled || s->early_stopping.criterion == CRITERION_PATIENCE ||
        s->early_stopping.monitor == MONITOR_VAL_LOSS)
        return true;
    return fail_list_add(faults, FAIL_INCOMPATIBLE, "/early_stopping/monitor",
                         "the criteria gl and pq are defined for val_loss only (Prechelt 1998)");
}

static bool check_normalization(const train_spec *s, fail_list *faults)
{
    if (s->n_hidden == 0 || s->normalization != NORMALIZATION_BATCH || s->batch_size > 1)
        return true;
    return fail_list_add(
        faults, FAIL_INCOMPATIBLE, "/batch_size",
        "batch normalization needs batches of at least 2 samples: one sample has no variance");
}

static bool check_warmup(const train_spec *s, fail_list *faults)
{
    if (s->learning_rate_schedule != RATE_ONE_CYCLE || s->warmup_epochs == 0)
        return true;
    return fail_list_add(faults, FAIL_INCOMPATIBLE, "/warmup_epochs",
                         "one_cycle begins with a warm-up of its own: leave warmup_epochs at 0");
}

bool spec_resolve(train_spec *spec, fail_list *faults)
{
    bool ok = check_dropout(spec, faults);
    ok = check_scaling(spec, faults) && ok;
    ok = check_stopping(spec, faults) && ok;
    ok = check_normalization(spec, faults) && ok;
    ok = check_warmup(spec, faults) && ok;
    if (!ok)
        return false;
    use_one_rate_where_all_are_equal(spec);
    fill_dependent_defaults(spec); /* first: nesterov applies by the default momentum, too */
    reset_what_does_not_apply(spec);
    return true;
}

bool spec_warning(const train_spec *spec, int i, char *sentence, size_t sentence_bytes)
{
    train_spec resolved = *spec;
    fail_list ignored = {0};
    if (!spec_resolve(&resolved, &ignored))
        return false;
    int found = 0;
    for (int row = 0; row < FIELD_COUNT; row++) {
        const field *f = &FIELDS[row];
        if (!spec->is_set[row] || field_applies(f, &resolved) || found++ != i)
            continue;
        snprintf(sentence, sentence_bytes,
                 "%s has no effect with the other values of this specification", f->name);
        return true;
    }
    return false;
}
