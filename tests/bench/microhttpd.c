/* Bare libmicrohttpd: what it serves of a body that is ready, with the headers of Regulab's answers
 * already in it. `microhttpd BYTES` prints its port and serves until its input ends. */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *n_data, void **state)
{
    static int seen;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    (void)n_data;
    if (!*state) { /* an answer in the first call would close the connection */
        *state = &seen;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2048;
    char *body = malloc(n + 1), byte;
    if (!body)
        return 1;
    memset(body, 'x', n);
    struct MHD_Response *ready = MHD_create_response_from_buffer(n, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(ready, "Content-Type", "application/json");
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, ready, MHD_OPTION_SOCK_ADDR, &where,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 * 1024, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        return 1;
    printf("%u\n", (unsigned)info->port);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(ready);
    free(body);
    return 0;
}
