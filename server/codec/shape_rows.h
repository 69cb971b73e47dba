/* shape_rows — what the rows of a shape are written with: place, size and storage of a struct's
 * field as the compiler knows them. Included by server/codec/shape.h.
 *
 *   AT(run, id)                  the field itself
 *   ITSELF(run)                  the struct itself, for an object of its own fields
 *   TO(answer, row)              the struct that the field points to; NULL: null
 *   EACH(table, rows, n)         an array, in the struct or behind a pointer, of n elements
 *   ALL(table, counts)           the same of an array in the struct, always all of it
 *   GRID(table, values, n, k)    (n, k) row-major; an array of n arrays
 *   STACK(table, values, s, n, k)
 *   INCLUDE(answer, page, PAGE)  the members of another shape, of that field
 *   INCLUDE_FROM(answer, row, RUN)   of the struct that it points to
 *   TELLS(patch, has_name)       a bool that becomes true where the member is there
 *   OTHERWISE(10)                its default
 *   FROM(1), RANGE(1, 500)       least and greatest
 *   NAMES(RUN_STATE_NAMES)       all of an array of texts
 *   NAMES_IN(METRICS, name, METRIC_COUNT)   one column of a table
 *   ONE_OF("eval", "train")
 *   MEMBERS(ROWS)                the rows of a shape, BYTES_OF(run) its struct */
#ifndef SERVER_CODEC_SHAPE_ROWS_H
#define SERVER_CODEC_SHAPE_ROWS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum member_storage {
    STORED_NOWHERE,
    STORED_BYTE,
    STORED_INT,
    STORED_ENUM,
    STORED_INT64,
    STORED_SIZE,
    STORED_FLOAT,
    STORED_DOUBLE,
    STORED_BOOL,
    STORED_TEXT,       /* char * */
    STORED_CHARACTERS, /* char[] */
    STORED_OTHER       /* a struct */
} member_storage;

typedef struct member_place {
    size_t offset, bytes; /* bytes: of one element */
    member_storage storage;
    bool is_far; /* a pointer to it is stored */
} member_place;

typedef struct member_names { /* texts at equal distances: of an array, or one column of a table */
    const char *const *first;
    size_t stride;
    int n;
} member_names;

#define STORED(field)                                                                              \
    _Generic(&(field),                                                                             \
        unsigned char *: STORED_BYTE,                                                              \
        const unsigned char *: STORED_BYTE,                                                        \
        int *: STORED_INT,                                                                         \
        const int *: STORED_INT,                                                                   \
        unsigned *: STORED_ENUM,                                                                   \
        const unsigned *: STORED_ENUM,                                                             \
        int64_t *: STORED_INT64,                                                                   \
        const int64_t *: STORED_INT64,                                                             \
        size_t *: STORED_SIZE,                                                                     \
        const size_t *: STORED_SIZE,                                                               \
        float *: STORED_FLOAT,                                                                     \
        const float *: STORED_FLOAT,                                                               \
        double *: STORED_DOUBLE,                                                                   \
        const double *: STORED_DOUBLE,                                                             \
        bool *: STORED_BOOL,                                                                       \
        const bool *: STORED_BOOL,                                                                 \
        char **: STORED_TEXT,                                                                      \
        const char **: STORED_TEXT,                                                                \
        const char *const *: STORED_TEXT,                                                          \
        char(*)[sizeof(field)]: STORED_CHARACTERS,                                                 \
        const char(*)[sizeof(field)]: STORED_CHARACTERS,                                           \
        default: STORED_OTHER)

#define FIELD_OF(type, field) (((type *)0)->field)
#define IS_POINTER(type, field)                                                                    \
    __builtin_types_compatible_p(__typeof__(FIELD_OF(type, field)),                                \
                                 __typeof__(&FIELD_OF(type, field)[0]))
#define COUNT_AT(type, field)                                                                      \
    {                                                                                              \
        offsetof(type, field), sizeof FIELD_OF(type, field), STORED(FIELD_OF(type, field)), false  \
    }
#define ELEMENTS_AT(type, field, element)                                                          \
    .place = {offsetof(type, field), sizeof FIELD_OF(type, element),                               \
              STORED(FIELD_OF(type, element)), IS_POINTER(type, field)}

#define AT(type, field)                                                                            \
    .place = {offsetof(type, field), sizeof FIELD_OF(type, field), STORED(FIELD_OF(type, field)),  \
              false}
#define ITSELF(type) .place = {0, sizeof(type), STORED_OTHER, false}
#define TO(type, field)                                                                            \
    .place = {offsetof(type, field), sizeof *FIELD_OF(type, field),                                \
              STORED(*FIELD_OF(type, field)), true}
#define EACH(type, field, n)                                                                       \
    ELEMENTS_AT(type, field, field[0]), .depth = 1, .counts = {COUNT_AT(type, n)}
#define ALL(type, field)                                                                           \
    ELEMENTS_AT(type, field, field[0]),                                                            \
        .depth = 1,                                                                                \
        .counts = {{sizeof FIELD_OF(type, field) / sizeof FIELD_OF(type, field[0]), 0,             \
                    STORED_NOWHERE, false}}
#define GRID(type, field, n, k)                                                                    \
    ELEMENTS_AT(type, field, field[0]), .depth = 2, .counts = {COUNT_AT(type, n), COUNT_AT(type, k)}
#define STACK(type, field, s, n, k)                                                                \
    ELEMENTS_AT(type, field, field[0]),                                                            \
        .depth = 3, .counts = {COUNT_AT(type, s), COUNT_AT(type, n), COUNT_AT(type, k)}

#define INCLUDE(owner, part, shape)                                                                \
    {                                                                                              \
        .type = MEMBER_INCLUDED, AT(owner, part), .of = &(shape)                                   \
    }
#define INCLUDE_FROM(owner, part, shape)                                                           \
    {                                                                                              \
        .type = MEMBER_INCLUDED, TO(owner, part), .of = &(shape)                                   \
    }
#define TELLS(type, field) .tells_given = true, .given_offset = offsetof(type, field)
#define OTHERWISE(value) .has_otherwise = true, .otherwise = (value)
#define FROM(least) .has_range = true, .minimum = (least), .maximum = (double)INFINITY
#define RANGE(least, greatest) .has_range = true, .minimum = (least), .maximum = (greatest)

#define NAMES(table) .names = {(table), sizeof *(table), sizeof(table) / sizeof *(table)}
#define NAMES_IN(table, column, count) .names = {&(table)[0].column, sizeof *(table), (count)}
#define ONE_OF(...)                                                                                \
    .names = {(const char *const[]){__VA_ARGS__}, sizeof(const char *),                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)}

#define MEMBERS(rows) .members = (rows), .n_members = sizeof(rows) / sizeof *(rows)
#define BYTES_OF(type) .bytes = sizeof(type)

#endif
