/* lesson — what stands in a file of static/lessons/: a recipe, which is an experiment with a title,
 * or a lesson, which teaches with one: what it claims of the runs, where that fails, and the words
 * around it.
 *
 * 1. A lesson is what has claims; all else of the file is for who shows it.
 * 2. Every claim names its arms by field values, or by the label of a variant; a difference is that
 *    of `arm` less `against`.
 * Ownership: everything read is the lesson's until lesson_close(). Threads: pure. */
#ifndef SERVER_CODEC_LESSON_H
#define SERVER_CODEC_LESSON_H

#include "server/codec/shape.h"
#include "server/study/claim.h"
#include "server/study/measure.h"
#include "server/study/sweep.h"

typedef enum claim_kind { CLAIM_COMPARISON, CLAIM_SQL } claim_kind;

typedef struct lesson_claim {
    char *text;
    claim_kind kind;
    /* of a comparison */
    char *metric, *of;
    bool has_at, has_target; /* else: where the metric has a value; no target */
    study_at at;
    double target;
    sweep_variant arm, against, context; /* label NULL: not given */
    claim_terms terms;
    /* of SQL: one row, whose first column is the claim and whose others are told as numbers */
    char *query;
} lesson_claim;

typedef struct lesson_part { /* an experiment and what is claimed of it */
    char *text, *spec;       /* text: of a counterexample; spec: JSON */
    size_t n_claims;
    lesson_claim *claims;
} lesson_part;

typedef struct lesson_size { /* of the difference that is to be predicted */
    char *question;
    double least, most, step;
    int claim; /* which claim tells it */
} lesson_size;

typedef struct lesson_prediction {
    char *question, *why_it_is_hard;
    size_t n_choices;
    char **choices;
    int answer;
    lesson_size size;
} lesson_prediction;

typedef struct lesson_line { /* of a picture: what is drawn of a metric */
    char *metric, *label;
    double x; /* where it stands, of a picture over metrics */
} lesson_line;

typedef struct lesson_picture {
    int kind;
    char *title, *text, *over; /* over: the field along the axis; NULL: none */
    size_t n_lines;
    lesson_line *lines;
} lesson_picture;

typedef struct lesson_note {
    char *text, *link;
} lesson_note;

typedef struct lesson_check {
    char *question, *because, *link;
    size_t n_choices;
    char **choices;
    int answer;
} lesson_check;

typedef struct lesson {
    char *name, *title, *description, *objective, *concept;
    int step; /* its place in the path, from 1 on; 0: it is not part of it */
    int minutes;
    size_t n_text, n_explain, n_look, n_checks, n_references;
    char **text, **explain;
    lesson_prediction predict;
    lesson_picture picture;
    lesson_note *look, *references;
    lesson_check *checks;
    lesson_part main, counterexample;
} lesson;

/* What a claim of a comparison asks for. */
measure_query lesson_measure(const lesson_claim *c);

/* What a file, and GET /lessons/{name}, says. */
extern const shape SHAPE_LESSON;

/* Reads a file; every fault is told. */
FAIL_CHECKED bool codec_read_lesson(const char *text, size_t n, lesson *out, fail_list *faults);
void lesson_close(lesson *l);

/* How far the seeds of a lesson may be moved: its own and its repeats' have room above. */
#define LESSON_SHIFT_LIMIT 4503599627370495LL /* half of SPEC_SEED_LIMIT */

/* The specification with `by` added to seed and data_seed, wherever it says them. False with
 * FAIL_OUT_OF_RANGE where a seed would be above what there is, or for want of memory. */
FAIL_CHECKED bool codec_move_seeds(const char *spec, int64_t by, char **out, fail *f);

#endif
