/* The reading of the words behind a command's name. */
#include "core/base/nearest.h"
#include "server/cli/cli.h"
#include "server/codec/codec.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const cli_flag *find_flag(const cli_command *command, const char *name, size_t n)
{
    for (const cli_flag *flag = command->flags; flag && flag->name; flag++)
        if (strlen(flag->name) == n && strncmp(flag->name, name, n) == 0)
            return flag;
    return NULL;
}

static bool refuse_flag(const cli_command *command, const char *word)
{
    const char *known[CLI_FLAGS_LIMIT];
    int n = 0;
    known[n++] = "--help";
    for (const cli_flag *flag = command->flags; flag && flag->name; flag++)
        known[n++] = flag->name;
    known[n] = NULL;
    const char *nearest = nearest_name(word, known);
    cli_usage(command, nearest ? "unknown flag %s; did you mean %s?" : "unknown flag %s", word,
              nearest);
    return false;
}

static bool add_flag(cli_arguments *a, const cli_flag *flag, const char *value)
{
    if (!flag->repeats && cli_has(a, flag->name)) {
        cli_usage(a->command, "%s is there twice", flag->name);
        return false;
    }
    if (a->n_flags == CLI_FLAGS_LIMIT) {
        cli_usage(a->command, "more than %d flags", CLI_FLAGS_LIMIT);
        return false;
    }
    a->flags[a->n_flags].row = flag;
    a->flags[a->n_flags++].value = value;
    return true;
}

/* `--db FILE`, `--db=FILE` or a switch; *i moves over the value. */
static bool read_flag(cli_arguments *a, int argc, char **argv, int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    const cli_flag *flag =
        find_flag(a->command, word, equals ? (size_t)(equals - word) : strlen(word));
    if (!flag)
        return refuse_flag(a->command, word);
    if (!flag->value && equals) {
        cli_usage(a->command, "%s takes no value", flag->name);
        return false;
    }
    if (!flag->value || equals)
        return add_flag(a, flag, equals ? equals + 1 : "");
    if (*i + 1 >= argc) {
        cli_usage(a->command, "%s needs a value: %s %s", flag->name, flag->name, flag->value);
        return false;
    }
    return add_flag(a, flag, argv[++*i]);
}

static bool check_words(const cli_arguments *a)
{
    const cli_command *command = a->command;
    if (a->n_words >= command->least_words && a->n_words <= command->most_words)
        return true;
    if (a->n_words > command->most_words)
        cli_usage(command, "one word too many: %s", a->words[command->most_words]);
    else
        cli_usage(command, "it needs %s", command->words);
    return false;
}

bool cli_read(const cli_command *command, int argc, char **argv, cli_arguments *out)
{
    bool only_words = false;
    *out = (cli_arguments){.command = command};
    for (int i = 0; i < argc; i++) {
        bool is_flag = !only_words && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_flag && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (is_flag) {
            if (!read_flag(out, argc, argv, &i))
                return false;
        } else if (out->n_words < CLI_WORDS_LIMIT) {
            out->words[out->n_words++] = argv[i];
        } else {
            cli_usage(command, "more than %d words", CLI_WORDS_LIMIT);
            return false;
        }
    }
    return check_words(out);
}

const char *cli_value(const cli_arguments *a, const char *flag, const char *otherwise)
{
    assert(find_flag(a->command, flag, strlen(flag)));
    for (int i = a->n_flags - 1; i >= 0; i--)
        if (strcmp(a->flags[i].row->name, flag) == 0)
            return a->flags[i].value;
    return otherwise;
}

bool cli_has(const cli_arguments *a, const char *flag)
{
    return cli_value(a, flag, NULL) != NULL;
}

bool cli_integer(const cli_arguments *a, const char *flag, int64_t low, int64_t high,
                 int64_t otherwise, int64_t *out)
{
    const char *text = cli_value(a, flag, NULL);
    *out = otherwise;
    if (!text)
        return true;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool is_number = end != text && *end == '\0' && text[0] != ' ' && text[0] != '+';
    if (!is_number || errno == ERANGE || value < low || value > high) {
        cli_usage(a->command, "%s must be a whole number from %lld to %lld, not \"%s\"", flag,
                  (long long)low, (long long)high, text);
        return false;
    }
    *out = value;
    return true;
}

bool cli_size(const cli_arguments *a, const char *flag, int64_t *out)
{
    static const char UNITS[] = "kMGT";
    const char *text = cli_value(a, flag, NULL);
    *out = 0;
    if (!text)
        return true;
    char *end;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(UNITS, *end) : NULL;
    for (const char *u = UNITS; unit && u <= unit; u++)
        value *= 1000;
    bool is_size = *text >= '0' && *text <= '9' && (*end == '\0' || (unit && end[1] == '\0'));
    if (!is_size || !(value >= 1) || value > 1e18) {
        cli_usage(a->command, "%s must be a size like 500M or 20G, not \"%s\"", flag, text);
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static void say(const cli_command *command, const char *format, va_list arguments)
{
    char sentence[512];
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    size_t n = strlen(sentence);
    const char *blank = command ? " " : "", *name = command ? command->name : "",
               *end = n && strchr(".?", sentence[n - 1]) ? "" : ".";
    (void)fprintf(stderr, "regulab%s%s: %s%s\nTry `regulab%s%s --help`.\n", blank, name, sentence,
                  end, blank, name);
}

int cli_usage(const cli_command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(command, format, arguments);
    va_end(arguments);
    return CLI_USAGE;
}
