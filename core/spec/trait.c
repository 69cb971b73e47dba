#include "core/spec/trait.h"

bool trait_drops(const train_spec *s)
{
    bool any = s->input_dropout > 0;
    for (int i = 0; i < s->n_hidden; i++)
        any = any || spec_dropout_rate(s, i) > 0;
    return any;
}

bool trait_drops_hidden(const train_spec *s)
{
    for (int i = 0; i < s->n_hidden; i++)
        if (spec_dropout_rate(s, i) > 0)
            return true;
    return false;
}

bool trait_has_hidden(const train_spec *s)
{
    return s->n_hidden > 0;
}

bool trait_scales_by_rate(const train_spec *s)
{
    return trait_drops(s) &&
           (s->dropout_kind == DROPOUT_BERNOULLI || s->dropout_kind == DROPOUT_DROPCONNECT);
}

bool trait_dropout_is_placed(const train_spec *s)
{
    return trait_drops_hidden(s) && s->normalization != NORMALIZATION_NONE &&
           s->dropout_kind != DROPOUT_DROPCONNECT;
}

bool trait_dropout_is_scheduled(const train_spec *s)
{
    return trait_drops(s) && s->dropout_schedule != DROPOUT_SCHEDULE_CONSTANT;
}

bool trait_penalizes(const train_spec *s)
{
    return s->weight_decay > 0 || s->l2 > 0 || s->l1 > 0;
}

bool trait_stops_early(const train_spec *s)
{
    return s->early_stopping.enabled;
}

bool trait_stops_by_patience(const train_spec *s)
{
    return trait_stops_early(s) && s->early_stopping.criterion == CRITERION_PATIENCE;
}

bool trait_stops_by_threshold(const train_spec *s)
{
    return trait_stops_early(s) && s->early_stopping.criterion != CRITERION_PATIENCE;
}

bool trait_has_momentum(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_SGD || s->optimizer == OPTIMIZER_RMSPROP;
}

bool trait_may_be_nesterov(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_SGD && s->momentum > 0;
}

bool trait_is_adam(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_ADAM;
}

bool trait_is_rmsprop(const train_spec *s)
{
    return s->optimizer == OPTIMIZER_RMSPROP;
}

bool trait_has_epsilon(const train_spec *s)
{
    return s->optimizer != OPTIMIZER_SGD;
}

bool trait_decays_rate(const train_spec *s)
{
    return s->learning_rate_schedule == RATE_STEP || s->learning_rate_schedule == RATE_EXPONENTIAL;
}

bool trait_decays_in_steps(const train_spec *s)
{
    return s->learning_rate_schedule == RATE_STEP;
}

bool trait_may_warm_up(const train_spec *s)
{
    return s->learning_rate_schedule != RATE_ONE_CYCLE;
}
