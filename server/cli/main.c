/* Only this function ends the program. */
#include "server/cli/cli.h"
#include "server/console/console.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], CONSOLE_CHILD) == 0)
        return console_child();
    return cli_main(argc, argv);
}
