/* options — how files are to be read: DATASET_ADD_OPTIONS, the one table from which the parameters
 * of a query, the flags of `regulab dataset add`, their help and this struct's reader derive.
 *
 * A struct of zeros asks for nothing: everything is found out. Texts are borrowed. Lists of columns
 * and of tokens are separated by commas; quotes keep a comma, as in a CSV file. A column is named
 * by its name, else by its index from 0 (-1: the last). */
#ifndef CORE_DATA_IMPORT_OPTIONS_H
#define CORE_DATA_IMPORT_OPTIONS_H

#include "core/base/caller.h"
#include "core/base/fail.h"
#include "core/data/origin.h"

#include <stdint.h>

typedef enum dataset_header { HEADER_AUTO, HEADER_YES, HEADER_NO } dataset_header;
typedef enum dataset_decimal { DECIMAL_POINT, DECIMAL_COMMA } dataset_decimal;
typedef enum dataset_thousands {
    THOUSANDS_NONE,
    THOUSANDS_COMMA,
    THOUSANDS_POINT,
    THOUSANDS_APOSTROPHE,
    THOUSANDS_UNDERSCORE,
    THOUSANDS_SPACE
} dataset_thousands;
typedef enum dataset_impute { IMPUTE_MEAN, IMPUTE_REFUSE } dataset_impute;
typedef enum dataset_task_choice {
    CHOICE_AUTO,
    CHOICE_CLASSIFICATION,
    CHOICE_REGRESSION
} dataset_task_choice;
typedef enum dataset_channels { CHANNELS_AUTO, CHANNELS_GRAY, CHANNELS_COLOR } dataset_channels;

/* TEXT(name, what it is, help), CHOICE(name, its words with | between them, help),
 * INTEGER(name, least, most, help); each name is a member of dataset_add_options. */
#define DATASET_ADD_OPTIONS(TEXT, CHOICE, INTEGER)                                                 \
    TEXT(label, "COLUMN",                                                                          \
         "CSV: the label's column by name or index (-1 is the last; else one called label, "       \
         "target, class or y, or the last); one .npy: its index")                                  \
    CHOICE(header, "auto|true|false", "CSV: whether the first row holds names (found out)")        \
    CHOICE(separator, "auto|,|;|tab|||space", "CSV: what is between columns (found out)")          \
    CHOICE(decimal, ".|,", "CSV: what is before the decimals (.)")                                 \
    CHOICE(thousands, "none|,|.|'|_|space", "CSV: what is between groups of three digits (none)")  \
    TEXT(missing, "TOKENS",                                                                        \
         "CSV: what stands where a value is missing, with commas between; nothing stands for an "  \
         "empty cell (empty, NA, N/A, NaN, null, ?)")                                              \
    CHOICE(impute, "mean|refuse",                                                                  \
           "CSV: a missing input takes the mean of the training rows, or a category of its own; "  \
           "or is refused (mean)")                                                                 \
    CHOICE(task, "auto|classification|regression", "what the labels are (found out)")              \
    TEXT(ignore, "COLUMNS", "CSV: columns to leave out")                                           \
    TEXT(categories, "COLUMNS", "CSV: columns of numbers that are categories")                     \
    INTEGER(size, 1, 1024, "pictures: make all so high and wide, in pixels (as they are)")         \
    CHOICE(channels, "auto|1|3", "pictures: 1 gray, 3 coloured (found out)")

typedef struct dataset_add_options {
    const char *label;
    dataset_header header;
    dataset_separator separator;
    dataset_decimal decimal;
    dataset_thousands thousands;
    const char *missing; /* NULL: the usual tokens; "": the empty cell alone */
    dataset_impute impute;
    dataset_task_choice task;
    const char *ignore, *categories;
    int64_t size; /* 0: that of the pictures, which are alike */
    dataset_channels channels;
    bool is_dry;      /* read, check and describe; store nothing */
    const caller *by; /* who may call the work off, and grants its memory; NULL: nobody */
} dataset_add_options;

typedef enum dataset_option_kind { OPTION_TEXT, OPTION_CHOICE, OPTION_INTEGER } dataset_option_kind;

typedef struct dataset_option {
    const char *name, *help;
    dataset_option_kind kind;
    const char *const *words; /* of a choice, by its number, NULL-terminated */
    int64_t least, most;      /* of an integer */
    size_t offset;            /* of its member of dataset_add_options */
} dataset_option;

extern const dataset_option DATASET_OPTIONS[];
extern const int DATASET_OPTION_COUNT;

/* Reads one option from a text ("" is a choice's first word; yes and no are true and false). Faults
 * name "/NAME". */
FAIL_CHECKED bool dataset_read_option(const char *name, const char *text, dataset_add_options *out,
                                      fail *f);

#endif
