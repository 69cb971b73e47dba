/* token_file — the secrets of `serve --token-file`: read at start, and anew on SIGHUP.
 *
 * Threads: none; at start and in the event loop. */
#ifndef SERVER_CLI_TOKEN_FILE_H
#define SERVER_CLI_TOKEN_FILE_H

#include "core/base/fail.h"

struct tokens;

FAIL_CHECKED bool token_file_load(const char *path, struct tokens **out, fail *f);

/* The file has changed: its secrets in place of *current, or those of before with a line on stderr
 * that says why. Sessions of secrets that are gone end. */
void token_file_reload(const char *path, struct tokens **current);

/* A line on stderr, with the remedy, if everyone on this machine can read the file. */
void token_file_warn_if_readable(const char *path);

#endif
