/* `regulab fields`: FIELDS[] for people. */
#include "server/cli/cli.h"
#include "server/codec/codec.h"

#include <math.h>
#include <string.h>

enum { TEXT_WIDTH = 92, INDENT = 6 };

/* Characters among n bytes of UTF-8: those that do not go on with one. */
static int width_of(const char *text, int n)
{
    int width = 0;
    for (int i = 0; i < n; i++)
        width += (text[i] & 0xC0) != 0x80;
    return width;
}

/* Words of the text, broken into lines. */
static void print_wrapped(const char *text)
{
    int column = INDENT;
    printf("%*s", INDENT, "");
    while (*text) {
        int n = (int)strcspn(text, " "), width = width_of(text, n);
        if (column + width > TEXT_WIDTH && column > INDENT) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
        }
        printf("%s%.*s", column > INDENT ? " " : "", n, text);
        column += width + 1;
        text += n + (text[n] == ' ');
    }
    putchar('\n');
}

static void print_equivalent(const char *tool, const char *words)
{
    char line[512];
    if (!words)
        return;
    snprintf(line, sizeof line, "in %s: %s", tool, words);
    print_wrapped(line);
}

static void add_range(buffer *b, const field *row)
{
    for (int i = 0; row->values && row->values[i]; i++)
        buffer_add_format(b, "%s%s", i ? " | " : "", row->values[i]);
    if (row->values)
        return;
    buffer_add_text(b, codec_field_type_name(row));
    bool is_number = row->type == FIELD_INTEGER || row->type == FIELD_NUMBER ||
                     row->type == FIELD_RATES || row->type == FIELD_INTEGER_ARRAY;
    if (!is_number)
        return;
    buffer_add_text(b, row->exclusive_minimum ? " in (" : " in [");
    json_add_number(b, row->minimum);
    buffer_add_text(b, ", ");
    json_add_number(b, row->maximum);
    buffer_add_text(b, row->exclusive_maximum ? ")" : "]");
}

static void print_field(const field *row)
{
    buffer b;
    buffer_init(&b, 65536);
    add_range(&b, row);
    buffer_add_text(&b, "; default ");
    if (row->default_text)
        buffer_add_text(&b, row->default_text);
    else
        codec_field_add_default(&b, row);
    printf("  %s: %s\n", row->name, b.data ? b.data : "");
    buffer_close(&b);
    print_wrapped(row->help);
    if (row->formula)
        print_wrapped(row->formula);
    print_equivalent("PyTorch", row->equivalents.pytorch);
    print_equivalent("Keras", row->equivalents.keras);
    print_equivalent("scikit-learn", row->equivalents.scikit_learn);
}

static int print_json(void)
{
    buffer b;
    fail f;
    buffer_init(&b, 1 << 20);
    codec_add_fields(&b, 0, FIELD_COUNT);
    bool ok = !b.failed || fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the table");
    if (ok)
        printf("%s\n", b.data);
    buffer_close(&b);
    return ok ? CLI_DONE : cli_failed(&f);
}

static bool is_asked_for(const field *row, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return !name ||
           (strncmp(row->name, name, n) == 0 && (row->name[n] == '\0' || row->name[n] == '.'));
}

int cli_fields(const cli_arguments *a)
{
    const char *name = a->n_words ? a->words[0] : NULL;
    if (name && !field_find(name)) {
        const char *nearest = field_nearest_name(name);
        return cli_usage(
            a->command, nearest ? "there is no field %s; did you mean %s?" : "there is no field %s",
            name, nearest);
    }
    if (cli_has(a, "--json"))
        return print_json();
    int group = -1;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!is_asked_for(&FIELDS[i], name))
            continue;
        if ((int)FIELDS[i].group != group)
            printf("%s%s\n", group < 0 ? "" : "\n", FIELD_GROUP_NAMES[FIELDS[i].group]);
        group = (int)FIELDS[i].group;
        print_field(&FIELDS[i]);
    }
    printf("\nsymbols\n");
    print_wrapped(FIELD_SYMBOLS);
    return CLI_DONE;
}
