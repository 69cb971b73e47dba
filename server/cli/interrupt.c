/* Ctrl-C and SIGTERM to a command that trains: it ends between two steps. */
#include "server/cli/cli.h"

#include <signal.h>

static volatile sig_atomic_t interrupted; /* the handler's only way to speak */

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal,
                               .sa_flags = (int)SA_RESETHAND}; /* twice ends it at once */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool cli_is_interrupted(void)
{
    return interrupted != 0;
}
