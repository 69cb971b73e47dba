#include "core/data/import/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const HEADER_WORDS[] = {
    [HEADER_AUTO] = "auto", [HEADER_YES] = "true", [HEADER_NO] = "false", NULL};
static const char *const DECIMAL_WORDS[] = {[DECIMAL_POINT] = ".", [DECIMAL_COMMA] = ",", NULL};
static const char *const THOUSANDS_WORDS[] = {[THOUSANDS_NONE] = "none",
                                              [THOUSANDS_COMMA] = ",",
                                              [THOUSANDS_POINT] = ".",
                                              [THOUSANDS_APOSTROPHE] = "'",
                                              [THOUSANDS_UNDERSCORE] = "_",
                                              [THOUSANDS_SPACE] = "space",
                                              NULL};
static const char *const IMPUTE_WORDS[] = {
    [IMPUTE_MEAN] = "mean", [IMPUTE_REFUSE] = "refuse", NULL};
static const char *const TASK_WORDS[] = {[CHOICE_AUTO] = "auto",
                                         [CHOICE_CLASSIFICATION] = "classification",
                                         [CHOICE_REGRESSION] = "regression",
                                         NULL};
static const char *const CHANNELS_WORDS[] = {
    [CHANNELS_AUTO] = "auto", [CHANNELS_GRAY] = "1", [CHANNELS_COLOR] = "3", NULL};

#define header_WORDS HEADER_WORDS
#define separator_WORDS DATASET_SEPARATOR_WORDS
#define decimal_WORDS DECIMAL_WORDS
#define thousands_WORDS THOUSANDS_WORDS
#define impute_WORDS IMPUTE_WORDS
#define task_WORDS TASK_WORDS
#define channels_WORDS CHANNELS_WORDS

#define TEXT_ROW(name, what, help)                                                                 \
    {#name, help, OPTION_TEXT, NULL, 0, 0, offsetof(dataset_add_options, name)},
#define CHOICE_ROW(name, list, help)                                                               \
    {#name, help, OPTION_CHOICE, name##_WORDS, 0, 0, offsetof(dataset_add_options, name)},
#define INTEGER_ROW(name, least, most, help)                                                       \
    {#name, help, OPTION_INTEGER, NULL, least, most, offsetof(dataset_add_options, name)},

const dataset_option DATASET_OPTIONS[] = {DATASET_ADD_OPTIONS(TEXT_ROW, CHOICE_ROW, INTEGER_ROW)};
const int DATASET_OPTION_COUNT = (int)(sizeof DATASET_OPTIONS / sizeof *DATASET_OPTIONS);

static const dataset_option *find_option(const char *name)
{
    for (int i = 0; i < DATASET_OPTION_COUNT; i++)
        if (strcmp(DATASET_OPTIONS[i].name, name) == 0)
            return &DATASET_OPTIONS[i];
    return NULL;
}

static bool refuse(const dataset_option *o, const char *text, fail *f)
{
    char pointer[32], list[160];
    size_t used = 0;
    snprintf(pointer, sizeof pointer, "/%s", o->name);
    list[0] = '\0';
    for (int i = 0; o->kind == OPTION_CHOICE && o->words[i]; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0            ? ""
                                 : o->words[i + 1] ? " "
                                                   : " or ",
                                 o->words[i]);
    if (o->kind == OPTION_CHOICE)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s is %s, not \"%.40s\".", o->name, list,
                        text);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                    "%s is a whole number from %lld to %lld, not \"%.40s\".", o->name,
                    (long long)o->least, (long long)o->most, text);
}

static bool find_word(const dataset_option *o, const char *text, unsigned *out)
{
    const char *word = strcasecmp(text, "yes") == 0 || strcmp(text, "1") == 0  ? "true"
                       : strcasecmp(text, "no") == 0 || strcmp(text, "0") == 0 ? "false"
                                                                               : text;
    *out = 0;
    for (unsigned i = 0; *text && o->words[i]; i++)
        if (strcasecmp(o->words[i], text) == 0 || strcmp(o->words[i], word) == 0) {
            *out = i;
            return true;
        }
    return !*text;
}

static bool read_whole(const dataset_option *o, const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0 && *out >= o->least &&
           *out <= o->most;
}

bool dataset_read_option(const char *name, const char *text, dataset_add_options *out, fail *f)
{
    const dataset_option *o = find_option(name);
    unsigned word;
    int64_t number;
    assert(o);
    char *member = (char *)out + o->offset;
    switch (o->kind) {
    case OPTION_TEXT:
        memcpy(member, &text, sizeof text);
        return true;
    case OPTION_CHOICE:
        if (!find_word(o, text, &word))
            return refuse(o, text, f);
        memcpy(member, &word, sizeof word);
        return true;
    case OPTION_INTEGER:
        break;
    }
    if (!read_whole(o, text, &number))
        return refuse(o, text, f);
    memcpy(member, &number, sizeof number);
    return true;
}
