#include "server/study/phrases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *phrases_plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- numbers ---- */

/* 0.000042 and 1234, not 4.2e-05 and 1.2e+03, which is how %g has them. */
void phrases_add_number(double x, int digits, buffer *out)
{
    char text[64];
    double size = fabs(x);
    if (size >= 1 && size < 1e15 && log10(size) >= digits)
        digits = (int)floor(log10(size)) + 1;
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (size < 1e-4 && size >= 1e-9) {
        int decimals = digits - 1 - (int)floor(log10(size));
        int n = snprintf(text, sizeof text, "%.*f", decimals, x);
        while (n > 0 && text[n - 1] == '0')
            text[--n] = '\0';
    }
    for (const char *c = text; *c; c++)
        buffer_add_format(out, *c == '-' ? "−" : "%c", *c);
}

int phrases_interval_digits(double low, double high, int least)
{
    double half = (high - low) / 2, size = fmax(fabs(low), fabs(high));
    if (!(half > 0) || !isfinite(half))
        return least;
    double digits = 2 + floor(log10(size)) - floor(log10(half));
    return digits < least ? least : digits > 9 ? 9 : (int)digits;
}

void phrases_add_p(double p, buffer *out)
{
    if (p < 1e-4) {
        buffer_add_text(out, "p < 0.0001");
        return;
    }
    char text[40];
    for (int digits = 2; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, p);
        if ((strtod(text, NULL) < STATS_LEVEL) == (p < STATS_LEVEL))
            break;
    }
    buffer_add_format(out, "p = %s", text);
}

/* ---- metrics ---- */

/* "val_loss": what the beginning and the rest of a name are called. */
static const char *const BEGINNINGS[][2] = {{"val_", "validation "},
                                            {"mc_test_", "test "},
                                            {"test_", "test "},
                                            {"train_", "training "},
                                            {"batch_", "minibatch "}};
static const char *const RESTS[][2] = {
    {"ece", "calibration error"}, {"r2", "R²"}, {"rmse", "RMSE"}, {"brier", "Brier score"}};

static void add_spaced(const char *name, buffer *out)
{
    for (const char *c = name; *c; c++)
        buffer_add_format(out, "%c", *c == '_' || *c == '.' ? ' ' : *c);
}

static void add_rest(const char *rest, buffer *out)
{
    for (size_t i = 0; i < sizeof RESTS / sizeof *RESTS; i++)
        if (strcmp(rest, RESTS[i][0]) == 0) {
            buffer_add_text(out, RESTS[i][1]);
            return;
        }
    add_spaced(rest, out);
}

void phrases_add_metric_name(const char *name, buffer *out)
{
    static const char LAYERS[] = "layers.";
    if (strncmp(name, LAYERS, sizeof LAYERS - 1) == 0) {
        const char *number = name + sizeof LAYERS - 1, *dot = strchr(number, '.');
        add_rest(dot ? dot + 1 : number, out);
        buffer_add_format(out, " of layer %.*s", dot ? (int)(dot - number) : 0, number);
        return;
    }
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++) {
        size_t length = strlen(BEGINNINGS[i][0]);
        if (strncmp(name, BEGINNINGS[i][0], length) != 0)
            continue;
        buffer_add_text(out, BEGINNINGS[i][1]);
        add_rest(name + length, out);
        if (strncmp(name, "mc_", 3) == 0)
            buffer_add_text(out, " over sampled masks");
        return;
    }
    add_rest(name, out);
}

void phrases_add_metric(const study_options *o, buffer *out)
{
    if (!o->of) {
        phrases_add_metric_name(o->metric, out);
        return;
    }
    buffer_add_text(out, "epochs to a ");
    phrases_add_metric_name(o->of, out);
    buffer_add_text(out, " of ");
    phrases_add_number(o->target, 4, out);
}

/* ---- levels, arms, contexts ---- */

static bool is_off(const study_factor *factor, const study_level *level)
{
    return factor->is_regularizer && level->is_default;
}

/* Lists become 128-128, objects (shift 1, flip true); names keep their spelling. */
static void add_plain(const char *plain, buffer *out)
{
    bool is_list = *plain == '[', is_object = *plain == '{';
    for (const char *c = plain; *c; c++)
        switch (*c) {
        case '[':
        case ']':
            break;
        case '{':
            buffer_add_text(out, "(");
            break;
        case '}':
            buffer_add_text(out, ")");
            break;
        case ',':
            buffer_add_text(out, is_list ? "-" : ", ");
            break;
        case '_':
        case '=':
            buffer_add_format(out, "%c", is_object ? ' ' : *c);
            break;
        default:
            buffer_add(out, c, 1);
        }
}

/* Values that say no more than yes or no, or nothing. */
static const char *switch_word(const char *plain)
{
    if (strcmp(plain, "true") == 0)
        return "";
    return strcmp(plain, "false") == 0 || strcmp(plain, "none") == 0 ? "no " : NULL;
}

void phrases_add_level(const study_factor *factor, const study_level *level, buffer *out)
{
    const char *word = is_off(factor, level) ? "no " : switch_word(level->plain);
    if (word) {
        buffer_add_text(out, word);
        add_spaced(factor->name, out);
        return;
    }
    add_spaced(factor->name, out);
    buffer_add_text(out, strcmp(level->plain, "[]") == 0 ? " none" : " ");
    add_plain(level->plain, out);
}

/* Is this treatment told by the arm's variant? */
static bool is_told(const study_factor *factor, const char *variant)
{
    return variant && factor->is_of_variants;
}

/* The treatments that are off, where nothing else is to be told. */
static void add_all_off(const arms *a, const arm *x, buffer *out)
{
    size_t n = 0;
    for (int i = 0; i < a->table->n_factors; i++) {
        const study_factor *factor = &a->table->factors[i];
        if (factor->role != QUESTION_TREATMENT || !is_off(factor, arms_level_of(a, x, i)))
            continue;
        buffer_add_text(out, n++ ? " or " : "no ");
        add_spaced(factor->name, out);
    }
    if (n == 0)
        buffer_add_text(out, "all runs");
}

void phrases_add_arm(const arms *a, const arm *x, buffer *out)
{
    const char *variant = a->table->configs[x->configs[0]].variant;
    size_t n = 0;
    if (variant) {
        buffer_add_text(out, variant);
        n++;
    }
    for (int i = 0; i < a->table->n_factors; i++) {
        const study_factor *factor = &a->table->factors[i];
        const study_level *level = arms_level_of(a, x, i);
        if (factor->role != QUESTION_TREATMENT || is_told(factor, variant) || is_off(factor, level))
            continue;
        buffer_add_text(out, n++ ? " with " : "");
        phrases_add_level(factor, level, out);
    }
    if (n == 0)
        add_all_off(a, x, out);
}

void phrases_add_context(const arms *a, const arms_context *context, buffer *out)
{
    size_t n = 0;
    for (int i = 0; a->n_contexts > 1 && i < a->table->n_factors; i++) {
        if (a->table->factors[i].role != QUESTION_CONTEXT)
            continue;
        buffer_add_text(out, n++ ? " and " : "with ");
        phrases_add_level(&a->table->factors[i], arms_level_of(a, &a->items[context->first_arm], i),
                          out);
    }
}

void phrases_add_about(const arms *a, buffer *out)
{
    bool is_mixed = false;
    for (size_t c = 1; c < a->n_contexts; c++)
        is_mixed = is_mixed || a->contexts[c].about != a->contexts[0].about;
    buffer_add_format(out, "%s, ",
                      is_mixed ? "On the data of each context"
                               : ESTIMAND_ABOUT_WORDS[a->contexts[0].about]);
}

/* ---- lists of arms ---- */

void phrases_list_add(const arms *a, size_t i, phrases_list *list)
{
    size_t context = a->items[i].context;
    if (list->n_contexts == 0 || context != list->last_context)
        list->n_contexts++;
    list->last_context = context;
    if (list->n > 0 && context != a->items[list->named[0]].context)
        return;
    if (list->n < PHRASES_NAMES_LIMIT)
        list->named[list->n] = i;
    list->n++;
}

phrases_kind phrases_kind_of(const arm *x)
{
    static const phrases_kind kinds[ARM_VERDICT_COUNT] = {
        [ARM_BASELINE] = PHRASES_KIND_COUNT, [ARM_VOID] = PHRASES_VOID,
        [ARM_TOO_FEW] = PHRASES_FEW,         [ARM_EQUIVALENT] = PHRASES_EQUAL,
        [ARM_BETTER] = PHRASES_BETTER,       [ARM_WORSE] = PHRASES_WORSE,
        [ARM_NO_EVIDENCE] = PHRASES_UNCLEAR, [ARM_NO_DIRECTION] = PHRASES_KIND_COUNT};
    if (arms_differs_by_little(x))
        return PHRASES_LITTLE;
    if (x->verdict == ARM_NO_EVIDENCE && x->difference.mean != 0 && x->difference.error == 0)
        return PHRASES_UNTESTED;
    return kinds[x->verdict];
}

phrases_list phrases_list_of(const arms *a, const arms_context *context, phrases_kind kind,
                             const arm *except)
{
    phrases_list list = {.n = 0};
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++)
        if (&a->items[i] != except && phrases_kind_of(&a->items[i]) == kind)
            phrases_list_add(a, i, &list);
    return list;
}

phrases_list phrases_list_of_tied(const arms *a, const arms_context *context)
{
    phrases_list list = {.n = 0};
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++)
        if (i != context->baseline && a->items[i].is_tied)
            phrases_list_add(a, i, &list);
    return list;
}

void phrases_add_list(const arms *a, const phrases_list *list, const char *word, buffer *out)
{
    size_t n_named = list->n <= PHRASES_NAMES_LIMIT ? list->n : PHRASES_NAMES_LIMIT - 1;
    for (size_t i = 0; i < n_named; i++) {
        if (i > 0 && i == list->n - 1)
            buffer_add_format(out, " %s ", word);
        else
            buffer_add_text(out, i > 0 ? ", " : "");
        phrases_add_arm(a, &a->items[list->named[i]], out);
    }
    if (n_named < list->n)
        buffer_add_format(out, " %s %zu others", word, list->n - n_named);
}

void phrases_add_list_in_contexts(const arms *a, const phrases_list *list, const char *word,
                                  buffer *out)
{
    phrases_add_list(a, list, word, out);
    if (a->n_contexts < 2 || list->n == 0)
        return;
    buffer_add_text(out, " ");
    phrases_add_context(a, &a->contexts[a->items[list->named[0]].context], out);
    size_t n_more = list->n_contexts - 1;
    if (n_more > 0)
        buffer_add_format(out, " and in %zu other context%s", n_more, phrases_plural(n_more));
}
