/* Archives of class folders: what becomes of the pictures, and of the folders. */
#include "core/data/import/options.h"
#include "tests/core/dataset_refuse.h"
#include "tests/core/picture_files.h"

enum { FILES = 8 };

static bytes scratch, members[FILES];

static const char *const ZIP[] = {"set.zip", NULL};
static const char *const TAR[] = {"set.tar", NULL};

/* The members, n of them, as set.zip. */
static void save_zip(const char *const *names, size_t n)
{
    zip_members(&scratch, names, members, n);
    save("set.zip", &scratch);
}

static void save_tar(const char *const *names, size_t n)
{
    scratch.n = 0;
    for (size_t i = 0; i < n; i++)
        tar_entry(&scratch, '0', names[i], members[i].at, members[i].n);
    tar_end(&scratch);
    save("set.tar", &scratch);
}

/* Adds and opens a set; NULL after a failed check. */
static dataset *open_pictures(const char *name, const char *const *files,
                              const dataset_add_options *options, dataset_summary *s)
{
    dataset *set = NULL;
    fail f = {0};
    if (CHECK_OK(add_set(name, files, options, s, &f), f))
        CHECK_OK(open_set(name, &set, &f), f);
    return set;
}

/* Gray pictures of 4 x 3, two of each class, whose first pixel is 10 * i. */
static const char *const CATS[] = {"pets/dog/2.png",    "pets/cat/b.png", "pets/dog/1.png",
                                   "pets/cat/a/a.png",  "pets/.DS_Store", "__MACOSX/pets/x.png",
                                   "pets/cat/Thumbs.db"};

static void make_cats(void)
{
    for (size_t i = 0; i < 4; i++)
        png_pattern(&members[i], 4, 3, 1, (uint8_t)(10 * i));
    for (size_t i = 4; i < 7; i++)
        members[i] = (bytes){.at = "no picture", .n = 10};
}

static void class_folders_in_one_folder(void)
{
    dataset_summary s;
    char name[8];
    make_cats();
    save_zip(CATS, 7);
    dataset *set = open_pictures("pets", ZIP, NULL, &s);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->height == 3 && set->width == 4 && set->channels == 1 && set->d == 12);
    CHECK(set->k == 2 && set->task == TASK_CLASSIFICATION && s.are_bytes);
    CHECK_EQUAL_INT(set->default_scaling, SCALING_NONE);
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    CHECK_OR_RETURN(CHECK_EQUAL_INT(rows->n, 4));
    /* In order of the paths: cat/a/a, cat/b, dog/1, dog/2. */
    CHECK(rows->bytes[0] == 30 && rows->bytes[12] == 10 && rows->bytes[24] == 20);
    CHECK(rows->bytes[36] == 0 && rows->bytes[47] == 11);
    CHECK(rows->labels[0] == 0 && rows->labels[1] == 0 && rows->labels[3] == 1);
    dataset_write_class_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "dog");
    dataset_close(set);
}

static void a_tar_is_the_same_set(void)
{
    dataset_summary zip, tar, packed;
    fail f = {0};
    static const char *const names[] = {"set.tar.gz", NULL};
    static bytes gzipped;
    make_cats();
    save_zip(CATS, 4);
    save_tar(CATS, 4);
    gzip(&scratch, &gzipped);
    save("set.tar.gz", &gzipped);
    CHECK_OR_RETURN(CHECK_OK(add_set("zip", ZIP, NULL, &zip, &f), f));
    CHECK_OR_RETURN(CHECK_OK(add_set("tar", TAR, NULL, &tar, &f), f));
    CHECK_OR_RETURN(CHECK_OK(add_set("packed", names, NULL, &packed, &f), f));
    CHECK_EQUAL_STRING(tar.sha256, zip.sha256);
    CHECK_EQUAL_STRING(packed.sha256, zip.sha256);
}

/* Names longer than a header of tar: GNU's way and that of pax; a folder; numbers as classes. */
static void parts_and_long_names(void)
{
    static char name[200], record[256], text[256];
    static const char *const places[] = {"./train/7/a.png", "./train/12/a.png", "Val/7/a.png",
                                         "TEST/12/a.png"};
    dataset_summary s;
    make_cats();
    scratch.n = 0;
    tar_entry(&scratch, '5', "./train/", "", 0);
    for (size_t i = 0; i < 4; i++)
        tar_entry(&scratch, '0', places[i], members[i].at, members[i].n);
    memset(name, 'n', 150);
    memcpy(name, "train/7/", 8);
    tar_entry(&scratch, 'L', "././@LongLink", name, 151);
    tar_entry(&scratch, '0', "cut", members[1].at, members[1].n);
    name[20] = 'm';
    snprintf(text, sizeof text, " path=%s\n", name);
    int n = snprintf(record, sizeof record, "%zu%s", strlen(text) + 3, text);
    tar_entry(&scratch, 'x', "PaxHeaders/x", record, (size_t)n);
    tar_entry(&scratch, '0', "cut", members[2].at, members[2].n);
    tar_end(&scratch);
    save("set.tar", &scratch);
    dataset *set = open_pictures("numbers", TAR, NULL, &s);
    CHECK_OR_RETURN(set != NULL);
    CHECK(s.n[PART_TRAIN] == 4 && s.n[PART_VALIDATION] == 1 && s.n[PART_TEST] == 1);
    /* 12/a, 7/a, 7/nn...m, 7/nnn...: 12 comes first among the paths, but 7 is the first class. */
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    CHECK(rows->bytes[0] == 10 && rows->bytes[12] == 0 && rows->bytes[24] == 20);
    CHECK(rows->labels[0] == 1 && rows->labels[1] == 0 && rows->labels[3] == 0);
    dataset_write_class_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "12");
    dataset_close(set);
}

/* ---- pixels ---- */

static const char *const THREE[] = {"a/1.png", "b/1.png", "b/2.png"};

/* Adds the first member beside gray ones of the same size, and looks at its first pixels:
 * expected (channels, n). */
static void check_pixels(const dataset_add_options *options, size_t width, size_t height,
                         const uint8_t *expected, size_t channels, size_t n)
{
    static int number;
    char name[16];
    dataset_summary s;
    png_pattern(&members[1], width, height, 1, 0);
    members[2] = members[1];
    save_zip(THREE, 3);
    snprintf(name, sizeof name, "pixels%d", number++);
    dataset *set = open_pictures(name, ZIP, options, &s);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->channels, channels);
    for (size_t c = 0; c < channels && c < set->channels; c++)
        CHECK_EQUAL_BYTES(set->parts[PART_TRAIN].bytes + c * set->height * set->width,
                          expected + c * n, n);
    dataset_close(set);
}

static void kinds_of_png(void)
{
    static const uint8_t palette[] = {0, 0, 0, 200, 100, 50};
    static const uint8_t indices[] = {0, 0x40}; /* a row of two bits: 0 1 */
    static const uint8_t deep[] = {0, 0x12, 0x34, 0xFF, 0xFF};
    static const uint8_t clear[] = {100, 200, 50, 255, 100, 200, 50, 51};
    static const uint8_t woven[] = {0, 1, 0, 2, 0, 3, 4}; /* 2 x 2, interlaced */
    png_begin(&members[0], 2, 1, 1, PNG_PALETTE, false);
    png_chunk(&members[0], "PLTE", palette, sizeof palette);
    png_chunk(&members[0], "tEXt", "Comment\0more", 12);
    png_end(&members[0], indices, sizeof indices);
    check_pixels(NULL, 2, 1, (const uint8_t[]){0, 200, 0, 100, 0, 50}, 3, 2);
    png_begin(&members[0], 2, 1, 16, PNG_GRAY, false);
    png_end(&members[0], deep, sizeof deep);
    check_pixels(NULL, 2, 1, (const uint8_t[]){0x12, 0xFF}, 1, 2);
    png_picture(&members[0], 2, 1, 4, clear);
    check_pixels(NULL, 2, 1, (const uint8_t[]){100, 20, 200, 40, 50, 10}, 3, 2);
    png_begin(&members[0], 2, 2, 8, PNG_GRAY, true);
    png_end(&members[0], woven, sizeof woven);
    check_pixels(NULL, 2, 2, (const uint8_t[]){1, 2, 3, 4}, 1, 4);
}

static void kinds_of_jpeg(void)
{
    members[0].n = members[1].n = 0;
    add(&members[0], JPEG_GRAY, sizeof JPEG_GRAY);
    check_pixels(NULL, 8, 8, (const uint8_t[]){100}, 1, 1);
    members[0].n = 0;
    add(&members[0], JPEG_PROGRESSIVE, sizeof JPEG_PROGRESSIVE);
    check_pixels(NULL, 8, 8, (const uint8_t[]){201, 40, 90}, 3, 1);
    members[0].n = 0;
    add(&members[0], JPEG_CMYK, sizeof JPEG_CMYK);
    check_pixels(NULL, 8, 8, (const uint8_t[]){173, 131, 89}, 3, 1);
}

static void channels_as_asked(void)
{
    static const dataset_add_options gray = {.channels = CHANNELS_GRAY},
                                     coloured = {.channels = CHANNELS_COLOR};
    png_pattern(&members[0], 2, 1, 3, 100); /* (100, 150, 200), (101, 151, 201) */
    check_pixels(NULL, 2, 1, (const uint8_t[]){100, 101, 150, 151, 200, 201}, 3, 2);
    check_pixels(&gray, 2, 1, (const uint8_t[]){141, 142}, 1, 2);
    png_pattern(&members[0], 2, 1, 1, 7);
    check_pixels(&coloured, 2, 1, (const uint8_t[]){7, 8, 7, 8, 7, 8}, 3, 2);
}

/* The mean of what a pixel covers, down; between the nearest two, up. */
static void pictures_of_one_size(void)
{
    static const dataset_add_options two = {.size = 2}, four = {.size = 4};
    static const uint8_t wide[] = {0, 100, 200, 30, 60, 90}; /* 3 x 2 */
    png_picture(&members[0], 3, 2, 1, wide);
    check_pixels(&two, 4, 4, (const uint8_t[]){33, 167, 40, 80}, 1, 4);
    png_picture(&members[0], 2, 1, 1, wide);
    check_pixels(&four, 5, 5, (const uint8_t[]){0, 25, 75, 100, 0, 25, 75, 100}, 1, 8);
}

/* ---- work that is called off, memory that is not to be had ---- */

static bool leave(void *context)
{
    int *left = context;
    return --*left < 0;
}

static bool grant_none(void *context, size_t n_bytes, fail *f)
{
    (void)context;
    return fail_set(f, FAIL_NO_ROOM, NULL, "no %zu bytes", n_bytes);
}

static void the_caller_is_asked(void)
{
    int n = 5;
    const caller left = {.context = &n, .has_left = leave}, poor = {.grant = grant_none};
    make_cats();
    save_zip(CATS, 4);
    refuse(ZIP, &(dataset_add_options){.by = &left}, FAIL_INTERRUPTED, "");
    n = 5;
    save_tar(CATS, 4);
    refuse(TAR, &(dataset_add_options){.by = &left}, FAIL_INTERRUPTED, "");
    refuse(ZIP, &(dataset_add_options){.by = &poor}, FAIL_NO_ROOM, "");
    /* A picture that is held whole asks for itself. */
    png_begin(&members[0], 4000, 4000, 8, PNG_RGB, true);
    png_end(&members[0], (const uint8_t[]){0}, 1);
    save_zip(CATS, 1);
    refuse(ZIP, &(dataset_add_options){.by = &poor, .size = 8}, FAIL_NO_ROOM, "no 48000000 bytes");
}

CHECK_MAIN("dataset_pictures", class_folders_in_one_folder, a_tar_is_the_same_set,
           parts_and_long_names, kinds_of_png, kinds_of_jpeg, channels_as_asked,
           pictures_of_one_size, the_caller_is_asked)
