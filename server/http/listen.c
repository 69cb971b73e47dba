#include "server/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static bool read_address(const char *text, uint16_t port, socket_address *out, socklen_t *n,
                         fail *f)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *n = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *n = sizeof out->v6;
        return true;
    }
    return fail_set(f, FAIL_OUT_OF_RANGE, NULL, "%s is no numeric address to listen on.", text);
}

bool http_listen_open(const char *address, uint16_t port, int *out, uint16_t *bound, fail *f)
{
    socket_address where;
    socklen_t n;
    if (!read_address(address, port, &where, &n, f))
        return false;
    int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, &where.any, n) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &where.any, &n) != 0) {
        fail_set(f, FAIL_UNAVAILABLE, NULL, "Cannot listen on %s port %u: %s.", address,
                 (unsigned)port, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    *out = fd;
    *bound = ntohs(where.any.sa_family == AF_INET ? where.v4.sin_port : where.v6.sin6_port);
    return true;
}
