/* shape_schema — shapes as JSON Schema (2020-12).
 *
 * A shape with a name is described once, under components/schemas; elsewhere it is referred to.
 * What is read is closed: it takes no other members, and its texts no control characters. */
#ifndef SERVER_CODEC_SHAPE_SCHEMA_H
#define SERVER_CODEC_SHAPE_SCHEMA_H

#include "server/codec/shape.h"

#define SCHEMA_PLACE "#/components/schemas/"

/* The schema of the object. */
void shape_add_schema(buffer *b, const shape *s, bool is_closed);
/* A reference to it; without a name the schema itself. */
void shape_add_reference(buffer *b, const shape *s, bool is_closed);
/* The schema of one member's value. */
void member_add_schema(buffer *b, const member *m, bool is_closed);

/* Shapes that others refer to: each once, with what it refers to itself. */
enum { SHAPE_SET_LIMIT = 128 };
typedef struct shape_set {
    int n;
    struct {
        const shape *shape;
        bool is_closed;
    } items[SHAPE_SET_LIMIT];
} shape_set;
/* Adds the shape and all that it refers to; closed once is closed. */
void shape_set_add(shape_set *set, const shape *s, bool is_closed);

#endif
