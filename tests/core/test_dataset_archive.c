/* What archives may not be, each refused with the place and nothing left behind; CIFAR's batches,
 * loose and in archives. */
#include "core/data/import/options.h"
#include "tests/core/dataset_refuse.h"
#include "tests/core/picture_files.h"

#include <dirent.h>

enum { FILES = 4 };

static bytes scratch, members[FILES];

static const char *const ZIP[] = {"set.zip", NULL};
static const char *const TAR[] = {"set.tar", NULL};
static const char *const GOOD[] = {"a/1.png", "a/2.png", "b/1.png", "b/2.png"};

static void make_pictures(void)
{
    for (size_t i = 0; i < FILES; i++)
        png_pattern(&members[i], 4, 3, 1, (uint8_t)(10 * i));
}

static void make_zip(const char *const *names)
{
    zip_members(&scratch, names, members, FILES);
    save("set.zip", &scratch);
}

static void make_tar(const char *const *names, size_t n)
{
    scratch.n = 0;
    for (size_t i = 0; i < n; i++)
        tar_entry(&scratch, '0', names[i], members[i].at, members[i].n);
}

static void end_tar(void)
{
    tar_end(&scratch);
    save("set.tar", &scratch);
}

/* Neither a name nor content, not even a temporary file. */
static void check_nothing_left(void)
{
    static const char *const folders[] = {"data/content", "data/datasets"};
    for (int i = 0; i < 2; i++) {
        DIR *folder = opendir(files_path(folders[i]));
        size_t n = 0;
        for (struct dirent *entry; folder && (entry = readdir(folder));)
            n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        CHECK_EQUAL_INT(n, 0);
        if (folder)
            closedir(folder);
    }
}

/* The pictures under these names, in a zip and in a tar. */
static void refuse_names(const char *const *names, fail_code code, const char *part)
{
    make_pictures();
    make_zip(names);
    refuse(ZIP, NULL, code, part);
    make_tar(names, FILES);
    end_tar();
    refuse(TAR, NULL, code, part);
}

static void names_and_folders(void)
{
    refuse_names((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "b/../../2.png"}, FAIL_SYNTAX,
                 "\"b/../../2.png\": names with ..");
    refuse_names((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "/etc/2.png"}, FAIL_SYNTAX,
                 "\"/etc/2.png\": names that begin with /");
    refuse_names((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "b\\..\\2.png"}, FAIL_SYNTAX,
                 "names with ..");
    make_pictures();
    make_tar((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "b/\xE9t\xE9.png"}, FILES);
    end_tar();
    refuse(TAR, NULL, FAIL_SYNTAX, "\"b/?t?.png\": names are UTF-8 texts");
    refuse_names((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "./b//1.png"}, FAIL_SYNTAX,
                 "has b/1.png twice");
    refuse_names((const char *const[]){GOOD[0], GOOD[1], GOOD[2], "b.png"}, FAIL_INCOMPATIBLE,
                 "b.png, which lies in no folder");
    refuse_names((const char *const[]){"train/a/1.png", "train/b/1.png", "test/a/1.png", "c/x.png"},
                 FAIL_INCOMPATIBLE, "c/x.png, which lies in none");
    refuse_names(
        (const char *const[]){"val/a/1.png", "val/b/1.png", "test/a/1.png", "test/b/x.png"},
        FAIL_INCOMPATIBLE, "no folder train/");
    refuse_names((const char *const[]){"a/1.png", "a/2.png", "a/3.png", "a/4.png"}, FAIL_SYNTAX,
                 "All labels are the same");
    refuse_names((const char *const[]){".a/1.png", ".2.png", "__MACOSX/1.png", "Thumbs.db"},
                 FAIL_SYNTAX, "has no files");
    check_nothing_left();
}

/* A class may be called like a part, where its pictures lie in it. */
static void classes_called_like_parts(void)
{
    dataset_summary s;
    fail f = {0};
    make_pictures();
    make_zip((const char *const[]){"train/1.png", "train/2.png", "bus/1.png", "bus/2.png"});
    CHECK_OK(add_set("vehicles", ZIP, NULL, &s, &f), f);
    CHECK(s.k == 2 && s.n[PART_TRAIN] == 4);
    CHECK_OK(dataset_remove("vehicles", files_path("data"), &f), f);
}

/* Makes member 2 what is not taken, in a zip and in a tar. */
static void refuse_third(fail_code code, const char *part)
{
    make_zip(GOOD);
    refuse(ZIP, NULL, code, part);
    make_tar(GOOD, FILES);
    end_tar();
    refuse(TAR, NULL, code, part);
}

static void a_bad_picture_in_the_middle(void)
{
    make_pictures();
    members[2].at[members[2].n - 20] ^= 1;
    refuse_third(FAIL_SYNTAX, "b/1.png is a damaged PNG picture");
    make_pictures();
    members[2].n -= 12;
    refuse_third(FAIL_SYNTAX, "b/1.png is cut off: the PNG picture ends early");
    members[2].n = 0;
    refuse_third(FAIL_SYNTAX, "b/1.png is empty");
    add(&members[2], "some words", 10);
    refuse_third(FAIL_SYNTAX, "b/1.png is no picture that is taken");
    members[2].n = 0;
    add(&members[2], JPEG_GRAY, sizeof JPEG_GRAY - 6);
    refuse_third(FAIL_SYNTAX, "b/1.png is cut off: the JPEG picture ends early");
    members[2].n = 0;
    add(&members[2], JPEG_GRAY, sizeof JPEG_GRAY);
    refuse_third(FAIL_INCOMPATIBLE, "b/1.png has 8 x 8 pixels, a/1.png has 4 x 3; all must be "
                                    "alike, or size=32");
    png_begin(&members[2], 16385, 1, 8, PNG_GRAY, false);
    png_end(&members[2], (const uint8_t[]){0}, 1);
    refuse_third(FAIL_TOO_LARGE, "b/1.png is a picture of 16385 x 1; sides of 1 to 16384");
    check_nothing_left();
}

/* A picture that says it is large, and has nothing: only its rows are held. */
static void a_picture_bomb(void)
{
    static const dataset_add_options small = {.size = 8};
    make_pictures();
    png_begin(&members[0], 16384, 16384, 8, PNG_RGB, false);
    png_end(&members[0], (const uint8_t[]){0, 1, 2}, 3);
    make_zip(GOOD);
    refuse(ZIP, &small, FAIL_SYNTAX, "a/1.png is a damaged PNG picture");
    refuse(ZIP, NULL, FAIL_TOO_LARGE, "a/1.png has 16384 x 16384 pixels");
    check_nothing_left();
}

static void damaged_tars(void)
{
    uint8_t huge[12] = {0x80, 0, 0, 0, 0, 0, 0, 3}; /* 3 * 2^32 bytes */
    make_pictures();
    make_tar(GOOD, FILES);
    save("set.tar", &scratch);
    refuse(TAR, NULL, FAIL_SYNTAX, "before its end is marked");
    scratch.n -= 700;
    save("set.tar", &scratch);
    refuse(TAR, NULL, FAIL_SYNTAX, "cut off");
    make_tar(GOOD, 3);
    scratch.at[1024 + 3] ^= 1;
    end_tar();
    refuse(TAR, NULL, FAIL_SYNTAX, "the header at byte 1024 unpacked has a wrong checksum");
    make_tar(GOOD, 3);
    tar_entry(&scratch, '2', "b/link.png", "", 0);
    end_tar();
    refuse(TAR, NULL, FAIL_SYNTAX, "b/link.png is a link or a device");
    make_tar(GOOD, 3);
    tar_entry(&scratch, 'x', "pax", "99 path=b/x.png\n", 16);
    end_tar();
    refuse(TAR, NULL, FAIL_SYNTAX, "the pax header before byte");
    make_tar(GOOD, 3);
    size_t at = scratch.n;
    tar_entry(&scratch, '0', "b/huge.png", "", 0);
    memcpy(scratch.at + at + 124, huge, sizeof huge);
    uint32_t sum = 8 * ' ';
    for (size_t i = 0; i < 512; i++)
        sum += i < 148 || i >= 156 ? scratch.at[at + i] : 0;
    snprintf((char *)scratch.at + at + 148, 8, "%06o", sum);
    end_tar();
    refuse(TAR, NULL, FAIL_TOO_LARGE, "b/huge.png brings the archive to more than 8589934592");
    check_nothing_left();
}

static void damaged_zips(void)
{
    make_pictures();
    make_zip(GOOD);
    scratch.n -= 30;
    save("set.zip", &scratch);
    refuse(ZIP, NULL, FAIL_SYNTAX, "not a whole zip archive");
    make_zip(GOOD);
    scratch.at[14] ^= 1; /* the checksum of the first, in both places */
    for (size_t i = 0; i + 4 < scratch.n; i++)
        if (memcmp(scratch.at + i, "PK\1\2", 4) == 0) {
            scratch.at[i + 16] ^= 1;
            break;
        }
    save("set.zip", &scratch);
    refuse(ZIP, NULL, FAIL_SYNTAX, "a/1.png cannot be unpacked");
    refuse((const char *const[]){"set.zip", "set.zip", NULL}, NULL, FAIL_INCOMPATIBLE,
           "A zip or tar is a whole data set");
    check_nothing_left();
}

static void files_that_are_no_sets(void)
{
    png_pattern(&scratch, 2, 2, 1, 0);
    save("set.tar", &scratch);
    refuse(TAR, NULL, FAIL_INCOMPATIBLE, "one picture; a set of pictures is one zip or tar");
    save_text("set.tar", "\x80\x04pickled");
    refuse(TAR, NULL, FAIL_INCOMPATIBLE, "Python pickle");
}

/* ---- CIFAR ---- */

static const char *const BATCHES[] = {"data_batch_2.bin", "data_batch_1.bin", "test_batch.bin",
                                      NULL};

/* n records of one label (of two for CIFAR-100), red, green and blue of their number. */
static void make_batch(bytes *b, uint8_t first, size_t n, bool is_100)
{
    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t labels[] = {1, (uint8_t)((first + i) % 10)};
        uint8_t plane[1024];
        add(b, labels + !is_100, is_100 ? 2 : 1);
        for (uint8_t c = 0; c < 3; c++) {
            memset(plane, (int)(first + i + 50 * c), sizeof plane);
            add(b, plane, sizeof plane);
        }
    }
}

static void check_batches(const dataset *set, const char *class)
{
    char name[16];
    const dataset_rows *rows = &set->parts[PART_TRAIN], *test = &set->parts[PART_TEST];
    CHECK(set->channels == 3 && set->height == 32 && set->width == 32);
    CHECK_OR_RETURN(CHECK_EQUAL_INT(rows->n, 6) && CHECK_EQUAL_INT(test->n, 2));
    CHECK(rows->bytes[0] == 0 && rows->bytes[1024] == 50 && rows->bytes[3 * 3072 + 3071] == 120);
    CHECK(test->bytes[0] == 1 && test->labels[0] == rows->labels[1]);
    dataset_write_class_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, class);
}

static void cifar_batches(void)
{
    for (int is_100 = 0; is_100 < 2; is_100++) {
        dataset_summary s;
        dataset *set;
        fail f = {0};
        for (size_t i = 0; i < 3; i++) {
            make_batch(&members[0], (const uint8_t[]){20, 0, 1}[i], i < 2 ? 3 : 2, is_100);
            save(BATCHES[i], &members[0]);
        }
        const char *name = is_100 ? "fine" : "ten";
        CHECK_OR_RETURN(CHECK_OK(add_set(name, BATCHES, NULL, &s, &f), f));
        CHECK_OR_RETURN(CHECK_OK(open_set(name, &set, &f), f));
        check_batches(set, "1");
        dataset_close(set);
    }
}

static void cifar_in_an_archive(void)
{
    static const char *const names[] = {"cifar/data_batch_2.bin", "cifar/data_batch_1.bin",
                                        "cifar/test_batch.bin", "cifar/batches.meta.txt"};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    for (size_t i = 0; i < 3; i++)
        make_batch(&members[i], (const uint8_t[]){20, 0, 1}[i], i < 2 ? 3 : 2, false);
    members[3].n = 0;
    add(&members[3], "airplane\nautomobile\nbird\n\n", 26);
    make_tar(names, 4);
    end_tar();
    CHECK_OR_RETURN(CHECK_OK(add_set("named", TAR, NULL, &s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(open_set("named", &set, &f), f));
    check_batches(set, "automobile");
    dataset_close(set);
    make_tar((const char *const[]){names[0], names[1], names[2], "cifar/notes.md"}, 4);
    end_tar();
    refuse(TAR, NULL, FAIL_INCOMPATIBLE, "cifar/notes.md, which is none");
}

static void bad_batches(void)
{
    static const char *const one[] = {"data_batch_1.bin", NULL};
    static const char *const test[] = {"test_batch.bin", NULL};
    make_batch(&members[0], 0, 3, false);
    members[0].at[3073] = 10;
    save(BATCHES[1], &members[0]);
    refuse(one, NULL, FAIL_SYNTAX, "the label of record 1 (byte 3073) is 10; 0 to 9");
    members[0].n -= 1;
    save(BATCHES[1], &members[0]);
    refuse(one, NULL, FAIL_SYNTAX, "has 9218 bytes, no whole number of records");
    refuse(test, NULL, FAIL_INCOMPATIBLE, "no training part");
    make_batch(&members[0], 0, 3, false);
    save(BATCHES[1], &members[0]);
    refuse((const char *const[]){one[0], test[0], NULL}, NULL, FAIL_INCOMPATIBLE,
           "Some files have records of CIFAR-10");
}

CHECK_MAIN("dataset_archive", names_and_folders, classes_called_like_parts,
           a_bad_picture_in_the_middle, a_picture_bomb, damaged_tars, damaged_zips,
           files_that_are_no_sets, cifar_batches, cifar_in_an_archive, bad_batches)
