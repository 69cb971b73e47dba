/* The event loop on real sockets: deadlines, pipelines, streams, stopping. */
/* First: a name of its own is one of the next one's types. */
#include "tests/server/store_fixture.h"

#include "server/api/app.h"
#include "server/events/events.h"
#include "server/http/http.h"
#include "tests/check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define HOST "Host: localhost\r\n"
#define API "/api/v1"

typedef struct stage {
    fixture x;
    char data[96];
    app shared;
    http *http;
    pthread_t loop;
    bool ran_well;
} stage;

static void *turn_loop(void *context)
{
    stage *s = context;
    fail f;
    s->ran_well = http_run(s->http, &f);
    return NULL;
}

/* A server with its loop in a thread; deadlines of a fraction of a second. */
static bool stage_open_for(stage *s, int connections, int header_ms)
{
    fail f;
    *s = (stage){0};
    if (!fixture_open(&s->x))
        return false;
    snprintf(s->data, sizeof s->data, "%s/data", s->x.folder);
    s->shared = (app){.store = s->x.s, .data_dir = s->data};
    http_options options = {.address = "127.0.0.1",
                            .app = &s->shared,
                            .connections = connections,
                            .header_ms = header_ms,
                            .idle_ms = 400,
                            .body_ms = 300,
                            .answer_ms = 1000,
                            .streams = 3,
                            .without_signals = true};
    return CHECK_OK(events_open(s->x.s, &s->shared.events, &f), f) &&
           CHECK_OK(http_open(&options, &s->http, &f), f) &&
           CHECK_EQUAL_INT(pthread_create(&s->loop, NULL, turn_loop, s), 0);
}

static bool stage_open(stage *s)
{
    return stage_open_for(s, 0, 200);
}

static void stage_stop(stage *s)
{
    http_stop(s->http);
    pthread_join(s->loop, NULL);
    CHECK(s->ran_well);
}

/* The folder of uploads is there, and nothing is left in it; what is left is named. */
static void remove_incoming(const char *path)
{
    DIR *folder = opendir(path);
    int n_left = 0;
    CHECK_OR_RETURN(folder != NULL);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.' && ++n_left)
            printf("    left in %s: %s\n", path, entry->d_name);
    closedir(folder);
    CHECK_EQUAL_INT(n_left, 0);
    CHECK_EQUAL_INT(rmdir(path), 0);
}

static void stage_close(stage *s)
{
    char path[128];
    http_close(s->http);
    store_close(s->x.s);
    s->x.s = NULL;
    events_close(s->shared.events);
    snprintf(path, sizeof path, "%s/incoming", s->data);
    remove_incoming(path);
    rmdir(s->data);
    fixture_close(&s->x);
}

static int dial(const stage *s, const char *text)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_port(s->http))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQUAL_INT(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    size_t n = strlen(text);
    CHECK_EQUAL_INT(send(fd, text, n, MSG_NOSIGNAL), n);
    return fd;
}

/* Reads until `until` has come or the server closes; false if neither happens within 10 s. */
static bool hear(int fd, const char *until, char *out, size_t size)
{
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 10000) != 1)
            return false;
        ssize_t got = recv(fd, out + n, size - n - 1, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        out[n] = '\0';
        if (until && strstr(out, until))
            return true;
    }
    out[n] = '\0';
    return true;
}

static void ask(const stage *s, const char *text, const char *status, const char *part)
{
    static char answer[1 << 16];
    int fd = dial(s, text);
    CHECK(hear(fd, NULL, answer, sizeof answer));
    CHECK(strncmp(answer, status, strlen(status)) == 0);
    CHECK_CONTAINS(answer, part);
    close(fd);
}

#define LAST HOST "Connection: close\r\n"

static void requests_are_answered(void)
{
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    ask(&s, "GET /healthz HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200", "X-Request-Id: ");
    ask(&s, "HEAD /healthz HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200", "Content-Length: ");
    ask(&s, "GET /nothing HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 404", "problem+json");
    ask(&s, "PUT /healthz HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 405", "Allow: GET, HEAD");
    ask(&s, "GET /healthz HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", "HTTP/1.1 421", "");
    ask(&s, "POST " API "/sql HTTP/1.1\r\n" LAST "Content-Length: 1\r\n\r\nx", "HTTP/1.1 415", "");
    ask(&s,
        "POST " API "/sql HTTP/1.1\r\n" LAST
        "Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 413", "1048576");
    ask(&s, "GET " API "/experiments/7/events HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 404", "7");
    stage_stop(&s);
    stage_close(&s);
}

/* Each of these would hold its connection for ever if only the silence between bytes were timed. */
static void dripping_clients_are_cut(void)
{
    static const char *const HEADS[] = {
        "", "GET /healthz HTTP/1.1\r\n" HOST "X: ",
        "POST " API "/sql HTTP/1.1\r\n" HOST
        "Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n",
        "PUT " API "/datasets/a HTTP/1.1\r\n" HOST "Content-Length: 9999\r\n\r\n",
        "POST /nothing HTTP/1.1\r\n" HOST "Content-Length: 9999\r\n\r\n"};
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) {
        int fd = dial(&s, HEADS[i]), n_sent = 0;
        struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};
        while (n_sent < 200 && poll(&p, 1, 20) == 0) /* a byte each 20 ms, for 4 s at most */
            n_sent += send(fd, "a", 1, MSG_NOSIGNAL) == 1;
        CHECK(n_sent > 0 && n_sent < 200);
        close(fd);
    }
    app_traffic counts;
    app_get_traffic(&s.shared, &counts);
    CHECK_EQUAL_INT(counts.late, sizeof HEADS / sizeof *HEADS);
    stage_stop(&s);
    stage_close(&s);
}

/* Idle ones and half headers fill every place, and more: whoever asks is answered. */
static void the_idle_make_room(void)
{
    enum { N = 40 };
    int fds[N];
    stage s;
    CHECK_OR_RETURN(stage_open_for(&s, 16, 60000));
    for (int i = 0; i < N; i++) {
        fds[i] = dial(&s, i % 2 ? "" : "GET /healthz HTTP/1.1\r\n");
        if (i % 8 == 7)
            ask(&s, "GET /healthz HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200", "X-Request-Id: ");
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
    stage_stop(&s);
    stage_close(&s);
}

static void streams_live_as_long_as_the_server(void)
{
    char first[4096], fourth[4096];
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    int fds[4];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(&s, "GET " API "/events HTTP/1.1\r\n" HOST "\r\n");
        CHECK(hear(fds[i], "retry: 1000\n\n", first, sizeof first));
    }
    fds[3] = dial(&s, "GET " API "/events HTTP/1.1\r\n" LAST "\r\n");
    CHECK(hear(fds[3], NULL, fourth, sizeof fourth));
    CHECK(strncmp(fourth, "HTTP/1.1 503", 12) == 0);
    CHECK_CONTAINS(fourth, "Retry-After: ");
    int64_t runs[1];
    fixture_insert(&s.x, "heard", 1, 1, runs);
    fixture_train(&s.x, runs[0], 0.5);
    for (int i = 0; i < 3; i++)
        CHECK(hear(fds[i], "\"completed\"", first, sizeof first));
    stage_stop(&s);
    stage_close(&s);
    for (int i = 0; i < 4; i++) {
        CHECK(hear(fds[i], NULL, first, sizeof first));
        close(fds[i]);
    }
}

/* libmicrohttpd notices nothing of a client that leaves while its connection is suspended: then all
 * three places would stay taken. A place is free a moment after its client has left, so one that is
 * refused asks again. */
static void streams_that_were_left_are_given_back(void)
{
    char text[4096];
    stage s;
    CHECK_OR_RETURN(stage_open(&s));
    for (int i = 0; i < 12; i++) {
        bool is_open = false;
        for (int attempt = 0; attempt < 1000 && !is_open; attempt++) {
            int fd = dial(&s, "GET " API "/events HTTP/1.1\r\n" HOST "\r\n");
            if (!CHECK(hear(fd, "\r\n\r\n", text, sizeof text)))
                attempt = 1000;
            is_open = strncmp(text, "HTTP/1.1 200", 12) == 0;
            close(fd);
        }
        CHECK(is_open);
    }
    stage_stop(&s);
    stage_close(&s);
}

static void a_taken_port_is_told(void)
{
    stage s;
    fail f;
    http *second = NULL;
    CHECK_OR_RETURN(stage_open(&s));
    http_options options = {.address = "127.0.0.1",
                            .port = http_port(s.http),
                            .app = &s.shared,
                            .without_signals = true};
    CHECK_FAILS(http_open(&options, &second, &f), f, FAIL_UNAVAILABLE, "");
    CHECK_CONTAINS(f.sentence, "Address already in use");
    options.address = "localhost";
    CHECK_FAILS(http_open(&options, &second, &f), f, FAIL_OUT_OF_RANGE, "");
    CHECK(second == NULL);
    stage_stop(&s);
    stage_close(&s);
}

CHECK_MAIN("http", requests_are_answered, dripping_clients_are_cut, the_idle_make_room,
           streams_live_as_long_as_the_server, streams_that_were_left_are_given_back,
           a_taken_port_is_told)
