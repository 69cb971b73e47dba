/* inquiry — what a comparison is made from, out of a specification and its configs: the factors
 * with their roles, the levels of every config, what its metric is about.
 *
 * 1. A factor is a field that the specification sweeps or a variant names, or that the values of a
 *    config name (an extension has brought it in); of several experiments also one in which their
 *    configs differ.
 * 2. Configs keep their order. Runs are the caller's to fill in.
 * Ownership: texts of the configs and of the measure are borrowed until inquiry_close(). Threads:
 * pure. */
#ifndef SERVER_PLAN_INQUIRY_H
#define SERVER_PLAN_INQUIRY_H

#include "core/base/caller.h"
#include "server/study/measure.h"
#include "server/study/sweep.h"
#include "server/study/table.h"

typedef struct inquiry_config {
    const char *id, *label, *values; /* label NULL: of no variant; values: JSON, NULL: none */
    const train_spec *spec;          /* resolved */
    const estimand_facts *facts;     /* NULL: not known */
} inquiry_config;

typedef struct inquiry_source {
    const experiment_spec *spec;
    const inquiry_config *configs;
    size_t n_configs;
    bool varies_data_seed; /* over repeats */
    bool is_of_several;    /* experiments: differences between configs are factors, too */
    const caller *by;      /* who waits for it; NULL: nobody */
} inquiry_source;

/* What the specification asks, whatever metric is looked at; of no meaning once the source's caller
 * has left. */
typedef struct inquiry_question {
    uint8_t origin[SPEC_FIELD_LIMIT]; /* question_origin by field */
    question_role roles[SPEC_FIELD_LIMIT];
    const char *primary; /* borrowed from the specification or constant */
} inquiry_question;
void inquiry_ask(const inquiry_source *source, inquiry_question *out);

typedef struct inquiry {
    study_table table; /* all but runs, was_extended and n_test_asked */
    int n_factors;
    uint8_t fields[SPEC_FIELD_LIMIT]; /* (n_factors) indices into FIELDS[] */
    study_factor *factors;
    study_config *configs;
    study_level *levels; /* (n_configs, n_factors) */
    char **texts;        /* heap, of the levels */
    size_t n_texts;
} inquiry;

/* False for want of memory, and with FAIL_INTERRUPTED once the source's caller has left. */
FAIL_CHECKED bool inquiry_open(const inquiry_source *source, const measure *what,
                               metric_id select_by, inquiry *out, fail *f);
void inquiry_close(inquiry *x);

#endif
