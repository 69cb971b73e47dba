#include "server/codec/preview.h"

#include "server/codec/internal.h"

enum { NAME_BYTES = 256 };

static void add_class_name(buffer *b, const dataset *set, size_t c)
{
    char name[NAME_BYTES];
    dataset_write_class_name(set, c, name, sizeof name);
    json_add_separator(b);
    json_add_string(b, name);
}

/* ---- class counts ---- */

typedef struct count_answer {
    char name[NAME_BYTES];
    size_t train, validation, test;
} count_answer;

static const member COUNT_ROWS[] = {
    {"name", MEMBER_TEXT, "The class.", AT(count_answer, name)},
    {"train", MEMBER_INTEGER, "Rows stored for training.", AT(count_answer, train)},
    {"validation", MEMBER_INTEGER, "Rows stored for validation.", AT(count_answer, validation)},
    {"test", MEMBER_INTEGER, "Rows stored for the test.", AT(count_answer, test)},
};
static const shape COUNT = {.name = "ClassCount", BYTES_OF(count_answer), MEMBERS(COUNT_ROWS)};

static void add_counts(buffer *b, const void *object, const member *m)
{
    const preview_answer *p = object;
    if (!p->counts) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "[");
    for (size_t c = 0; c < p->k; c++) {
        count_answer count = {.train = p->counts[PART_TRAIN * p->k + c],
                              .validation = p->counts[PART_VALIDATION * p->k + c],
                              .test = p->counts[PART_TEST * p->k + c]};
        dataset_write_class_name(p->set, c, count.name, sizeof count.name);
        shape_add_item(b, m->of, &count);
    }
    buffer_add_text(b, "]");
}

/* ---- pictures ---- */

static void add_picture_labels(buffer *b, const void *object, const member *m)
{
    const preview_pictures *p = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < p->n && p->set->task == TASK_CLASSIFICATION; i++)
        add_class_name(b, p->set, (size_t)p->labels[i]);
    buffer_add_text(b, "]");
}

static const member PICTURES_ROWS[] = {
    {"height", MEMBER_INTEGER, "Pixels.", AT(preview_pictures, height)},
    {"width", MEMBER_INTEGER, "Pixels.", AT(preview_pictures, width)},
    {"channels", MEMBER_INTEGER, "3: red, green, blue; 1: gray, the mean of what there is.",
     AT(preview_pictures, channels)},
    {"labels", MEMBER_TEXT, "The class of each; empty for a regression.", .depth = 1,
     .write = add_picture_labels},
    {"pixels", MEMBER_INTEGER,
     "0 to 255, of each picture row by row, the channels of a pixel side by side.",
     GRID(preview_pictures, pixels, n, n_values), RANGE(0, 255)},
};
static const shape PICTURES = {
    .name = "Pictures", BYTES_OF(preview_pictures), MEMBERS(PICTURES_ROWS)};

/* ---- all of it ---- */

static void add_labels(buffer *b, const void *object, const member *m)
{
    const preview_answer *p = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < p->n_rows; i++)
        add_class_name(b, p->set, (size_t)p->labels[i]);
    buffer_add_text(b, "]");
}

static bool has_labels(const void *object, const member *m)
{
    (void)m;
    return ((const preview_answer *)object)->labels != NULL;
}

static const member SET_ROWS[] = {
    {"name", MEMBER_TEXT, "The data set.", AT(dataset, name)},
    {"task", MEMBER_NAME, "What is learned.", AT(dataset, task), TASK_NAMES},
};
static const shape SET = {BYTES_OF(dataset), MEMBERS(SET_ROWS)};

static const member PREVIEW_ROWS[] = {
    INCLUDE_FROM(preview_answer, set, SET),
    {"n", MEMBER_INTEGER, "Rows of the stored training part.", AT(preview_answer, n_samples)},
    {"columns", MEMBER_TEXT, "Names of the inputs.", TO(preview_answer, set), .depth = 1,
     .write = codec_write_column_names},
    {"rows", MEMBER_NUMBER, "The first ones; inputs of pictures are 0 to 1; null: missing.",
     MEMBER_SHORT | MEMBER_NULLABLE_ITEMS, GRID(preview_answer, inputs, n_rows, d)},
    {"labels", MEMBER_TEXT, "The class of each row; of a classification.", MEMBER_OPTIONAL,
     .depth = 1, .is_there = has_labels, .write = add_labels},
    {"targets", MEMBER_NUMBER, "What is to be predicted of each row; of a regression.",
     MEMBER_OPTIONAL | MEMBER_SHORT, GRID(preview_answer, targets, n_rows, k)},
    {"class_counts", MEMBER_OBJECT, "How many rows of each class; null: a regression.",
     MEMBER_NULLABLE, .depth = 1, .of = &COUNT, .write = add_counts},
    {"images", MEMBER_OBJECT, "Some of them as pictures; null: the rows are none.", MEMBER_NULLABLE,
     TO(preview_answer, pictures), .of = &PICTURES},
    INCLUDE_FROM(preview_answer, figures, SHAPE_PROFILE),
};
const shape SHAPE_PREVIEW = {.name = "Preview",
                             .help = "What a data set looks like.",
                             BYTES_OF(preview_answer),
                             MEMBERS(PREVIEW_ROWS)};
