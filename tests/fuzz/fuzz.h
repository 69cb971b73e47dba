/* fuzz — what libFuzzer calls, and a check that stops it with the input at hand. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_CHECK(condition)                                                                      \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort()))

/* Written by a harness: tries one input, returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* May be written by a harness: changes the input in its place, returns its new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t n_most, unsigned seed);

/* libFuzzer's own changes. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t n_most);

#endif
