/* What can be known of one run before it is trained. */
#include "server/plan/check.h"

#include "tests/check.h"

static void the_data_set_fills_in_its_own(void)
{
    train_spec spec, again;
    dataset *set;
    fail_list faults = {.n = 0};
    fail f;
    spec_init(&spec);
    CHECK(spec_resolve(&spec, &faults));
    CHECK_OR_RETURN(dataset_open(spec.dataset, &spec.dataset_options, 0, NULL, &set, &f));
    CHECK_OK(plan_resolve(&spec, set, &f), f);
    CHECK_EQUAL_INT(spec.scaling, set->default_scaling);
    CHECK(spec.dataset_options.n > 0);
    again = spec;
    CHECK_OK(plan_resolve(&again, set, &f), f);
    CHECK_EQUAL_INT(again.dataset_options.n, spec.dataset_options.n);
    CHECK(plan_check_set(&spec, set, SIZE_MAX, &faults));
    CHECK_EQUAL_INT(plan_step_count(&spec, 3000), 20 * 47);
    CHECK(plan_run_memory_bytes(&spec, set) > 100000);
    dataset_close(set);
}

static void the_memory_that_is_free_decides(void)
{
    train_spec spec;
    dataset *set;
    fail_list faults = {.n = 0};
    fail f;
    spec_init(&spec);
    CHECK(spec_resolve(&spec, &faults));
    CHECK_OR_RETURN(dataset_open(spec.dataset, &spec.dataset_options, 0, NULL, &set, &f));
    CHECK_OK(plan_resolve(&spec, set, &f), f);
    size_t wanted = plan_run_memory_bytes(&spec, set);
    CHECK(plan_check_set(&spec, set, wanted, &faults));
    CHECK(!plan_check_set(&spec, set, wanted - 1, &faults));
    dataset_close(set);
    CHECK_EQUAL_INT(faults.n, 1);
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_OUT_OF_MEMORY);
    CHECK_CONTAINS(faults.items[0].sentence, " MB of memory");
}

CHECK_MAIN("plan_check", the_data_set_fills_in_its_own, the_memory_that_is_free_decides)
