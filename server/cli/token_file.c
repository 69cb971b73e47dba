#include "server/cli/token_file.h"

#include "server/api/tokens.h"
#include "server/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool token_file_load(const char *path, tokens **out, fail *f)
{
    buffer text;
    fail why;
    if (!cli_load(path, &text, f))
        return false;
    bool ok = tokens_read(text.data, text.n, out, &why) ||
              fail_set(f, why.code, NULL, "%s: %s", path, why.sentence);
    explicit_bzero(text.data, text.n);
    buffer_close(&text);
    return ok;
}

/* Only a file can be read a second time, and without waiting for somebody to write it. */
static bool load_again(const char *path, tokens **out, fail *f)
{
    struct stat status;
    if (strcmp(path, "-") == 0 || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
        return fail_set(f, FAIL_CONFLICT, NULL, "%s is no file that can be read again", path);
    return token_file_load(path, out, f);
}

void token_file_reload(const char *path, tokens **current)
{
    tokens *fresh;
    fail f;
    if (!load_again(path, &fresh, &f)) {
        (void)fprintf(stderr, "regulab: %s; the tokens of before stay valid\n", f.sentence);
        return;
    }
    tokens_close(*current);
    *current = fresh;
    (void)fprintf(stderr, "regulab: %s has been read again: %d token%s\n", path,
                  tokens_count(fresh), tokens_count(fresh) == 1 ? "" : "s");
}

void token_file_warn_if_readable(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_mode & S_IROTH)
        (void)fprintf(stderr,
                      "regulab: everyone on this machine can read %s; chmod o-rwx %s mends that\n",
                      path, path);
}
