#include "server/jobs/claim.h"

#include "server/jobs/adopt.h"
#include "server/jobs/files.h"
#include "server/store/claims.h"
#include "server/store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "databases"
enum { TEXT_BYTES = PATH_MAX + 512, TOKEN_RANDOM_BYTES = 16, IDENTITY_RANDOM_BYTES = 6 };

/* A file, whatever it is called and wherever its disk is mounted; a copy is another. */
typedef struct file_mark {
    uint64_t inode;
    int64_t born_s;
    uint32_t born_ns;
} file_mark;

typedef struct claim_text {
    char claim[STORE_TOKEN_BYTES];
    /* While a token is agreed on, the one before counts, too. */
    char token[STORE_TOKEN_BYTES], next[STORE_TOKEN_BYTES];
    file_mark database, directory;
    long process;
    char path[PATH_MAX]; /* of the database */
} claim_text;

/* ---- the text ---- */

static const char FORMAT[] =
    "claim %s\ntoken %s %s\ndatabase %" PRIu64 " %" PRId64 " %" PRIu32 "\ndirectory %" PRIu64
    " %" PRId64 " %" PRIu32 "\nprocess %ld\npath %s\n";

/* Opened for it alone: a file held open for writing would keep its disk from being made read-only.
 */
static bool write_text(const char *path, const claim_text *c, fail *f)
{
    char text[TEXT_BYTES];
    int n = snprintf(text, sizeof text, FORMAT, c->claim, c->token, c->next, c->database.inode,
                     c->database.born_s, c->database.born_ns, c->directory.inode,
                     c->directory.born_s, c->directory.born_ns, c->process, c->path);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = file >= 0 && n < (int)sizeof text && pwrite(file, text, (size_t)n, 0) == n &&
                      ftruncate(file, n) == 0 && fsync(file) == 0;
    int cause = errno;
    if (file >= 0)
        close(file);
    if (is_written)
        return true;
    return fail_set(f, FAIL_STORAGE, NULL,
                    "It cannot be written to the data directory which database it belongs to: %s.",
                    strerror(cause));
}

/* False: there is none yet, or it is none of ours. */
static bool read_text(int file, claim_text *c)
{
    static const char PATTERN[] =
        "claim %32[0-9a-f] token %32[0-9a-f] %32[0-9a-f] database %" SCNu64 " %" SCNd64 " %" SCNu32
        " directory %" SCNu64 " %" SCNd64 " %" SCNu32 " process %ld path %n";
    char text[TEXT_BYTES];
    int end = 0;
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    int n_read = sscanf(text, PATTERN, c->claim, c->token, c->next, &c->database.inode,
                        &c->database.born_s, &c->database.born_ns, &c->directory.inode,
                        &c->directory.born_s, &c->directory.born_ns, &c->process, &end);
    if (n_read != 10 || end == 0)
        return false;
    snprintf(c->path, sizeof c->path, "%.*s", (int)strcspn(text + end, "\n"), text + end);
    return true;
}

/* ---- marks and tokens ---- */

static bool mark(const char *path, file_mark *out, fail *f)
{
    struct statx about;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &about) != 0)
        return fail_set(f, FAIL_STORAGE, NULL, "%s cannot be looked at: %s.", path,
                        strerror(errno));
    bool is_born = about.stx_mask & STATX_BTIME; /* some file systems do not say */
    *out = (file_mark){.inode = about.stx_ino,
                       .born_s = is_born ? about.stx_btime.tv_sec : 0,
                       .born_ns = is_born ? about.stx_btime.tv_nsec : 0};
    return true;
}

static bool is_same(const file_mark *a, const file_mark *b)
{
    return a->inode == b->inode && a->born_s == b->born_s && a->born_ns == b->born_ns;
}

static bool draw(char *text, size_t n_bytes, fail *f)
{
    unsigned char bytes[TOKEN_RANDOM_BYTES];
    if (getrandom(bytes, n_bytes, 0) != (ssize_t)n_bytes)
        return fail_set(f, FAIL_INTERNAL, NULL, "There are no random numbers.");
    for (size_t i = 0; i < n_bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

bool jobs_claim_new_identity(char identity[JOBS_IDENTITY_BYTES], fail *f)
{
    return draw(identity, IDENTITY_RANDOM_BYTES, f);
}

/* ---- the lock ---- */

static bool held(int file, const char *data_dir, const char *database, fail *f)
{
    claim_text c;
    if (!read_text(file, &c))
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The data directory %s is in use for a database like %s.", data_dir,
                        database);
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "The data directory %.120s is in use by process %ld for %.120s, of which "
                    "%.120s is a copy: stop that, or name another --data-dir.",
                    data_dir, c.process, c.path, database);
}

static void claim_path(char path[JOBS_PATH_BYTES], const char *data_dir, const char *identity)
{
    snprintf(path, JOBS_PATH_BYTES, "%s/" FOLDER "/%s", data_dir, identity);
}

static bool open_claim(const char *data_dir, const char *identity, const char *database, int *out,
                       fail *f)
{
    char path[JOBS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/" FOLDER, data_dir);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return fail_set(f, FAIL_STORAGE, NULL, "Cannot make the folder %s: %s.", path,
                        strerror(errno));
    claim_path(path, data_dir, identity);
    int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        return fail_set(f, FAIL_STORAGE, NULL, "Cannot write %s: %s.", path, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *out = file;
        return true;
    }
    if (errno == EWOULDBLOCK)
        held(file, data_dir, database, f);
    else
        fail_set(f, FAIL_STORAGE, NULL, "%s cannot be locked: %s.", path, strerror(errno));
    close(file);
    return false;
}

void jobs_claim_close(int claim)
{
    if (claim >= 0)
        close(claim);
}

/* ---- whose it is ---- */

/* *is_own: also where nobody has claimed anything of this identity. `now` has the marks as they
 * are; *before becomes what the directory says. */
static bool judge(store *s, int file, const claim_text *now, claim_text *before, bool *is_own,
                  fail *f)
{
    char token[STORE_TOKEN_BYTES];
    struct stat about;
    bool is_new = fstat(file, &about) == 0 && about.st_size == 0;
    bool is_read = !is_new && read_text(file, before);
    *is_own = is_new;
    if (!is_read)
        return true;
    if (!store_get_token(s, before->claim, token, f))
        return false;
    bool is_agreed = strcmp(token, before->token) == 0 || strcmp(token, before->next) == 0;
    *is_own = is_agreed && (is_same(&before->database, &now->database) ||
                            !is_same(&before->directory, &now->directory));
    return true;
}

static bool agree(store *s, claim_text *c, const char *data_dir, fail *f)
{
    char path[JOBS_PATH_BYTES];
    claim_path(path, data_dir, store_identity(s));
    if (!draw(c->next, TOKEN_RANDOM_BYTES, f) || !write_text(path, c, f) ||
        !store_put_token(s, c->claim, c->next, data_dir, f))
        return false;
    memcpy(c->token, c->next, sizeof c->token);
    return write_text(path, c, f);
}

/* ---- a copy ---- */

static bool share(const char *from, const char *to, fail *f)
{
    return jobs_files_share(from, to, f) || f->code == FAIL_LOST;
}

static bool share_files_of(const run_files *r, const jobs_files *from, const jobs_files *to,
                           fail *f)
{
    char old[JOBS_PATH_BYTES], new[JOBS_PATH_BYTES];
    if (r->model.bytes > 0 && !r->in_row) {
        jobs_files_model(from, r->run_id, r->model.sha256, old);
        jobs_files_model(to, r->run_id, r->model.sha256, new);
        if (!share(old, new, f))
            return false;
    }
    if (r->checkpoint.bytes == 0)
        return true;
    jobs_files_checkpoint(from, r->run_id, r->checkpoint.sha256, old);
    jobs_files_checkpoint(to, r->run_id, r->checkpoint.sha256, new);
    return share(old, new, f);
}

bool jobs_claim_share_files(store *s, const char *from_dir, const char *from, const char *to_dir,
                            const char *to, fail *f)
{
    const jobs_files old = {from_dir, from}, new = {to_dir, to};
    run_files_list list;
    if (!store_load_files(s, 0, &list, f))
        return false;
    bool is_good = true;
    for (size_t i = 0; is_good && i < list.n; i++)
        is_good = share_files_of(&list.items[i], &old, &new, f);
    free(list.items);
    if (is_good)
        jobs_adopt(s, &new, from);
    return is_good && jobs_files_sync(to_dir, f);
}

/* The other's claim is held meanwhile. */
static bool become_another(store *s, const char *data_dir, const claim_text *other, fail *f)
{
    char identity[JOBS_IDENTITY_BYTES];
    if (!jobs_claim_new_identity(identity, f) ||
        !jobs_claim_share_files(s, data_dir, store_identity(s), data_dir, identity, f) ||
        !store_change_identity(s, identity, f))
        return false;
    (void)fprintf(stderr,
                  "regulab: %s is a copy of the database that the data directory %s belongs to "
                  "(%s): it goes on as a database of its own, with the models that it knows\n",
                  store_path(s), data_dir, *other->path ? other->path : "unknown");
    return true;
}

/* ---- opening ---- */

static bool describe(const store *s, const char *data_dir, claim_text *out, fail *f)
{
    *out = (claim_text){.process = (long)getpid()};
    if (!realpath(store_path(s), out->path))
        snprintf(out->path, sizeof out->path, "%s", store_path(s));
    for (char *c = out->path; *c; c++)
        if (*c == '\n')
            *c = '?';
    return draw(out->claim, TOKEN_RANDOM_BYTES, f) && draw(out->token, TOKEN_RANDOM_BYTES, f) &&
           mark(store_path(s), &out->database, f) && mark(data_dir, &out->directory, f);
}

/* With the claim of the store's identity locked: makes it ours, or *is_own false. */
static bool settle(store *s, const char *data_dir, int file, bool *is_own, fail *f)
{
    claim_text now, before = {.path = ""};
    if (!describe(s, data_dir, &now, f) || !judge(s, file, &now, &before, is_own, f))
        return false;
    if (!*is_own)
        return become_another(s, data_dir, &before, f);
    if (*before.claim) {
        memcpy(now.claim, before.claim, sizeof now.claim);
        memcpy(now.token, before.token, sizeof now.token);
    }
    const jobs_files files = {data_dir, store_identity(s)};
    jobs_adopt(s, &files, files.database);
    return agree(s, &now, data_dir, f);
}

bool jobs_claim_open(store *s, const char *data_dir, int *claim, fail *f)
{
    bool is_own = false;
    while (!is_own) { /* twice at most: nobody has claimed a new identity */
        int file;
        if (!open_claim(data_dir, store_identity(s), store_path(s), &file, f))
            return false;
        bool is_settled = settle(s, data_dir, file, &is_own, f);
        if (!is_settled || !is_own)
            close(file);
        else
            *claim = file;
        if (!is_settled)
            return false;
    }
    return true;
}
