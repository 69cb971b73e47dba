/* codec/internal — what the codec_*.c files share: checked parsing into cJSON, JSON pointers,
 * reading members of an object.
 *
 * 1. codec_json_parse() is the only way from text to cJSON: what it gives has passed
 * json_check_text().
 * 2. Readers add every fault to a fail_list with its JSON pointer and go on.
 * Ownership: the tree belongs to the caller (cJSON_Delete); texts read from it are copies on the
 * heap where a function says so. */
#ifndef SERVER_CODEC_INTERNAL_H
#define SERVER_CODEC_INTERNAL_H

#include "core/base/fail.h"
#include "core/base/number.h"
#include "core/spec/field.h"
#include "server/codec/codec.h"
#include "server/codec/shape.h"
#include "server/text/check.h"
#include "server/text/pointer.h"

struct cJSON;

/* Checks the text and parses it. A number of so many characters that a double may not hold it has
 * its own text as valuestring. */
FAIL_CHECKED bool codec_json_parse(const char *text, size_t n, struct cJSON **out, fail *f);
/* The same, and the value must be an object; the fault goes to the list. */
FAIL_CHECKED bool codec_json_parse_object(const char *text, size_t n, struct cJSON **out,
                                          fail_list *faults);

/* "a string", "a number", "an array", ... : what a value is, for sentences. */
const char *codec_json_type(const struct cJSON *value);

/* A number as it was written, or in its shortest form: for sentences. `text` may hold it. */
const char *codec_json_number(const struct cJSON *value, char text[NUMBER_BYTES]);

/* Adds a fault for every member of the object that is not in `known` (NULL-terminated), with the
 * nearest known name. */
bool codec_json_check_members(const struct cJSON *object, const char *pointer,
                              const char *const *known, fail_list *faults);

/* ---- shapes ---- */
/* Row i as it is in the table, without what its field says. */
const member *shape_row(const shape *s, int i, member *scratch);
/* Puts defaults at their places. */
void shape_fill(const shape *s, void *object);
/* The row with what its field says; `scratch` may hold it. */
const member *member_resolve(const member *row, member *scratch);
/* As shape_read(), of what was parsed, with the pointer of the object; what was read stays. */
bool shape_read_into(const shape *s, const struct cJSON *object, const char *pointer, void *out,
                     fail_list *faults);
/* Reads one member's value, which is there, into its place. */
bool member_read(const member *m, const struct cJSON *value, const char *pointer, void *object,
                 fail_list *faults);
/* Writes one member's value, null included. */
void member_add(buffer *b, const member *m, const void *object);
void *member_at(void *object, size_t offset);
/* Name i of those there are (NULL: null), and whether it is one of those taken. */
const char *member_name_at(const member *m, int i);
int member_count_names(const member *m);
bool member_takes_name(const member *m, int i);
/* The index of a name that is taken. False: *f is the end of a sentence that begins with the
 * member's name. */
bool member_find_name(const member *m, const char *text, int *out, fail *f);
bool member_is_of_alphabet(const member *m, const char *text);
/* Of the kind that its schema does not allow: line breaks only with MEMBER_MULTILINE. */
bool member_has_controls(const member *m, const char *text);
bool member_is_in_range(const member *m, double value);
/* Writers: the first of the names; the names of the classes, of the columns, of the targets of the
 * data set at the member's place. */
member_writer member_add_only_name, codec_write_class_names, codec_write_column_names,
    codec_write_target_names;
/* Of the inputs of a predict_request. */
member_reader codec_read_rows;
member_describer codec_describe_rows;
/* A whole number as it is stored. */
int64_t member_integer(member_storage storage, const void *value);
void member_set_integer(member_storage storage, int64_t value, void *slot);
/* Elements of an array, or of those inside it. */
size_t member_count(const member *m, int level, const void *object);
void member_set_count(const member *m, int level, size_t n, void *object);

/* ---- fields of a specification ---- */
bool codec_field_has_place(const field *row);
/* The row whose dotted name starts with this one's, or NULL: "early_stopping" for
 * "early_stopping.patience". */
const field *codec_field_parent(const field *row);
/* Reads one value into `out` and marks it as set. */
bool codec_field_read(const field *row, const struct cJSON *value, const char *pointer,
                      train_spec *out, fail_list *faults);

/* "dataset": {"name", options}; NaN and 0: the generator's own. */
typedef struct dataset_reference {
    char name[SPEC_NAME_LIMIT];
    dataset_options options;
} dataset_reference;
extern const shape SHAPE_DATASET_REFERENCE, SHAPE_BASELINE, SHAPE_VARIANT, SHAPE_QUESTION;

typedef enum field_schema {
    FIELD_SCHEMA_WHOLE, /* with help and default */
    FIELD_SCHEMA_PLAIN,
    FIELD_SCHEMA_END, /* of a range: one number */
    FIELD_SCHEMA_OR_NULL
} field_schema;
/* The JSON Schema of the field's values. */
void codec_field_add_schema(buffer *b, const field *row, field_schema kind);
/* The row of FIELDS[place], not of the experiment group, in a shape. */
void codec_field_member(int place, member *out);

/* Tags, as the JSON text of an array. */
#define TAGS_ROW(type, place, more)                                                                \
    {                                                                                              \
        "tags", MEMBER_TEXT, .flags = MEMBER_AS_JSON | MEMBER_UNIQUE | (more), AT(type, place),    \
                             .depth = 1, RANGE(1, 64), .field = "tags"                             \
    }

/* Two of the three that an evaluation is. */
extern const shape CODEC_RESIDUAL_EVALUATION, CODEC_TRAIN_MODE;

/* Names of dataset_task. */
#define TASK_NAMES ONE_OF("classification", "regression")

/* The label of a variant that says nothing. */
#define CODEC_PLAIN_VARIANT "as given"

/* The field of that name that a config may have; NULL with a fault for others. */
const field *codec_value_field(const char *name, const char *pointer, fail_list *faults);

/* Readers and describers of "sweep", "variants" and "repeats", into an experiment_spec. */
member_reader codec_sweep_read, codec_variants_read, codec_repeats_read;
/* Field values, and a label where one is given, into a variant whose spec is at its defaults. */
bool codec_variant_read(const struct cJSON *value, const char *pointer, sweep_variant *out,
                        fail_list *faults);
/* Variants beside the sweep, the question beside both. */
bool codec_check_question(const experiment_spec *e, fail_list *faults);
member_describer codec_sweep_describe, codec_repeats_describe;

#endif
