/* errand — one piece of work for a client: what it costs, its place, its memory, and whether it is
 * still wanted.
 *
 * 1. Every kind has threads of its own (server/http), so that it waits for no other kind.
 * 2. Work above the light amount of its unit (ERRAND_LIMITS[]) takes one of the few places of its
 *    kind before it begins, so that light work always finds a thread; above the limit it is
 *    refused, with both figures. Some may wait for a place, the others are refused.
 * 3. Nobody has all places: a client has one less than there are.
 * 4. It is called off when its client leaves or the service stops; whoever works asks its caller
 *    (core/base/caller.h) often enough to stop within 100 ms.
 * Threads: one works on an errand; any may call it off. */
#ifndef SERVER_JOBS_ERRAND_H
#define SERVER_JOBS_ERRAND_H

#include "core/base/caller.h"

#include <stdatomic.h>

struct memory_budget;
typedef struct errands errands;

typedef enum errand_kind {
    ERRAND_QUICK,   /* lists, single things: never more than light work */
    ERRAND_PLAN,    /* what plans a sweep or generates data */
    ERRAND_SQL,     /* the console */
    ERRAND_PREDICT, /* what asks a net, or for one */
    ERRAND_UPLOAD,  /* the registering of a data set */
    ERRAND_COMPARE, /* what looks at all runs of an experiment */
    ERRAND_CHANGE,  /* what may wait for runs: cancel, pause, delete */
    ERRAND_KIND_COUNT
} errand_kind;

typedef struct errand_limit {
    const char *unit;      /* "generated values" */
    uint64_t light, limit; /* up to which no place is needed; above which it is refused */
} errand_limit;
extern const errand_limit ERRAND_LIMITS[CALLER_UNIT_COUNT];

enum {
    ERRAND_PLACES = 2, /* of each kind */
    ERRAND_WAITING = 4 /* that may wait for one of them, of each kind */
};

typedef struct errand {
    errands *desk; /* NULL: nobody counts, and the rest is not used */
    errand_kind kind;
    uint64_t client; /* by address or token */
    atomic_bool is_called_off;
    bool has_place;
    uint64_t amounts[CALLER_UNIT_COUNT];
    size_t n_bytes; /* taken of the budget */
    caller caller;
} errand;

FAIL_CHECKED bool errands_open(struct memory_budget *memory, errands **out, fail *f);
void errands_close(errands *desk); /* NULL: nothing */

extern const char *const ERRAND_NAMES[ERRAND_KIND_COUNT];

/* Places taken now, and who waits for one. NULL: nobody. */
void errands_count(errands *desk, errand_kind kind, int *n_taken, int *n_waiting);

void errand_init(errand *e, errands *desk, errand_kind kind, uint64_t client);
/* Gives back its place and its memory: when the work is over, whatever came of it. */
void errand_end(errand *e);
void errand_call_off(errand *e);

/* For whoever works; of a NULL errand NULL. */
const caller *errand_caller(const errand *e);

#endif
