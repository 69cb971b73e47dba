#include "core/data/import/tar.h"

#include <stdlib.h>
#include <string.h>

/* Where the fields of a header are. */
enum {
    NAME_AT = 0,
    NAME_BYTES = 100,
    SIZE_AT = 124,
    SIZE_BYTES = 12,
    SUM_AT = 148,
    SUM_BYTES = 8,
    KIND_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_BYTES = 155,
    EXTENSION_LIMIT = 1 << 20, /* bytes of a pax header */
    SKIP_BYTES = 1 << 16
};

/* Octal digits with blanks around, or, with the highest bit set, a number of base 256. */
static uint64_t number_at(const uint8_t *text, size_t n)
{
    uint64_t value = 0;
    if (text[0] & 0x80) {
        for (size_t i = 1; i < n; i++)
            value = value >> 55 ? UINT64_MAX >> 8 : value << 8 | text[i];
        return value;
    }
    for (size_t i = 0; i < n && (text[i] == ' ' || (text[i] >= '0' && text[i] <= '7')); i++)
        if (text[i] != ' ')
            value = value << 3 | (uint64_t)(text[i] - '0');
    return value;
}

static uint32_t sum_of(const uint8_t *block)
{
    uint32_t sum = 0;
    for (int i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_BYTES ? ' ' : block[i];
    return sum;
}

bool tar_is_header(const uint8_t block[TAR_BLOCK_BYTES])
{
    return block[NAME_AT] && number_at(block + SUM_AT, SUM_BYTES) == sum_of(block);
}

static bool cut_off(const dataset_source *s, fail *f)
{
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s is cut off: the tar archive ends after byte %llu unpacked, before its end "
                    "is marked.",
                    s->name, (unsigned long long)s->position);
}

static bool skip(tar_reader *t, dataset_source *s, fail *f)
{
    uint8_t bytes[SKIP_BYTES];
    while (t->left > 0) {
        size_t n = t->left < sizeof bytes ? (size_t)t->left : sizeof bytes, n_read;
        if (!source_read(s, bytes, n, &n_read, f))
            return false;
        if (n_read < n)
            return cut_off(s, f);
        t->left -= n;
    }
    return true;
}

static void set_size(tar_reader *t, uint64_t bytes)
{
    t->bytes = bytes;
    t->left = (bytes + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
}

/* A header, or zeros at the end. */
static bool read_block(tar_reader *t, dataset_source *s, uint8_t block[TAR_BLOCK_BYTES],
                       bool *is_end, fail *f)
{
    static const uint8_t zeros[TAR_BLOCK_BYTES];
    size_t n;
    uint64_t at = s->position;
    if (!source_read(s, block, TAR_BLOCK_BYTES, &n, f))
        return false;
    if (n < TAR_BLOCK_BYTES)
        return cut_off(s, f);
    *is_end = memcmp(block, zeros, TAR_BLOCK_BYTES) == 0;
    if (*is_end)
        return true;
    if (!tar_is_header(block))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s is damaged: the header at byte %llu unpacked has a wrong checksum.",
                        s->name, (unsigned long long)at);
    set_size(t, number_at(block + SIZE_AT, SIZE_BYTES));
    return true;
}

/* The name in the block: ustar has a prefix for long ones. */
static void take_name(tar_reader *t, const uint8_t *block)
{
    const char *text = (const char *)block;
    bool has_prefix = memcmp(text + MAGIC_AT, "ustar", 6) == 0 && text[PREFIX_AT];
    size_t n = has_prefix ? strnlen(text + PREFIX_AT, PREFIX_BYTES) : 0;
    memcpy(t->name, text + PREFIX_AT, n);
    if (has_prefix)
        t->name[n++] = '/';
    size_t n_name = strnlen(text, NAME_BYTES);
    memcpy(t->name + n, text, n_name);
    t->name[n + n_name] = '\0';
}

/* The contents of an extension, with a NUL behind; the caller frees. */
static bool read_extension(tar_reader *t, dataset_source *s, char **out, fail *f)
{
    if (t->bytes > EXTENSION_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL,
                        "%s has a header of %llu bytes before byte %llu unpacked; at most %d are "
                        "taken.",
                        s->name, (unsigned long long)t->bytes, (unsigned long long)s->position,
                        EXTENSION_LIMIT);
    char *text = calloc((size_t)t->bytes + 1, 1);
    size_t n_read = 0;
    bool is_good = text ? tar_read(t, s, text, (size_t)t->bytes, &n_read, f) && skip(t, s, f)
                        : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a header.");
    if (is_good)
        *out = text;
    else
        free(text);
    return is_good;
}

static bool put_name(tar_reader *t, const dataset_source *s, const char *name, fail *f)
{
    size_t n = strlen(name);
    if (n >= sizeof t->name)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "%s has a name of %zu bytes: %.60s...", s->name, n,
                        name);
    memcpy(t->name, name, n + 1);
    return true;
}

/* Where the record that begins at `at` ends, or NULL: "LENGTH KEY=VALUE\n". */
static char *end_of_record(char *at, char *end)
{
    char *digits_end;
    unsigned long n = strtoul(at, &digits_end, 10);
    bool is_good = digits_end > at && *digits_end == ' ' && n > (size_t)(digits_end - at) + 2 &&
                   n <= (size_t)(end - at) && at[n - 1] == '\n';
    return is_good ? at + n : NULL;
}

/* Name and size of the next entry, where the records of a pax header have them. */
static bool take_records(tar_reader *t, const dataset_source *s, char *text, uint64_t n_bytes,
                         uint64_t *size, bool *has_size, fail *f)
{
    char *end = text + n_bytes;
    for (char *at = text, *next; at < end; at = next) {
        next = end_of_record(at, end);
        if (!next)
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "%s is damaged: the pax header before byte %llu unpacked cannot be "
                            "read.",
                            s->name, (unsigned long long)s->position);
        next[-1] = '\0';
        const char *record = strchr(at, ' ') + 1;
        if (strncmp(record, "path=", 5) == 0 && !put_name(t, s, record + 5, f))
            return false;
        if (strncmp(record, "size=", 5) == 0) {
            *size = strtoull(record + 5, NULL, 10);
            *has_size = true;
        }
    }
    return true;
}

/* What precedes an entry and tells more of it than its header can. */
typedef struct tar_before {
    bool has_name, has_size;
    uint64_t size;
} tar_before;

static bool take_extension(tar_reader *t, dataset_source *s, uint8_t kind, tar_before *before,
                           fail *f)
{
    char *text = NULL;
    uint64_t n_bytes = t->bytes;
    if (kind != 'L' && kind != 'x')
        return skip(t, s, f);
    if (!read_extension(t, s, &text, f))
        return false;
    t->name[0] = before->has_name ? t->name[0] : '\0';
    bool is_good = kind == 'L'
                       ? put_name(t, s, text, f)
                       : take_records(t, s, text, n_bytes, &before->size, &before->has_size, f);
    free(text);
    before->has_name = t->name[0];
    return is_good;
}

static tar_kind kind_of(uint8_t kind, const char *name)
{
    size_t n = strlen(name);
    if (kind == '5' || (kind != 'D' && n > 0 && name[n - 1] == '/'))
        return TAR_FOLDER;
    return kind == '0' || kind == '\0' || kind == '7' ? TAR_FILE : TAR_OTHER;
}

static bool is_extension(uint8_t kind)
{
    return kind && strchr("LKxgV", kind); /* V: the name of the volume */
}

bool tar_next(tar_reader *t, dataset_source *s, bool *is_there, fail *f)
{
    uint8_t block[TAR_BLOCK_BYTES];
    tar_before before = {0};
    bool is_end = false;
    if (!skip(t, s, f))
        return false;
    for (;;) {
        if (!read_block(t, s, block, &is_end, f))
            return false;
        if (is_end || !is_extension(block[KIND_AT]))
            break;
        if (!take_extension(t, s, block[KIND_AT], &before, f))
            return false;
    }
    *is_there = !is_end;
    if (is_end)
        return true;
    if (before.has_size)
        set_size(t, before.size);
    if (!before.has_name)
        take_name(t, block);
    t->kind = kind_of(block[KIND_AT], t->name);
    if (t->kind == TAR_FOLDER || (block[KIND_AT] >= '1' && block[KIND_AT] <= '6'))
        set_size(t, 0); /* whatever their headers say, nothing follows */
    return true;
}

bool tar_read(tar_reader *t, dataset_source *s, void *bytes, size_t n, size_t *n_read, fail *f)
{
    uint64_t fill = (TAR_BLOCK_BYTES - t->bytes % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES;
    uint64_t left = t->left > fill ? t->left - fill : 0;
    size_t wanted = n < left ? n : (size_t)left, here;
    if (!source_read(s, bytes, wanted, &here, f))
        return false;
    if (here < wanted)
        return cut_off(s, f);
    t->left -= here;
    *n_read = here;
    return true;
}
