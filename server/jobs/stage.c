#include "server/jobs/stage.h"

#define TO(stage) (1u << LEASE_##stage)

const stage_row STAGES[LEASE_STAGE_COUNT] = {
    [LEASE_BEGINNING] = {.name = "beginning",
                         .next = TO(BLOCKED) | TO(GIVEN) | TO(STARTING) | TO(OVER),
                         .is_active = true,
                         .is_untold = true,
                         .takes_place = true},
    [LEASE_BLOCKED] = {.name = "blocked",
                       .next = TO(OFFERED) | TO(OVER),
                       .takes_place = true,
                       .waits_on_disk = true},
    [LEASE_OFFERED] = {.name = "offered", .next = TO(BEGINNING) | TO(OVER), .takes_place = true},
    [LEASE_GIVEN] = {.name = "given",
                     .next = TO(STARTING) | TO(BLOCKED) | TO(OVER),
                     .is_untold = true,
                     .takes_place = true},
    [LEASE_STARTING] = {.name = "starting",
                        .next = TO(TRAINING) | TO(ENDED),
                        .is_active = true,
                        .is_untold = true,
                        .takes_place = true},
    [LEASE_TRAINING] = {.name = "training",
                        .next = TO(SAVING) | TO(ASIDE) | TO(ENDED),
                        .takes_place = true},
    [LEASE_SAVING] = {.name = "saving",
                      .next = TO(TRAINING),
                      .is_active = true,
                      .takes_place = true},
    [LEASE_ASIDE] = {.name = "aside",
                     .next = TO(KEPT) | TO(ENDED) | TO(OVER),
                     .is_active = true,
                     .takes_place = true},
    [LEASE_KEPT] = {.name = "kept",
                    .next = TO(ASIDE) | TO(OVER),
                    .takes_place = true,
                    .waits_on_disk = true},
    [LEASE_ENDED] = {.name = "ended",
                     .next = TO(LAST) | TO(DECIDING) | TO(STORING),
                     .takes_place = true,
                     .is_ending = true},
    [LEASE_LAST] = {.name = "last",
                    .next = TO(DECIDING) | TO(STORING),
                    .takes_place = true,
                    .is_ending = true},
    [LEASE_DECIDING] = {.name = "deciding",
                        .next = TO(STORING),
                        .is_active = true,
                        .takes_place = true,
                        .is_ending = true},
    [LEASE_STORING] = {.name = "storing",
                       .next = TO(LEAVING) | TO(REFUSED) | TO(OVER),
                       .is_active = true,
                       .takes_place = true,
                       .is_ending = true},
    [LEASE_LEAVING] = {.name = "leaving",
                       .next = TO(REFUSED) | TO(OVER),
                       .is_active = true,
                       .is_ending = true},
    [LEASE_REFUSED] = {.name = "refused",
                       .next = TO(LEAVING) | TO(OVER),
                       .is_ending = true,
                       .waits_on_disk = true},
    [LEASE_OVER] = {.name = "over"},
};

bool stage_leads(lease_stage from, lease_stage to)
{
    return STAGES[from].next >> to & 1;
}

/* The stages in which a report makes sense at all. */
static bool is_with_engine(lease_stage stage)
{
    return stage == LEASE_GIVEN || stage == LEASE_TRAINING || stage == LEASE_SAVING;
}

static lease_stage after_end(lease_stage from, bool is_paused, bool is_called_off)
{
    if (from == LEASE_GIVEN) /* it was not started: it goes back, or has to be told first */
        return is_paused ? LEASE_OVER : LEASE_STARTING;
    if (!is_paused)
        return LEASE_ENDED;
    return is_called_off ? LEASE_TRAINING : LEASE_ASIDE;
}

bool stage_after_report(lease_stage from, report_kind kind, bool is_paused, bool is_called_off,
                        lease_stage *to)
{
    lease_stage after = from;
    bool fits = is_with_engine(from);
    switch (kind) {
    case REPORT_PROGRESS:
        break;
    case REPORT_STARTED:
        fits = from == LEASE_GIVEN;
        after = LEASE_STARTING;
        break;
    case REPORT_RECORD:
    case REPORT_CHECKPOINT:
        fits = from == LEASE_TRAINING;
        after = LEASE_SAVING;
        break;
    case REPORT_ENDED:
        fits = fits && from != LEASE_SAVING;
        after = after_end(from, is_paused, is_called_off);
        break;
    default:
        fits = false;
    }
    if (fits)
        *to = after;
    return fits;
}
