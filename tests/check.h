/* check — the checks of a unit test program: count, compare, print both values, go on.
 *
 *     static void adds_up(void) { CHECK_EQUAL_INT(1 + 1, 2); }
 *     static void rounds(void) { CHECK_NEAR(0.1 + 0.2, 0.3, 1e-12); }
 *     CHECK_MAIN("arithmetic", adds_up, rounds)
 *
 * 1. Each case prints `ok NAME/CASE: N checks` or `not ok NAME/CASE: ...`; tests/run.mjs counts
 *    them.
 * 2. A case in which nothing was checked fails, and so does a program without a case.
 * 3. A failed check prints file, line, expression and both values; the case goes on, except after
 *    CHECK_OR_RETURN. The program's exit status is 1 if anything failed.
 * The counters are atomic: checks may run in any thread. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CHECK_UNUSED __attribute__((unused))

static atomic_long check_n_done;
static atomic_long check_n_failed;
static const char *check_skipped; /* why the case that runs cannot be tried here, or NULL */

/* Counts one check; prints where and what if it failed. Returns `passed`. */
CHECK_UNUSED static bool check_count(bool passed, const char *file, int line, const char *what)
{
    atomic_fetch_add(&check_n_done, 1);
    if (!passed) {
        atomic_fetch_add(&check_n_failed, 1);
        printf("%s:%d: failed: %s\n", file, line, what);
    }
    return passed;
}

CHECK_UNUSED static bool check_int(long long actual, long long expected, const char *file, int line,
                                   const char *what)
{
    bool passed = check_count(actual == expected, file, line, what);
    if (!passed)
        printf("    actual %lld, expected %lld\n", actual, expected);
    return passed;
}

CHECK_UNUSED static bool check_string(const char *actual, const char *expected, const char *file,
                                      int line, const char *what)
{
    bool equal = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
    bool passed = check_count(equal, file, line, what);
    if (!passed)
        printf("    actual   \"%s\"\n    expected \"%s\"\n", actual ? actual : "(null)",
               expected ? expected : "(null)");
    return passed;
}

/* `text` contains `part`. */
CHECK_UNUSED static bool check_contains(const char *text, const char *part, const char *file,
                                        int line, const char *what)
{
    bool passed = check_count(text && strstr(text, part) != NULL, file, line, what);
    if (!passed)
        printf("    \"%s\"\n    does not contain \"%s\"\n", text ? text : "(null)", part);
    return passed;
}

/* |actual - expected| <= bound; NaN is never near anything. */
CHECK_UNUSED static bool check_bound(double actual, double expected, double bound, const char *file,
                                     int line, const char *what)
{
    bool passed = check_count(fabs(actual - expected) <= bound, file, line, what);
    if (!passed)
        printf("    actual %.17g, expected %.17g, difference %.3g, allowed %.3g\n", actual,
               expected, actual - expected, bound);
    return passed;
}

CHECK_UNUSED static bool check_near(double actual, double expected, double relative,
                                    const char *file, int line, const char *what)
{
    double bound = relative * fmax(fabs(actual), fabs(expected));
    return check_bound(actual, expected, bound, file, line, what);
}

CHECK_UNUSED static bool check_bytes(const void *actual, const void *expected, size_t n_bytes,
                                     const char *file, int line, const char *what)
{
    const unsigned char *a = (const unsigned char *)actual, *b = (const unsigned char *)expected;
    size_t i = 0;
    while (i < n_bytes && a[i] == b[i])
        i++;
    bool passed = check_count(i == n_bytes, file, line, what);
    if (!passed)
        printf("    byte %zu of %zu: actual %02x, expected %02x\n", i, n_bytes, a[i], b[i]);
    return passed;
}

CHECK_UNUSED static bool check_failure(int actual_code, int expected_code, const char *actual_field,
                                       const char *expected_field, const char *sentence,
                                       const char *file, int line, const char *what)
{
    bool passed =
        check_count(actual_code == expected_code && strcmp(actual_field, expected_field) == 0, file,
                    line, what);
    if (!passed)
        printf("    actual code %d field \"%s\" (%s)\n    expected code %d field \"%s\"\n",
               actual_code, actual_field, sentence, expected_code, expected_field);
    return passed;
}

#define CHECK(condition) check_count((condition), __FILE__, __LINE__, #condition)

/* Leaves the case (a void function) if the condition is false. */
#define CHECK_OR_RETURN(condition)                                                                 \
    do {                                                                                           \
        if (!check_count((condition), __FILE__, __LINE__, #condition))                             \
            return;                                                                                \
    } while (0)

/* Whole numbers alone: a real one, which would be cut, does not compile. */
#define CHECK_EQUAL_INT(actual, expected)                                                          \
    check_int((long long)((actual) | 0), (long long)((expected) | 0), __FILE__, __LINE__,          \
              #actual " == " #expected)

#define CHECK_EQUAL_STRING(actual, expected)                                                       \
    check_string((actual), (expected), __FILE__, __LINE__, #actual " == " #expected)

#define CHECK_CONTAINS(text, part)                                                                 \
    check_contains((text), (part), __FILE__, __LINE__, #text " contains " #part)

/* Relative to the larger magnitude: |a - b| <= relative * max(|a|, |b|). */
#define CHECK_NEAR(actual, expected, relative)                                                     \
    check_near((double)(actual), (double)(expected), (double)(relative), __FILE__, __LINE__,       \
               #actual " ~ " #expected)

#define CHECK_WITHIN(actual, expected, absolute)                                                   \
    check_bound((double)(actual), (double)(expected), (double)(absolute), __FILE__, __LINE__,      \
                #actual " ~ " #expected)

#define CHECK_EQUAL_BYTES(actual, expected, n_bytes)                                               \
    check_bytes((actual), (expected), (n_bytes), __FILE__, __LINE__, #actual " == " #expected)

/* `call` succeeds; if not, prints what the fail `f` (a struct, not a pointer) says. */
#define CHECK_OK(call, f)                                                                          \
    (check_count((call), __FILE__, __LINE__, #call)                                                \
         ? true                                                                                    \
         : (printf("    %s: %s\n", (f).field, (f).sentence), false))

/* `call` fails with this code and field. */
#define CHECK_FAILS(call, f, expected_code, expected_field)                                        \
    (check_count(!(call), __FILE__, __LINE__, "fails: " #call)                                     \
         ? check_failure((int)(f).code, (int)(expected_code), (f).field, (expected_field),         \
                         (f).sentence, __FILE__, __LINE__, #call)                                  \
         : false)

/* Leaves the case (a void function), which cannot be tried here: it counts as skipped, not good. */
#define CHECK_SKIP(why)                                                                            \
    do {                                                                                           \
        check_skipped = (why);                                                                     \
        return;                                                                                    \
    } while (0)

/* Runs one case, whose name is the next word of `names`; returns where the following one starts. */
CHECK_UNUSED static const char *check_case(const char *program, const char *names,
                                           void (*function)(void))
{
    names += strspn(names, ", \n\t");
    int length = (int)strcspn(names, ", \n\t");
    long n_done = atomic_load(&check_n_done), n_failed = atomic_load(&check_n_failed);
    check_skipped = NULL;
    function();
    n_done = atomic_load(&check_n_done) - n_done;
    n_failed = atomic_load(&check_n_failed) - n_failed;
    if (n_done == 0 && check_skipped) {
        printf("skip %s/%.*s: %s\n", program, length, names, check_skipped);
    } else if (n_done == 0) {
        atomic_fetch_add(&check_n_failed, 1);
        printf("not ok %s/%.*s: nothing was checked\n", program, length, names);
    } else if (n_failed > 0) {
        printf("not ok %s/%.*s: %ld of %ld checks failed\n", program, length, names, n_failed,
               n_done);
    } else {
        printf("ok %s/%.*s: %ld checks\n", program, length, names, n_done);
    }
    fflush(stdout);
    return names + length;
}

/* Prints the program's last line; returns its exit status. */
CHECK_UNUSED static int check_finish(const char *program)
{
    long n_done = atomic_load(&check_n_done), n_failed = atomic_load(&check_n_failed);
    if (n_failed > 0 || n_done == 0) {
        printf("FAILED %s: %ld of %ld checks\n", program, n_failed, n_done);
        return 1;
    }
    printf("done %s: %ld checks\n", program, n_done);
    return 0;
}

/* main(): runs the cases (functions `void f(void)`) in the order given. */
#define CHECK_MAIN(program, ...)                                                                   \
    int main(void)                                                                                 \
    {                                                                                              \
        void (*const cases[])(void) = {__VA_ARGS__};                                               \
        const char *names = #__VA_ARGS__;                                                          \
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)                                  \
            names = check_case(program, names, cases[i]);                                          \
        return check_finish(program);                                                              \
    }

#endif
