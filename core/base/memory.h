/* memory — what this machine and this process say of their memory.
 *
 * Threads: any. Reads the system's own files; no state. */
#ifndef CORE_BASE_MEMORY_H
#define CORE_BASE_MEMORY_H

#include <stddef.h>

/* Bytes that this process may have at all: of the control groups that it is in (v1, v2) and the
 * machine, the least. `root` stands before the paths of the system's files: "". */
size_t memory_limit_bytes(const char *root);

/* Bytes that are free now, SIZE_MAX where the system does not say. */
size_t memory_available_bytes(void);

/* The greatest memory that this process has had in RAM so far, in bytes. */
size_t memory_peak_bytes(void);

#endif
