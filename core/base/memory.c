#include "core/base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number in the file, `most` where there is none or it is greater ("max"). */
static size_t read_limit(const char *path, size_t most)
{
    char line[32];
    FILE *file = fopen(path, "re");
    if (!file)
        return most;
    bool has_line = fgets(line, sizeof line, file);
    (void)fclose(file);
    unsigned long long limit = has_line ? strtoull(line, NULL, 10) : 0;
    return limit > 0 && limit < most ? (size_t)limit : most;
}

/* A group's limit is that of the groups around it, too. */
static size_t read_group(const char *root, const char *tree, const char *file, char *group,
                         size_t most)
{
    char path[2048];
    for (;;) {
        if (snprintf(path, sizeof path, "%s%s%s/%s", root, tree, group, file) < (int)sizeof path)
            most = read_limit(path, most);
        char *slash = strrchr(group, '/');
        if (!slash)
            return most;
        *slash = '\0';
    }
}

/* "0::/a/b" of v2, "7:memory:/a/b" of v1. */
static size_t read_group_line(const char *root, char *line, size_t most)
{
    line[strcspn(line, "\n")] = '\0';
    char *group = strchr(line, '/');
    if (group && strncmp(line, "0::", 3) == 0)
        return read_group(root, "/sys/fs/cgroup", "memory.max", group, most);
    if (group && strstr(line, ":memory:"))
        return read_group(root, "/sys/fs/cgroup/memory", "memory.limit_in_bytes", group, most);
    return most;
}

size_t memory_limit_bytes(const char *root)
{
    size_t least = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    char line[1024];
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *groups = fopen(line, "re");
    while (groups && fgets(line, sizeof line, groups))
        least = read_group_line(root, line, least);
    if (groups)
        (void)fclose(groups);
    return least;
}

size_t memory_available_bytes(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128];
    size_t available = SIZE_MAX;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "MemAvailable:", 13) == 0) {
            available = (size_t)strtoull(line + 13, NULL, 10) * 1024;
            break;
        }
    if (file)
        (void)fclose(file);
    return available;
}

size_t memory_peak_bytes(void)
{
    /* Not that of getrusage: it outlives exec(), so it would be that of whoever started us. */
    char line[128];
    size_t kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && kilobytes == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoul(line + 6, NULL, 10);
    if (status)
        (void)fclose(status);
    return kilobytes * 1024;
}
