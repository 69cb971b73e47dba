#include "server/store/store.h"

#include "server/store/handle.h"
#include "server/store/internal.h"

/* ---- reading ---- */

bool store_read(store *s, store_look *look, void *arguments, fail *f)
{
    store_connection *c = store_readers_borrow(&s->readers, f);
    if (!c)
        return false;
    bool is_good = look(c, arguments, f);
    store_readers_give_back(&s->readers, c);
    return is_good;
}

typedef struct snapshot {
    store_look *look;
    void *arguments;
} snapshot;

static const char BEGIN[] = "BEGIN";
static const char COMMIT[] = "COMMIT";

static bool look_at_once(store_connection *c, void *arguments, fail *f)
{
    const snapshot *in = arguments;
    bool is_good = store_run(c, BEGIN, f) && in->look(c, in->arguments, f);
    if (!sqlite3_get_autocommit(c->db) && !store_run(c, COMMIT, is_good ? f : NULL))
        is_good = false;
    return is_good;
}

bool store_read_at_once(store *s, store_look *look, void *arguments, fail *f)
{
    snapshot in = {look, arguments};
    return store_read(s, look_at_once, &in, f);
}

/* ---- writing ---- */

bool store_write(store *s, store_change *change, void *arguments, fail *f)
{
    return store_thread_write(&s->thread, change, arguments, NULL, NULL, f);
}

bool store_write_telling(store *s, store_change *change, void *arguments,
                         void (*handed_over)(void *context), void *context, fail *f)
{
    return store_thread_write(&s->thread, change, arguments, handed_over, context, f);
}

void store_write_surely(store *s, store_change *change, void *arguments)
{
    store_thread_write_surely(&s->thread, change, arguments);
}

void store_write_later(store *s, store_change *change, void *arguments, size_t bytes)
{
    store_thread_write_later(&s->thread, change, arguments, bytes);
}

bool store_flush(store *s, fail *f)
{
    return store_thread_flush(&s->thread, f);
}

/* ---- how it is ---- */

void store_listen(store *s, store_listener *listener, void *context)
{
    store_thread_listen(&s->thread, listener, context);
}

void store_interrupt(store *s)
{
    store_thread_interrupt(&s->thread);
}

bool store_is_healthy(store *s, fail *f)
{
    return store_thread_is_healthy(&s->thread, f);
}

const char *store_path(const store *s)
{
    return s->path;
}

const char *store_identity(const store *s)
{
    return s->identity;
}

int64_t store_starts(const store *s)
{
    return s->n_starts;
}
