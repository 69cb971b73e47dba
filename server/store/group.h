/* group — the writer's side of the store without its thread: a group of changes as one
 * transaction, and the upkeep of the file.
 *
 * 1. A group is committed whole or not at all, but for changes that fail by themselves: those are
 * undone alone.
 * 2. What SQLite would do inside of some caller's commit (copying the WAL back, statistics for the
 * planner) is done here, when the writer says so.
 * Threads: one at a time. */
#ifndef SERVER_STORE_GROUP_H
#define SERVER_STORE_GROUP_H

#include "server/store/change.h"

/* One change on its way: on the stack of the caller that waits, or on the heap with its arguments
 * behind it. */
typedef struct write {
    struct write *next;
    store_change *change;
    void *arguments;
    size_t bytes; /* on the heap; 0: the caller waits */
    bool keep;    /* try again until it is stored */
    bool tried;
    bool done, ok; /* told to the caller under `lock` */
    fail why;
    int64_t queued_ms; /* monotonic */
} write_entry;

typedef struct write_list {
    write_entry *first, *last;
    int n;
} write_list;

void store_group_push(write_list *list, write_entry *w);
write_entry *store_group_pop(write_list *list); /* not of an empty list */
/* Puts all of `head` before the list; `head` is empty then. */
void store_group_prepend(write_list *list, write_list *head);

/* To be called once when the writer's connection is open and has its schema. */
FAIL_CHECKED bool store_group_prepare(store_writer *w, fail *f);

/* Are the files of the database still those that the writer has open? */
FAIL_CHECKED bool store_group_check_place(const store_writer *w, fail *f);

/* Runs the group's changes and commits; each entry's `ok` and `why` are set. An empty group writes
 * a page that says the same as before: whether the disk takes writes again. On false nothing of the
 * group is stored. */
FAIL_CHECKED bool store_group_commit(store_writer *w, const write_list *group, fail *f);

/* The WAL is copied back from here on. */
enum { STORE_WAL_PAGES = 1000 };
/* After writes: copies the WAL back as far as readers allow. */
void store_group_checkpoint(store_writer *w);
/* Without writes for a while: empties the WAL too, gives some of the pages back that nothing is in,
 * and brings the planner's statistics up to date. True: there are more such pages. */
bool store_group_tidy(store_writer *w);

#endif
