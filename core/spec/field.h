/* field — FIELDS[], the one table of the fields of a specification.
 *
 * The table is the truth: name, type, range, default, help and place in the struct of every field
 * of a specification. Parsing, validation, JSON Schema, OpenAPI, form, SQL columns and help derive
 * from it.
 * Threads: everything here is pure; the tables are constant. */
#ifndef CORE_SPEC_FIELD_H
#define CORE_SPEC_FIELD_H

#include "core/base/fail.h"
#include "core/spec/spec.h"

typedef enum field_type {
    FIELD_INTEGER,       /* int64_t */
    FIELD_NUMBER,        /* double */
    FIELD_BOOLEAN,       /* bool */
    FIELD_ENUM,          /* int, an index into `values` */
    FIELD_INTEGER_ARRAY, /* `hidden`: int64_t[], its count in the int at count_offset */
    /* `dropout`: a number (count 0) or an array, double[], its count at count_offset */
    FIELD_RATES,
    FIELD_DATASET, /* `dataset`: a string, or an object with "name" and the generator's options */
    FIELD_OBJECT,  /* a parent of dotted fields; nullable ones have a bool at offset: not null */
    FIELD_STRING,  /* experiment group only, as the next ones: no place in train_spec */
    FIELD_STRING_ARRAY,
    FIELD_STRUCTURE /* `sweep`, `repeats`, `baseline`: the codec has a function for each */
} field_type;

typedef enum field_group {
    FIELD_GROUP_DATA,
    FIELD_GROUP_MODEL,
    FIELD_GROUP_REGULARIZERS,
    FIELD_GROUP_OPTIMIZATION,
    FIELD_GROUP_RECORDING,
    FIELD_GROUP_EXPERIMENT,
    FIELD_GROUP_COUNT
} field_group;

/* What other tools call the same thing, with this table's symbols; NULL where they have no such
 * thing. */
typedef struct field_equivalents {
    const char *pytorch, *keras, *scikit_learn;
} field_equivalents;

typedef struct field {
    const char *name; /* "dropout", "early_stopping.patience" */
    field_group group;
    field_type type;
    bool is_regularizer; /* at its default the regularizer is off: what a baseline sets back */
    bool nullable;
    /* Came after configs had ids: at its first value, as before there was the field, it is no part
     * of the id. */
    bool is_later;
    bool exclusive_minimum, exclusive_maximum;
    double minimum, maximum;    /* numbers and integers; of each element for arrays */
    const char *const *values;  /* FIELD_ENUM: names, NULL-terminated, in the order of the C enum */
    const char *const *aliases; /* FIELD_ENUM: pairs alias, name, NULL-terminated; or NULL */
    /* numbers, integers, booleans, the index of an enum; NaN: see default_text */
    double default_number;
    /* JSON text of the default, or words where it depends on other fields */
    const char *default_text;
    const char *help;    /* what it does, in plain words: one to three sentences */
    const char *formula; /* its definition in symbols, UTF-8; NULL where there is none to give */
    field_equivalents equivalents;
    size_t offset, count_offset; /* in train_spec; offset -1: no place, count_offset 0: no count */
    bool (*applies)(const train_spec *spec); /* NULL: always */
} field;

extern const field FIELDS[];
extern const int FIELD_COUNT;
extern const char *const FIELD_GROUP_NAMES[FIELD_GROUP_COUNT];
/* What the symbols of the formulas and the equivalents stand for. */
extern const char FIELD_SYMBOLS[];

/* Whether the field decides which epoch's weights are selected: early stopping and its members. */
bool field_selects_epoch(const field *row);

/* The row called `name` ("early_stopping.patience"), or NULL. */
const field *field_find(const char *name);

/* The known name that was probably meant (core/base/nearest.h), or NULL: the "did you mean". */
const char *field_nearest_name(const char *name);

/* Whether a train_spec holds the field's value: fields of the experiment group, and the parent of
 * dotted fields that is never null, have no place there. */
bool field_has_place(const field *row);

/* The place of the field's value inside a spec. The field must have one (not of the experiment
 * group). */
void *field_value(const field *row, train_spec *spec);
const void *field_value_const(const field *row, const train_spec *spec);

/* Index of `text` among an enum field's names and aliases, or -1. */
int field_enum_index(const field *row, const char *text);

/* How many values stand at the field's place: the elements of an array, 1 for anything else. */
size_t field_value_count(const field *row, const train_spec *spec);

/* True where the field applies to this spec and so belongs into its resolved form. */
bool field_applies(const field *row, const train_spec *spec);

/* True when both specs hold the same value in this field. */
bool field_equal(const field *row, const train_spec *a, const train_spec *b);

/* Copies one field's value (and its is_set mark) from one spec to another. */
void field_copy(const field *row, const train_spec *from, train_spec *to);

/* Puts one field back to its default; one that depends on other fields becomes NaN, 0 or -1, for
 * spec_resolve() to fill. */
void field_set_default(const field *row, train_spec *spec);

/* Checks one number against the field's type and range: finite, whole for integers, inside the
 * bounds. On false *f names the range, and the number as it was written (NULL: its shortest form).
 * `pointer` is the JSON pointer to report. */
FAIL_CHECKED bool field_check_number(const field *row, double value, const char *as_written,
                                     const char *pointer, fail *f);

#endif
