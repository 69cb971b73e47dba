/* conclusion — what a comparison says in words: a headline, a summary with the numbers, and notes
 * on the method.
 *
 * 1. Headline and summary begin with what the interval is about ("On these rows").
 * 2. The headline is one sentence without p and without field syntax; it names the arms that are
 *    tied with the best.
 * 3. No sentence contradicts an interval that stands in it: a verdict of difference is told with
 *    the 95 % interval, which then leaves out 0; equivalence with the 90 % interval, which then
 *    lies within the smallest difference that matters; an interval that leaves out 0 and is yet no
 *    evidence is told with the number of tests that make it so.
 * 4. Void arms are never called better, worse or best.
 * Threads: as arms. */
#ifndef SERVER_STUDY_CONCLUSION_H
#define SERVER_STUDY_CONCLUSION_H

#include "server/study/arms.h"
#include "server/text/buffer.h"

void conclusion_add_headline(const arms *a, buffer *out);
void conclusion_add_summary(const arms *a, buffer *out);

/* Note number i on how the figures were made, i = 0, 1, ... until false. */
bool conclusion_add_note(const arms *a, int i, buffer *out);

#endif
