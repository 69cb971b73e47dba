#include "core/base/caller.h"

bool caller_begin(const caller *by, caller_unit unit, uint64_t amount, fail *f)
{
    return !by || !by->begin || by->begin(by->context, unit, amount, f);
}

bool caller_has_left(const caller *by)
{
    return by && by->has_left && by->has_left(by->context);
}

static bool is_called_off(fail *f)
{
    return fail_set(f, FAIL_INTERRUPTED, NULL, "The work was called off: nobody waits for it.");
}

bool caller_check(const caller *by, fail *f)
{
    return !caller_has_left(by) || is_called_off(f);
}

bool caller_goes_on(caller_pace *pace, uint64_t n_steps)
{
    enum { STEPS_AT_ONCE = 1 << 16 };
    pace->n_steps += n_steps;
    if (pace->n_steps >= STEPS_AT_ONCE && !pace->has_left) {
        pace->n_steps = 0;
        pace->has_left = caller_has_left(pace->by);
    }
    return !pace->has_left;
}

bool caller_check_pace(const caller_pace *pace, fail *f)
{
    return !pace->has_left || is_called_off(f);
}

bool caller_grant(const caller *by, size_t n_bytes, fail *f)
{
    return !by || !by->grant || by->grant(by->context, n_bytes, f);
}
