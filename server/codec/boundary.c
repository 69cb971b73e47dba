#include "server/codec/boundary.h"

#include "server/codec/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct boundary_answer {
    int64_t run_id;
    const boundary *drawn;
} boundary_answer;

/* Six digits are more than a picture shows. */
static void add_short(buffer *b, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    json_add_number(b, isfinite(value) ? strtod(text, NULL) : NAN);
}

static void add_probability(buffer *b, float value)
{
    json_add_number(b, isfinite(value) ? round((double)value * 1e4) / 1e4 : NAN);
}

static bool is_classification(const void *object, const member *m)
{
    (void)m;
    return ((const boundary *)object)->classes != NULL;
}

/* ---- the plane ---- */

typedef struct input_answer {
    char name[256];
    double low, high;
} input_answer;

static const member INPUT_ROWS[] = {
    {"name", MEMBER_TEXT, "What it is called.", AT(input_answer, name)},
    {"low", MEMBER_NUMBER, "Where the grid begins.", AT(input_answer, low)},
    {"high", MEMBER_NUMBER, "Where the grid ends.", AT(input_answer, high)},
};
static const shape INPUT = {.name = "BoundaryInput", BYTES_OF(input_answer), MEMBERS(INPUT_ROWS)};

static void add_inputs(buffer *b, const void *object, const member *m)
{
    const boundary *drawn = object;
    buffer_add_text(b, "[");
    for (size_t c = 0; c < 2; c++) {
        input_answer input = {.low = drawn->low[c], .high = drawn->high[c]};
        dataset_write_column_name(drawn->set, c, input.name, sizeof input.name);
        shape_add_item(b, m->of, &input);
    }
    buffer_add_text(b, "]");
}

static void add_classes(buffer *b, const void *object, const member *m)
{
    if (((const boundary *)object)->classes)
        codec_write_class_names(b, object, m);
    else
        buffer_add_text(b, "null");
}

/* ---- points ---- */

static bool has_labels(const void *object, const member *m)
{
    (void)m;
    return ((const boundary *)object)->labels != NULL;
}

static bool has_targets(const void *object, const member *m)
{
    return !has_labels(object, m);
}

/* index: of the input. */
static void add_coordinates(buffer *b, const void *object, const member *m)
{
    const boundary *drawn = object;
    buffer_add_text(b, "[");
    for (size_t p = 0; p < drawn->n_points; p++) {
        json_add_separator(b);
        add_short(b, (double)drawn->points[2 * p + (size_t)m->index]);
    }
    buffer_add_text(b, "]");
}

static void add_targets(buffer *b, const void *object, const member *m)
{
    const boundary *drawn = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t p = 0; p < drawn->n_points; p++) {
        json_add_separator(b);
        add_short(b, (double)drawn->targets[p]);
    }
    buffer_add_text(b, "]");
}

static const member POINTS_ROWS[] = {
    {"x", MEMBER_NUMBER, "The first input.", .depth = 1, .index = 0, .write = add_coordinates},
    {"y", MEMBER_NUMBER, "The second input.", .depth = 1, .index = 1, .write = add_coordinates},
    {"class", MEMBER_INTEGER, "As trained on; of a classification.", MEMBER_OPTIONAL,
     EACH(boundary, labels, n_points), .is_there = has_labels},
    {"value", MEMBER_NUMBER, "As trained on; of a regression.", MEMBER_OPTIONAL, .depth = 1,
     .is_there = has_targets, .write = add_targets},
};
static const shape POINTS = {.name = "BoundaryPoints",
                             .help = "Samples that were trained on.",
                             BYTES_OF(boundary),
                             MEMBERS(POINTS_ROWS)};

/* ---- the grids ---- */

typedef struct grid_answer {
    size_t n; /* cells */
    int64_t epoch;
    const int32_t *classes; /* (n); NULL: of a regression */
    const float *values;    /* (n) */
} grid_answer;

static void add_grid_classes(buffer *b, const void *object, const member *m)
{
    const grid_answer *g = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < g->n; i++) {
        json_add_separator(b);
        if (g->classes[i] < 0)
            buffer_add_text(b, "null");
        else
            json_add_integer(b, g->classes[i]);
    }
    buffer_add_text(b, "]");
}

static void add_cells(buffer *b, const void *object, const member *m)
{
    const grid_answer *g = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < g->n; i++) {
        json_add_separator(b);
        if (g->classes)
            add_probability(b, g->values[i]);
        else
            add_short(b, (double)g->values[i]);
    }
    buffer_add_text(b, "]");
}

static bool is_of_classes(const void *object, const member *m)
{
    (void)m;
    return ((const grid_answer *)object)->classes != NULL;
}

static bool is_of_numbers(const void *object, const member *m)
{
    return !is_of_classes(object, m);
}

static const member GRID_ROWS[] = {
    {"epoch", MEMBER_INTEGER, "After this epoch.", AT(grid_answer, epoch)},
    {"class", MEMBER_INTEGER, "The most probable one; of a classification.",
     MEMBER_OPTIONAL | MEMBER_NULLABLE_ITEMS, .depth = 1, .is_there = is_of_classes,
     .write = add_grid_classes},
    {"probability", MEMBER_NUMBER, "Of that class.", MEMBER_OPTIONAL | MEMBER_NULLABLE_ITEMS,
     .depth = 1, .is_there = is_of_classes, .write = add_cells},
    {"value", MEMBER_NUMBER, "The answer of a regression.", MEMBER_OPTIONAL | MEMBER_NULLABLE_ITEMS,
     .depth = 1, .is_there = is_of_numbers, .write = add_cells},
};
static const shape BOUNDARY_GRID = {.name = "BoundaryGrid",
                                    .help = "Cell j * size + i is the i-th of the first input and "
                                            "the j-th of the second, both from low to high; null: "
                                            "the answer is no number.",
                                    BYTES_OF(grid_answer),
                                    MEMBERS(GRID_ROWS)};

static void add_grids(buffer *b, const void *object, const member *m)
{
    const boundary *drawn = object;
    size_t n = drawn->size * drawn->size;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < drawn->n_epochs; i++)
        shape_add_item(b, m->of,
                       &(grid_answer){.n = n,
                                      .epoch = drawn->epochs[i],
                                      .classes = drawn->classes ? drawn->classes + i * n : NULL,
                                      .values = drawn->values + i * n});
    buffer_add_text(b, "]");
}

/* ---- all of it ---- */

static void add_task(buffer *b, const void *object, const member *m)
{
    json_add_string(b, member_name_at(m, is_classification(object, m) ? 0 : 1));
}

static void add_target(buffer *b, const void *object, const member *m)
{
    char name[256];
    if (is_classification(object, m)) {
        buffer_add_text(b, "null");
        return;
    }
    dataset_write_target_name(((const boundary *)object)->set, 0, name, sizeof name);
    json_add_string(b, name);
}

static const member DRAWN_ROWS[] = {
    {"task", MEMBER_NAME, "What was learned.", TASK_NAMES, .write = add_task},
    {"size", MEMBER_INTEGER, "Cells along each side.", AT(boundary, size)},
    {"inputs", MEMBER_OBJECT, "The two inputs.", .depth = 1, .of = &INPUT, .write = add_inputs},
    {"classes", MEMBER_TEXT, "Their names; null: a regression.", MEMBER_NULLABLE, TO(boundary, set),
     .depth = 1, .write = add_classes},
    {"target", MEMBER_TEXT, "What is predicted; null: a classification.",
     MEMBER_NULLABLE | MEMBER_MULTILINE, TO(boundary, set), .write = add_target},
    {"grids", MEMBER_OBJECT, "What the net answers, epoch by epoch.", .depth = 1,
     .of = &BOUNDARY_GRID, .write = add_grids},
    {"points", MEMBER_OBJECT, "Samples that were trained on.", ITSELF(boundary), .of = &POINTS},
};
static const shape DRAWN = {BYTES_OF(boundary), MEMBERS(DRAWN_ROWS)};

static const member BOUNDARY_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(boundary_answer, run_id)},
    INCLUDE_FROM(boundary_answer, drawn, DRAWN),
};
const shape SHAPE_BOUNDARY = {.name = "Boundary",
                              .help = "What a net answers over the plane of two inputs.",
                              BYTES_OF(boundary_answer),
                              MEMBERS(BOUNDARY_ROWS)};

void codec_add_boundary(buffer *b, int64_t run_id, const boundary *drawn)
{
    shape_add(b, &SHAPE_BOUNDARY, &(boundary_answer){.run_id = run_id, .drawn = drawn});
}
