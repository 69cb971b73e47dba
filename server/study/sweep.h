/* sweep — a whole specification as a value, and the plan it means: variants x axes x seeds ->
 * configs and runs. Pure: no JSON, no SQL.
 *
 * An axis value is held inside a train_spec of which only the axis' field is meaningful:
 * field_copy() applies it. */
#ifndef SERVER_STUDY_SWEEP_H
#define SERVER_STUDY_SWEEP_H

#include "core/base/fail.h"
#include "core/spec/field.h"
#include "server/study/question.h"

enum {
    SWEEP_AXES_LIMIT = 16,
    SWEEP_VARIANTS_LIMIT = 100,
    SWEEP_TRIALS_DEFAULT = 20,
    SWEEP_POINTER_BYTES = 128
};

typedef struct sweep_axis {
    const field *row;
    int n_values;
    train_spec *values; /* n_values; NULL where a range is given */
    double minimum, maximum;
    bool is_range, log_scale;
    int count; /* of a range in a grid; a random search draws `trials` */
} sweep_axis;

typedef struct sweep_variant {
    char *label;     /* heap */
    train_spec spec; /* its fields are marked in is_set */
} sweep_variant;

typedef struct experiment_spec {
    char *name, *description, *tags; /* heap; tags: JSON array text */
    int64_t priority;
    train_spec base; /* as set by the user, defaults not yet resolved */
    int n_axes;
    sweep_axis axes[SWEEP_AXES_LIMIT];
    int n_variants;
    sweep_variant *variants; /* heap */
    question question;
    bool random_search;
    int64_t trials;
    int64_t n_repeats; /* fixed count, or the least ("min") with `until` */
    struct {
        bool enabled;
        int metric;
        double half_width;
        int64_t max;
    } until;
    bool repeat_varies_seed, repeat_varies_data_seed;
    /* Given; and known: else data_seed follows from the data sets. */
    bool is_repeat_varies_given, is_repeat_varies_known;
    bool has_baseline;
    train_spec baseline; /* fields marked in is_set */
} experiment_spec;

void experiment_spec_close(experiment_spec *e);

typedef struct grid_config {
    train_spec spec; /* resolved, with the first seed */
    int variant;     /* index; -1: there are none */
} grid_config;

typedef struct grid {
    int64_t n_cells; /* of the grid, before equal ones were merged */
    int n_configs;
    grid_config *configs;
    int64_t n_seeds;
    int64_t first_seed, first_data_seed;
    bool varies_seed, varies_data_seed;
} grid;

/* Makes the plan: resolves and checks every cell, merges equal ones. Faults name the cell's values
 * ("/sweep/dropout/2"). */
FAIL_CHECKED bool sweep_expand(const experiment_spec *e, grid *out, fail_list *faults);
void grid_close(grid *p);

/* True where an axis may vary the field: it has a place in train_spec and is not `seed` (which
 * `repeats` varies). */
bool sweep_is_sweepable(const field *row);
/* True where the axis may be a range: numbers, whole numbers and rates. */
bool sweep_takes_range(const field *row);

/* How the experiment varies the field of FIELDS[row]; of an object that a variant names its members
 * are not told apart. */
question_origin sweep_origin(const experiment_spec *e, int row);

/* Do the two say the same in the field, of an object in all its members? */
bool sweep_same_value(const field *row, const train_spec *a, const train_spec *b);

/* The place in the specification of what a fault of one config points at: "/dropout" where that is
 * swept is "/sweep/dropout/2", its third value, which this config has; of a range
 * "/sweep/dropout". */
void sweep_point(const experiment_spec *e, const train_spec *spec, const char *pointer,
                 char out[SWEEP_POINTER_BYTES]);

/* Takes the value of one field (of an object: its members too) from one spec to another; those of
 * all fields that `from` sets. */
void sweep_apply(const field *row, const train_spec *from, train_spec *to);
void sweep_apply_all(const train_spec *from, train_spec *to);

/* The fully resolved spec of config c's repeat r (0-based): seeds filled in. */
void grid_run_spec(const grid *p, int c, int64_t r, train_spec *out);

#endif
