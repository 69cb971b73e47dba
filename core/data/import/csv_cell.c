#include "core/data/import/csv_cell.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 64, DIGITS_LIMIT = 19, POWER_LIMIT = 32 };

/* ---- numbers ---- */

__extension__ typedef unsigned __int128 wide;

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

/* 10^p is mantissa * 2^(exponent - 63), cut after 64 bits. */
typedef struct power {
    uint64_t mantissa;
    int exponent;
} power;

static const power POWERS[2 * POWER_LIMIT + 1] = {
    {0xCFB11EAD453994BA, -107}, {0x81CEB32C4B43FCF4, -103}, {0xA2425FF75E14FC31, -100},
    {0xCAD2F7F5359A3B3E, -97},  {0xFD87B5F28300CA0D, -94},  {0x9E74D1B791E07E48, -90},
    {0xC612062576589DDA, -87},  {0xF79687AED3EEC551, -84},  {0x9ABE14CD44753B52, -80},
    {0xC16D9A0095928A27, -77},  {0xF1C90080BAF72CB1, -74},  {0x971DA05074DA7BEE, -70},
    {0xBCE5086492111AEA, -67},  {0xEC1E4A7DB69561A5, -64},  {0x9392EE8E921D5D07, -60},
    {0xB877AA3236A4B449, -57},  {0xE69594BEC44DE15B, -54},  {0x901D7CF73AB0ACD9, -50},
    {0xB424DC35095CD80F, -47},  {0xE12E13424BB40E13, -44},  {0x8CBCCC096F5088CB, -40},
    {0xAFEBFF0BCB24AAFE, -37},  {0xDBE6FECEBDEDD5BE, -34},  {0x89705F4136B4A597, -30},
    {0xABCC77118461CEFC, -27},  {0xD6BF94D5E57A42BC, -24},  {0x8637BD05AF6C69B5, -20},
    {0xA7C5AC471B478423, -17},  {0xD1B71758E219652B, -14},  {0x83126E978D4FDF3B, -10},
    {0xA3D70A3D70A3D70A, -7},   {0xCCCCCCCCCCCCCCCC, -4},   {0x8000000000000000, 0},
    {0xA000000000000000, 3},    {0xC800000000000000, 6},    {0xFA00000000000000, 9},
    {0x9C40000000000000, 13},   {0xC350000000000000, 16},   {0xF424000000000000, 19},
    {0x9896800000000000, 23},   {0xBEBC200000000000, 26},   {0xEE6B280000000000, 29},
    {0x9502F90000000000, 33},   {0xBA43B74000000000, 36},   {0xE8D4A51000000000, 39},
    {0x9184E72A00000000, 43},   {0xB5E620F480000000, 46},   {0xE35FA931A0000000, 49},
    {0x8E1BC9BF04000000, 53},   {0xB1A2BC2EC5000000, 56},   {0xDE0B6B3A76400000, 59},
    {0x8AC7230489E80000, 63},   {0xAD78EBC5AC620000, 66},   {0xD8D726B7177A8000, 69},
    {0x878678326EAC9000, 73},   {0xA968163F0A57B400, 76},   {0xD3C21BCECCEDA100, 79},
    {0x84595161401484A0, 83},   {0xA56FA5B99019A5C8, 86},   {0xCECB8F27F4200F3A, 89},
    {0x813F3978F8940984, 93},   {0xA18F07D736B90BE5, 96},   {0xC9F2C9CD04674EDE, 99},
    {0xFC6F7C4045812296, 102},  {0x9DC5ADA82B70B59D, 106},
};

/* As the first step of Eisel and Lemire (Lemire 2021): the 64 highest bits of the product are its
 * own or one less, which rounds to the same double unless what is cut off is about a half. */
static bool compute(const csv_digits *x, double *value)
{
    if (x->n_digits > DIGITS_LIMIT || x->power < -POWER_LIMIT || x->power > POWER_LIMIT)
        return false;
    if (x->digits == 0) {
        *value = x->is_negative ? -0.0 : 0.0;
        return true;
    }
    const power *p = &POWERS[x->power + POWER_LIMIT];
    int n_zeros = __builtin_clzll(x->digits);
    wide product = (wide)(x->digits << n_zeros) * p->mantissa;
    uint64_t high = (uint64_t)(product >> 64);
    int n_cut = high >> 63 ? 11 : 10;
    uint64_t cut = high & ((1ULL << n_cut) - 1), half = 1ULL << (n_cut - 1);
    if (cut + 2 >= half && cut <= half + 1)
        return false;
    uint64_t kept = (high >> n_cut) + (cut > half);
    int exponent = p->exponent + 1 - n_zeros + n_cut;
    uint64_t bits = ((uint64_t)(exponent + 52 + 1023) << 52) + (kept - (1ULL << 52));
    bits |= (uint64_t)x->is_negative << 63;
    memcpy(value, &bits, sizeof bits);
    return true;
}

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
        bool is_true = cell->n == 4 && strcasecmp(cell->text, "true") == 0;
        bool is_false = cell->n == 5 && strcasecmp(cell->text, "false") == 0;
        *value = is_true;
        return is_true || is_false ? CELL_BOOLEAN : CELL_TEXT;
    }
    bool is_plain = format->decimal == '.' && !format->thousands;
    if (!is_plain && read_written(cell, format->decimal, format->thousands, value))
        return CELL_NUMBER;
    if (format->thousands != '.' && csv_read_number(cell->text, cell->n, value))
        return CELL_NUMBER;
    return is_almost(cell->text) ? CELL_ALMOST : CELL_TEXT;
}

/* ---- texts ---- */

char *csv_cut(const char *text, char *to, size_t n_bytes)
{
    size_t n = strlen(text);
    if (n >= n_bytes)
        for (n = n_bytes - 1; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    memcpy(to, text, n);
    to[n] = '\0';
    return to;
}

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
