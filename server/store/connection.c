#include "server/store/connection.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- opening ---- */

static const char SETTINGS[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -8192;"
                               "PRAGMA trusted_schema = OFF;";

static const char READ_ONLY[] = "PRAGMA query_only = ON;";

bool store_connection_open(store_connection *c, const char *path, store_access access, fail *f)
{
    *c = (store_connection){.path = path};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (access == STORE_WRITER)
        flags |= SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK)
        goto failed;
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, STORE_BUSY_MS);
    if (sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
        goto failed;
    if (sqlite3_exec(c->db, SETTINGS, NULL, NULL, NULL) != SQLITE_OK)
        goto failed;
    if (access == STORE_READER && sqlite3_exec(c->db, READ_ONLY, NULL, NULL, NULL) != SQLITE_OK)
        goto failed;
    return true;
failed:
    store_connection_fail(c, f);
    store_connection_close(c);
    return false;
}

void store_connection_close(store_connection *c)
{
    for (int i = 0; i < c->n_statements; i++)
        sqlite3_finalize(c->statements[i].statement);
    int code = sqlite3_close(c->db);
    assert(code == SQLITE_OK); /* else a statement was left open */
    c->db = NULL;
    c->n_statements = 0;
}

bool store_connection_lock(const char *path, int *fd, fail *f)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be opened for writing: %s.",
                        path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    int cause = errno;
    close(*fd);
    *fd = -1;
    if (cause == EWOULDBLOCK)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The database %s is in use by another Regulab: stop it, or name another "
                        "file.",
                        path);
    return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be locked: %s.", path,
                    strerror(cause));
}

/* ---- failure ---- */

static bool fail_of_io(const store_connection *c, fail *f)
{
    int cause = sqlite3_system_errno(c->db);
    return fail_set(f, FAIL_STORAGE, NULL, "The disk refused to read or write the database %s: %s.",
                    c->path, cause ? strerror(cause) : sqlite3_errmsg(c->db));
}

bool store_connection_fail(const store_connection *c, fail *f)
{
    if (!c->db)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to open the database.");
    const char *path = c->path;
    switch (sqlite3_errcode(c->db) & 0xff) {
    case SQLITE_FULL:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The disk that holds the database %s is full: free some space.", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "Another program holds a lock on the database %s: end its transaction.",
                        path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The database %s cannot be written: it, or its folder, is read-only.",
                        path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The file %s is damaged or not a database (%s): restore it from a copy.",
                        path, sqlite3_errmsg(c->db));
    case SQLITE_CANTOPEN:
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be opened: %s.", path,
                        sqlite3_system_errno(c->db) ? strerror(sqlite3_system_errno(c->db))
                                                    : "is its folder there?");
    case SQLITE_IOERR:
        return fail_of_io(c, f);
    case SQLITE_NOMEM:
        return fail_set(f, FAIL_STORAGE, NULL, "There is not enough memory for the database %s.",
                        path);
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s did not answer: %s.", path,
                        sqlite3_errmsg(c->db));
    default:
        return fail_set(f, FAIL_INTERNAL, NULL, "The database %s refused a statement: %s.", path,
                        sqlite3_errmsg(c->db));
    }
}

bool store_execute(store_connection *c, const char *sql, fail *f)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_connection_fail(c, f);
}
