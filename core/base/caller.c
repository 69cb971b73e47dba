#include "core/base/caller.h"

bool caller_begin(const caller *by, caller_unit unit, uint64_t amount, fail *f)
{
    return !by || !by->begin || by->begin(by->context, unit, amount, f);
}

bool caller_has_left(const caller *by)
{
    return by && by->has_left && by->has_left(by->context);
}

bool caller_check(const caller *by, fail *f)
{
    return !caller_has_left(by) ||
           fail_set(f, FAIL_INTERRUPTED, NULL, "The work was called off: nobody waits for it.");
}

bool caller_grant(const caller *by, size_t n_bytes, fail *f)
{
    return !by || !by->grant || by->grant(by->context, n_bytes, f);
}
