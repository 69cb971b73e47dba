#include "server/api/health.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/jobs/errand.h"
#include "server/store/experiments.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef REGULAB_VERSION
#error "REGULAB_VERSION is given by the Makefile"
#endif

typedef struct health_answer {
    const char *status, *version;
} health_answer;

static const member HEALTH_ROWS[] = {
    {"status", MEMBER_NAME, "Alive: the process answers; ready: it takes work.",
     AT(health_answer, status), ONE_OF("alive", "ready")},
    {"version", MEMBER_TEXT, "Of the program.", AT(health_answer, version)},
};
const shape SHAPE_HEALTH = {.name = "Health", BYTES_OF(health_answer), MEMBERS(HEALTH_ROWS)};

static void answer_state(response *r, const char *status)
{
    shape_add(&r->body, &SHAPE_HEALTH, &(health_answer){status, REGULAB_VERSION});
    response_set(r, 200, MESSAGE_JSON);
}

void api_health_live(struct app *shared, const request *q, response *r)
{
    (void)shared;
    (void)q;
    answer_state(r, "alive");
}

void api_health_ready(struct app *shared, const request *q, response *r)
{
    (void)q;
    fail f;
    if (app_is_ready(shared, &f)) {
        answer_state(r, "ready");
        return;
    }
    response_problem(r, 503, &f);
}

/* ---- Prometheus ---- */

static void add_family(buffer *b, const char *name, const char *type, const char *help)
{
    buffer_add_format(b, "# HELP regulab_%s %s\n# TYPE regulab_%s %s\n", name, help, name, type);
}

static void add_value(buffer *b, const char *name, const char *type, const char *help, double value)
{
    add_family(b, name, type, help);
    buffer_add_format(b, "regulab_%s %.17g\n", name, value);
}

static void add_http(buffer *b, const app_traffic *c)
{
    add_value(b, "http_requests_total", "counter", "Requests begun.", (double)c->requests);
    add_family(b, "http_answers_total", "counter", "Answers by hundreds of the status.");
    for (int i = 1; i < 6; i++)
        buffer_add_format(b, "regulab_http_answers_total{status=\"%dxx\"} %llu\n", i,
                          (unsigned long long)c->answers[i]);
    add_value(b, "http_late_total", "counter", "Connections cut at a deadline.", (double)c->late);
    add_value(b, "http_connections", "gauge", "Connections that are open.", c->connections);
    add_value(b, "http_streams", "gauge", "Event streams that are open.", c->streams);
    add_value(b, "http_waiting", "gauge", "Requests that wait for a worker.", c->waiting);
}

static void add_errands(buffer *b, errands *desk)
{
    int n[2];
    add_family(b, "large_requests", "gauge", "Requests of much work by kind: at work, waiting.");
    for (int i = 0; i < ERRAND_KIND_COUNT; i++) {
        errands_count(desk, (errand_kind)i, &n[0], &n[1]);
        for (int waits = 0; waits < 2; waits++)
            buffer_add_format(b, "regulab_large_requests{kind=\"%s\",state=\"%s\"} %d\n",
                              ERRAND_NAMES[i], waits ? "waiting" : "working", n[waits]);
    }
}

static void add_memory(buffer *b, memory_budget *memory)
{
    if (!memory)
        return;
    size_t total = memory_budget_total(memory);
    add_value(b, "memory_budget_bytes", "gauge",
              "Memory that runs, data sets and requests may have.", (double)total);
    add_value(b, "memory_taken_bytes", "gauge", "Memory that they have.",
              (double)(total - memory_budget_left(memory)));
}

static void add_store(buffer *b, const store_counts *c)
{
    add_value(b, "experiments", "gauge", "Experiments in the database.", (double)c->experiments);
    add_family(b, "runs", "gauge", "Runs in the database by state.");
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        buffer_add_format(b, "regulab_runs{status=\"%s\"} %lld\n", RUN_STATE_NAMES[i],
                          (long long)c->runs[i]);
    add_value(b, "epochs", "gauge", "Recorded epochs in the database.", (double)c->epochs);
}

static void add_jobs(buffer *b, const jobs_state *s)
{
    add_value(b, "workers", "gauge", "Worker threads that train.", s->n_workers);
    add_value(b, "workers_busy", "gauge", "Worker threads that are training.", s->n_running);
    add_value(b, "queue_runs", "gauge", "Runs that wait for a worker.", (double)s->n_queued);
    add_value(b, "steps_per_second", "gauge", "Optimizer steps per second, all runs together.",
              s->steps_per_second);
}

static double resident_bytes(void)
{
    char line[128] = "", *resident = line;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fgets(line, sizeof line, file))
        strtol(line, &resident, 10); /* the first number is the address space */
    double pages = (double)strtol(resident, NULL, 10);
    fclose(file);
    return pages * (double)sysconf(_SC_PAGESIZE);
}

void api_health_metrics(struct app *shared, const request *q, response *r)
{
    (void)q;
    fail f;
    store_counts counts;
    if (!store_count(shared->store, &counts, &f)) {
        response_fail(r, &f);
        return;
    }
    app_traffic web;
    jobs_state work;
    app_get_traffic(shared, &web);
    jobs_get_state(shared->jobs, &work);
    add_family(&r->body, "info", "gauge", "The program's version.");
    buffer_add_text(&r->body, "regulab_info{version=\"" REGULAB_VERSION "\"} 1\n");
    add_value(&r->body, "uptime_seconds", "gauge", "Since the start.",
              1e-3 * (double)(clock_date_ms() - shared->started_ms));
    add_value(&r->body, "resident_memory_bytes", "gauge", "Memory of the process.",
              resident_bytes());
    add_value(&r->body, "store_healthy", "gauge", "1 while the database takes writes.",
              store_is_healthy(shared->store, &f));
    add_store(&r->body, &counts);
    add_jobs(&r->body, &work);
    add_http(&r->body, &web);
    add_errands(&r->body, shared->errands);
    add_memory(&r->body, shared->memory);
    response_set(r, 200, "text/plain; version=0.0.4; charset=utf-8");
}
