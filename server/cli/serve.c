/* `regulab serve`: flags -> open -> wire -> serve -> close. */
#include "core/base/clock.h"
#include "core/data/import/register.h"
#include "core/math/parallel.h"
#include "server/api/app.h"
#include "server/api/recipes.h"
#include "server/api/tokens.h"
#include "server/cli/cli.h"
#include "server/cli/token_file.h"
#include "server/events/events.h"
#include "server/http/http.h"
#include "server/jobs/errand.h"
#include "server/jobs/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUEUE_LIMIT = 200000,
    ADDRESS_BYTES = 64,
    MEMORY_LEAST = 64 << 20,
    ARENAS = 8,               /* of malloc(): each keeps some that nobody uses */
    OWN_BLOCK_BYTES = 1 << 20 /* larger ones are mapped alone, and so given back when freed */
};

typedef struct service { /* what is opened, in this order */
    app app;
    http *http;
    char address[ADDRESS_BYTES], static_dir[PATH_MAX];
    uint16_t port;
    int64_t n_workers, data_quota, upload_quota;
    size_t memory_bytes;                        /* 0: found out */
    const char *database, *recipe, *token_file; /* the latter two NULL if not given */
    const char *hosts[CLI_FLAGS_LIMIT];
    int n_hosts;
} service;

/* ---- flags ---- */

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080". */
static bool read_listen(const cli_arguments *a, service *s)
{
    const char *text = cli_value(a, "--listen", "127.0.0.1:8080"), *colon = strrchr(text, ':');
    unsigned char ignored[sizeof(struct in6_addr)];
    char *end = NULL;
    bool bracketed = text[0] == '[' && colon && colon > text + 1 && colon[-1] == ']';
    size_t n = colon ? (size_t)(colon - text) - (bracketed ? 2 : 0) : 0;
    long port = colon && colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : -1;
    if (n > 0 && n < sizeof s->address && port >= 0 && port <= 65535 && *end == '\0') {
        memcpy(s->address, text + bracketed, n);
        s->address[n] = '\0';
        if (strcmp(s->address, "localhost") == 0)
            memcpy(s->address, "127.0.0.1", sizeof "127.0.0.1");
        s->port = (uint16_t)port;
        if (inet_pton(bracketed ? AF_INET6 : AF_INET, s->address, ignored) == 1)
            return true;
    }
    cli_usage(
        a->command,
        "--listen must be ADDRESS:PORT with a numeric address and a port up to 65535, not \"%s\"",
        text);
    return false;
}

static void read_hosts(const cli_arguments *a, service *s)
{
    for (int i = 0; i < a->n_flags; i++)
        if (strcmp(a->flags[i].row->name, "--allow-host") == 0)
            s->hosts[s->n_hosts++] = a->flags[i].value;
}

/* "4G", "512M", "1000000". */
static bool read_memory(const cli_arguments *a, service *s)
{
    const char *text = cli_value(a, "--memory", NULL);
    char *end;
    if (!text)
        return true;
    errno = 0;
    double amount = strtod(text, &end), unit = 1;
    if (*end && strchr("kKmMgG", *end))
        unit = strchr("kK", *end) ? 1024.0 : strchr("mM", *end) ? 1048576.0 : 1073741824.0;
    end += unit > 1;
    if (errno == 0 && *end == '\0' && end != text && amount * unit >= (double)MEMORY_LEAST &&
        amount * unit <= 1e15) {
        s->memory_bytes = (size_t)(amount * unit);
        return true;
    }
    cli_usage(a->command,
              "--memory must be a number of bytes, 64M or more, as 4G or 512M, not "
              "\"%s\"",
              text);
    return false;
}

static bool read_flags(const cli_arguments *a, service *s)
{
    int64_t time_ms, rows;
    if (!read_listen(a, s) || !read_memory(a, s) ||
        !cli_integer(a, "--workers", 1, PARALLEL_THREADS_LIMIT, cli_processors(), &s->n_workers) ||
        !cli_integer(a, "--sql-time-limit-ms", 1, 3600000, 1000, &time_ms) ||
        !cli_size(a, "--data-quota", &s->data_quota) ||
        !cli_size(a, "--upload-quota", &s->upload_quota) ||
        !cli_integer(a, "--sql-max-rows", 1, 1000000, 1000, &rows))
        return false;
    cli_find_static(cli_value(a, "--static", NULL), s->static_dir);
    read_hosts(a, s);
    s->database = cli_value(a, "--db", "regulab.db");
    s->recipe = cli_value(a, "--recipe", NULL);
    s->token_file = cli_value(a, "--token-file", NULL);
    s->app.data_dir = cli_value(a, "--data-dir", "regulab-data");
    s->app.static_dir = s->static_dir;
    s->app.sql_time_limit_ms = (int)time_ms;
    s->app.sql_max_rows = (int)rows;
    return true;
}

/* ---- open, serve, close ---- */

static void leave_requests(void *context)
{
    const service *s = context;
    jobs_leave_requests(s->app.jobs);
}

static void reload_tokens(void *context)
{
    service *s = context;
    if (s->token_file)
        token_file_reload(s->token_file, &s->app.tokens);
}

/* A new database is its user's alone; whether others may read it is for the user to say. */
static void make_private(const char *database)
{
    int fd = open(database, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) /* else it is there, or cannot be made: store_open() tells */
        close(fd);
    token_file_warn_if_readable(database);
}

static bool open_all(service *s, fail *f)
{
    jobs_options options = {.data_dir = s->app.data_dir,
                            .n_workers = (int)s->n_workers,
                            .queue_limit = QUEUE_LIMIT,
                            .data_quota = s->data_quota,
                            .upload_quota = s->upload_quota,
                            .checkpoint_seconds = CLI_CHECKPOINT_SECONDS};
    http_options web = {.address = s->address,
                        .port = s->port,
                        .n_allow_hosts = s->n_hosts,
                        .allow_hosts = s->hosts,
                        .app = &s->app,
                        .on_leaving = leave_requests,
                        .on_reload = reload_tokens,
                        .context = s};
    make_private(s->database);
    (void)mallopt(M_ARENA_MAX, ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, OWN_BLOCK_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, OWN_BLOCK_BYTES);
    if (!memory_budget_open(s->memory_bytes, &s->app.memory, f) ||
        !errands_open(s->app.memory, &s->app.errands, f))
        return false;
    options.memory = s->app.memory;
    if (!dataset_clean(s->app.data_dir, f) || !store_open(s->database, &s->app.store, f))
        return false;
    options.store = s->app.store;
    return events_open(s->app.store, &s->app.events, f) && jobs_open(&options, &s->app.jobs, f) &&
           http_open(&web, &s->http, f);
}

static void close_all(service *s)
{
    http_close(s->http);
    if (s->app.store) /* a disk that refuses must not hold up the stop */
        store_interrupt(s->app.store);
    if (s->app.jobs)
        jobs_close(s->app.jobs);
    if (s->app.store)
        store_close(s->app.store);
    events_close(s->app.events);
    tokens_close(s->app.tokens);
    errands_close(s->app.errands);
    memory_budget_close(s->app.memory);
}

static void say_ready(const service *s)
{
    bool v6 = strchr(s->address, ':') != NULL;
    printf("listening on http://%s%s%s:%u\n", v6 ? "[" : "", s->address, v6 ? "]" : "",
           (unsigned)http_port(s->http));
    (void)fflush(stdout);
}

/* To the main thread, the one in the loop: it blocks the signal, and its descriptor has it then. */
static void pass_on(int number)
{
    (void)tgkill(getpid(), getpid(), number);
}

/* The loop takes SIGTERM, SIGINT and SIGHUP from a descriptor where every thread blocks them.
 * Threads that a library made before main() (OpenBLAS does) do not: a signal that the system hands
 * to one of these comes here. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool serve(service *s, fail *f)
{
    bool queued;
    say_ready(s);
    if (!s->app.tokens && !is_loopback(s->address))
        (void)fprintf(stderr,
                      "regulab: whoever reaches %s may train and delete here; --token-file asks "
                      "for a token\n",
                      s->address);
    if (s->recipe && !api_recipes_start(&s->app, s->recipe, &queued, f))
        return false;
    return http_run(s->http, f);
}

int cli_serve(const cli_arguments *a)
{
    service s = {0};
    fail f;
    if (!read_flags(a, &s))
        return CLI_USAGE;
    http_block_signals();
    catch_signals();
    if (s.token_file && !token_file_load(s.token_file, &s.app.tokens, &f))
        return cli_failed(&f);
    if (s.token_file)
        token_file_warn_if_readable(s.token_file);
    s.app.started_ms = clock_date_ms();
    bool ok = open_all(&s, &f) && serve(&s, &f);
    close_all(&s);
    return ok ? CLI_DONE : cli_failed(&f);
}
