/* facts — what a comparison will have to know of a config's rows, taken while its data set is at
 * hand: where they come from, how many there are, what predicting without learning gives.
 *
 * Threads: pure. */
#ifndef SERVER_PLAN_FACTS_H
#define SERVER_PLAN_FACTS_H

#include "core/data/dataset.h"
#include "server/study/estimand.h"

/* Of the whole set: whether it is generated, its stored rows and what class shares give in each
 * part (those of the stored rows that a part is drawn from). The rest is 0. */
void plan_describe_set(const dataset *set, estimand_facts *out);

/* The rest, of a resolved spec whose split has n rows in each part. varies_data_seed is left false:
 * it belongs to the experiment. */
void plan_describe_split(const train_spec *spec, const size_t n[PART_COUNT], estimand_facts *out);

#endif
