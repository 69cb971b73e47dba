#include "server/console/console.h"

#include "core/base/clock.h"
#include "server/console/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    GRACE_MS = 1000,
    PLACE_POLL_MS = 2,
    ASK_MS = 50
}; /* GRACE_MS: start of the child, and its answer */

/* ---- places ---- */

static atomic_int n_running; /* children of this process */

static bool take_place(fail *f)
{
    const struct timespec pause = {.tv_nsec = PLACE_POLL_MS * 1000000L};
    for (int waited = 0; waited <= CONSOLE_WAIT_MS; waited += PLACE_POLL_MS) {
        int n = atomic_load(&n_running);
        while (n < CONSOLE_PLACES)
            if (atomic_compare_exchange_weak(&n_running, &n, n + 1))
                return true;
        nanosleep(&pause, NULL);
    }
    return fail_set(f, FAIL_UNAVAILABLE, NULL,
                    "The SQL console is busy with %d statements; try again in a moment.",
                    CONSOLE_PLACES);
}

static void give_place_back(void)
{
    atomic_fetch_sub(&n_running, 1);
}

/* ---- the child ---- */

static bool fail_of_system(const char *what, int error, fail *f)
{
    return fail_set(f, FAIL_UNAVAILABLE, NULL, "The SQL console could not %s: %s.", what,
                    strerror(error));
}

/* The request as an unnamed file, at its start: no pipe that could fill up. -1 with *f. */
static int open_request(const console_request *q, fail *f)
{
    buffer b;
    buffer_init(&b, CONSOLE_REQUEST_LIMIT);
    console_add_request(&b, q);
    int fd = memfd_create("sql-request", MFD_CLOEXEC);
    bool done = fd >= 0 && !b.failed && write(fd, b.data, b.n) == (ssize_t)b.n &&
                lseek(fd, 0, SEEK_SET) == 0;
    if (b.failed)
        fail_set(f, FAIL_OUT_OF_RANGE, "/query", "The statement and its parameters are too long.");
    else if (!done)
        fail_of_system("pass the statement on", errno, f);
    buffer_close(&b);
    if (!done && fd >= 0)
        close(fd);
    return done ? fd : -1;
}

/* Only the three standard descriptors, no signal blocked or ignored, no environment but what keeps
 * the BLAS from starting threads. */
static int spawn_child(int request, int answer, pid_t *pid)
{
    static char program[] = "regulab", subcommand[] = CONSOLE_CHILD,
                threads[] = "OPENBLAS_NUM_THREADS=1";
    char *arguments[] = {program, subcommand, NULL}, *environment[] = {threads, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&files);
        return error;
    }
    error = posix_spawn_file_actions_adddup2(&files, request, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, answer, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (!error)
        error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!error)
        error =
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawn(pid, "/proc/self/exe", &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Everything until the other end is closed. False when the deadline came first, or the caller has
 * left. */
static bool read_answer(int fd, const caller *by, int64_t deadline_ms, buffer *out)
{
    char chunk[65536];
    for (;;) {
        int64_t left = deadline_ms - clock_steady_ms();
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        if (left <= 0 || caller_has_left(by))
            return false;
        if (poll(&wanted, 1, left < ASK_MS ? (int)left : ASK_MS) <= 0)
            continue; /* a signal, or nothing yet */
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return true;
        if (n > 0)
            buffer_add(out, chunk, (size_t)n);
        if (n < 0 && errno != EINTR)
            return true;
    }
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static bool fail_of_time(const console_request *q, fail *f)
{
    return fail_set(f, FAIL_TIME_LIMIT, "/query",
                    "The statement took longer than the limit of %d ms and was stopped.",
                    q->time_limit_ms);
}

/* Runs the child over an open request; its whole answer goes to *answer. */
static bool run_child(const console_request *q, int request, buffer *answer, fail *f)
{
    int pipe_ends[2];
    pid_t pid;
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return fail_of_system("open a pipe", errno, f);
    int error = spawn_child(request, pipe_ends[1], &pid);
    close(pipe_ends[1]);
    if (error) {
        close(pipe_ends[0]);
        return fail_of_system("start its process", error, f);
    }
    bool in_time =
        read_answer(pipe_ends[0], q->by, clock_steady_ms() + q->time_limit_ms + GRACE_MS, answer);
    if (!in_time)
        kill(pid, SIGKILL);
    close(pipe_ends[0]);
    int status = wait_for(pid);
    if (!caller_check(q->by, f))
        return false;
    if (!in_time || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        return fail_of_time(q, f);
    if (WIFSIGNALED(status))
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/query",
                        "The statement ended its process by signal %d: it probably needs more "
                        "memory than it may have.",
                        WTERMSIG(status));
    if (WEXITSTATUS(status) != 0 || answer->failed)
        return fail_set(f, FAIL_INTERNAL, NULL, "The process of the SQL console failed.");
    return true;
}

/* ---- the answer ---- */

static bool read_fail(console_reader *r, const console_request *q, fail *f)
{
    int64_t code = console_read_integer(r);
    const char *pointer = console_read_text(r);
    const char *sentence = console_read_text(r);
    if (r->failed || code <= FAIL_NONE || code >= FAIL_CODE_COUNT)
        return fail_set(f, FAIL_INTERNAL, NULL,
                        "The process of the SQL console answered nonsense.");
    if (code == FAIL_TIME_LIMIT)
        return fail_of_time(q, f);
    return fail_set(f, (fail_code)code, pointer, "%s", sentence);
}

/* Takes the bytes on success. */
static bool read_result(const console_request *q, buffer *bytes, console_result *out, fail *f)
{
    console_reader r = {.bytes = bytes->data, .n = bytes->n};
    int64_t kind = console_read_integer(&r);
    if (kind != CONSOLE_ANSWER_ROWS)
        return read_fail(&r, q, f);
    console_result result = {.n_columns = (int)console_read_integer(&r)};
    result.n_rows = console_read_integer(&r);
    result.truncated = console_read_integer(&r) != 0;
    result.elapsed_ms = console_read_real(&r);
    if (r.failed)
        return fail_set(f, FAIL_INTERNAL, NULL,
                        "The process of the SQL console answered nonsense.");
    result.at = r.at;
    result.bytes = *bytes;
    *bytes = (buffer){0};
    *out = result;
    return true;
}

bool console_run(const console_request *q, console_result *out, fail *f)
{
    if (strlen(q->query) > CONSOLE_SQL_LIMIT)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query", "A statement has at most %d bytes.",
                        CONSOLE_SQL_LIMIT);
    if (!take_place(f))
        return false;
    buffer answer;
    buffer_init(&answer, CONSOLE_ANSWER_LIMIT + 1024);
    int request = open_request(q, f);
    bool done = request >= 0 && run_child(q, request, &answer, f);
    if (request >= 0)
        close(request);
    give_place_back();
    done = done && read_result(q, &answer, out, f);
    buffer_close(&answer);
    return done;
}

void console_result_close(console_result *r)
{
    buffer_close(&r->bytes);
}

const char *console_next_name(console_result *r)
{
    console_reader reader = {.bytes = r->bytes.data, .n = r->bytes.n, .at = r->at};
    const char *name = console_read_text(&reader);
    r->at = reader.at;
    return name;
}

console_cell console_next_cell(console_result *r)
{
    console_reader reader = {.bytes = r->bytes.data, .n = r->bytes.n, .at = r->at};
    console_cell cell = {.type = (sql_value_type)console_read_integer(&reader)};
    if (cell.type == SQL_VALUE_INTEGER)
        cell.integer = console_read_integer(&reader);
    else if (cell.type == SQL_VALUE_REAL)
        cell.real = console_read_real(&reader);
    else if (cell.type == SQL_VALUE_TEXT)
        cell.text = console_read_text(&reader);
    r->at = reader.at;
    return cell;
}
