/* fail — what went wrong, in the caller's buffer: a code, the field it concerns, one sentence.
 *
 * 1. A function that can fail returns false and fills a fail; on true the fail is untouched.
 * 2. `field` is a JSON pointer ("/dropout/1") where the fault lies in a specification, else "".
 * 3. `sentence` is for the user: what is wrong and what would be right, no trailing newline.
 * No heap, no globals; safe from any thread. */
#ifndef CORE_BASE_FAIL_H
#define CORE_BASE_FAIL_H

#include <stdbool.h>
#include <stddef.h>

#define FAIL_CHECKED __attribute__((warn_unused_result))
#define FAIL_FORMAT(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

typedef enum fail_code {
    FAIL_NONE,
    FAIL_SYNTAX,            /* text that is not well-formed: JSON, CSV, IDX, a number, UTF-8 */
    FAIL_UNKNOWN_FIELD,     /* a name that no table knows */
    FAIL_DUPLICATE_KEY,     /* one name twice in a JSON object */
    FAIL_WRONG_TYPE,        /* a value of another JSON type than the field's */
    FAIL_OUT_OF_RANGE,      /* a value outside the field's range or list */
    FAIL_INCOMPATIBLE,      /* values that are each allowed and make no sense together */
    FAIL_NOT_FOUND,         /* the thing named does not exist */
    FAIL_CONFLICT,          /* the state of the thing forbids it, or another content has the name */
    FAIL_FORBIDDEN,         /* never allowed here (SQL writes, foreign Host) */
    FAIL_UNAUTHORIZED,      /* a token is wanted */
    FAIL_METHOD,            /* HTTP method not allowed on this path */
    FAIL_UNSUPPORTED_MEDIA, /* body of a type that the path does not take */
    FAIL_TOO_LARGE,         /* body, data set or specification above a stated limit */
    FAIL_QUEUE_FULL,        /* the queue holds as many runs as it may */
    FAIL_TIME_LIMIT,        /* took longer than a stated limit */
    FAIL_OUT_OF_MEMORY,     /* needs more memory than there is; the sentence has the figure */
    FAIL_STORAGE,           /* the disk or the database refused */
    FAIL_NO_ROOM,           /* it would take more room than a quota leaves; the sentence has both */
    FAIL_LOST,              /* it was stored and is not there any more */
    FAIL_DAMAGED,           /* it is not what was stored: its digest says so */
    FAIL_INTERRUPTED,       /* asked to stop before the work was done */
    FAIL_UNAVAILABLE,       /* not possible now, may be later */
    FAIL_INTERNAL,          /* a fault of the program itself */
    FAIL_CODE_COUNT
} fail_code;

typedef struct fail {
    fail_code code;
    char field[128];    /* JSON pointer or "" */
    char sentence[512]; /* one sentence or two, UTF-8 */
} fail;

/* Several faults of one document. Owned by the caller, no heap; those past the limit are counted
 * only. */
enum { FAIL_LIST_LIMIT = 64 };
typedef struct fail_list {
    int n;       /* faults held, at most FAIL_LIST_LIMIT */
    int n_found; /* faults found, n_found >= n */
    fail items[FAIL_LIST_LIMIT];
} fail_list;

/* Fills *f (f may be NULL: then nothing) and returns false, so that `return fail_set(...)` reads
 * well. `field` may be NULL for "". Text that does not fit is cut at a UTF-8 border. */
bool fail_set(fail *f, fail_code code, const char *field, const char *format, ...)
    FAIL_FORMAT(4, 5);

/* Adds one fault to the list; returns false like fail_set. */
bool fail_list_add(fail_list *list, fail_code code, const char *field, const char *format, ...)
    FAIL_FORMAT(4, 5);

#ifdef __clang_analyzer__ /* which cannot see into another file that these return false */
#define fail_set(...) (fail_set(__VA_ARGS__), false)
#define fail_list_add(...) (fail_list_add(__VA_ARGS__), false)
#endif

/* The code's public name, as in "errors[].code": "out_of_range", "unknown_field", ... Never
 * NULL. */
const char *fail_code_name(fail_code code);

#endif
