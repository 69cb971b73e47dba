/* Data sets and generators as JSON. */
#include "server/codec/internal.h"
#include "server/codec/resource.h"

/* ---- generators ---- */

static bool takes_noise(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_row *)object)->maximum_noise > 0;
}

static bool takes_classes(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_row *)object)->default_classes > 0;
}

static bool takes_dimensions(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_row *)object)->default_dimensions > 0;
}

#define N_ROW                                                                                      \
    {                                                                                              \
        "n", MEMBER_INTEGER, "Samples.", AT(dataset_row, default_n)                                \
    }
#define CLASSES_ROW                                                                                \
    {                                                                                              \
        "classes", MEMBER_INTEGER, "Where it is an option.", MEMBER_OPTIONAL,                      \
            AT(dataset_row, default_classes), .is_there = takes_classes                            \
    }
#define DIMENSIONS_ROW                                                                             \
    {                                                                                              \
        "dimensions", MEMBER_INTEGER, "Inputs, where that is an option.", MEMBER_OPTIONAL,         \
            AT(dataset_row, default_dimensions), .is_there = takes_dimensions                      \
    }

static const member OPTIONS_ROWS[] = {
    N_ROW,
    {"noise", MEMBER_NUMBER, "Where it is an option.", MEMBER_OPTIONAL,
     AT(dataset_row, default_noise), .is_there = takes_noise},
    CLASSES_ROW,
    DIMENSIONS_ROW,
};
static const shape OPTIONS = {
    .name = "GeneratorOptions", BYTES_OF(dataset_row), MEMBERS(OPTIONS_ROWS)};

static const member ALL_OPTIONS_ROWS[] = {
    N_ROW,
    {"noise", MEMBER_NUMBER, "0 where there is no such option.", AT(dataset_row, default_noise)},
    CLASSES_ROW,
    DIMENSIONS_ROW,
};
static const shape ALL_OPTIONS = {
    .name = "GeneratorDefaults", BYTES_OF(dataset_row), MEMBERS(ALL_OPTIONS_ROWS)};

static const member GENERATOR_ROWS[] = {
    {"name", MEMBER_TEXT, "Its name.", AT(dataset_row, name)},
    {"help", MEMBER_TEXT, "What it is.", AT(dataset_row, help)},
    {"task", MEMBER_NAME, "What is learned.", AT(dataset_row, task), TASK_NAMES},
    {"options_help", MEMBER_TEXT, "What its options do.", AT(dataset_row, options_help)},
    {"options", MEMBER_OBJECT, "Their defaults.", ITSELF(dataset_row), .of = &ALL_OPTIONS},
};
const shape SHAPE_GENERATOR = {.name = "Generator", BYTES_OF(dataset_row), MEMBERS(GENERATOR_ROWS)};

/* ---- data sets ---- */

static bool is_good(const void *object, const member *m)
{
    (void)m;
    return !*((const dataset_summary *)object)->problem;
}

static void add_classes(buffer *b, const void *object, const member *m)
{
    const dataset_summary *s = object;
    (void)m;
    if (s->task == TASK_CLASSIFICATION)
        json_add_integer(b, (int64_t)s->k);
    else
        buffer_add_text(b, "null");
}

static void add_scaling(buffer *b, const void *object, const member *m)
{
    json_add_string(b, member_name_at(member_resolve(m, &(member){0}),
                                      ((const dataset_summary *)object)->default_scaling));
}

static const member IMAGE_ROWS[] = {
    {"height", MEMBER_INTEGER, "Pixels.", AT(dataset_summary, height)},
    {"width", MEMBER_INTEGER, "Pixels.", AT(dataset_summary, width)},
    {"channels", MEMBER_INTEGER, "1: gray.", AT(dataset_summary, channels)},
};
static const shape IMAGE = {.name = "Image", BYTES_OF(dataset_summary), MEMBERS(IMAGE_ROWS)};

static void add_image(buffer *b, const void *object, const member *m)
{
    const dataset_summary *s = object;
    if (s->height > 0)
        shape_add(b, m->of, s);
    else
        buffer_add_text(b, "null");
}

static const member SUMMARY_ROWS[] = {
    {"name", MEMBER_TEXT, "Its name.", AT(dataset_summary, name)},
    {"sha256", MEMBER_TEXT, "Of the file that it is, or would be, stored in.", MEMBER_NULLABLE,
     AT(dataset_summary, sha256)},
    {"task", MEMBER_NAME, "What is learned.", AT(dataset_summary, task), TASK_NAMES},
    {"built_in", MEMBER_BOOLEAN, "Whether it is generated.", AT(dataset_summary, built_in)},
    {"n_train", MEMBER_INTEGER, "Rows stored for training.", AT(dataset_summary, n[PART_TRAIN])},
    {"n_validation", MEMBER_INTEGER, "Rows stored for validation; 0: drawn from the training rows.",
     AT(dataset_summary, n[PART_VALIDATION])},
    {"n_test", MEMBER_INTEGER, "Rows stored for the test; 0: drawn from the training rows.",
     AT(dataset_summary, n[PART_TEST])},
    {"inputs", MEMBER_INTEGER, "Numbers per row.", AT(dataset_summary, d)},
    {"outputs", MEMBER_INTEGER, "Classes, or numbers to be predicted.", AT(dataset_summary, k)},
    {"classes", MEMBER_INTEGER, "null for a regression.", MEMBER_NULLABLE, .write = add_classes},
    {"bytes", MEMBER_INTEGER, "Of the file that it is, or would be, stored in.",
     AT(dataset_summary, bytes)},
    {"created_at", MEMBER_TIME, "When it was registered; null for built-in ones.", MEMBER_NULLABLE,
     AT(dataset_summary, created_ms)},
    {"scaling", MEMBER_NAME, "Its own scaling.", MEMBER_OPTIONAL, .field = "scaling",
     .is_there = is_good, .write = add_scaling},
    {"image", MEMBER_OBJECT, "null: the rows are no pictures.", MEMBER_OPTIONAL | MEMBER_NULLABLE,
     .of = &IMAGE, .is_there = is_good, .write = add_image},
};
static const shape SUMMARY = {BYTES_OF(dataset_summary), MEMBERS(SUMMARY_ROWS)};

static const member BUILT_IN_ROWS[] = {
    {"help", MEMBER_TEXT, "What it is.", MEMBER_OPTIONAL, AT(dataset_row, help)},
    {"options_help", MEMBER_TEXT, "What its options do.", MEMBER_OPTIONAL,
     AT(dataset_row, options_help)},
    {"options", MEMBER_OBJECT, "Their defaults.", MEMBER_OPTIONAL, ITSELF(dataset_row),
     .of = &OPTIONS},
};
static const shape BUILT_IN = {BYTES_OF(dataset_row), MEMBERS(BUILT_IN_ROWS)};

static bool is_generated(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_answer *)object)->generator != NULL;
}

static const member PROBLEM_ROWS[] = {
    {"problem", MEMBER_TEXT,
     "Why it cannot be opened: then name, sha256 and created_at alone hold.", MEMBER_NULLABLE,
     AT(dataset_summary, problem)},
};
static const shape SET_PROBLEM = {BYTES_OF(dataset_summary), MEMBERS(PROBLEM_ROWS)};

static bool is_categorical(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_column *)object)->kind == COLUMN_CATEGORY;
}

static const member COLUMN_ROWS[] = {
    {"name", MEMBER_TEXT, "In the file; its index where that has no names.",
     AT(dataset_column, name)},
    {"kind", MEMBER_NAME, "How it is taken: a category is one input per spelling.",
     AT(dataset_column, kind), NAMES(COLUMN_KIND_NAMES)},
    {"missing", MEMBER_INTEGER, "Cells without a value, over all parts.",
     AT(dataset_column, n_missing)},
    {"categories", MEMBER_TEXT,
     "The spellings of a category, in the order of their inputs; where cells are missing, missing "
     "is the last.",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, EACH(dataset_column, categories, n_categories),
     .is_there = is_categorical},
};
static const shape COLUMN = {.name = "Column", BYTES_OF(dataset_column), MEMBERS(COLUMN_ROWS)};

static void add_separator(buffer *b, const void *object, const member *m)
{
    const dataset_origin *o = object;
    json_add_string(b, o->separator ? member_name_at(m, (int)o->separator) : NULL);
}

static void add_header(buffer *b, const void *object, const member *m)
{
    const dataset_origin *o = object;
    (void)m;
    buffer_add_text(b, !o->separator ? "null" : o->has_header ? "true" : "false");
}

static bool is_given(const void *object, const member *m)
{
    (void)m;
    return object != NULL;
}

static const member ORIGIN_ROWS[] = {
    {"label", MEMBER_TEXT, "The column that is learned; null: the files are no table.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE | MEMBER_MULTILINE, AT(dataset_origin, label),
     .is_there = is_given},
    {"separator", MEMBER_NAME, "What stands between columns.", MEMBER_OPTIONAL | MEMBER_NULLABLE,
     AT(dataset_origin, separator), NAMES(DATASET_SEPARATOR_WORDS), .write = add_separator},
    {"header", MEMBER_BOOLEAN, "Whether the first row is one of names.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE, .write = add_header},
    {"columns", MEMBER_OBJECT, "Those of the files, in their order.", MEMBER_OPTIONAL,
     EACH(dataset_origin, columns, n_columns), .of = &COLUMN, .is_there = is_given},
    {"warnings", MEMBER_TEXT, "What was taken in another way than it stands there.",
     MEMBER_OPTIONAL | MEMBER_MULTILINE, EACH(dataset_origin, warnings, n_warnings),
     .is_there = is_given},
};
static const shape ORIGIN = {BYTES_OF(dataset_origin), MEMBERS(ORIGIN_ROWS)};

static bool is_known(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_answer *)object)->origin != NULL;
}

static bool has_figures(const void *object, const member *m)
{
    (void)m;
    return ((const dataset_answer *)object)->figures != NULL;
}

static const member ANSWER_ROWS[] = {
    INCLUDE_FROM(dataset_answer, summary, SUMMARY),
    {.type = MEMBER_INCLUDED,
     TO(dataset_answer, generator),
     .of = &BUILT_IN,
     .is_there = is_generated},
    {.type = MEMBER_INCLUDED, TO(dataset_answer, origin), .of = &ORIGIN, .is_there = is_known},
    {.type = MEMBER_INCLUDED,
     TO(dataset_answer, figures),
     .of = &SHAPE_PROFILE,
     .is_there = has_figures},
    INCLUDE_FROM(dataset_answer, summary, SET_PROBLEM),
};
const shape SHAPE_DATASET = {.name = "DataSet", BYTES_OF(dataset_answer), MEMBERS(ANSWER_ROWS)};

dataset_answer dataset_answer_of(const dataset_summary *summary, const dataset_origin *origin)
{
    return (dataset_answer){.summary = summary,
                            .generator = summary->built_in ? dataset_find(summary->name) : NULL,
                            .origin = origin};
}

/* ---- names ---- */

enum { NAME_BYTES = 256 };

typedef void name_writer(const dataset *set, size_t i, char *out, size_t n_bytes);

static void write_names(buffer *b, const dataset *set, size_t n, name_writer *write)
{
    char name[NAME_BYTES];
    buffer_add_text(b, "[");
    for (size_t i = 0; i < n; i++) {
        write(set, i, name, sizeof name);
        json_add_separator(b);
        json_add_string(b, name);
    }
    buffer_add_text(b, "]");
}

void codec_write_class_names(buffer *b, const void *object, const member *m)
{
    const dataset *set = member_value(m, object);
    write_names(b, set, set->k, dataset_write_class_name);
}

void codec_write_column_names(buffer *b, const void *object, const member *m)
{
    const dataset *set = member_value(m, object);
    write_names(b, set, set->d, dataset_write_column_name);
}

void codec_write_target_names(buffer *b, const void *object, const member *m)
{
    const dataset *set = member_value(m, object);
    write_names(b, set, set->k, dataset_write_target_name);
}
