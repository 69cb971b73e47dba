/* paragraph — what a paper says of the method of a comparison: data, repeats, tuning, tests,
 * program.
 *
 * Threads: pure functions that append to a buffer. */
#ifndef SERVER_STUDY_PARAGRAPH_H
#define SERVER_STUDY_PARAGRAPH_H

#include "server/study/arms.h"
#include "server/text/buffer.h"

typedef struct paragraph_source { /* NULL: not known */
    const char *dataset, *data_sha256;
    const estimand_facts *facts;            /* of one config */
    bool has_several_sets;                  /* those named are of one config of several */
    bool varies_seed, varies_data_seed;     /* over repeats */
    const char *version, *blas, *blas_core; /* of the program that trained */
} paragraph_source;

void paragraph_add(const arms *a, const paragraph_source *source, buffer *out);

#endif
