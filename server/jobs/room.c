#include "server/jobs/room.h"

#include "core/base/clock.h"
#include "server/jobs/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { COUNT_MS = 1000, COUNT_SHARE = 20 }; /* of the time, counting takes one part */

struct room {
    const char *data_dir;
    int64_t data_quota, upload_quota;
    pthread_mutex_t lock; /* guards what follows */
    bool is_counted;
    int64_t again_at_ms; /* steady */
    int64_t n_uploads, n_other;
};

room *room_new(const char *data_dir, int64_t data_quota, int64_t upload_quota)
{
    room *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->data_dir = data_dir;
    r->data_quota = data_quota;
    r->upload_quota = upload_quota;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void room_free(room *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- counting ---- */

static int64_t count_folder(const char *data_dir, const char *name)
{
    char path[JOBS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", data_dir, name);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    struct stat about;
    int64_t n = 0;
    while (folder && (entry = readdir(folder)))
        if (fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(about.st_mode))
            n += (int64_t)about.st_size;
    if (folder)
        closedir(folder);
    return n;
}

/* Under the lock. */
static void count(room *r, bool is_forced)
{
    int64_t began = clock_steady_ms();
    if (r->is_counted && !is_forced && began < r->again_at_ms)
        return;
    r->n_uploads = count_folder(r->data_dir, "content");
    r->n_other = count_folder(r->data_dir, "models") + count_folder(r->data_dir, "checkpoints") +
                 count_folder(r->data_dir, "incoming");
    int64_t ended = clock_steady_ms(), pause = (ended - began) * COUNT_SHARE;
    r->again_at_ms = ended + (pause > COUNT_MS ? pause : COUNT_MS);
    r->is_counted = true;
}

/* ---- asking ---- */

static double mb(int64_t n)
{
    return (double)n / 1e6;
}

static bool check_data(room *r, int64_t n_bytes, fail *f)
{
    int64_t used = r->n_uploads + r->n_other;
    return r->data_quota == 0 || used + n_bytes < r->data_quota ||
           fail_set(f, FAIL_NO_ROOM, NULL,
                    "The data directory %s holds %.1f MB, and its quota is %.1f MB (--data-quota): "
                    "delete experiments or data sets, or use regulab prune.",
                    r->data_dir, mb(used), mb(r->data_quota));
}

bool room_check_data(room *r, fail *f)
{
    if (r->data_quota == 0)
        return true;
    pthread_mutex_lock(&r->lock);
    count(r, false);
    bool has_room = check_data(r, 0, f);
    pthread_mutex_unlock(&r->lock);
    return has_room;
}

static bool check_upload(const room *r, int64_t n_bytes, fail *f)
{
    if (r->upload_quota == 0 || r->n_uploads + n_bytes <= r->upload_quota)
        return true;
    if (n_bytes > r->upload_quota)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "The upload has %.1f MB; all data sets together may have %.1f MB "
                        "(--upload-quota).",
                        mb(n_bytes), mb(r->upload_quota));
    return fail_set(f, FAIL_NO_ROOM, NULL,
                    "The data sets take %.1f MB, and with %.1f MB more they would be over their "
                    "quota of %.1f MB (--upload-quota): delete one that is not needed.",
                    mb(r->n_uploads), mb(n_bytes), mb(r->upload_quota));
}

bool room_check_upload(room *r, int64_t n_bytes, fail *f)
{
    if (r->upload_quota == 0 && r->data_quota == 0)
        return true;
    pthread_mutex_lock(&r->lock);
    count(r, true);
    bool has_room = check_upload(r, n_bytes, f) && check_data(r, 0, f);
    pthread_mutex_unlock(&r->lock);
    return has_room;
}
