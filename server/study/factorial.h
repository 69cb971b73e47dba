/* factorial — main effects and interactions of treatments and contexts, by the arms' values: a
 * pure function of the arms.
 *
 * 1. A factor is a treatment or context that has two levels or more, a cell one combination of
 *    levels. The arms are factorial when every combination of at least two factors is one of them.
 * 2. The main effect of a level is how much it changes the metric against the factor's reference
 *    level (that of the first context's baseline), averaged over all levels of the other factors.
 *    The interaction of two levels is how much the effect of the one changes when the other goes
 *    from its reference to its level: 0 where effects just add up. `together` is what both do:
 *    their cell less that of both references, averaged over the other factors.
 * 3. Each is one contrast per repeat (arms_contrast()); a repeat that lacks a value in a cell
 *    concerned is left out of that contrast.
 * 4. Holm's adjustment is over all effects listed, main effects and interactions together.
 * Ownership: the arms are borrowed; factorial_close() frees. Threads: as arms. */
#ifndef SERVER_STUDY_FACTORIAL_H
#define SERVER_STUDY_FACTORIAL_H

#include "server/study/arms.h"

enum { FACTORIAL_FACTORS_LIMIT = 16, FACTORIAL_LEVELS_LIMIT = 64, FACTORIAL_EFFECTS_LIMIT = 200 };

typedef struct factorial_factor {
    int index;                                         /* of the table's factor */
    int n_levels, reference;                           /* reference: index of a level */
    const study_level *levels[FACTORIAL_LEVELS_LIMIT]; /* numbers by size, else by submission */
} factorial_factor;

typedef enum factorial_verdict {
    FACTORIAL_MORE_THAN_SUM, /* both together gain more than what each gains alone adds up to */
    FACTORIAL_LESS_THAN_SUM,
    FACTORIAL_NO_EVIDENCE,
    FACTORIAL_NO_VERDICT, /* a main effect, or a metric without a direction */
    FACTORIAL_VERDICT_COUNT
} factorial_verdict;
/* Names as in JSON; NULL (null) for no verdict. */
extern const char *const FACTORIAL_VERDICT_NAMES[FACTORIAL_VERDICT_COUNT];

typedef struct factorial_effect {
    int factor, level;             /* indices into factors and their levels */
    int other_factor, other_level; /* -1 for a main effect */
    stats_estimate change;
    double p_adjusted;
    stats_estimate together; /* of an interaction */
    factorial_verdict verdict;
} factorial_effect;

typedef struct factorial {
    bool is_complete; /* false: nothing else is meant */
    int n_factors;
    factorial_factor factors[FACTORIAL_FACTORS_LIMIT];
    size_t n;
    factorial_effect *items; /* main effects first */
} factorial;

/* False for want of memory, and with FAIL_INTERRUPTED once the caller of the arms has left. More
 * than FACTORIAL_EFFECTS_LIMIT effects: the interactions are left out; not complete where the main
 * effects alone are more. */
FAIL_CHECKED bool factorial_open(const arms *a, factorial *out, fail *f);
void factorial_close(factorial *e);

/* An interaction that differs from 0 (adjusted p < 0.05, ARMS_PAIRS_LEAST repeats or more) gains
 * where it changes the metric for the better. */
factorial_verdict factorial_verdict_of(const stats_estimate *interaction, double p_adjusted,
                                       metric_direction direction);

#endif
