/* Arrays of text (NumPy's U and S) as labels. */
#include "core/data/import/label.h"
#include "core/data/import/numpy_array.h"

#include <string.h>

/* Bytes of the code point in UTF-8, written to out; 0: it is none. */
static size_t put_letter(uint32_t c, char *out)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(marks[n] | c);
    return n;
}

static uint32_t letter_at(const uint8_t *at, bool is_big_endian)
{
    uint32_t c = 0;
    for (int i = 0; i < 4; i++)
        c |= (uint32_t)at[i] << 8 * (is_big_endian ? 3 - i : i);
    return c;
}

/* UTF-8 of the item, up to the zeros that fill it; *n_bytes. False where a letter is none. */
static bool read_item(const numpy_array *a, const uint8_t *item, char *text, size_t *n_bytes)
{
    size_t step = a->kind == 'U' ? 4 : 1, n = a->item_bytes;
    static const uint8_t zeros[4];
    while (n > 0 && memcmp(item + n - step, zeros, step) == 0)
        n -= step;
    *n_bytes = 0;
    for (size_t i = 0; i < n; i += step) {
        uint32_t c = step == 4 ? letter_at(item + i, a->is_big_endian) : item[i];
        size_t n_letter = step == 4 ? put_letter(c, text + *n_bytes) : 1;
        if (n_letter == 0)
            return false;
        if (step == 1)
            text[*n_bytes] = (char)c;
        *n_bytes += n_letter;
    }
    return true;
}

bool numpy_array_read_texts(dataset_source *s, const numpy_array *a, dataset_load *load,
                            dataset_load_part *part, fail *f)
{
    uint8_t item[NUMPY_ITEM_LIMIT];
    char text[NUMPY_ITEM_LIMIT];
    size_t n = (size_t)a->shape[0], n_bytes;
    if (!label_reserve(part, n, f))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!source_read_all(s, item, a->item_bytes, f))
            return false;
        if (!read_item(a, item, text, &n_bytes))
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "%s: the label of row %zu (from 0) has a letter that is none.", s->name,
                            i);
        if (!label_put(load, part, i, text, n_bytes, s->name, f))
            return false;
    }
    return source_check_end(s, f);
}
