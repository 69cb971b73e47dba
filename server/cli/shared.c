/* What commands share: telling what went wrong, reading a file, where the dashboard's files are,
 * the processors, the version. */
#include "core/math/parallel.h"
#include "core/train/train.h"
#include "server/cli/cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef REGULAB_STATIC_DIR
#define REGULAB_STATIC_DIR "/usr/local/share/regulab/static"
#endif

int cli_failed(const fail *f)
{
    (void)fprintf(stderr, "regulab: %s%s%s\n", f->field, *f->field ? ": " : "", f->sentence);
    return CLI_FAILED;
}

int cli_faulty(FILE *file, const fail_list *faults)
{
    for (int i = 0; i < faults->n; i++)
        (void)fprintf(file, "%s%s%s\n", faults->items[i].field, *faults->items[i].field ? ": " : "",
                      faults->items[i].sentence);
    if (faults->n_found > faults->n)
        (void)fprintf(file, "... and %d more\n", faults->n_found - faults->n);
    return CLI_USAGE;
}

bool cli_load(const char *path, buffer *out, fail *f)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "rbe");
    char piece[65536];
    size_t n = 0;
    if (!file)
        return fail_set(f, FAIL_STORAGE, NULL, "%s cannot be read: %s", path, strerror(errno));
    buffer_init(out, CLI_SPEC_BYTES_LIMIT);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(out, piece, n);
    bool ok = !ferror(file) ||
              fail_set(f, FAIL_STORAGE, NULL, "%s cannot be read: %s", path, strerror(errno));
    if (ok && out->failed)
        ok = fail_set(f, FAIL_TOO_LARGE, NULL, "%s is larger than %d MB", path,
                      CLI_SPEC_BYTES_LIMIT >> 20);
    buffer_add(out, "", 0); /* an empty file is an empty text */
    if (!is_input)
        (void)fclose(file);
    if (!ok)
        buffer_close(out);
    return ok;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void cli_find_static(const char *given, char out[PATH_MAX])
{
    char program[PATH_MAX - 32];
    ssize_t n = given ? -1 : readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    snprintf(out, PATH_MAX, "%s/../static", program);
    if (given)
        snprintf(out, PATH_MAX, "%s", given);
    else if (!slash || !is_directory(out))
        snprintf(out, PATH_MAX, "%s", REGULAB_STATIC_DIR);
}

int64_t cli_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > PARALLEL_THREADS_LIMIT ? PARALLEL_THREADS_LIMIT : n;
}

int cli_version(const cli_arguments *a)
{
    (void)a;
    printf("regulab %s\n%s, kernels for %s\n", REGULAB_VERSION, train_blas_name(),
           train_blas_core());
    return CLI_DONE;
}
