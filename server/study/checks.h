/* checks — what a reader of a comparison must know before he believes it: CHECKS[], one row each.
 *
 * 1. A row says for what finding it stands, how grave that is, and which function finds it.
 *    `void`: the verdict holds by construction. `caution`: it stands beside the headline. `note`:
 *    it stands with the method.
 * 2. A finding names the configs concerned; none where it is about the whole comparison.
 * Ownership: the arms are borrowed; checks_close() frees. Threads: as arms. */
#ifndef SERVER_STUDY_CHECKS_H
#define SERVER_STUDY_CHECKS_H

#include "server/study/arms.h"
#include "server/text/buffer.h"

typedef enum check_severity {
    CHECK_VOID,
    CHECK_CAUTION,
    CHECK_NOTE,
    CHECK_SEVERITY_COUNT
} check_severity;
extern const char *const CHECK_SEVERITY_NAMES[CHECK_SEVERITY_COUNT];

typedef struct check_finding {
    buffer detail; /* plain sentences */
    size_t n_configs;
    size_t *configs;    /* indices into the table's, each once, in order of submission */
    bool *is_concerned; /* by config; private to checks */
} check_finding;

typedef struct check {
    const char *code;
    check_severity severity;
    /* True where the comparison has it; then the finding's detail and configs are filled. */
    bool (*find)(const arms *a, check_finding *out);
} check;
extern const check CHECKS[];
extern const int CHECK_COUNT;

typedef struct check_result {
    const check *row;
    check_finding finding;
} check_result;

typedef struct checks {
    int n;
    check_result *items; /* in the order of CHECKS[] */
} checks;

/* Makes all checks. False only for want of memory. */
FAIL_CHECKED bool checks_open(const arms *a, checks *out, fail *f);
void checks_close(checks *c);

#endif
