/* nearest — the known name that was probably meant: what "did you mean" says.
 *
 * Pure; safe from any thread. */
#ifndef CORE_BASE_NEAREST_H
#define CORE_BASE_NEAREST_H

/* The name among `known` (NULL-terminated) that `name` is most like, or NULL if none is: the one
 * whose words begin with the letters of `name` (lr: learning_rate), else the least edit distance in
 * which two neighbours that changed places count once, of at most a third of the longer name, or
 * half of it where both begin alike. */
const char *nearest_name(const char *name, const char *const *known);

#endif
