/* The least limit of the control groups that a process is in, on file systems that are made up. */
#include "core/base/memory.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_LIMIT = 8, PATH_BYTES = 256 };

typedef struct tree_file {
    const char *path, *content;
} tree_file;

static char root[] = "/tmp/regulab-memory-XXXXXX";

/* Every folder on the way, and the file. */
static bool write_file(const tree_file *file)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s", root, file->path);
    for (char *slash = path + sizeof root; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        (void)mkdir(path, 0777);
    }
    FILE *out = fopen(path, "w");
    bool is_written = out && fputs(file->content, out) >= 0;
    return (!out || fclose(out) == 0) && is_written;
}

/* Folders that were made on the way are removed from the inside. */
static void remove_file(const tree_file *file)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s", root, file->path);
    (void)unlink(path);
    for (char *slash; (slash = strrchr(path, '/')) && slash >= path + sizeof root - 1;) {
        *slash = '\0';
        (void)rmdir(path);
    }
}

/* limit 0: that of the machine. */
static void check_limit(const tree_file files[FILES_LIMIT], size_t limit)
{
    CHECK_OR_RETURN(mkdtemp(root));
    int n = 0;
    for (; n < FILES_LIMIT && files[n].path; n++)
        CHECK(write_file(&files[n]));
    size_t machine = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    CHECK_EQUAL_INT((long long)memory_limit_bytes(root), (long long)(limit ? limit : machine));
    for (int i = 0; i < n; i++)
        remove_file(&files[i]);
    CHECK_OR_RETURN(rmdir(root) == 0 || access(root, F_OK) != 0);
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
}

#define GROUPS "/proc/self/cgroup"
#define V2 "/sys/fs/cgroup"
#define V1 "/sys/fs/cgroup/memory"

static void a_group_has_a_limit(void)
{
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/a.slice/b.service\n"},
                                         {V2 "/a.slice/b.service/memory.max", "67108864\n"},
                                         {V2 "/a.slice/memory.max", "max\n"}},
                67108864);
}

static void so_have_the_groups_around_it(void)
{
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/a.slice/b.slice/c\n"},
                                         {V2 "/a.slice/b.slice/c/memory.max", "max\n"},
                                         {V2 "/a.slice/b.slice/memory.max", "50000000\n"},
                                         {V2 "/a.slice/memory.max", "60000000\n"}},
                50000000);
}

static void a_container_sees_its_own_as_the_root(void)
{
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/\n"}, {V2 "/memory.max", "40000000\n"}},
                40000000);
}

static void the_first_version_is_read_too(void)
{
    check_limit(
        (tree_file[FILES_LIMIT]){{GROUPS, "9:cpu,cpuacct:/x\n7:memory:/box/y\n0::/\n"},
                                 {V1 "/box/y/memory.limit_in_bytes", "9223372036854771712\n"},
                                 {V1 "/box/memory.limit_in_bytes", "30000000\n"},
                                 {V1 "/x/memory.limit_in_bytes", "20000000\n"}},
        30000000);
}

static void without_a_limit_it_is_the_machine(void)
{
    check_limit((tree_file[FILES_LIMIT]){{"/proc/self/other", ""}}, 0);
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/a\n"}}, 0);
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/a\n"}, {V2 "/a/memory.max", "max\n"}}, 0);
    check_limit(
        (tree_file[FILES_LIMIT]){{GROUPS, "nonsense\n\n0:\n"}, {V2 "/memory.max", "10000000\n"}},
        0);
    check_limit((tree_file[FILES_LIMIT]){{GROUPS, "0::/a\n"}, {V2 "/a/memory.max", ""}}, 0);
    check_limit(
        (tree_file[FILES_LIMIT]){{GROUPS, "0::/a\n"}, {V2 "/a/memory.max", "99999999999999999\n"}},
        0);
}

static void this_machine_has_one(void)
{
    CHECK(memory_limit_bytes("") >= 1 << 20);
}

CHECK_MAIN("memory", a_group_has_a_limit, so_have_the_groups_around_it,
           a_container_sees_its_own_as_the_root, the_first_version_is_read_too,
           without_a_limit_it_is_the_machine, this_machine_has_one)
