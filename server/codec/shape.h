/* shape — objects in JSON as tables, as FIELDS[] is the table of a specification: bodies, answers,
 * events, parameters of a query. One row reads, writes and describes its member.
 *
 * 1. A shape is an array of members, or derives them from another table (FIELDS[], METRICS[]).
 * 2. A row says what its member is in JSON and where it lies in a C struct; the macros below take
 *    place, size and type from the compiler. What is not stored as it is written has a writer.
 * 3. What is read is checked by the row that also describes it: type, range, length, names. Each
 *    fault has its JSON pointer.
 * Ownership: texts and arrays that were read are on the heap until shape_close(). Threads: constant
 * tables, pure functions. */
#ifndef SERVER_CODEC_SHAPE_H
#define SERVER_CODEC_SHAPE_H

#include "core/base/fail.h"
#include "server/codec/shape_rows.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct cJSON;
typedef struct shape shape;
typedef struct member member;

typedef enum member_type {
    MEMBER_INTEGER,
    MEMBER_NUMBER, /* one that is not finite is written as null */
    MEMBER_BOOLEAN,
    MEMBER_TEXT,
    MEMBER_NAME,   /* one of `names`: its index, or the text itself */
    MEMBER_TIME,   /* RFC 3339; int64_t milliseconds, 0: null */
    MEMBER_SCALAR, /* a text, number, boolean or null */
    MEMBER_ANY,
    MEMBER_OBJECT,  /* of the shape `of` */
    MEMBER_INCLUDED /* none itself: the members of `of` stand in its place */
} member_type;

enum { /* flags of a member */
       MEMBER_NULLABLE = 1,
       MEMBER_OPTIONAL = 2, /* may be absent */
       MEMBER_NULLABLE_ITEMS = 4,
       MEMBER_EXCLUSIVE = 8,  /* the minimum itself is not allowed */
       MEMBER_MULTILINE = 16, /* a text that may have line breaks and tabs */
       MEMBER_UNIQUE = 32,    /* no element of the array twice */
       MEMBER_AS_JSON = 64,   /* stored as its own JSON text */
       MEMBER_MAP = 128,      /* an object with such values, under names that no table knows */
       MEMBER_SIGNED = 256,   /* a name may have - before it (its text is stored) */
       MEMBER_SHORT = 512     /* a double that a float holds is written as that float */
};

/* Writes the value, null included. */
typedef void member_writer(buffer *b, const void *object, const member *m);
/* Reads the value into the object; only rows of codec have one. */
typedef bool member_reader(const member *m, const struct cJSON *value, const char *pointer,
                           void *object, fail_list *faults);
/* Writes the members of the value's JSON Schema. */
typedef void member_describer(buffer *b, const member *m);

enum { MEMBER_DEPTH_LIMIT = 3, SHAPE_MEMBERS_LIMIT = 256 };

struct member {
    const char *name;
    member_type type;
    const char *help;
    int flags;
    bool has_range;
    double minimum, maximum;       /* of numbers; of texts: characters */
    size_t least, most;            /* elements; most 0: any number */
    const char *alphabet;          /* of texts: the only characters */
    const char *media_type;        /* of texts: what they are written in */
    member_names names;            /* NULL among them: null */
    const char *(*name_at)(int i); /* in place of `names`; NULL behind the last */
    bool (*is_taken)(int name);    /* which of the names; NULL: all */
    const char *refusal;           /* why the others are not */
    /* What the version before called it, or NULL: it is still read. NULL: nothing was renamed. */
    const char *(*former_at)(int name);
    const shape *of;
    const char *field; /* a field of FIELDS[]: what is not said here is as it says */
    member_place place;
    int depth; /* 0: a value, 1: an array, 2: an array of arrays ... in one piece of memory */
    member_place counts[MEMBER_DEPTH_LIMIT]; /* outermost first */
    bool tells_given;                        /* a bool at given_offset: whether it was there */
    size_t given_offset;
    bool has_otherwise;
    double otherwise; /* the default; of a name: its index */
    int index;        /* of a derived row: where it comes from */
    bool (*is_there)(const void *object, const member *m); /* NULL: always */
    member_writer *write;
    member_reader *read;
    member_describer *describe;
};

struct shape {
    const char *name; /* under components/schemas; NULL: described in place */
    const char *help;
    size_t bytes; /* of the C struct; 0: none */
    const member *members;
    int n_members;
    bool (*derive)(int i, member *out); /* in place of members: row i, false behind the last */
    const shape *const *either;         /* in place of members: one of these, NULL-terminated */
    size_t least;                       /* members that a body must have */
    /* What concerns several members of what was read; adds its faults. */
    bool (*check)(const void *object, const char *pointer, fail_list *faults);
};

/* Row i, resolved: with what its field says; `scratch` may hold it. NULL behind the last. */
const member *shape_member(const shape *s, int i, member *scratch);
/* Their names, those included too, NULL-terminated. */
int shape_list_names(const shape *s, const char *known[SHAPE_MEMBERS_LIMIT + 1]);
/* Where the first element of a member lies; NULL where a pointer to it is. */
const void *member_value(const member *m, const void *object);

/* An array whose elements are not all there at once: add() appends them with shape_add_item(). A
 * row with it as its place has the writer member_add_stream. */
typedef struct member_stream {
    void (*add)(void *context, buffer *b);
    void *context;
} member_stream;
member_writer member_add_stream;
void shape_add_item(buffer *b, const shape *s, const void *object);

/* Appends the object, or its members alone (to an object that was begun). */
void shape_add(buffer *b, const shape *s, const void *object);
void shape_add_members(buffer *b, const shape *s, const void *object);

/* Reads a whole JSON text into *object, which holds what it is to have where nothing is said (rows
 * with a default fill it in). False: everything read was freed. */
FAIL_CHECKED bool shape_read(const shape *s, const char *text, size_t n, void *object,
                             fail_list *faults);
/* Reads the members from texts, such as the parameters of a query: lookup() gives the text of a
 * name, NULL where it is not there. Faults are at PREFIX/NAME. Texts in the object are borrowed. */
typedef const char *shape_lookup(const void *context, const char *name);
FAIL_CHECKED bool shape_read_texts(const shape *s, const char *prefix, shape_lookup *lookup,
                                   const void *context, void *object, fail *f);
/* Frees what shape_read() has read. Safe on a zeroed object. */
void shape_close(const shape *s, void *object);

#endif
