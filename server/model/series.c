#include "server/model/series.h"

#include <stdlib.h>
#include <string.h>

const series_config *series_find_config(const series *s, const char *id)
{
    for (size_t i = 0; i < s->n_configs; i++)
        if (strcmp(s->configs[i].id, id) == 0)
            return &s->configs[i];
    return NULL;
}

void series_close(series *s)
{
    for (size_t i = 0; i < s->n_configs; i++) {
        free(s->configs[i].label);
        free(s->configs[i].values);
        free(s->configs[i].config);
        free(s->configs[i].data);
        free(s->configs[i].data_sha256);
    }
    free(s->configs);
    free(s->runs);
    *s = (series){0};
}
