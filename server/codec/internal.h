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
#include "core/spec/field.h"
#include "server/codec/codec.h"
#include "server/text/check.h"
#include "server/text/pointer.h"

struct cJSON;

/* Checks the text and parses it. */
FAIL_CHECKED bool codec_json_parse(const char *text, size_t n, struct cJSON **out, fail *f);
/* The same, and the value must be an object; the fault goes to the list. */
FAIL_CHECKED bool codec_json_parse_object(const char *text, size_t n, struct cJSON **out,
                                          fail_list *faults);

/* "a string", "a number", "an array", ... : what a value is, for sentences. */
const char *codec_json_type(const struct cJSON *value);

/* Adds a fault for every member of the object that is not in `known` (NULL-terminated), with the
 * nearest known name. */
bool codec_json_check_members(const struct cJSON *object, const char *pointer,
                              const char *const *known, fail_list *faults);

/* Reads one member if it is there (absent: *out is left as it is, true). Types and ranges are
 * checked. */
bool codec_json_read_integer(const struct cJSON *object, const char *pointer, const char *name,
                             int64_t low, int64_t high, int64_t *out, fail_list *faults);
bool codec_json_read_number(const struct cJSON *object, const char *pointer, const char *name,
                            double low, double high, double *out, fail_list *faults);
/* *out becomes a copy on the heap (what it held is freed); at most max_characters; control
 * characters only where `multiline`. */
bool codec_json_read_text(const struct cJSON *object, const char *pointer, const char *name,
                          size_t max_characters, bool multiline, char **out, fail_list *faults);
/* "tags": *out becomes the canonical text of the array, on the heap. */
bool codec_json_read_tags(const struct cJSON *object, char **out, fail_list *faults);

/* ---- fields of a specification ---- */
bool codec_field_has_place(const field *row);
/* The row whose dotted name starts with this one's, or NULL: "early_stopping" for
 * "early_stopping.patience". */
const field *codec_field_parent(const field *row);
/* Reads one value into `out` and marks it as set. */
bool codec_field_read(const field *row, const struct cJSON *value, const char *pointer,
                      train_spec *out, fail_list *faults);
/* Reads the value of "sweep" into the axes of `out`, and of "repeats" into its counts. */
bool codec_sweep_read(const struct cJSON *value, experiment_spec *out, fail_list *faults);
bool codec_repeats_read(const struct cJSON *value, experiment_spec *out, fail_list *faults);

#endif
