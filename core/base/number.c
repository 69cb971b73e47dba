#include "core/base/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* %g as JSON wants it: a point whatever the locale says, an exponent without plus sign and leading
 * zeros. */
static void tidy_number(char *text)
{
    char *out = text;
    bool in_exponent = false;
    for (const char *p = text; *p; p++) {
        if (*p == 'e') {
            in_exponent = true;
            *out++ = 'e';
            if (p[1] == '-')
                *out++ = '-';
            p += strspn(p + 1, "+-0");
        } else if ((*p >= '0' && *p <= '9') || *p == '-' || in_exponent) {
            *out++ = *p;
        } else if (out > text && out[-1] != '.') {
            *out++ = '.';
        }
    }
    *out = '\0';
}

static bool reads_back(const char *text, double value, bool is_float)
{
    if (is_float) {
        float f = strtof(text, NULL);
        return f >= (float)value && f <= (float)value;
    }
    double d = strtod(text, NULL);
    return d >= value && d <= value;
}

/* The digits of a decimal: value = digits * 10^(exponent - (n - 1)), digits has n digits. */
typedef struct decimal {
    bool negative;
    uint64_t digits;
    int n, exponent;
} decimal;

static int count_digits(uint64_t digits)
{
    int n = 1;
    while (digits /= 10)
        n++;
    return n;
}

/* As %.*g writes it: fixed where -5 < exponent < precision, no zeros at the end. */
static void write_decimal(char text[NUMBER_BYTES], decimal d, int precision)
{
    char digits[24], *out = text;
    while (d.digits % 10 == 0 && d.n > 1) {
        d.digits /= 10;
        d.n--;
    }
    for (int i = d.n; i-- > 0; d.digits /= 10)
        digits[i] = (char)('0' + d.digits % 10);
    if (d.negative)
        *out++ = '-';
    bool fixed = d.exponent > -5 && d.exponent < precision;
    int point = fixed ? d.exponent + 1 : 1; /* digits before it */
    if (point <= 0) {
        *out++ = '0';
        *out++ = '.';
        for (int i = point; i < 0; i++)
            *out++ = '0';
    }
    for (int i = 0; i < d.n || i < point; i++) {
        if (i == point && i > 0)
            *out++ = '.';
        *out++ = i < d.n ? digits[i] : '0';
    }
    if (fixed)
        *out = '\0';
    else
        snprintf(out, 8, "e%d", d.exponent);
}

/* The decimal with its last digits cut off by rounding to `n` digits, and `more` added to the last
 * one kept. */
static decimal round_decimal(decimal d, int n, int more)
{
    uint64_t unit = 1;
    for (int i = n; i < d.n; i++)
        unit *= 10;
    decimal rounded = {d.negative, (d.digits + unit / 2) / unit + (uint64_t)more, n, d.exponent};
    if (count_digits(rounded.digits) > n) { /* 9.99 became 10.0 */
        rounded.digits /= 10;
        rounded.exponent++;
    }
    return rounded;
}

static bool try_digits(char text[NUMBER_BYTES], decimal d, int n, int more, double value)
{
    write_decimal(text, round_decimal(d, n, more), n);
    return reads_back(text, value, false);
}

static decimal read_decimal(double value)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%.16e", fabs(value));
    decimal d = {.negative = signbit(value),
                 .n = 17,
                 .exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10)};
    for (const char *p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            d.digits = d.digits * 10 + (uint64_t)(*p - '0');
    return d;
}

/* 17 digits always read back; 15 do only if the two others are near 00 (half a unit in the last
 * place of a double is at most 11.2 of the 17th digit). At a power of two the gap below is half the
 * gap above: the nearest decimal of 16 digits may lie outside the interval that reads back while
 * its neighbour above lies inside (2^-44 is 5.684341886080802e-14). */
static void write_shortest_double(char text[NUMBER_BYTES], double value)
{
    int exponent;
    decimal d = read_decimal(value);
    uint64_t rest = d.digits % 100;
    bool is_power = fabs(frexp(value, &exponent)) <= 0.5;
    if ((rest <= 12 || rest >= 88) && try_digits(text, d, 15, 0, value))
        return;
    if (try_digits(text, d, 16, 0, value) || (is_power && try_digits(text, d, 16, 1, value)))
        return;
    if (d.digits % 10 == 5 &&
        try_digits(text, d, 16, -1, value)) /* 17 digits were rounded already */
        return;
    write_decimal(text, d, 17);
}

/* Few digits suffice for floats and for numbers too small to have all their bits: try them all. */
static void write_shortest(char text[NUMBER_BYTES], double value, bool is_float)
{
    double least_normal = is_float ? (double)FLT_MIN : DBL_MIN;
    if (!is_float && fabs(value) >= least_normal) {
        write_shortest_double(text, value);
        return;
    }
    int digits = fabs(value) < least_normal ? 1 : FLT_DIG,
        most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    for (; digits <= most; digits++) {
        snprintf(text, NUMBER_BYTES, "%.*g", digits, value);
        if (reads_back(text, value, is_float))
            break;
    }
    tidy_number(text);
}

size_t number_write_integer(int64_t value, char text[NUMBER_BYTES])
{
    char reversed[24];
    size_t n = 0, length = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        reversed[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        text[length++] = '-';
    while (n)
        text[length++] = reversed[--n];
    text[length] = '\0';
    return length;
}

static size_t write_number(char text[NUMBER_BYTES], double value, bool is_float)
{
    *text = '\0';
    if (!isfinite(value))
        return 0;
    bool is_small = value > -1e15 && value < 1e15;
    if (is_small && !(value >= 0 && value <= 0 && signbit(value))) {
        double whole = (double)(int64_t)value;
        if (whole >= value && whole <= value)
            return number_write_integer((int64_t)value, text);
    }
    write_shortest(text, value, is_float);
    return strlen(text);
}

size_t number_write(double value, char text[NUMBER_BYTES])
{
    return write_number(text, value, false);
}

size_t number_write_float(float value, char text[NUMBER_BYTES])
{
    return write_number(text, (double)value, true);
}
