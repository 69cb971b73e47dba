/* adopt — the files that older versions have left, under names that say nothing of their content:
 * <database>-<run>.safetensors, and <run>.safetensors from before databases had names; checkpoints
 * likewise.
 *
 * 1. A file is a run's if the run's row says that there must be one and nothing more of it, and,
 * for a model, if it is one of the run's configuration. A file without a database's name is taken
 *    only for a run that is as old.
 * 2. The row first, then the name: a crash in between is made good at the next start.
 * Threads: none but the caller's; before anything else is done with the folders. */
#ifndef SERVER_JOBS_ADOPT_H
#define SERVER_JOBS_ADOPT_H

#include "server/jobs/files.h"
#include "server/store/store.h"

/* Takes in what lies there for `database`. Where that is not files->database, the files are
 * another's too, and keep their old names beside the new ones. What fails is said on standard error
 * and waits for the next start. */
void jobs_adopt(store *s, const jobs_files *files, const char *database);

#endif
