/* The header of a .npy file: a Python dictionary with the keys descr, fortran_order and shape. */
#include "core/data/import/numpy_array.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES_LIMIT = 1 << 16, PREFIX_BYTES = 8 };

typedef struct header_text {
    const char *at;
} header_text;

static void skip_blanks(header_text *s)
{
    while (*s->at == ' ' || *s->at == '\n' || *s->at == '\t')
        s->at++;
}

static bool skip(header_text *s, const char *token)
{
    size_t n = strlen(token);
    skip_blanks(s);
    if (strncmp(s->at, token, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* A quoted text without escapes, of less than n_bytes. */
static bool scan_text(header_text *s, char *text, size_t n_bytes)
{
    skip_blanks(s);
    char quote = *s->at;
    if (quote != '\'' && quote != '"')
        return false;
    const char *end = strchr(s->at + 1, quote);
    size_t n = end ? (size_t)(end - s->at - 1) : n_bytes;
    if (n >= n_bytes)
        return false;
    memcpy(text, s->at + 1, n);
    text[n] = '\0';
    s->at = end + 1;
    return true;
}

/* (), (3,), (3, 4) ... */
static bool scan_shape(header_text *s, numpy_array *a)
{
    if (!skip(s, "("))
        return false;
    for (a->n_dimensions = 0; !skip(s, ")"); a->n_dimensions++) {
        char *end;
        if (a->n_dimensions == NUMPY_DIMENSIONS_LIMIT || !isdigit((unsigned char)*s->at))
            return false;
        a->shape[a->n_dimensions] = strtoull(s->at, &end, 10);
        if (end - s->at > 15)
            return false;
        s->at = end;
        if (!skip(s, ",") && *s->at != ')')
            return false;
    }
    return true;
}

/* "<U5", "|S12": texts of so many letters of four bytes, or bytes. */
static bool read_text_type(const char *text, numpy_array *a)
{
    bool is_wide = text[1] == 'U';
    char *end;
    if ((text[1] != 'U' && text[1] != 'S') || !isdigit((unsigned char)text[2]))
        return false;
    unsigned long n = strtoul(text + 2, &end, 10);
    if (*end || n < 1 || n > NUMPY_ITEM_LIMIT / (is_wide ? 4 : 1))
        return false;
    a->kind = text[1];
    a->item_bytes = n * (is_wide ? 4 : 1);
    return true;
}

/* "<f4" and its like; false where the type is not taken. */
static bool read_type(const char *text, numpy_array *a)
{
    static const char *const taken[] = {"b1", "u1", "i1", "u2", "i2", "u4", "i4",
                                        "u8", "i8", "f2", "f4", "f8", NULL};
    if (!text[0] || !strchr("<>|=", text[0]))
        return false;
    a->is_big_endian = text[0] == '>';
    for (int i = 0; taken[i]; i++)
        if (strcmp(text + 1, taken[i]) == 0) {
            a->kind = taken[i][0];
            a->item_bytes = (size_t)(taken[i][1] - '0');
            return true;
        }
    return read_text_type(text, a);
}

static bool scan_header(header_text *s, const char *name, numpy_array *a, fail *f)
{
    bool has_type = false, has_order = false, has_shape = false;
    char key[16], type[64];
    bool is_good = skip(s, "{");
    while (is_good && !skip(s, "}")) {
        is_good = scan_text(s, key, sizeof key) && skip(s, ":");
        if (is_good && strcmp(key, "descr") == 0) {
            is_good = has_type = scan_text(s, type, sizeof type);
        } else if (is_good && strcmp(key, "fortran_order") == 0) {
            a->is_fortran = skip(s, "True");
            is_good = has_order = a->is_fortran || skip(s, "False");
        } else if (is_good && strcmp(key, "shape") == 0) {
            is_good = has_shape = scan_shape(s, a);
        } else {
            is_good = false;
        }
        if (is_good && !skip(s, ",") && *s->at != '}')
            is_good = false;
    }
    if (!is_good || !has_type || !has_order || !has_shape)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s: its header cannot be read: an array of numbers with at most %d "
                        "dimensions is needed.",
                        name, NUMPY_DIMENSIONS_LIMIT);
    if (!read_type(type, a))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s has values of type %.20s; integers, floats up to 64 bits and booleans "
                        "are taken, and texts (U, S) as labels.%s",
                        name, type,
                        strchr(type, 'O') ? " Texts are of such a type after "
                                            "numpy.array(labels, dtype=str)."
                                          : "");
    return true;
}

bool numpy_array_read_header(dataset_source *s, numpy_array *out, fail *f)
{
    uint8_t prefix[PREFIX_BYTES], size[4] = {0};
    if (!source_read_all(s, prefix, sizeof prefix, f))
        return false;
    if (memcmp(prefix, "\x93NUMPY", 6) != 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s does not start like a .npy file.", s->name);
    if (prefix[6] < 1 || prefix[6] > 3)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has .npy version %d; 1 to 3 are taken.", s->name,
                        prefix[6]);
    if (!source_read_all(s, size, prefix[6] == 1 ? 2 : 4, f))
        return false;
    uint32_t n =
        size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
    if (n > HEADER_BYTES_LIMIT)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has a header of %u bytes; at most %d are taken.",
                        s->name, n, HEADER_BYTES_LIMIT);
    char *text = calloc(n + 1, 1);
    if (!text)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %u bytes.", n);
    numpy_array a = {0};
    header_text scan = {text};
    bool is_good = source_read_all(s, text, n, f) && scan_header(&scan, s->name, &a, f);
    free(text);
    if (is_good)
        *out = a;
    return is_good;
}
