/* effects — main effects and interactions of a factorial sweep: a pure function of its
 * runs.
 *
 * 1. A factor is a swept field, a cell one combination of levels. The sweep is factorial when every
 * combination of at least two factors is there exactly once.
 * 2. The main effect of a level is how much it changes the metric against the factor's reference
 * level, averaged over all levels of the other factors. The interaction of two levels is how much
 * the effect of the one changes when the other goes from its reference to its level: 0 where
 * effects just add up.
 * 3. Each is one contrast per seed (and data seed): its interval and paired t test are over seeds,
 * as those of a difference to the baseline are. A seed that lacks a value in a cell concerned is
 * left out of that contrast.
 * 4. Holm's adjustment is over all effects listed, main effects and interactions together.
 * Ownership: texts are borrowed; comparison_effects_close() frees. Threads: pure functions. */
#ifndef SERVER_STUDY_EFFECTS_H
#define SERVER_STUDY_EFFECTS_H

#include "server/study/comparison.h"

enum { EFFECTS_FACTORS_LIMIT = 16, EFFECTS_LEVELS_LIMIT = 64, EFFECTS_LIMIT = 200 };

typedef struct effects_config { /* one config's place in the sweep; the same names for all */
    const char *config_id;
    int n_factors;
    char *names[EFFECTS_FACTORS_LIMIT];
    char *levels[EFFECTS_FACTORS_LIMIT]; /* JSON text of the value */
} effects_config;

typedef struct effects_factor {
    const char *name;
    int n_levels, reference;                  /* reference: the baseline's level */
    const char *levels[EFFECTS_LEVELS_LIMIT]; /* numbers by size */
} effects_factor;

typedef struct effect {
    int factor, level;             /* indices into factors and their levels */
    int other_factor, other_level; /* -1 for a main effect */
    stats_summary change;          /* over seeds */
    double p_value, p_adjusted;
} effect;

typedef struct effects {
    bool is_factorial; /* false: nothing else is meant */
    int n_factors;
    effects_factor factors[EFFECTS_FACTORS_LIMIT];
    size_t n;
    effect *items; /* main effects first */
} effects;

/* False only for want of memory. More than EFFECTS_LIMIT effects: the interactions are left out. */
FAIL_CHECKED bool comparison_effects_open(const comparison_row *rows, size_t n_rows,
                                          const effects_config *configs, size_t n_configs,
                                          const char *baseline_id, effects *out, fail *f);
void comparison_effects_close(effects *e);

#endif
