/* stage — where a leased run is: the arrows of the state machine that server/jobs/lease.c draws, as
 * a table.
 *
 * Threads: pure. */
#ifndef SERVER_JOBS_STAGE_H
#define SERVER_JOBS_STAGE_H

#include "server/jobs/message.h"

typedef enum lease_stage {
    LEASE_BEGINNING, /* out of the queue: its row is being read */
    LEASE_BLOCKED,   /* the disk refuses that, or there is no memory for it now */
    LEASE_OFFERED,   /* to be tried again by whoever takes next */
    LEASE_GIVEN,     /* an engine has it; the store does not know that it runs */
    LEASE_STARTING,  /* the store is being told */
    LEASE_TRAINING,
    LEASE_SAVING,   /* a record or a checkpoint is being stored */
    LEASE_ASIDE,    /* paused: that is being stored */
    LEASE_KEPT,     /* the disk refuses that */
    LEASE_ENDED,    /* has ended; waits for what another decides about more seeds */
    LEASE_LAST,     /* has ended, the last of its experiment; waits for the ends of the others */
    LEASE_DECIDING, /* and is being asked whether more seeds are wanted */
    LEASE_STORING,  /* its end is being stored */
    LEASE_LEAVING,  /* and is the store's to write: another run has its place */
    LEASE_REFUSED,  /* the disk refuses that */
    LEASE_OVER,
    LEASE_STAGE_COUNT
} lease_stage;

typedef struct stage_row {
    const char *name;
    uint32_t next; /* the stages that an arrow leads to: 1 << stage */
    /* A thread is at it, and only that one moves it on; else it waits for a report, for a disk, for
     * other runs. */
    bool is_active;
    bool is_untold;     /* the store does not know yet that it runs, and is about to */
    bool takes_place;   /* its engine trains it, or is about to */
    bool is_ending;     /* has ended, and is not stored yet */
    bool waits_on_disk; /* until it is due */
} stage_row;

extern const stage_row STAGES[LEASE_STAGE_COUNT];

/* Is there an arrow? */
bool stage_leads(lease_stage from, lease_stage to);

/* Where a report leads from here; false: it is refused. Of an `ended`, whether it `is_paused`, and
 * whether that pause `is_called_off`: wanted no more. */
bool stage_after_report(lease_stage from, report_kind kind, bool is_paused, bool is_called_off,
                        lease_stage *to);

#endif
