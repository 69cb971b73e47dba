/* trait — what is true of a specification, by which FIELDS[] says where a field applies.
 *
 * Private to core/spec/. Pure functions; the specification may lack its dependent defaults. */
#ifndef CORE_SPEC_TRAIT_H
#define CORE_SPEC_TRAIT_H

#include "core/spec/spec.h"

/* ---- hidden layers and dropout ---- */

/* Some hidden layer has a rate above 0. */
bool trait_drops_hidden(const train_spec *s);
/* There is a hidden layer. */
bool trait_has_hidden(const train_spec *s);
/* Some rate of dropout is above 0: of the inputs or of a hidden layer. */
bool trait_drops(const train_spec *s);
/* What is kept is scaled by the rate: dropout of a kind that leaves out, with some rate above 0. */
bool trait_scales_by_rate(const train_spec *s);
/* It makes a difference whether dropout acts before or after the normalization. */
bool trait_dropout_is_placed(const train_spec *s);
/* The rates of dropout change over the epochs. */
bool trait_dropout_is_scheduled(const train_spec *s);

/* ---- penalties and early stopping ---- */

/* Some weight decay or penalty is above 0. */
bool trait_penalizes(const train_spec *s);
/* Training may stop before its last epoch. */
bool trait_stops_early(const train_spec *s);
/* … after epochs without improvement. */
bool trait_stops_by_patience(const train_spec *s);
/* … when a criterion of generalization loss or progress passes a threshold. */
bool trait_stops_by_threshold(const train_spec *s);

/* ---- optimizer and learning rate ---- */

/* The optimizer takes a momentum. */
bool trait_has_momentum(const train_spec *s);
/* The optimizer's momentum may look one step ahead. */
bool trait_may_be_nesterov(const train_spec *s);
/* The optimizer is adam. */
bool trait_is_adam(const train_spec *s);
/* The optimizer is rmsprop. */
bool trait_is_rmsprop(const train_spec *s);
/* The optimizer divides by a root to which epsilon is added. */
bool trait_has_epsilon(const train_spec *s);
/* The learning rate decays by a factor. */
bool trait_decays_rate(const train_spec *s);
/* … in steps of some epochs. */
bool trait_decays_in_steps(const train_spec *s);
/* The learning rate may grow over the first epochs. */
bool trait_may_warm_up(const train_spec *s);

#endif
