/* question — what an experiment is to answer: the role of each field that it varies, and the
 * primary metric.
 *
 * 1. A varied field is a treatment (what is asked about), tuned (what each arm may choose for
 *    itself) or a context (within which the question is asked).
 * 2. What the question names has that role, a name of an object with all its members; a field that
 *    a variant names is a treatment. Of the others the group decides: optimization is tuned, data,
 *    model and recording are contexts, regularizers are treatments — but tuned where `treatment`
 *    or variants say what the treatments are.
 * 3. Where nothing is a treatment by that, the first group of optimization, model, data, recording
 *    that has a field without a named role is.
 * Threads: pure functions over plain values. */
#ifndef SERVER_STUDY_QUESTION_H
#define SERVER_STUDY_QUESTION_H

#include "core/spec/field.h"

typedef enum question_role {
    QUESTION_TREATMENT,
    QUESTION_TUNE,
    QUESTION_CONTEXT,
    QUESTION_ROLE_COUNT
} question_role;
extern const char *const QUESTION_ROLE_NAMES[QUESTION_ROLE_COUNT]; /* as in the specification */

enum { QUESTION_METRIC_LIMIT = 64 };

typedef struct question {                    /* as given; question_init() for none */
    uint8_t role_plus_one[SPEC_FIELD_LIMIT]; /* by index in FIELDS[]; 0: not named */
    bool names_treatment;                    /* at least one field as a treatment */
    char metric[QUESTION_METRIC_LIMIT];      /* "": not given */
    double smallest_effect;                  /* NaN: not given */
} question;

/* How the experiment varies a field. */
typedef enum question_origin {
    QUESTION_FIXED,
    QUESTION_SWEPT,
    QUESTION_BY_VARIANT
} question_origin;

void question_init(question *q);

/* The roles of the varied fields, by index in FIELDS[]; those of fixed fields mean nothing. */
void question_assign(const question *q, const uint8_t origin[SPEC_FIELD_LIMIT],
                     question_role out[SPEC_FIELD_LIMIT]);

/* The primary metric: the given one, else test_loss where a varied field is tuned or a treatment
 * selects the epoch (early stopping), else val_loss. */
const char *question_metric(const question *q, const uint8_t origin[SPEC_FIELD_LIMIT],
                            const question_role roles[SPEC_FIELD_LIMIT]);

#endif
