/* claim — which database a data directory belongs to, and that one process alone writes that
 * database's files in it.
 *
 *   DATA_DIR/databases/<identity>   a text: the database's path, the process that has it open, and
 *                                   what tells database and directory from copies of them
 *
 * 1. The file is locked while a process writes files of that identity. Databases of other
 *    identities may use the directory at the same time: no name of a file is of two of them.
 * 2. Database and directory keep the same token, which changes with every start, and the directory
 *    knows the database's file (inode and birth). A database of the same identity for which that
 *    does not hold is a copy, or was put back: it gets an identity of its own, and other names for
 *    the same models; nothing of the other's is touched. A directory that was copied or moved to
 *    another disk together with its database is its.
 * Threads: none but the caller's. Failure: FAIL_CONFLICT with the process and the database where
 * the claim is held, FAIL_STORAGE. */
#ifndef SERVER_JOBS_CLAIM_H
#define SERVER_JOBS_CLAIM_H

#include "server/store/store.h"

/* Before the identity is used for a name of a file: it may become another. The folders are there.
 * Files of older versions are taken in. */
FAIL_CHECKED bool jobs_claim_open(store *s, const char *data_dir, int *claim, fail *f);
void jobs_claim_close(int claim); /* -1: nothing */

enum { JOBS_IDENTITY_BYTES = 13 };
/* One that no other database has. */
FAIL_CHECKED bool jobs_claim_new_identity(char identity[JOBS_IDENTITY_BYTES], fail *f);

/* The files that the database's runs have under one identity get names of another as well, in this
 * directory or another. What is lost there stays lost. */
FAIL_CHECKED bool jobs_claim_share_files(store *s, const char *from_dir, const char *from,
                                         const char *to_dir, const char *to, fail *f);

#endif
