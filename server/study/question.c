#include "server/study/question.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const char *const QUESTION_ROLE_NAMES[QUESTION_ROLE_COUNT] = {"treatment", "tune", "context"};

void question_init(question *q)
{
    *q = (question){.smallest_effect = NAN};
}

/* The named role, plus one, of the field itself, else of the object that it is a member of. */
static int named_role(const question *q, int i)
{
    if (q->role_plus_one[i])
        return q->role_plus_one[i];
    for (int p = 0; p < FIELD_COUNT; p++) {
        size_t length = strlen(FIELDS[p].name);
        if (q->role_plus_one[p] && strncmp(FIELDS[i].name, FIELDS[p].name, length) == 0 &&
            FIELDS[i].name[length] == '.')
            return q->role_plus_one[p];
    }
    return 0;
}

/* The role of a swept field that nothing names. */
static question_role role_of_group(field_group group, bool is_said)
{
    if (group == FIELD_GROUP_REGULARIZERS)
        return is_said ? QUESTION_TUNE : QUESTION_TREATMENT;
    return group == FIELD_GROUP_OPTIMIZATION ? QUESTION_TUNE : QUESTION_CONTEXT;
}

/* Makes treatments of the first group that has a field to spare. */
static void fall_back(const question *q, const uint8_t origin[SPEC_FIELD_LIMIT],
                      question_role out[SPEC_FIELD_LIMIT])
{
    static const field_group order[] = {FIELD_GROUP_OPTIMIZATION, FIELD_GROUP_MODEL,
                                        FIELD_GROUP_DATA, FIELD_GROUP_RECORDING};
    for (size_t g = 0; g < sizeof order / sizeof *order; g++) {
        bool is_found = false;
        for (int i = 0; i < FIELD_COUNT; i++) {
            bool is_spare = origin[i] && FIELDS[i].group == order[g] && !named_role(q, i);
            out[i] = is_spare ? QUESTION_TREATMENT : out[i];
            is_found = is_found || is_spare;
        }
        if (is_found)
            return;
    }
}

void question_assign(const question *q, const uint8_t origin[SPEC_FIELD_LIMIT],
                     question_role out[SPEC_FIELD_LIMIT])
{
    assert(FIELD_COUNT <= SPEC_FIELD_LIMIT);
    bool has_variants = false, has_treatment = false;
    for (int i = 0; i < FIELD_COUNT; i++)
        has_variants = has_variants || origin[i] == QUESTION_BY_VARIANT;
    bool is_said = has_variants || q->names_treatment;
    for (int i = 0; i < FIELD_COUNT; i++) {
        int named = named_role(q, i);
        out[i] = named                              ? (question_role)(named - 1)
                 : origin[i] == QUESTION_BY_VARIANT ? QUESTION_TREATMENT
                                                    : role_of_group(FIELDS[i].group, is_said);
        has_treatment = has_treatment || (origin[i] && out[i] == QUESTION_TREATMENT);
    }
    if (!has_treatment && !is_said)
        fall_back(q, origin, out);
}

const char *question_metric(const question *q, const uint8_t origin[SPEC_FIELD_LIMIT],
                            const question_role roles[SPEC_FIELD_LIMIT])
{
    if (q->metric[0])
        return q->metric;
    for (int i = 0; i < FIELD_COUNT; i++) {
        bool is_tuned = roles[i] == QUESTION_TUNE;
        bool stops = roles[i] == QUESTION_TREATMENT && field_selects_epoch(&FIELDS[i]);
        if (origin[i] && (is_tuned || stops))
            return "test_loss";
    }
    return "val_loss";
}
