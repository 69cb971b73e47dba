/* What files are, by their first bytes, and the reader for each kind. */
#include "core/data/import/archive.h"
#include "core/data/import/cifar.h"
#include "core/data/import/load.h"
#include "core/data/import/pictures.h"

#include <string.h>

enum { SNIFF_BYTES = 4096 };

typedef enum file_format {
    FORMAT_IDX,
    FORMAT_CSV,
    FORMAT_NPY,
    FORMAT_NPZ,
    FORMAT_CIFAR,
    FORMAT_ARCHIVE
} file_format;

/* The first unpacked bytes of a file. */
typedef struct file_start {
    uint8_t at[SNIFF_BYTES];
    size_t n;
} file_start;

static bool begins(const file_start *s, const char *bytes, size_t n)
{
    return s->n >= n && memcmp(s->at, bytes, n) == 0;
}

/* Whether there is a byte that no text has. */
static bool has_control(const file_start *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i] < ' ' && !memchr("\t\n\v\f\r", s->at[i], 5))
            return true;
    return false;
}

/* An .npz is a zip whose first member is an array. */
static bool is_npz(const file_start *s)
{
    enum { NAME_BYTES_AT = 26, NAME_AT = 30 };
    static const char ending[] = ".npy";
    size_t n = s->n > NAME_AT ? s->at[NAME_BYTES_AT] | (size_t)s->at[NAME_BYTES_AT + 1] << 8 : 0;
    return n >= sizeof ending - 1 && NAME_AT + n <= s->n &&
           strncasecmp((const char *)s->at + NAME_AT + n - (sizeof ending - 1), ending,
                       sizeof ending - 1) == 0;
}

/* What is no set, and is told by name. */
static bool check_kind(const file_start *s, const char *name, fail *f)
{
    if (begins(s, "\x1F\x8B", 2))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "%s is packed twice: what gzip unpacks is a gzip file again; unpack it "
                        "once.",
                        name);
    if (begins(s, "\x89PNG", 4) || begins(s, "\xFF\xD8\xFF", 3))
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s is one picture; a set of pictures is one zip or tar with a folder for "
                        "every class.",
                        name);
    if (s->n > 2 && s->at[0] == 0x80 && s->at[1] >= 2 && s->at[1] <= 5)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s is a Python pickle, which is a program; save arrays with numpy.savez, "
                        "or take the binary version of CIFAR.",
                        name);
    return true;
}

/* False: none of those that are known. */
static bool recognize(const dataset_file *file, const file_start *s, file_format *format)
{
    bool is_idx = s->n >= 4 && dataset_is_idx(s->at);
    if (begins(s, "\x93NUMPY", 6))
        *format = FORMAT_NPY;
    else if (archive_is_zip(s->at, s->n))
        *format = is_npz(s) ? FORMAT_NPZ : FORMAT_ARCHIVE;
    else if (archive_is_tar(s->at, s->n))
        *format = FORMAT_ARCHIVE;
    else if (!is_idx && cifar_is_batch(file->name) && has_control(s))
        *format = FORMAT_CIFAR;
    else if (is_idx || s->at[0] == 0)
        *format = FORMAT_IDX;
    else if (!memchr(s->at, 0, s->n) || begins(s, "\xFF\xFE", 2) || begins(s, "\xFE\xFF", 2))
        *format = FORMAT_CSV; /* the marks are those of UTF-16 */
    else
        return false;
    return true;
}

static bool sniff(const dataset_file *file, const caller *by, file_format *format, fail *f)
{
    file_start start = {.n = 0};
    dataset_source s;
    if (!source_open(file->path, file->name, by, &s, f))
        return false;
    bool is_good = source_read(&s, start.at, sizeof start.at, &start.n, f);
    source_close(&s);
    if (!is_good)
        return false;
    if (start.n == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty.", file->name);
    if (!check_kind(&start, file->name, f))
        return false;
    return recognize(file, &start, format) ||
           fail_set(f, FAIL_SYNTAX, NULL,
                    "%s is none of the formats that are taken: CSV, IDX, .npy, .npz, batches of "
                    "CIFAR (.bin), a zip or tar with a folder of PNG or JPEG pictures for every "
                    "class.",
                    file->name);
}

static bool find_format(const dataset_file *files, size_t n_files, const caller *by,
                        file_format *format, fail *f)
{
    if (n_files < 1 || n_files > DATASET_FILES_LIMIT)
        return fail_set(f, FAIL_OUT_OF_RANGE, NULL, "A data set is made of 1 to %d files, not %zu.",
                        DATASET_FILES_LIMIT, n_files);
    for (size_t i = 0; i < n_files; i++) {
        file_format other;
        if (!sniff(&files[i], by, i == 0 ? format : &other, f))
            return false;
        if (i > 0 && other != *format)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s has another format than %s.",
                            files[i].name, files[0].name);
    }
    if (n_files > 1 && (*format == FORMAT_NPZ || *format == FORMAT_ARCHIVE))
        return fail_set(f, FAIL_INCOMPATIBLE, NULL, "%s is a whole data set: give one.",
                        *format == FORMAT_NPZ ? "An .npz file" : "A zip or tar");
    return true;
}

/* ---- archives ---- */

static bool has_batches(const picture_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (cifar_is_batch(list->places[i].path))
            return true;
    return false;
}

static bool read_listed(archive *a, picture_list *list, const dataset_add_options *options,
                        dataset_load *load, fail *f)
{
    static const size_t channels[] = {
        [CHANNELS_AUTO] = 0, [CHANNELS_GRAY] = 1, [CHANNELS_COLOR] = 3};
    if (!picture_list_read(a, list, f))
        return false;
    if (has_batches(list))
        return cifar_read_archive(a, list, load, f);
    return pictures_read(a, list, (size_t)options->size, channels[options->channels], load, f);
}

static bool read_archive(const dataset_file *file, const dataset_add_options *options,
                         dataset_load *load, fail *f)
{
    archive a;
    picture_list list = {0};
    if (!archive_open(file->path, file->name, load->by, &a, f))
        return false;
    bool is_good = read_listed(&a, &list, options, load, f);
    picture_list_close(&list);
    archive_close(&a);
    return is_good;
}

bool dataset_read_files(const dataset_file *files, size_t n_files,
                        const dataset_add_options *options, dataset_load *load, fail *f)
{
    file_format format;
    if (!find_format(files, n_files, load->by, &format, f))
        return false;
    switch (format) {
    case FORMAT_IDX:
        return dataset_read_idx(files, n_files, load, f);
    case FORMAT_NPY:
        return dataset_read_npy(files, n_files, options, load, f);
    case FORMAT_NPZ:
        return dataset_read_npz(files, options, load, f);
    case FORMAT_CIFAR:
        return cifar_read_files(files, n_files, load, f);
    case FORMAT_ARCHIVE:
        return read_archive(files, options, load, f);
    case FORMAT_CSV:
        break;
    }
    return dataset_read_csv(files, n_files, options, load, f);
}
