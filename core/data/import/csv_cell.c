#include "core/data/import/csv_cell.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 64, DIGITS_LIMIT = 19, POWER_LIMIT = 27 };

/* ---- numbers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* sign, digits and power of ten: value = digits * 10^power. */
typedef struct csv_digits {
    uint64_t digits;
    int n_digits, power; /* n_digits: of those that count */
    bool is_negative;
} csv_digits;

/* Eight digits at once (Lemire 2019, little-endian), or false: another character is among them. */
static bool read_eight(const char *text, uint64_t *value)
{
    uint64_t c;
    memcpy(&c, text, sizeof c);
    uint64_t above = c + 0x4646464646464646, below = c - 0x3030303030303030;
    if ((above | below) & 0x8080808080808080)
        return false;
    c = below * 10 + (below >> 8);
    *value = ((c & 0x000000FF000000FF) * 0x000F424000000064 +
              (c >> 16 & 0x000000FF000000FF) * 0x0000271000000001) >>
             32;
    return true;
}

/* As many digits as eight at a time make, where they count and have room. */
static int read_eights(const char **at, const char *end, csv_digits *out)
{
    int n = 0;
    uint64_t eight;
    while (end - *at >= 8 && out->digits > 0 && out->n_digits + 8 <= DIGITS_LIMIT &&
           read_eight(*at, &eight)) {
        out->digits = 100000000 * out->digits + eight;
        out->n_digits += 8;
        *at += 8;
        n += 8;
    }
    return n;
}

/* The digits of a whole part and a fraction; *at moves behind them. */
static bool read_digits(const char **at, const char *end, csv_digits *out)
{
    const char *c = *at;
    bool has_point = false;
    int n = 0;
    for (; c < end && (is_digit(*c) || (*c == '.' && !has_point)); c++) {
        if (*c == '.') {
            has_point = true;
            continue;
        }
        n++;
        out->power -= has_point;
        out->n_digits += out->digits > 0 || *c != '0';
        if (out->n_digits <= DIGITS_LIMIT)
            out->digits = 10 * out->digits + (uint64_t)(*c - '0');
        const char *behind = c + 1;
        int n_more = read_eights(&behind, end, out);
        n += n_more;
        out->power -= has_point ? n_more : 0;
        c = behind - 1;
    }
    *at = c;
    return n > 0;
}

static bool read_exponent(const char **at, const char *end, csv_digits *out)
{
    const char *c = *at;
    if (c == end || (*c != 'e' && *c != 'E'))
        return true;
    bool is_negative = ++c < end && *c == '-';
    c += c < end && (*c == '-' || *c == '+');
    int power = 0, n = 0;
    for (; c < end && is_digit(*c); c++, n++)
        power = power < 10000 ? 10 * power + (*c - '0') : power;
    out->power += is_negative ? -power : power;
    *at = c;
    return n > 0;
}

#if LDBL_MANT_DIG == 64
static const long double POWERS[POWER_LIMIT + 1] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
    1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
    1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

/* Digits and power are exact in 64 bits, so that their product is rounded once; to round it again,
 * to 53, is right unless it lies halfway between two doubles, or one step of the 64 from there. */
static bool compute(const csv_digits *x, double *value)
{
    if (x->n_digits > DIGITS_LIMIT || x->power < -POWER_LIMIT || x->power > POWER_LIMIT)
        return false;
    long double product = x->power < 0 ? (long double)x->digits / POWERS[-x->power]
                                       : (long double)x->digits * POWERS[x->power];
    uint64_t mantissa;
    memcpy(&mantissa, &product, sizeof mantissa);
    uint64_t below = mantissa & 0x7FF;
    if (below >= 0x3FF && below <= 0x401)
        return false;
    *value = (double)(x->is_negative ? -product : product);
    return true;
}
#else
static bool compute(const csv_digits *x, double *value)
{
    if (x->n_digits > 15 || x->power != 0)
        return false;
    *value = x->is_negative ? -(double)x->digits : (double)x->digits;
    return true;
}
#endif

bool csv_read_number(const char *text, size_t n, double *value)
{
    const char *at = text, *end = text + n;
    csv_digits x = {.is_negative = n > 0 && *text == '-'};
    at += n > 0 && (*text == '-' || *text == '+');
    if (!read_digits(&at, end, &x) || !read_exponent(&at, end, &x) || at != end)
        return false;
    if (compute(&x, value))
        return true;
    *value = strtod(text, NULL);
    return isfinite(*value);
}

/* ---- other ways to write them ---- */

/* Copies digits in groups of three, without what is between them; *at moves behind. */
static bool copy_groups(const char **at, char thousands, char *to, size_t *used)
{
    const char *c = *at;
    size_t n_groups = 0;
    for (;; c++, n_groups++) {
        size_t n = strspn(c, "0123456789");
        if (*used + n >= NUMBER_BYTES || (n_groups > 0 ? n != 3 : n < 1))
            return false;
        if (n_groups == 0 && n > 3 && c[n] == thousands)
            return false;
        memcpy(to + *used, c, n);
        *used += n;
        c += n;
        if (!thousands || *c != thousands)
            break;
    }
    *at = c;
    return true;
}

/* As a C program writes it, or false. */
static bool normalize(const csv_cell *cell, char decimal, char thousands, char to[NUMBER_BYTES],
                      size_t *n)
{
    const char *at = cell->text;
    *n = 0;
    if (cell->n >= NUMBER_BYTES)
        return false;
    if (*at == '-' || *at == '+')
        to[(*n)++] = *at++;
    if (*at != decimal && !copy_groups(&at, thousands, to, n))
        return false;
    if (*at == decimal) {
        to[(*n)++] = '.';
        at++;
    }
    size_t rest = strlen(at);
    if (*n + rest >= NUMBER_BYTES || strspn(at, "0123456789eE+-") != rest)
        return false;
    memcpy(to + *n, at, rest + 1);
    *n += rest;
    return true;
}

static bool read_written(const csv_cell *cell, char decimal, char thousands, double *value)
{
    char plain[NUMBER_BYTES];
    size_t n;
    return normalize(cell, decimal, thousands, plain, &n) && csv_read_number(plain, n, value);
}

bool csv_is_decimal(const csv_cell *cell, char decimal)
{
    double ignored;
    return strchr(cell->text, decimal) &&
           (read_written(cell, decimal, '\0', &ignored) ||
            read_written(cell, decimal, decimal == ',' ? '.' : ',', &ignored));
}

bool csv_is_grouped(const csv_cell *cell, char thousands)
{
    double ignored;
    char decimal = thousands == '.' ? ',' : '.';
    return strchr(cell->text, thousands) && read_written(cell, decimal, thousands, &ignored);
}

/* Digits, with only signs about them: currency, bounds, percent, separators of any kind. A date or
 * a range (two numbers with - : / between) is none. */
static bool is_almost(const char *text)
{
    static const char *const before[] = {
        "$", "<", ">", "=", "~", "+", "-", " ", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", NULL};
    static const char *const after[] = {"%",        "$",        " ", "\xE2\x82\xAC",
                                        "\xC2\xA3", "\xC2\xA5", "*", NULL};
    const char *at = text;
    for (int i = 0; before[i];)
        i = strncmp(at, before[i], strlen(before[i])) == 0 ? (at += strlen(before[i]), 0) : i + 1;
    at += *at == '.' || *at == ',';
    if (!is_digit(*at) || strspn(text, "+-0123456789.eE") == strlen(text))
        return false; /* 1e999 or 1-2 is no number, however it were written */
    at += strspn(at, "0123456789.,'_");
    for (; at[0] == ' ' && is_digit(at[1]); at += strspn(at, "0123456789.,"))
        at++;
    if ((*at == 'e' || *at == 'E') && at[1 + strspn(at + 1, "+-")])
        at += 1 + strspn(at + 1, "+-0123456789");
    for (int i = 0; after[i];)
        i = strncmp(at, after[i], strlen(after[i])) == 0 ? (at += strlen(after[i]), 0) : i + 1;
    return *at == '\0';
}

/* ---- cells ---- */

static bool is_token(const csv_format *format, const csv_cell *cell)
{
    for (size_t i = 0; i < format->n_tokens; i++)
        if (cell->n == format->tokens[i].n &&
            memcmp(cell->text, format->tokens[i].text, cell->n) == 0)
            return true;
    return false;
}

bool csv_cell_is_missing(const csv_format *format, const csv_cell *cell)
{
    return format->starts[(unsigned char)*cell->text] && is_token(format, cell);
}

csv_kind csv_cell_read(const csv_format *format, const csv_cell *cell, double *value)
{
    char c = *cell->text;
    if (csv_cell_is_missing(format, cell))
        return CELL_MISSING;
    if (((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        bool is_true = strcasecmp(cell->text, "true") == 0;
        *value = is_true;
        return is_true || strcasecmp(cell->text, "false") == 0 ? CELL_BOOLEAN : CELL_TEXT;
    }
    bool is_plain = format->decimal == '.' && !format->thousands;
    if (!is_plain && read_written(cell, format->decimal, format->thousands, value))
        return CELL_NUMBER;
    if (format->thousands != '.' && csv_read_number(cell->text, cell->n, value))
        return CELL_NUMBER;
    return is_almost(cell->text) ? CELL_ALMOST : CELL_TEXT;
}

/* ---- lists ---- */

bool csv_read_list(const char *list, csv_cell **cells, size_t *n)
{
    size_t n_most = 1, n_bytes = strlen(list) + 1;
    for (const char *c = list; *c; c++)
        n_most += *c == ',';
    csv_cell *out = malloc(n_most * sizeof *out + n_bytes);
    if (!out)
        return false;
    char *to = (char *)(out + n_most);
    bool is_quoted = false;
    *n = 1;
    out[0] = (csv_cell){to, 0};
    for (const char *c = list; *c; c++) {
        if (*c == '"' && is_quoted && c[1] == '"')
            *to++ = *c++;
        else if (*c == '"')
            is_quoted = !is_quoted;
        else if (*c == ',' && !is_quoted) {
            *to++ = '\0';
            out[(*n)++] = (csv_cell){to, 0};
        } else
            *to++ = *c;
    }
    *to = '\0';
    for (size_t i = 0; i < *n; i++)
        out[i].n = strlen(out[i].text);
    *cells = out;
    return true;
}
