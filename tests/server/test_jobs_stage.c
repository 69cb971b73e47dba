/* The state machine of leased runs as a table: every report in every stage, and what every arrow
 * has to keep. */
#include "server/jobs/stage.h"

#include "tests/check.h"

/* What may be heard: the reports, `ended` in three ways. */
enum { STARTED, PROGRESS, RECORD, CHECKPOINT, ENDED, PAUSED, CALLED_OFF, N_HEARD };

static const struct {
    report_kind kind;
    bool is_paused, is_called_off;
} HEARD[N_HEARD] = {
    [STARTED] = {.kind = REPORT_STARTED},      [PROGRESS] = {.kind = REPORT_PROGRESS},
    [RECORD] = {.kind = REPORT_RECORD},        [CHECKPOINT] = {.kind = REPORT_CHECKPOINT},
    [ENDED] = {.kind = REPORT_ENDED},          [PAUSED] = {.kind = REPORT_ENDED, .is_paused = true},
    [CALLED_OFF] = {REPORT_ENDED, true, true},
};

/* The name of the stage that follows; NULL: refused. */
static const char *const AFTER[LEASE_STAGE_COUNT][N_HEARD] = {
    [LEASE_GIVEN] = {[STARTED] = "starting",
                     [PROGRESS] = "given",
                     [ENDED] = "starting",
                     [PAUSED] = "over",
                     [CALLED_OFF] = "over"},
    [LEASE_TRAINING] = {[PROGRESS] = "training",
                        [RECORD] = "saving",
                        [CHECKPOINT] = "saving",
                        [ENDED] = "ended",
                        [PAUSED] = "aside",
                        [CALLED_OFF] = "training"},
    [LEASE_SAVING] = {[PROGRESS] = "saving"},
};

static void every_report_in_every_stage(void)
{
    for (lease_stage from = 0; from < LEASE_STAGE_COUNT; from++)
        for (int i = 0; i < N_HEARD; i++) {
            lease_stage to = LEASE_STAGE_COUNT;
            bool is_taken = stage_after_report(from, HEARD[i].kind, HEARD[i].is_paused,
                                               HEARD[i].is_called_off, &to);
            const char *expected = AFTER[from][i];
            CHECK_EQUAL_INT(is_taken, expected != NULL);
            if (is_taken && expected)
                CHECK_EQUAL_STRING(STAGES[to].name, expected);
            else
                CHECK_EQUAL_INT(to, LEASE_STAGE_COUNT);
            if (is_taken && to != from)
                CHECK(stage_leads(from, to));
        }
}

static void a_report_of_no_kind_is_refused(void)
{
    lease_stage to;
    for (lease_stage from = 0; from < LEASE_STAGE_COUNT; from++)
        CHECK(!stage_after_report(from, REPORT_KIND_COUNT, false, false, &to));
}

static void stages_have_names_of_their_own(void)
{
    for (lease_stage i = 0; i < LEASE_STAGE_COUNT; i++) {
        CHECK(STAGES[i].name && *STAGES[i].name);
        for (lease_stage k = 0; k < i; k++)
            CHECK(strcmp(STAGES[i].name, STAGES[k].name) != 0);
    }
}

/* Stages that arrows lead to from here, over any number of them. */
static uint32_t reachable(lease_stage from)
{
    uint32_t all = 1u << from, before = 0;
    while (all != before) {
        before = all;
        for (lease_stage i = 0; i < LEASE_STAGE_COUNT; i++)
            if (all >> i & 1)
                all |= STAGES[i].next;
    }
    return all;
}

static void every_stage_is_come_to_and_left_again(void)
{
    CHECK_EQUAL_INT(reachable(LEASE_BEGINNING), (1u << LEASE_STAGE_COUNT) - 1);
    CHECK_EQUAL_INT(STAGES[LEASE_OVER].next, 0);
    for (lease_stage i = 0; i < LEASE_STAGE_COUNT; i++)
        CHECK(reachable(i) >> LEASE_OVER & 1);
}

static bool may_lead(lease_stage from, lease_stage to)
{
    const stage_row *a = &STAGES[from], *b = &STAGES[to];
    if (to == LEASE_OVER)
        return true;
    if (b->takes_place && !a->takes_place) /* it is not taken again */
        return false;
    return b->is_ending || !a->is_ending; /* nor trained */
}

static void no_arrow_takes_back_what_was_given_up(void)
{
    for (lease_stage from = 0; from < LEASE_STAGE_COUNT; from++)
        for (lease_stage to = 0; to < LEASE_STAGE_COUNT; to++)
            if (stage_leads(from, to))
                CHECK(may_lead(from, to));
}

/* A user waits for untold runs: nothing but a thread, or an engine, may be what these wait for. */
static void what_is_untold_waits_for_no_disk(void)
{
    for (lease_stage i = 0; i < LEASE_STAGE_COUNT; i++) {
        CHECK(!(STAGES[i].is_untold && STAGES[i].waits_on_disk));
        CHECK(!(STAGES[i].is_active && STAGES[i].waits_on_disk));
        CHECK(!(STAGES[i].is_untold && STAGES[i].is_ending));
    }
}

CHECK_MAIN("jobs_stage", every_report_in_every_stage, a_report_of_no_kind_is_refused,
           stages_have_names_of_their_own, every_stage_is_come_to_and_left_again,
           no_arrow_takes_back_what_was_given_up, what_is_untold_waits_for_no_disk)
