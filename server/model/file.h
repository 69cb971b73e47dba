/* file — what the content of a run's model or checkpoint must be, wherever it lies. */
#ifndef SERVER_MODEL_FILE_H
#define SERVER_MODEL_FILE_H

#include "core/base/digest.h"

#include <stdint.h>

typedef struct run_file {
    char sha256[DIGEST_TEXT_BYTES];
    int64_t bytes; /* 0: there is none */
} run_file;

#endif
