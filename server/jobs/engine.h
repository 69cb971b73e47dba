/* engine — ENGINES[], the table of where runs are trained. An engine takes leases from its owner,
 * trains, and reports; it knows nothing of queue, states and SQL.
 *
 * Threads: an owner's functions may be called from any thread of the engine, those for one lease
 * one at a time; an engine's functions from any thread of the owner. */
#ifndef SERVER_JOBS_ENGINE_H
#define SERVER_JOBS_ENGINE_H

#include "server/jobs/checkpoint.h"
#include "server/jobs/memory.h"
#include "server/jobs/message.h"

/* Whom an engine works for; borrowed while it is open. */
typedef struct engine_owner {
    void *context; /* of all four */
    /* A lease on a run that waits; false: there is none for this engine now. */
    bool (*take)(void *context, assignment *out);
    /* On false (FAIL_CONFLICT) the report is refused, and *answer is `cancel`. May wait for a disk;
     * returns when the engine may forget what it has told. */
    bool (*report)(void *context, const report *r, command *answer, fail *f);
    dataset_opener *open_dataset;
    /* What the run goes on from, of the last checkpoint that was reported, by whichever engine; to
     * be closed by the caller. True without one. False: there is one that cannot be used. NULL:
     * none are kept. */
    bool (*load_checkpoint)(void *context, const lease *of, jobs_checkpoint *out, fail *f);
} engine_owner;

typedef struct engine_options {
    int n_workers;         /* runs that this process may train at once */
    memory_budget *memory; /* what they take; borrowed; NULL: as much as there is */
} engine_options;

typedef struct engine_kind {
    const char *name, *help;
    /* *n_places: how many leases it can have at once; its owner gives no more. */
    bool (*open)(const engine_owner *owner, const engine_options *options, void **engine,
                 int *n_places, fail *f);
    /* There may be something to take. Called under the owner's lock: it wakes somebody up, and
     * calls nothing of the owner. */
    void (*offer)(void *engine);
    /* The owner's take() gives nothing more and its commands are to pause: waits until every run
     * has ended, and frees the engine. */
    void (*close)(void *engine);
} engine_kind;

extern const engine_kind ENGINES[];
extern const int ENGINE_COUNT;

#endif
