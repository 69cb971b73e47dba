/* number — numbers as texts, in the shortest form that reads back the same: in answers and in what
 * people are told.
 *
 * 1. Whole numbers below 1e15 have no exponent; others have one where %g would have it, without
 * plus sign and leading zeros ("1e-7", "1e30"). The point is a point in every locale.
 * 2. Each writer returns the length of the text; 0 (and an empty text) for what is not finite.
 * Threads: pure. */
#ifndef CORE_BASE_NUMBER_H
#define CORE_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum { NUMBER_BYTES = 40 };

size_t number_write(double value, char text[NUMBER_BYTES]);
size_t number_write_float(float value, char text[NUMBER_BYTES]); /* reads back the same float */
size_t number_write_integer(int64_t value, char text[NUMBER_BYTES]);

#endif
