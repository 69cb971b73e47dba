/* config_table — the configs of a grid by what they say, so that equal ones are made once.
 *
 * Open addressing, at most half full. The configs themselves lie in the grid. One thread. */
#ifndef SERVER_STUDY_CONFIG_TABLE_H
#define SERVER_STUDY_CONFIG_TABLE_H

#include "server/study/sweep.h"

typedef struct config_slot {
    uint64_t hash;
    int config; /* index + 1; 0: free */
} config_slot;

typedef struct config_table {
    config_slot *slots;
    size_t mask;
} config_table;

/* Room for n configs at most; false without memory. */
bool config_table_open(config_table *t, int64_t n);
void config_table_close(config_table *t);

/* Adds the resolved config to the grid, if none there equals it. */
void config_table_add(config_table *t, const grid_config *config, grid *p);

/* Whether two resolved configs say the same in every field. */
bool config_table_same(const train_spec *a, const train_spec *b);

#endif
