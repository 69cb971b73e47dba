/* phrases — the plain words of a comparison: numbers, names of metrics, arms and contexts, lists.
 *
 * 1. No field syntax: "dropout 0.5", not "dropout=0.5"; "no dropout" where a regularizer is off.
 * 2. A p and an interval are shown with as many digits as it takes not to contradict a verdict.
 * Threads: pure functions that append to a buffer. */
#ifndef SERVER_STUDY_PHRASES_H
#define SERVER_STUDY_PHRASES_H

#include "server/study/arms.h"
#include "server/text/buffer.h"

const char *phrases_plural(size_t n); /* "s", or "" for one */

/* A number with so many significant digits and a true minus sign. */
void phrases_add_number(double x, int digits, buffer *out);

/* Significant digits that show both ends to two digits of half their distance; `least` or more. */
int phrases_interval_digits(double low, double high, int least);

/* "p = 0.012" on the same side of 0.05 as the number itself, "p < 0.0001". */
void phrases_add_p(double p, buffer *out);

/* "validation loss", "test R²", "coadaptation of layer 0", "epochs to a training loss of 0.2". */
void phrases_add_metric(const study_options *o, buffer *out);
void phrases_add_metric_name(const char *name, buffer *out);

/* "On these rows, ", or "On the data of each context, " where contexts differ in that. */
void phrases_add_about(const arms *a, buffer *out);

/* The level in words: "dropout 0.5", "no dropout", "hidden 128-128", "augmentation (shift 1)". */
void phrases_add_level(const study_factor *factor, const study_level *level, buffer *out);

/* The arm by its treatment: the variant's label, else the levels that are not off, "dropout 0.5
 * with weight decay 0.1"; "no dropout or weight decay" where all are. "all runs" without a
 * treatment. */
void phrases_add_arm(const arms *a, const arm *x, buffer *out);

/* "with train size 100 and label noise 0.2"; nothing where contexts do not differ. */
void phrases_add_context(const arms *a, const arms_context *context, buffer *out);

enum { PHRASES_NAMES_LIMIT = 3 };

/* Arms as they are found, to be named together: those of the first one's context, and in how many
 * others there are some. Zeroed: none. */
typedef struct phrases_list {
    size_t named[PHRASES_NAMES_LIMIT]; /* indices of arms */
    size_t n, n_contexts, last_context;
} phrases_list;
void phrases_list_add(const arms *a, size_t i, phrases_list *list);

/* What is said of an arm beside its baseline, in the order in which it is said. */
typedef enum phrases_kind {
    PHRASES_BETTER,
    PHRASES_EQUAL,
    PHRASES_LITTLE, /* reliably different, by less than matters */
    PHRASES_WORSE,
    PHRASES_UNCLEAR,
    PHRASES_UNTESTED, /* the same difference every time: there is no p */
    PHRASES_FEW,
    PHRASES_VOID,
    PHRASES_KIND_COUNT /* of a baseline, and without a direction */
} phrases_kind;
phrases_kind phrases_kind_of(const arm *x);

/* The arms of one context of which this is said, beside `except` (NULL: none); and those that are
 * tied with its leader, beside its baseline. */
phrases_list phrases_list_of(const arms *a, const arms_context *context, phrases_kind kind,
                             const arm *except);
phrases_list phrases_list_of_tied(const arms *a, const arms_context *context);

/* "x", "x and y", "x, y and z", "x, y and 2 others" (with `word` "or": "x or y"). */
void phrases_add_list(const arms *a, const phrases_list *list, const char *word, buffer *out);

/* The same, and where there are several contexts " with train size 100 and in 2 other contexts". */
void phrases_add_list_in_contexts(const arms *a, const phrases_list *list, const char *word,
                                  buffer *out);

#endif
