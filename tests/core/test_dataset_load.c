/* The readers: IDX and CSV files as they occur, and what is said of bad ones. */
#include "tests/core/dataset_refuse.h"

static bytes scratch;

static void refuse_csv(const char *text, const dataset_add_options *options, fail_code code,
                       const char *part)
{
    const char *const names[] = {"bad.csv", NULL};
    save_text("bad.csv", text);
    refuse(names, options, code, part);
}

/* Adds one CSV text and opens it; NULL after a failed check. */
static dataset *add_csv(const char *name, const char *text, const dataset_add_options *options)
{
    const char *const names[] = {"good.csv", NULL};
    dataset_summary summary;
    dataset *set = NULL;
    fail f = {0};
    save_text("good.csv", text);
    if (CHECK_OK(add_set(name, names, options, &summary, &f), f))
        CHECK_OK(open_set(name, &set, &f), f);
    return set;
}

/* ---- IDX ---- */

static const char *const IDX_NAMES[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz",
                                        NULL};
static const char *const PAIR[] = {"images", "labels", NULL};

static void save_idx(void)
{
    static bytes packed;
    idx_images(&scratch, 120, 5, 4);
    gzip(&scratch, &packed);
    save(IDX_NAMES[0], &packed);
    idx_labels(&scratch, 120, 3);
    save(IDX_NAMES[1], &scratch);
    idx_images(&scratch, 30, 5, 4);
    save(IDX_NAMES[2], &scratch);
    idx_labels(&scratch, 30, 3);
    gzip(&scratch, &packed);
    save(IDX_NAMES[3], &packed);
}

static void idx_with_a_test_part(void)
{
    dataset_summary s;
    dataset *set;
    fail f = {0};
    save_idx();
    CHECK_OR_RETURN(CHECK_OK(add_set("digits", IDX_NAMES, NULL, &s, &f), f));
    CHECK_EQUAL_INT(s.n[PART_TRAIN], 120);
    CHECK_EQUAL_INT(s.n[PART_VALIDATION], 0);
    CHECK_EQUAL_INT(s.n[PART_TEST], 30);
    CHECK_EQUAL_INT(s.d, 20);
    CHECK_EQUAL_INT(s.k, 3);
    CHECK(s.height == 5 && s.width == 4 && s.channels == 1 && s.are_bytes);
    CHECK_EQUAL_INT(s.default_scaling, SCALING_NONE);
    CHECK_OR_RETURN(CHECK_OK(open_set("digits", &set, &f), f));
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].bytes[20 * 40 + 19], (40 * 7 + 19) % 256);
    CHECK_EQUAL_INT(set->parts[PART_TEST].labels[29], 2);
    CHECK(set->shared_scaling && !set->built_in && !set->class_names);
    dataset_close(set);
}

/* A pair without `train` in its names is the training part; labels that are not 0 .. k-1 get
 * names. */
static void idx_pair_with_other_labels(void)
{
    dataset_summary s;
    dataset *set;
    char name[8];
    fail f = {0};
    idx_images(&scratch, 40, 3, 3);
    save("images", &scratch);
    idx_labels(&scratch, 40, 4);
    for (size_t i = 8; i < scratch.n; i++)
        scratch.at[i] = (uint8_t)(scratch.at[i] * 2 + 1);
    save("labels", &scratch);
    CHECK_OR_RETURN(CHECK_OK(add_set("odd", PAIR, NULL, &s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(open_set("odd", &set, &f), f));
    CHECK_EQUAL_INT(set->k, 4);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[3], 3);
    dataset_write_class_name(set, 3, name, sizeof name);
    CHECK_EQUAL_STRING(name, "7");
    dataset_close(set);
}

/* Saves 40 images and labels, changed by one byte, or cut or lengthened. */
static void spoil_idx(size_t at, uint8_t value, size_t n_cut, size_t n_more)
{
    idx_labels(&scratch, 40, 4);
    save("labels", &scratch);
    idx_images(&scratch, 40, 3, 3);
    scratch.at[at] = value;
    scratch.n -= n_cut;
    add(&scratch, "more", n_more);
    save("images", &scratch);
}

static void bad_idx_names_the_byte(void)
{
    spoil_idx(2, 0x0A, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "byte 2, the type of its values, is 0x0a");
    spoil_idx(3, 5, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "byte 3, the number of dimensions, is 5");
    spoil_idx(1, 9, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "byte 1 of its magic number is 0x09");
    spoil_idx(0, 0, 100, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "ends after byte 276 of 376");
    spoil_idx(0, 0, 0, 3);
    refuse(PAIR, NULL, FAIL_SYNTAX, "goes on after byte 376");
    spoil_idx(7, 39, 9, 0);
    refuse(PAIR, NULL, FAIL_INCOMPATIBLE, "39 images but 40 labels");
    spoil_idx(11, 0, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "the size in bytes 8 to 11 is 0");
    spoil_idx(4, 0x7F, 0, 0);
    refuse(PAIR, NULL, FAIL_TOO_LARGE, "at most 2147483648 values");
    spoil_idx(0, 0, 370, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "ends after byte 6 of 16");
}

static void bad_idx_files_together(void)
{
    static const char *const one[] = {"images", NULL};
    static const char *const twice[] = {"images", "images", NULL};
    const char *const three[] = {IDX_NAMES[0], IDX_NAMES[1], IDX_NAMES[2], NULL};
    spoil_idx(0, 0, 0, 0);
    refuse(one, NULL, FAIL_INCOMPATIBLE, "two files");
    refuse(twice, NULL, FAIL_INCOMPATIBLE, "second file of images");
    save_idx();
    refuse(three, NULL, FAIL_INCOMPATIBLE, "test part has images but no labels");
    idx_labels(&scratch, 40, 1);
    save("labels", &scratch);
    refuse(PAIR, NULL, FAIL_SYNTAX, "All labels are the same");
}

static void damaged_gzip(void)
{
    static bytes packed;
    idx_labels(&scratch, 40, 4);
    save("labels", &scratch);
    idx_images(&scratch, 40, 3, 3);
    gzip(&scratch, &packed);
    packed.at[200] ^= 1; /* the checksum sees it */
    save("images", &packed);
    refuse(PAIR, NULL, FAIL_SYNTAX, "cannot be unpacked");
    packed.at[200] ^= 1;
    packed.n -= 150;
    save("images", &packed);
    refuse(PAIR, NULL, FAIL_SYNTAX, "cut off");
}

/* ---- CSV ---- */

static void csv_with_names_and_text_labels(void)
{
    char name[16];
    dataset *set = add_csv("irises",
                           "\xEF\xBB\xBFsepal,\"petal, long\",species\r\n"
                           "5.1,1.4,setosa\r\n-7e-1, 2.5 ,\"versi\"\"color\"\r\n\r\n"
                           "6.3,6,setosa\r\n1,2,virginica",
                           NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->task, TASK_CLASSIFICATION);
    CHECK_EQUAL_INT(set->d, 2);
    CHECK_EQUAL_INT(set->k, 3);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 4);
    CHECK(set->parts[PART_TRAIN].floats[2] == -0.7F && set->parts[PART_TRAIN].floats[3] == 2.5F);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[1], 1);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[2], 0);
    CHECK_EQUAL_INT(set->default_scaling, SCALING_STANDARD);
    dataset_write_class_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "versi\"color");
    dataset_write_column_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "petal, long");
    dataset_close(set);
}

static void csv_without_names(void)
{
    dataset *set = add_csv("plain", "1;2;7\n3;4;9\n5;6;7\n1;1;9\n", NULL);
    char name[16];
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 4);
    CHECK_EQUAL_INT(set->k, 2);
    CHECK(!set->column_names);
    dataset_write_class_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "9");
    dataset_close(set);
}

/* The label column by usual name, by name, by index from either end. */
static void csv_label_column(void)
{
    static const char text[] = "a,class,b\n1,0,5\n2,1,6\n3,0,7\n4,1,5\n";
    static const struct {
        const char *label;
        float first;
        int k;
    } choices[] = {{NULL, 1, 2}, {"b", 1, 1}, {"0", 0, 1}, {"-1", 1, 1}, {"-2", 1, 2}};
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        char name[16];
        snprintf(name, sizeof name, "column%zu", i);
        dataset *set = add_csv(name, text, &(dataset_add_options){.label = choices[i].label});
        CHECK_OR_RETURN(set != NULL);
        CHECK(set->parts[PART_TRAIN].floats[0] == choices[i].first);
        CHECK_EQUAL_INT(set->k, choices[i].k);
        dataset_close(set);
    }
    refuse_csv(text, &(dataset_add_options){.label = "colour"}, FAIL_OUT_OF_RANGE,
               "no column \"colour\"");
    refuse_csv(text, &(dataset_add_options){.label = "3"}, FAIL_OUT_OF_RANGE, "index in 0 .. 2");
}

static void csv_task(void)
{
    static const char whole[] = "1,1\n2,2\n3,1\n4,2\n";
    dataset *set = add_csv("whole", whole, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->task, TASK_CLASSIFICATION);
    dataset_close(set);
    set = add_csv("numbers", whole, &(dataset_add_options){.task = CHOICE_REGRESSION});
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->task, TASK_REGRESSION);
    CHECK(set->parts[PART_TRAIN].targets[3] == 2);
    dataset_close(set);
    set = add_csv("fractions", "1,0.5\n2,1.5\n3,0.5\n4,1.5\n", NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->task, TASK_REGRESSION);
    dataset_close(set);
    set = add_csv("mixed", "1,10\n2,x\n3,9\n4,x\n5,10\n",
                  &(dataset_add_options){.task = CHOICE_CLASSIFICATION});
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->k, 3);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[0], 1); /* 9, 10, x */
    dataset_close(set);
    refuse_csv("1,a\n2,b\n3,a\n4,b\n", &(dataset_add_options){.task = CHOICE_REGRESSION},
               FAIL_SYNTAX, "row 1, column 2: the label \"a\" is not a number");
}

static void csv_header_choice(void)
{
    dataset *set = add_csv("years", "2000,2001,2002\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n",
                           &(dataset_add_options){.header = HEADER_YES});
    char name[16];
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 4);
    dataset_write_column_name(set, 1, name, sizeof name);
    CHECK_EQUAL_STRING(name, "2001");
    dataset_close(set);
    set = add_csv("pandas", "0,1,label\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n", NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 4);
    dataset_close(set);
    refuse_csv("a,b\n1,2\n3,4\n", &(dataset_add_options){.header = HEADER_NO}, FAIL_SYNTAX,
               "row 1, column 2: the label \"b\" is not a number");
    refuse_csv("a,5\n1,2\n3,4\n", &(dataset_add_options){.header = HEADER_NO}, FAIL_SYNTAX,
               "row 1, column 1: the value \"a\" is not a number");
}

static void csv_in_parts(void)
{
    static const char *const names[] = {"Test.csv", "TRAIN.csv", "val.csv", NULL};
    dataset_summary s;
    fail f = {0};
    save_text("TRAIN.csv", "a,y\n1,p\n2,q\n3,r\n");
    save_text("Test.csv", "a,y\n5,q\n6,r\n");
    save_text("val.csv", "a,y\n7,p\n");
    CHECK_OR_RETURN(CHECK_OK(add_set("parts", names, NULL, &s, &f), f));
    CHECK(s.n[PART_TRAIN] == 3 && s.n[PART_VALIDATION] == 1 && s.n[PART_TEST] == 2);
    CHECK_EQUAL_INT(s.k, 3);
    save_text("val.csv", "b,y\n7,p\n");
    refuse(names, NULL, FAIL_INCOMPATIBLE, "column 1 is called \"b\", in the first file \"a\"");
    save_text("val.csv", "a,b,y\n7,1,p\n");
    refuse(names, NULL, FAIL_INCOMPATIBLE, "val.csv has 3 columns, Test.csv has 2");
    save_text("val.csv", "a,y\n7,p\n8,s.\n9,q .\n");
    refuse(names, NULL, FAIL_INCOMPATIBLE,
           "row 3, column y: the classes \"s.\", \"q .\" are in the validation part and not in");
}

static void bad_csv_names_row_and_column(void)
{
    const dataset_add_options whole = {.impute = IMPUTE_REFUSE};
    refuse_csv("a,b,y\n1,2,0\n1,,1\n", &whole, FAIL_SYNTAX,
               "row 3, column b: the value \"\" is missing");
    refuse_csv("a,b,y\n1,2,0\n1,NA,1\n", &whole, FAIL_SYNTAX, "row 3, column b");
    refuse_csv("a,b,y\n1,2,0\n1,3,\n", NULL, FAIL_SYNTAX,
               "row 3, column y: the label \"\" is missing");
    refuse_csv("1,2,0\n1,red,1\n1,2,0\n", NULL, FAIL_SYNTAX, "\"red\" is not a number");
    refuse_csv("1,2,0\n1,inf,1\n1,2,0\n", NULL, FAIL_SYNTAX, "row 2, column 2");
    refuse_csv("1,2,0\n1,1e999,1\n1,2,0\n", NULL, FAIL_SYNTAX, "not a finite number");
    refuse_csv("1,2,0\n1,1e99,1\n1,2,0\n", NULL, FAIL_SYNTAX, "more than a float holds");
    refuse_csv("1,2,0\n1,0x10,1\n1,2,0\n", NULL, FAIL_SYNTAX, "not a number");
    refuse_csv("1,2,0\n1,1\n1,2,0\n", NULL, FAIL_SYNTAX, "row 1 has 3 columns, row 2 has 2;");
    refuse_csv("1,2,0\n1,2,0\n1,2\n", NULL, FAIL_SYNTAX, "row 3 has 2 columns, but 3 are needed");
    refuse_csv("\n1,2,0\n\n1,1\n", NULL, FAIL_SYNTAX, "row 2 has 3 columns, row 4 has 2;");
    refuse_csv("1,2,0\r\n\r\n1,1\r\n", NULL, FAIL_SYNTAX, "row 1 has 3 columns, row 3 has 2;");
    refuse_csv("1,2,0\n1,\"a\"b,1\n1,2,0\n", NULL, FAIL_SYNTAX,
               "row 2 has a quote in the wrong place");
    refuse_csv("1,2,0\n1,\"2,1\n1,2,0\n", NULL, FAIL_SYNTAX, "within quotes");
    refuse_csv("", NULL, FAIL_SYNTAX, "empty");
    refuse_csv("\n\n", NULL, FAIL_SYNTAX, "empty");
    refuse_csv("a,b\n", NULL, FAIL_SYNTAX, "names but no rows");
    refuse_csv("1\n2\n3\n", NULL, FAIL_SYNTAX, "one column");
    refuse_csv("1,1\n2,0\n", NULL, FAIL_SYNTAX, "at least 3 are needed");
    refuse_csv("a,y\n1,\xFF\xFE\n2,b\n3,b\n", NULL, FAIL_SYNTAX,
               "row 2, column y: the label is not UTF-8");
    refuse_csv("a\xC0\x80,y\n1,a\n2,b\n3,b\n", NULL, FAIL_SYNTAX, "the name of column 1");
}

static void csv_with_too_many_labels(void)
{
    static char text[200000];
    size_t used = 0;
    for (int i = 0; i < 10001; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,v%d\n", i % 7, i);
    refuse_csv(text, NULL, FAIL_TOO_LARGE, "more than 10000 different labels");
}

/* ---- NumPy ---- */

static void formats_do_not_mix(void)
{
    static const char *const mixed[] = {"labels", "good.csv", NULL};
    static const char *const binary[] = {"binary", NULL};
    static const char *const missing[] = {"missing", NULL};
    refuse(mixed, NULL, FAIL_INCOMPATIBLE, "another format");
    scratch.n = 0;
    add(&scratch,
        "\x7F"
        "ELF\0\0\0",
        7);
    save("binary", &scratch);
    refuse(binary, NULL, FAIL_SYNTAX, "none of the formats");
    refuse(missing, NULL, FAIL_STORAGE, "cannot be opened");
    refuse(&missing[1], NULL, FAIL_OUT_OF_RANGE, "1 to 6 files");
}

/* Only where the repository has its neighbour with the real digits. */
static void mnist_loads(void)
{
    static const char *const names[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
    char paths[4][96];
    dataset_file files[4];
    dataset_summary s;
    dataset_add_options options = {0};
    bool is_new;
    fail f = {0};
    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof paths[i], "../shared/data/mnist/%s", names[i]);
        files[i] = (dataset_file){paths[i], names[i]};
    }
    if (access(paths[0], R_OK) != 0)
        CHECK_SKIP("../shared/data/mnist/ is not there");
    CHECK_OR_RETURN(CHECK_OK(
        dataset_add("mnist", files, 4, &options, files_path("data"), &s, NULL, &is_new, &f), f));
    CHECK(is_new && s.n[PART_TRAIN] == 60000 && s.n[PART_TEST] == 10000 && s.d == 784 && s.k == 10);
    dataset *set;
    CHECK_OR_RETURN(CHECK_OK(open_set("mnist", &set, &f), f));
    size_t counts[10];
    uint64_t sum = 0;
    dataset_count_classes(set, PART_TRAIN, counts);
    CHECK(counts[0] == 5923 && counts[1] == 6742 && counts[9] == 5949);
    for (size_t i = 0; i < 60000UL * 784; i++)
        sum += set->parts[PART_TRAIN].bytes[i];
    CHECK_WITHIN((double)sum / 60000 / 784 / 255, 0.1307, 0.0001);
    dataset_close(set);
}

CHECK_MAIN("dataset_load", idx_with_a_test_part, idx_pair_with_other_labels, bad_idx_names_the_byte,
           bad_idx_files_together, damaged_gzip, csv_with_names_and_text_labels, csv_without_names,
           csv_label_column, csv_task, csv_header_choice, csv_in_parts,
           bad_csv_names_row_and_column, csv_with_too_many_labels, formats_do_not_mix, mnist_loads)
