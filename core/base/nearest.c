#include "core/base/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NAME_LIMIT = 64, ALIKE_LETTERS = 4 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance in which two neighbours that changed places
 * count once. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), rows[3][NAME_LIMIT + 1];
    if (n > NAME_LIMIT || m > NAME_LIMIT)
        return 2 * NAME_LIMIT;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3],
               *over = i > 1 ? rows[(i - 2) % 3] : NULL;
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (over && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], over[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* lr of learning_rate, wd of weight_decay: two letters or more, one for each word. */
static bool are_initials(const char *letters, const char *name)
{
    size_t n = 0;
    for (const char *word = name; word; word = strchr(word, '_')) {
        word += *word == '_';
        if (letters[n++] != *word)
            return false;
    }
    return n >= 2 && letters[n] == '\0';
}

static size_t allowed_distance(const char *a, const char *b)
{
    size_t longer = strlen(a) > strlen(b) ? strlen(a) : strlen(b);
    bool begin_alike = strlen(a) >= ALIKE_LETTERS && strncmp(a, b, ALIKE_LETTERS) == 0;
    size_t allowed = begin_alike ? longer / 2 : longer / 3;
    return allowed ? allowed : 1;
}

const char *nearest_name(const char *name, const char *const *known)
{
    const char *nearest = NULL;
    size_t best = 2 * NAME_LIMIT;
    for (; *known; known++) {
        if (are_initials(name, *known))
            return *known;
        size_t d = distance(name, *known);
        if (d < best && d <= allowed_distance(name, *known)) {
            best = d;
            nearest = *known;
        }
    }
    return nearest;
}
