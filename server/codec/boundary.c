#include "server/codec/boundary.h"

#include "server/codec/codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void open_array(buffer *b, const char *key)
{
    json_add_key(b, key);
    buffer_add_text(b, "[");
}

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

/* ---- the plane ---- */

static void add_inputs(buffer *b, const boundary *drawn)
{
    char name[128];
    open_array(b, "inputs");
    for (size_t c = 0; c < 2; c++) {
        dataset_write_column_name(drawn->set, c, name, sizeof name);
        json_add_separator(b);
        buffer_add_text(b, "{");
        json_add_member_text(b, "name", name);
        json_add_member_number(b, "low", drawn->low[c]);
        json_add_member_number(b, "high", drawn->high[c]);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
}

static void add_classes(buffer *b, const boundary *drawn)
{
    char name[128];
    if (!drawn->classes) {
        json_add_key(b, "classes");
        buffer_add_text(b, "null");
        return;
    }
    open_array(b, "classes");
    for (size_t c = 0; c < drawn->set->k; c++) {
        dataset_write_class_name(drawn->set, c, name, sizeof name);
        json_add_separator(b);
        json_add_string(b, name);
    }
    buffer_add_text(b, "]");
}

static void add_coordinates(buffer *b, const boundary *drawn, const char *key, size_t column)
{
    open_array(b, key);
    for (size_t p = 0; p < drawn->n_points; p++) {
        json_add_separator(b);
        add_short(b, (double)drawn->points[2 * p + column]);
    }
    buffer_add_text(b, "]");
}

static void add_points(buffer *b, const boundary *drawn)
{
    json_add_key(b, "points");
    buffer_add_text(b, "{");
    add_coordinates(b, drawn, "x", 0);
    add_coordinates(b, drawn, "y", 1);
    open_array(b, drawn->labels ? "class" : "value");
    for (size_t p = 0; p < drawn->n_points; p++) {
        json_add_separator(b);
        if (drawn->labels)
            json_add_integer(b, drawn->labels[p]);
        else
            add_short(b, (double)drawn->targets[p]);
    }
    buffer_add_text(b, "]}");
}

/* ---- the grids ---- */

static void add_grid_classes(buffer *b, const int32_t *classes, size_t n)
{
    open_array(b, "class");
    for (size_t i = 0; i < n; i++) {
        json_add_separator(b);
        if (classes[i] < 0)
            buffer_add_text(b, "null");
        else
            json_add_integer(b, classes[i]);
    }
    buffer_add_text(b, "]");
}

static void add_grid(buffer *b, const boundary *drawn, size_t epoch)
{
    size_t n = drawn->size * drawn->size;
    const float *values = drawn->values + epoch * n;
    buffer_add_text(b, "{");
    json_add_member_integer(b, "epoch", drawn->epochs[epoch]);
    if (drawn->classes)
        add_grid_classes(b, drawn->classes + epoch * n, n);
    open_array(b, drawn->classes ? "probability" : "value");
    for (size_t i = 0; i < n; i++) {
        json_add_separator(b);
        if (drawn->classes)
            add_probability(b, values[i]);
        else
            add_short(b, (double)values[i]);
    }
    buffer_add_text(b, "]}");
}

void codec_add_boundary(buffer *b, int64_t run_id, const boundary *drawn)
{
    buffer_add_text(b, "{");
    json_add_member_integer(b, "run", run_id);
    json_add_member_text(b, "task", drawn->classes ? "classification" : "regression");
    json_add_member_integer(b, "size", (int64_t)drawn->size);
    add_inputs(b, drawn);
    add_classes(b, drawn);
    open_array(b, "grids");
    for (size_t i = 0; i < drawn->n_epochs; i++) {
        json_add_separator(b);
        add_grid(b, drawn, i);
    }
    buffer_add_text(b, "]");
    add_points(b, drawn);
    buffer_add_text(b, "}");
}
