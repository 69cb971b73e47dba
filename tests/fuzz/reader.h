/* reader — what the fuzzers of data sets share: the bytes as files that never touch a disk, a
 * caller who grants little and leaves in time, and what holds of every set that is taken. */
#ifndef TESTS_FUZZ_READER_H
#define TESTS_FUZZ_READER_H

#include "core/data/import/load.h"
#include "core/data/import/options.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { READER_FILES = 3, READER_CHECKS = 20000 };
#define READER_GRANT ((size_t)128 << 20)

typedef struct reader_caller {
    size_t granted;
    int n_checks;
} reader_caller;

static bool reader_grant(void *context, size_t n_bytes, fail *f)
{
    reader_caller *c = context;
    if (n_bytes > READER_GRANT - c->granted)
        return fail_set(f, FAIL_NO_ROOM, NULL, "More than is granted here.");
    c->granted += n_bytes;
    return true;
}

static bool reader_has_left(void *context)
{
    reader_caller *c = context;
    return ++c->n_checks > READER_CHECKS;
}

/* One descriptor for each file, kept for all inputs. */
static const char *reader_save(int i, const uint8_t *bytes, size_t n)
{
    static int files[READER_FILES];
    static char paths[READER_FILES][32];
    if (files[i] == 0) {
        files[i] = memfd_create("input", MFD_CLOEXEC);
        snprintf(paths[i], sizeof paths[i], "/proc/self/fd/%d", files[i]);
    }
    FUZZ_CHECK(ftruncate(files[i], 0) == 0 && pwrite(files[i], bytes, n, 0) == (ssize_t)n);
    return paths[i];
}

static void reader_check(const dataset *set)
{
    FUZZ_CHECK(set->parts[PART_TRAIN].n > 0 && set->d > 0 && set->k > 0);
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_rows *rows = &set->parts[p];
        for (size_t i = 0; rows->labels && i < rows->n; i++)
            FUZZ_CHECK(rows->labels[i] >= 0 && (size_t)rows->labels[i] < set->k);
        for (size_t i = 0; rows->floats && i < rows->n * set->d; i++)
            FUZZ_CHECK(isfinite(rows->floats[i]) || (set->has_missing && isnan(rows->floats[i])));
        for (size_t i = 0; rows->targets && i < rows->n * set->k; i++)
            FUZZ_CHECK(isfinite(rows->targets[i]));
        volatile uint8_t last = 0; /* every byte is there */
        for (size_t i = 0; rows->bytes && i < rows->n * set->d; i++)
            last = rows->bytes[i];
        (void)last;
    }
}

/* Reads the bytes as one file of that name, or as two: the first two bytes are the size of the
 * first. */
static void reader_try(const char *const *names, int n_files, const uint8_t *bytes, size_t n,
                       const dataset_add_options *options)
{
    dataset_file files[READER_FILES];
    reader_caller context = {0};
    const caller by = {.context = &context, .grant = reader_grant, .has_left = reader_has_left};
    dataset_load load = {.by = &by};
    dataset set = {0};
    fail f = {0};
    size_t first = n;
    if (n_files > 1) {
        if (n < 2)
            return;
        first = (size_t)bytes[0] | (size_t)bytes[1] << 8;
        bytes += 2;
        n -= 2;
        first = first < n ? first : n;
    }
    files[0] = (dataset_file){reader_save(0, bytes, first), names[0]};
    if (n_files > 1)
        files[1] = (dataset_file){reader_save(1, bytes + first, n - first), names[1]};
    if (dataset_read_files(files, (size_t)n_files, options, &load, &f) &&
        dataset_load_finish(&load, options->task, &set, &f))
        reader_check(&set);
    else
        FUZZ_CHECK(f.code != FAIL_NONE && f.code != FAIL_INTERNAL && strlen(f.sentence) > 10);
    dataset_load_close(&load);
}

#endif
