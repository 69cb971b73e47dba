/* dataset_files — what the tests of data sets share: a folder of their own, and files of every
 * format written by hand. */
#ifndef TESTS_CORE_DATASET_FILES_H
#define TESTS_CORE_DATASET_FILES_H

#include "core/data/import/register.h"
#include "tests/check.h"

#include <ftw.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* A growing piece of memory that becomes a file. */
typedef struct bytes {
    uint8_t at[1 << 18];
    size_t n;
} bytes;

static char files_folder[64];

CHECK_UNUSED static int remove_entry(const char *path, const struct stat *status, int kind,
                                     struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

CHECK_UNUSED static void files_remove(void)
{
    if (*files_folder)
        nftw(files_folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder of this program, made at the first call and removed at its end. */
CHECK_UNUSED static const char *files_dir(void)
{
    if (!*files_folder) {
        snprintf(files_folder, sizeof files_folder, "/tmp/regulab-test-XXXXXX");
        if (!mkdtemp(files_folder)) {
            perror(files_folder);
            exit(1);
        }
        atexit(files_remove);
    }
    return files_folder;
}

/* Path of a file in the folder; a few paths live at a time. */
CHECK_UNUSED static const char *files_path(const char *name)
{
    static char paths[8][192];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", files_dir(), name);
    return path;
}

CHECK_UNUSED static void add(bytes *b, const void *from, size_t n)
{
    if (b->n + n > sizeof b->at)
        abort();
    memcpy(b->at + b->n, from, n);
    b->n += n;
}

CHECK_UNUSED static void add_little(bytes *b, uint32_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        add(b, &byte, 1);
    }
}

CHECK_UNUSED static void add_big(bytes *b, uint32_t value)
{
    uint8_t four[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                       (uint8_t)value};
    add(b, four, 4);
}

CHECK_UNUSED static void save(const char *name, const bytes *b)
{
    unlink(files_path(name)); /* ext4 flushes a file that is truncated and written anew */
    FILE *file = fopen(files_path(name), "wb");
    if (!file || fwrite(b->at, 1, b->n, file) != b->n || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

CHECK_UNUSED static void save_text(const char *name, const char *text)
{
    static bytes b;
    b.n = 0;
    add(&b, text, strlen(text));
    save(name, &b);
}

/* ---- formats ---- */

/* n images of height x width; pixel j of image i is (i * 7 + j) % 256. */
CHECK_UNUSED static void idx_images(bytes *b, uint32_t n, uint32_t height, uint32_t width)
{
    b->n = 0;
    add_big(b, 0x803);
    add_big(b, n);
    add_big(b, height);
    add_big(b, width);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < height * width; j++)
            add_little(b, (i * 7 + j) % 256, 1);
}

/* n labels: i % k. */
CHECK_UNUSED static void idx_labels(bytes *b, uint32_t n, uint32_t k)
{
    b->n = 0;
    add_big(b, 0x801);
    add_big(b, n);
    for (uint32_t i = 0; i < n; i++)
        add_little(b, i % k, 1);
}

CHECK_UNUSED static uint32_t crc_of(const uint8_t *at, size_t n)
{
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
    }
    return ~crc;
}

/* gzip without compression, in blocks of at most 30000 bytes. */
CHECK_UNUSED static void gzip(const bytes *from, bytes *to)
{
    static const uint8_t head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    to->n = 0;
    add(to, head, sizeof head);
    for (size_t done = 0; done < from->n;) {
        size_t n = from->n - done < 30000 ? from->n - done : 30000;
        add_little(to, done + n == from->n, 1);
        add_little(to, (uint32_t)n, 2);
        add_little(to, ~(uint32_t)n & 0xFFFF, 2);
        add(to, from->at + done, n);
        done += n;
    }
    add_little(to, crc_of(from->at, from->n), 4);
    add_little(to, (uint32_t)from->n, 4);
}

/* The start of a .npy file, format 1.0. */
CHECK_UNUSED static void npy_header(bytes *b, const char *type, const char *order,
                                    const char *shape)
{
    char text[192];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                     order, shape);
    b->n = 0;
    add(b, "\x93NUMPY\x01\x00", 8);
    add_little(b, (uint32_t)n + 1, 2);
    add(b, text, (size_t)n);
    add(b, "\n", 1);
}

/* A zip archive of up to eight members, stored as they are. */
CHECK_UNUSED static void zip_members(bytes *b, const char *const *names, const bytes *members,
                                     size_t n)
{
    static bytes directory;
    directory.n = 0;
    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t crc = crc_of(members[i].at, members[i].n), size = (uint32_t)members[i].n;
        uint32_t name_bytes = (uint32_t)strlen(names[i]), offset = (uint32_t)b->n;
        for (int is_directory = 0; is_directory < 2; is_directory++) {
            bytes *to = is_directory ? &directory : b;
            add(to, is_directory ? "PK\1\2\x14\0" : "PK\3\4", is_directory ? 6 : 4);
            add_little(to, 20, 2);
            add_little(to, 0, 4);
            add_little(to, 0, 2);
            add_little(to, 0x21, 2);
            add_little(to, crc, 4);
            add_little(to, size, 4);
            add_little(to, size, 4);
            add_little(to, name_bytes, 2);
            add_little(to, 0, 2);
            if (is_directory) {
                add_little(to, 0, 4);
                add_little(to, 0, 2);
                add_little(to, 0, 4);
                add_little(to, offset, 4);
            }
            add(to, names[i], name_bytes);
        }
        add(b, members[i].at, members[i].n);
    }
    uint32_t start = (uint32_t)b->n;
    add(b, directory.at, directory.n);
    add(b, "PK\5\6\0\0\0", 8);
    add_little(b, (uint32_t)n, 2);
    add_little(b, (uint32_t)n, 2);
    add_little(b, (uint32_t)directory.n, 4);
    add_little(b, start, 4);
    add_little(b, 0, 2);
}

/* ---- adding ---- */

/* dataset_add() of the files (NULL-terminated names in the folder) into the folder's subfolder
 * "data". */
CHECK_UNUSED static bool add_set(const char *name, const char *const *names,
                                 const dataset_add_options *options, dataset_summary *out, fail *f)
{
    static const dataset_add_options none = {0};
    static char paths[8][192];
    dataset_file files[8];
    size_t n = 0;
    bool is_new;
    for (; names[n]; n++) {
        snprintf(paths[n], sizeof paths[n], "%s/%s", files_dir(), names[n]);
        files[n] = (dataset_file){paths[n], names[n]};
    }
    return dataset_add(name, files, n, options ? options : &none, files_path("data"), out, NULL,
                       &is_new, f);
}

CHECK_UNUSED static bool open_set(const char *name, dataset **out, fail *f)
{
    const dataset_options none = {.noise = NAN};
    return dataset_open(name, &none, 0, files_path("data"), out, f);
}

#endif
