/* spread — how far the numbers of a column lie from 0, and how far from each other: whether they
 * are to be centred before they become float32.
 *
 * float32 holds 24 bits: of seconds since 1970 it keeps every 128th. A column is centred where its
 * largest size is above 4096 deviations, so that half of these bits were the same in all rows; or,
 * if a number of more than 7 digits is not held exactly, above 64 deviations, 4 where all are
 * whole. What float32 holds as it is written, and columns about 0, are stored as they are.
 *
 * Private to core/data/import/. A spread of zeros is empty. */
#ifndef CORE_DATA_IMPORT_SPREAD_H
#define CORE_DATA_IMPORT_SPREAD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct spread {
    size_t n;
    double first;        /* the first number, from which sums are taken */
    double sum, squares; /* of the differences to it */
    double largest;      /* size */
    bool is_rounded;     /* some long number is not a float32 */
    bool has_fractions;
} spread;

/* is_long: it has, or may have, more than 7 digits. */
void spread_add(spread *s, double value, bool is_long);

/* What is to be taken off every number: 0, or the mean. */
double spread_offset(const spread *s);

/* Whether doubles themselves are too coarse: neighbouring ones are further apart than 2^-12 of the
 * deviation. */
bool spread_is_lost(const spread *s);

#endif
