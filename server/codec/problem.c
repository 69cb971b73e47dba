/* Problems as JSON (RFC 9457). */
#include "server/codec/codec.h"
#include "server/codec/resource.h"

static void add_code(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, fail_code_name(((const fail *)object)->code));
}

static const char *code_name(int i)
{
    return FAIL_NONE + 1 + i < FAIL_CODE_COUNT ? fail_code_name((fail_code)(FAIL_NONE + 1 + i))
                                               : NULL;
}

static const member FAULT_ROWS[] = {
    {"pointer", MEMBER_TEXT,
     "JSON pointer to the value, or to its place; /query/NAME: a parameter of the query.",
     AT(fail, field)},
    {"code", MEMBER_NAME, "incompatible: each value is allowed, but not together with the others.",
     .name_at = code_name, .write = add_code},
    {"detail", MEMBER_TEXT, "What is wrong and what would be right.", AT(fail, sentence)},
};
static const shape FAULT = {.name = "Fault", BYTES_OF(fail), MEMBERS(FAULT_ROWS)};

static bool has_more(const void *object, const member *m)
{
    const problem *p = object;
    (void)m;
    return p->faults && p->n_found > p->n_faults;
}

static const member PROBLEM_ROWS[] = {
    {"type", MEMBER_TEXT, "about:blank: title and status say it.", AT(problem, type)},
    {"title", MEMBER_TEXT, "What the status is called.", AT(problem, title)},
    {"status", MEMBER_INTEGER, "The status of the answer.", AT(problem, status)},
    {"detail", MEMBER_TEXT, "What is wrong and what would be right.", AT(problem, detail)},
    {"errors", MEMBER_OBJECT, "Every fault that was found in what was sent.", MEMBER_OPTIONAL,
     EACH(problem, faults, n_faults), .of = &FAULT},
    {"errors_found", MEMBER_INTEGER, "How many there are where errors does not have them all.",
     MEMBER_OPTIONAL, AT(problem, n_found), .is_there = has_more},
};
const shape SHAPE_PROBLEM = {.name = "Problem",
                             .help = "Why a request was not done (RFC 9457).",
                             BYTES_OF(problem),
                             MEMBERS(PROBLEM_ROWS)};

void codec_add_problem(buffer *b, int status, const char *title, const char *detail,
                       const fail_list *faults)
{
    const problem p = {.type = "about:blank",
                       .title = title,
                       .status = status,
                       .detail = detail,
                       .faults = faults ? faults->items : NULL,
                       .n_faults = faults ? faults->n : 0,
                       .n_found = faults ? faults->n_found : 0};
    shape_add(b, &SHAPE_PROBLEM, &p);
}
