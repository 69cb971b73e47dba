#include "core/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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
