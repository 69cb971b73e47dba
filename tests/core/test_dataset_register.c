/* Registered sets: names, conflicts, deduplication, removal, cleaning, listing, previews, damaged
 * content. */
#include "core/base/digest.h"
#include "core/data/container.h"
#include "core/data/internal.h"
#include "core/data/origin.h"
#include "tests/core/dataset_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const ONE[] = {"one.csv", NULL};
static const char *const TWO[] = {"two.csv", NULL};

/* Two small sets as CSV files. */
static void save_two(void)
{
    save_text("one.csv", "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n");
    save_text("two.csv", "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,9,q\n");
}

/* Files in content/, those that are temporary included. */
static size_t count_content(void)
{
    size_t n = 0;
    DIR *folder = opendir(files_path("data/content"));
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (folder)
        closedir(folder);
    return n;
}

static bool add_as(const char *name, const char *const *files, bool *is_new, fail *f)
{
    char path[192];
    dataset_add_options options = {0};
    dataset_summary s;
    snprintf(path, sizeof path, "%s/%s", files_dir(), files[0]);
    dataset_file file = {path, files[0]};
    return dataset_add(name, &file, 1, &options, files_path("data"), &s, NULL, is_new, f);
}

static void names_share_content(void)
{
    bool is_new = false;
    char a[65], b[65];
    fail f = {0};
    save_two();
    CHECK_OK(add_as("first", ONE, &is_new, &f), f);
    CHECK(is_new);
    CHECK_OK(add_as("second", ONE, &is_new, &f), f);
    CHECK(is_new);
    CHECK_EQUAL_INT(count_content(), 1);
    CHECK_OK(add_as("first", ONE, &is_new, &f), f);
    CHECK(!is_new);
    CHECK_FAILS(add_as("first", TWO, &is_new, &f), f, FAIL_CONFLICT, "/name");
    CHECK_EQUAL_INT(count_content(), 1);
    CHECK_OK(dataset_read_sha256("first", files_path("data"), a, &f), f);
    CHECK_OK(dataset_read_sha256("second", files_path("data"), b, &f), f);
    CHECK_EQUAL_STRING(a, b);
    CHECK_OK(dataset_remove("first", files_path("data"), &f), f);
    CHECK_EQUAL_INT(count_content(), 1);
    CHECK_FAILS(dataset_remove("first", files_path("data"), &f), f, FAIL_NOT_FOUND, "/dataset");
    CHECK_OK(dataset_remove("second", files_path("data"), &f), f);
    CHECK_EQUAL_INT(count_content(), 0);
}

static void open_sets_outlive_their_name(void)
{
    bool is_new;
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(add_as("gone", ONE, &is_new, &f), f);
    CHECK_OR_RETURN(CHECK_OK(open_set("gone", &set, &f), f));
    CHECK_OK(dataset_remove("gone", files_path("data"), &f), f);
    CHECK(set->parts[PART_TRAIN].floats[7] == 8);
    dataset *other = NULL;
    CHECK_FAILS(open_set("gone", &other, &f), f, FAIL_NOT_FOUND, "/dataset");
    dataset_close(set);
}

static void names_are_checked(void)
{
    static const char *const bad[] = {
        "",       ".hidden",  "a/b",
        "..",     "-dash",    "_under",
        "sp ace", "\xC3\xA9", "0123456789012345678901234567890123456789012345678901234567890123"};
    bool is_new;
    fail f = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_FAILS(add_as(bad[i], ONE, &is_new, &f), f, FAIL_OUT_OF_RANGE, "/name");
    CHECK_FAILS(add_as("glyphs", ONE, &is_new, &f), f, FAIL_CONFLICT, "/name");
    CHECK_FAILS(dataset_remove("glyphs", files_path("data"), &f), f, FAIL_FORBIDDEN, "/name");
    CHECK_FAILS(dataset_remove("../x", files_path("data"), &f), f, FAIL_NOT_FOUND, "/dataset");
    CHECK_OK(
        add_as("012345678901234567890123456789012345678901234567890123456789_.-", ONE, &is_new, &f),
        f);
    CHECK_OK(dataset_remove("012345678901234567890123456789012345678901234567890123456789_.-",
                            files_path("data"), &f),
             f);
}

static void options_of_registered_sets(void)
{
    bool is_new;
    dataset_options resolved = {.n = 1};
    fail f = {0};
    CHECK_OK(add_as("plain", ONE, &is_new, &f), f);
    CHECK_OK(
        dataset_check("plain", &(dataset_options){.noise = NAN}, files_path("data"), &resolved, &f),
        f);
    CHECK(resolved.n == 0 && isnan(resolved.noise));
    CHECK_FAILS(dataset_check("plain", &(dataset_options){.n = 5, .noise = NAN}, files_path("data"),
                              &resolved, &f),
                f, FAIL_INCOMPATIBLE, "/dataset/n");
    CHECK_FAILS(
        dataset_check("plain", &(dataset_options){.noise = 0}, files_path("data"), &resolved, &f),
        f, FAIL_INCOMPATIBLE, "/dataset/noise");
    CHECK_OK(dataset_remove("plain", files_path("data"), &f), f);
}

static void words_of_a_query(void)
{
    dataset_add_options o = {0};
    fail f = {0};
    CHECK(dataset_read_option("header", "true", &o, &f) && o.header == HEADER_YES);
    CHECK(dataset_read_option("header", "0", &o, &f) && o.header == HEADER_NO);
    CHECK(dataset_read_option("header", "", &o, &f) && o.header == HEADER_AUTO);
    CHECK_FAILS(dataset_read_option("header", "maybe", &o, &f), f, FAIL_OUT_OF_RANGE, "/header");
    CHECK(dataset_read_option("task", "regression", &o, &f) && o.task == CHOICE_REGRESSION);
    CHECK_FAILS(dataset_read_option("task", "clustering", &o, &f), f, FAIL_OUT_OF_RANGE, "/task");
    CHECK(dataset_read_option("separator", "|", &o, &f) && o.separator == SEPARATOR_PIPE);
    CHECK(dataset_read_option("thousands", "'", &o, &f) && o.thousands == THOUSANDS_APOSTROPHE);
    CHECK(dataset_read_option("missing", "-,x", &o, &f) && strcmp(o.missing, "-,x") == 0);
    CHECK(dataset_read_option("size", "32", &o, &f) && o.size == 32);
    CHECK_FAILS(dataset_read_option("size", "0", &o, &f), f, FAIL_OUT_OF_RANGE, "/size");
    CHECK_FAILS(dataset_read_option("size", "4x", &o, &f), f, FAIL_OUT_OF_RANGE, "/size");
}

/* Beside the content stands what the files said; a damaged one is as good as none. */
static void origins_stand_beside_their_content(void)
{
    bool is_new;
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(add_as("told", ONE, &is_new, &f), f);
    CHECK_OK(add_as("told.new", ONE, &is_new, &f), f);
    CHECK_OR_RETURN(CHECK_OK(open_set("told", &set, &f), f));
    CHECK(set->origin && set->origin->n_columns == 3);
    dataset_close(set);
    save_text("data/origins/told", "no origin at all");
    save_text("data/origins/nobody", "of a set that is not there");
    save_text("data/origins/.told.new", "half");
    CHECK_OK(dataset_clean(files_path("data"), &f), f);
    CHECK(access(files_path("data/origins/nobody"), F_OK) != 0);
    CHECK(access(files_path("data/origins/.told.new"), F_OK) != 0);
    CHECK_OR_RETURN(CHECK_OK(open_set("told", &set, &f), f));
    CHECK(!set->origin);
    dataset_close(set);
    CHECK_OK(add_as("told", ONE, &is_new, &f), f); /* says it again */
    CHECK(!is_new);
    CHECK_OR_RETURN(CHECK_OK(open_set("told", &set, &f), f));
    CHECK(set->origin != NULL);
    dataset_close(set);
    CHECK_OK(dataset_remove("told", files_path("data"), &f), f);
    CHECK(access(files_path("data/origins/told"), F_OK) != 0);
    CHECK(access(files_path("data/origins/told.new"), F_OK) == 0);
    CHECK_OK(dataset_remove("told.new", files_path("data"), &f), f);
}

/* ---- cleaning ---- */

static void cleaning_removes_what_nobody_needs(void)
{
    bool is_new;
    fail f = {0};
    CHECK_OK(add_as("kept", ONE, &is_new, &f), f);
    save_text("data/content/.new-abandoned", "half");
    save_text("data/content/.new-alive", "half");
    save_text("data/content/0000000000000000000000000000000000000000000000000000000000000000",
              "orphan");
    int writer = open(files_path("data/content/.new-alive"), O_RDONLY);
    CHECK(flock(writer, LOCK_EX) == 0);
    CHECK_EQUAL_INT(count_content(), 4);
    CHECK_OK(dataset_clean(files_path("data"), &f), f);
    CHECK_EQUAL_INT(count_content(), 2);
    CHECK(access(files_path("data/content/.new-alive"), F_OK) == 0);
    close(writer);
    CHECK_OK(dataset_clean(files_path("data"), &f), f);
    CHECK_EQUAL_INT(count_content(), 1);
    dataset *set = NULL;
    CHECK_OK(open_set("kept", &set, &f), f);
    dataset_close(set);
    CHECK_OK(dataset_remove("kept", files_path("data"), &f), f);
}

static void cleaning_makes_the_folders(void)
{
    fail f = {0};
    CHECK_OK(dataset_clean(files_path("fresh"), &f), f);
    CHECK(access(files_path("fresh/datasets"), F_OK) == 0);
    save_text("flat", "a file, not a folder");
    CHECK_FAILS(dataset_clean(files_path("flat/data"), &f), f, FAIL_STORAGE, "");
}

/* ---- listing ---- */

typedef struct listed {
    int n;
    dataset_summary summaries[8];
} listed;

static bool keep(void *context, const dataset_summary *summary)
{
    listed *l = context;
    l->summaries[l->n++] = *summary;
    return l->n < 3;
}

/* Such a name may have been given by a version that allowed it. */
static void odd_names_that_are_there_stay(void)
{
    bool is_new;
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(add_as("plain", ONE, &is_new, &f), f);
    CHECK(rename(files_path("data/datasets/plain"), files_path("data/datasets/-odd")) == 0);
    listed l = {0};
    CHECK_OK(dataset_list(files_path("data"), keep, &l, &f), f);
    CHECK_OR_RETURN(l.n > 0);
    CHECK_EQUAL_STRING(l.summaries[0].name, "-odd");
    CHECK_OR_RETURN(CHECK_OK(open_set("-odd", &set, &f), f));
    dataset_close(set);
    CHECK_OK(dataset_remove("-odd", files_path("data"), &f), f);
    CHECK_FAILS(open_set("-odd", &set, &f), f, FAIL_NOT_FOUND, "/dataset");
}

static void lists_in_order(void)
{
    bool is_new;
    listed l = {0};
    fail f = {0};
    CHECK_OK(dataset_list(files_path("nowhere"), keep, &l, &f), f);
    CHECK_EQUAL_INT(l.n, 0);
    CHECK_OK(add_as("zebra", ONE, &is_new, &f), f);
    CHECK_OK(add_as("ant", TWO, &is_new, &f), f);
    CHECK(symlink("../content/nothing", files_path("data/datasets/broken")) == 0);
    CHECK_OK(dataset_list(files_path("data"), keep, &l, &f), f);
    CHECK_OR_RETURN(l.n == 3);
    CHECK_EQUAL_STRING(l.summaries[0].name, "ant");
    CHECK_EQUAL_STRING(l.summaries[1].name, "broken");
    CHECK_EQUAL_STRING(l.summaries[2].name, "zebra");
    CHECK_CONTAINS(l.summaries[1].problem, "not a link to stored content");
    CHECK(l.summaries[0].problem[0] == '\0' && l.summaries[0].n[PART_TRAIN] == 4 &&
          l.summaries[0].d == 2 && l.summaries[0].k == 2 && l.summaries[0].bytes > 0 &&
          l.summaries[0].created_ms > 1000000000000);
    CHECK_OK(dataset_remove("broken", files_path("data"), &f), f);
    CHECK_OK(dataset_remove("ant", files_path("data"), &f), f);
    CHECK_OK(dataset_remove("zebra", files_path("data"), &f), f);
    CHECK_EQUAL_INT(count_content(), 0);
}

static void describes_and_previews(void)
{
    dataset_summary s;
    dataset *set = NULL;
    fail f = {0};
    CHECK_OR_RETURN(CHECK_OK(dataset_describe("glyphs", NULL, &s, &set, &f), f));
    CHECK(s.built_in && s.n[PART_TRAIN] == 5000 && s.k == 10 && s.height == 16 && s.are_bytes);
    CHECK(s.bytes > 5000 * 256 && s.created_ms == 0);
    size_t counts[10];
    dataset_count_classes(set, PART_TRAIN, counts);
    for (int c = 0; c < 10; c++)
        CHECK_EQUAL_INT(counts[c], 500);
    static uint8_t pixels[24 * 256];
    int32_t labels[24];
    CHECK_EQUAL_INT(dataset_preview_images(set, 24, pixels, labels), 24);
    CHECK(labels[0] == 0 && labels[9] == 9 && labels[10] == 0 && labels[23] == 3);
    CHECK_EQUAL_BYTES(pixels, set->parts[PART_TRAIN].bytes,
                      24 * 256); /* their classes take turns too */
    dataset_close(set);
    CHECK_OR_RETURN(CHECK_OK(dataset_describe("moons", NULL, &s, &set, &f), f));
    CHECK_EQUAL_INT(dataset_preview_images(set, 24, pixels, labels), 0);
    dataset_close(set);
    CHECK_FAILS(dataset_describe("nonesuch", NULL, &s, &set, &f), f, FAIL_NOT_FOUND, "/dataset");
}

/* ---- damaged content ---- */

static bytes content;

/* Registers "hurt" anew and reads its content file; the path is returned. */
static const char *content_of_hurt(void)
{
    static char path[192];
    char sha256[65];
    bool is_new;
    fail f = {0};
    CHECK_OK(add_as("hurt", ONE, &is_new, &f), f);
    CHECK_OK(dataset_read_sha256("hurt", files_path("data"), sha256, &f), f);
    snprintf(path, sizeof path, "%s/data/content/%s", files_dir(), sha256);
    FILE *file = fopen(path, "rb");
    content.n = file ? fread(content.at, 1, sizeof content.at, file) : 0;
    if (file)
        fclose(file);
    return path;
}

static void write_content(const char *path)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(content.at, 1, content.n, file) == content.n && fclose(file) == 0);
}

static void damage_is_told(void)
{
    dataset *set = NULL;
    fail f = {0};
    const char *path = content_of_hurt();
    content.at[200] ^= 4;
    write_content(path);
    CHECK_FAILS(open_set("hurt", &set, &f), f, FAIL_STORAGE, "/dataset");
    CHECK_CONTAINS(f.sentence, "SHA-256 is another");
    content.n -= 10;
    write_content(path);
    CHECK_FAILS(open_set("hurt", &set, &f), f, FAIL_STORAGE, "/dataset");
    CHECK_CONTAINS(f.sentence, "its size is not what its header says");
    content.n = 50;
    write_content(path);
    CHECK_FAILS(open_set("hurt", &set, &f), f, FAIL_STORAGE, "/dataset");
    CHECK_CONTAINS(f.sentence, "shorter than its header");
    CHECK(unlink(path) == 0);
    CHECK_FAILS(open_set("hurt", &set, &f), f, FAIL_NOT_FOUND, "/dataset");
    /* Adding the same files again heals it. */
    content_of_hurt();
    CHECK_OK(open_set("hurt", &set, &f), f);
    dataset_close(set);
    CHECK_OK(dataset_remove("hurt", files_path("data"), &f), f);
}

/* Changes one header field, gives the file the digest that it then has, and wants it refused. */
static void refuse_header(const char *path, size_t at, uint64_t value, size_t n_bytes)
{
    char sha256[65];
    bytes *b = malloc(sizeof *b);
    dataset *set = dataset_new();
    fail f = {0};
    if (!b || !set)
        abort();
    *b = content;
    memcpy(b->at + at, &value, n_bytes);
    digest_write_of(b->at, b->n, sha256);
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(b->at, 1, b->n, file) == b->n && fclose(file) == 0);
    CHECK_FAILS(container_open(path, sha256, NULL, set, &f), f, FAIL_STORAGE, "/dataset");
    dataset_close(set);
    free(b);
}

static void hostile_headers_are_refused(void)
{
    static const struct {
        size_t at, n_bytes;
        uint64_t value;
    } hostile[] = {
        {offsetof(container_header, magic), 1, 0},
        {offsetof(container_header, version), 4, 2},
        {offsetof(container_header, header_bytes), 4, 8},
        {offsetof(container_header, task), 4, 7},
        {offsetof(container_header, default_scaling), 4, 9},
        {offsetof(container_header, shared_scaling), 4, 2},
        {offsetof(container_header, value_bytes), 4, 2},
        {offsetof(container_header, has_class_names), 4, 0},
        {offsetof(container_header, has_column_names), 4, 0},
        {offsetof(container_header, d), 8, 0},
        {offsetof(container_header, d), 8, UINT64_MAX},
        {offsetof(container_header, d), 8, 1},
        {offsetof(container_header, k), 8, 1},
        {offsetof(container_header, k), 8, 0},
        {offsetof(container_header, k), 8, 3},
        {offsetof(container_header, height), 8, 2},
        {offsetof(container_header, channels), 8, UINT64_MAX},
        {offsetof(container_header, n), 8, 0},
        {offsetof(container_header, n), 8, UINT64_MAX},
        {offsetof(container_header, n), 8, 1UL << 60},
        {offsetof(container_header, n) + 8, 8, 1},
        {offsetof(container_header, names_bytes), 8, 0},
        {offsetof(container_header, names_bytes), 8, UINT64_MAX},
        {offsetof(container_header, file_bytes), 8, 0},
        {128, 4, 0x7F800000}, /* the first float: infinite */
        {192, 4, 2},          /* the first label: none of two classes */
        {192, 4, UINT32_MAX},
    };
    fail f = {0};
    (void)content_of_hurt();
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        refuse_header(files_path("hostile"), hostile[i].at, hostile[i].value, hostile[i].n_bytes);
    CHECK_OK(dataset_remove("hurt", files_path("data"), &f), f);
}

/* A folder in which nothing can be made. */
static void unwritable_folder(void)
{
    bool is_new;
    fail f = {0};
    if (geteuid() == 0) { /* root may write anywhere: a file in the folder's place does it */
        save_text("flat", "");
        CHECK_FAILS(dataset_clean(files_path("flat"), &f), f, FAIL_STORAGE, "");
        return;
    }
    CHECK(chmod(files_path("data/content"), 0500) == 0);
    CHECK_FAILS(add_as("never", ONE, &is_new, &f), f, FAIL_STORAGE, "");
    CHECK(chmod(files_path("data/content"), 0700) == 0);
}

/* A disk that takes no more than a few bytes: a limit of the process does it. */
static void full_disk_leaves_nothing(void)
{
    struct rlimit before, few = {.rlim_cur = 100};
    bool is_new;
    fail f = {0};
    CHECK_OR_RETURN(getrlimit(RLIMIT_FSIZE, &before) == 0);
    few.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    fflush(stdout);
    bool is_limited = setrlimit(RLIMIT_FSIZE, &few) == 0;
    bool is_added = add_as("large", ONE, &is_new, &f);
    bool is_restored = setrlimit(RLIMIT_FSIZE, &before) == 0;
    CHECK(is_limited && is_restored && !is_added);
    CHECK_EQUAL_INT(f.code, FAIL_STORAGE);
    CHECK_CONTAINS(f.sentence, "could not be written: File too large");
    CHECK_EQUAL_INT(count_content(), 0);
    CHECK(access(files_path("data/datasets/large"), F_OK) != 0);
}

/* One process that adds, opens and removes the same content under a name of its own. Its exit
 * status is 0 if all went well. */
static void add_and_remove(int number)
{
    char name[16];
    snprintf(name, sizeof name, "set%d", number);
    for (int i = 0; i < 12; i++) {
        dataset *set;
        bool is_new;
        fail f = {0};
        if (!add_as(name, ONE, &is_new, &f) || !is_new || !open_set(name, &set, &f))
            _exit(1);
        dataset_close(set);
        if (!dataset_remove(name, files_path("data"), &f) || !dataset_clean(files_path("data"), &f))
            _exit(2);
    }
    _exit(0);
}

static void processes_do_not_disturb_each_other(void)
{
    enum { PROCESSES = 4 };
    pid_t children[PROCESSES];
    save_two();
    fflush(stdout);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            add_and_remove(i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        CHECK(WIFEXITED(status));
        CHECK_EQUAL_INT(WEXITSTATUS(status), 0);
    }
    CHECK_EQUAL_INT(count_content(), 0);
}

CHECK_MAIN("dataset_register", names_share_content, open_sets_outlive_their_name, names_are_checked,
           odd_names_that_are_there_stay, options_of_registered_sets, words_of_a_query,
           origins_stand_beside_their_content, cleaning_removes_what_nobody_needs,
           cleaning_makes_the_folders, lists_in_order, describes_and_previews, damage_is_told,
           hostile_headers_are_refused, unwritable_folder, full_disk_leaves_nothing,
           processes_do_not_disturb_each_other)
