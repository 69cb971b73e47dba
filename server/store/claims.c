#include "server/store/claims.h"

#include "server/store/handle.h"
#include "server/store/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct agreement {
    const char *claim, *token, *path;
    char *found; /* (STORE_TOKEN_BYTES) */
} agreement;

static const char GET[] = "SELECT token FROM data_directories WHERE claim = ?1";

static bool look_at_token(store_connection *c, void *arguments, fail *f)
{
    const agreement *in = arguments;
    bool is_there;
    sqlite3_stmt *get = store_prepare(c, GET, f);
    if (!get)
        return false;
    store_bind_text(get, 1, in->claim);
    if (!store_step(c, get, &is_there, f))
        return false;
    *in->found = '\0';
    if (!is_there)
        return true;
    store_column_copy(get, 0, in->found, STORE_TOKEN_BYTES);
    store_reset(get);
    return true;
}

bool store_get_token(store *s, const char *claim, char token[STORE_TOKEN_BYTES], fail *f)
{
    return store_read(s, look_at_token, &(agreement){.claim = claim, .found = token}, f);
}

static const char PUT[] = "INSERT OR REPLACE INTO data_directories (claim, token, path, used_at)"
                          " VALUES (?1, ?2, ?3, ?4)";

static bool change_token(store_writer *w, void *arguments, fail *f)
{
    const agreement *in = arguments;
    sqlite3_stmt *put = store_prepare(&w->connection, PUT, f);
    if (!put)
        return false;
    store_bind_text(put, 1, in->claim);
    store_bind_text(put, 2, in->token);
    store_bind_text(put, 3, in->path);
    store_bind_text(put, 4, w->now);
    return store_done(&w->connection, put, f);
}

bool store_put_token(store *s, const char *claim, const char *token, const char *path, fail *f)
{
    return store_write(s, change_token, &(agreement){claim, token, path, NULL}, f);
}

static const char SET_IDENTITY[] = "UPDATE identity SET id = ?1";
static const char FORGET_CLAIMS[] = "DELETE FROM data_directories";

static bool change_identity(store_writer *w, void *arguments, fail *f)
{
    const char *identity = arguments;
    sqlite3_stmt *set = store_prepare(&w->connection, SET_IDENTITY, f);
    if (!set)
        return false;
    store_bind_text(set, 1, identity);
    return store_done(&w->connection, set, f) && store_run(&w->connection, FORGET_CLAIMS, f);
}

bool store_change_identity(store *s, const char *identity, fail *f)
{
    char *copy = strdup(identity);
    if (!copy)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for an identity.");
    if (!store_write(s, change_identity, copy, f)) {
        free(copy);
        return false;
    }
    free(s->identity);
    s->identity = copy;
    return true;
}
