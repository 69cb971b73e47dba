/* The readers: files of every format as they occur, and what is said of bad ones. */
#include "tests/core/dataset_files.h"

static bytes scratch;

/* The files are refused with this code and a sentence that has `part` in it; nothing is left
 * behind. */
static void refuse(const char *const *names, const dataset_add_options *options, fail_code code,
                   const char *part)
{
    dataset_summary summary;
    fail f = {0};
    if (!CHECK(!add_set("refused", names, options, &summary, &f)))
        return;
    CHECK_EQUAL_INT(f.code, code);
    CHECK_CONTAINS(f.sentence, part);
    CHECK(access(files_path("data/datasets/refused"), F_OK) != 0);
}

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
    spoil_idx(2, 0x0D, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "byte 2, the type of its values, is 0x0d");
    spoil_idx(3, 2, 0, 0);
    refuse(PAIR, NULL, FAIL_SYNTAX, "byte 3, the number of dimensions, is 2");
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
    set = add_csv("mixed", "1,10\n2,x\n3,9\n4,x\n5,10\n", NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->k, 3);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[0], 1); /* 9, 10, x */
    dataset_close(set);
    refuse_csv("1,a\n2,b\n3,a\n4,b\n", &(dataset_add_options){.task = CHOICE_REGRESSION},
               FAIL_SYNTAX, "row 1, column 2: the value \"a\" is not a number");
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
               "row 1, column 1: the value \"a\" is not a number");
}

static void csv_in_parts(void)
{
    static const char *const names[] = {"Test.csv", "TRAIN.csv", "val.csv", NULL};
    dataset_summary s;
    fail f = {0};
    save_text("TRAIN.csv", "a,y\n1,p\n2,q\n3,p\n");
    save_text("Test.csv", "a,y\n5,q\n6,r\n");
    save_text("val.csv", "a,y\n7,p\n");
    CHECK_OR_RETURN(CHECK_OK(add_set("parts", names, NULL, &s, &f), f));
    CHECK(s.n[PART_TRAIN] == 3 && s.n[PART_VALIDATION] == 1 && s.n[PART_TEST] == 2);
    CHECK_EQUAL_INT(s.k, 3);
    save_text("val.csv", "b,y\n7,p\n");
    refuse(names, NULL, FAIL_INCOMPATIBLE, "column 1 is called \"b\", in the first file \"a\"");
    save_text("val.csv", "a,b,y\n7,1,p\n");
    refuse(names, NULL, FAIL_SYNTAX, "row 2 has 3 columns, but 2 are needed");
}

static void bad_csv_names_row_and_column(void)
{
    refuse_csv("a,b,y\n1,2,0\n1,,1\n", NULL, FAIL_SYNTAX,
               "row 3, column 2: the value \"\" is missing");
    refuse_csv("a,b,y\n1,2,0\n1,NA,1\n", NULL, FAIL_SYNTAX, "row 3, column 2");
    refuse_csv("a,b,y\n1,2,0\n1,3,\n", NULL, FAIL_SYNTAX,
               "row 3, column 3: the value \"\" is missing");
    refuse_csv("1,2,0\n1,red,1\n1,2,0\n", NULL, FAIL_SYNTAX, "\"red\" is not a number");
    refuse_csv("1,2,0\n1,inf,1\n1,2,0\n", NULL, FAIL_SYNTAX, "row 2, column 2");
    refuse_csv("1,2,0\n1,1e999,1\n1,2,0\n", NULL, FAIL_SYNTAX, "not a finite number");
    refuse_csv("1,2,0\n1,1e99,1\n1,2,0\n", NULL, FAIL_SYNTAX, "more than a float holds");
    refuse_csv("1,2,0\n1,0x10,1\n1,2,0\n", NULL, FAIL_SYNTAX, "not a number");
    refuse_csv("1,2,0\n1,1\n1,2,0\n", NULL, FAIL_SYNTAX, "row 2 has 2 columns, but 3 are needed");
    refuse_csv("\n1,2,0\n\n1,1\n", NULL, FAIL_SYNTAX, "row 4 has 2 columns, but 3 are needed");
    refuse_csv("1,2,0\r\n\r\n1,1\r\n", NULL, FAIL_SYNTAX, "row 3 has 2 columns, but 3 are needed");
    refuse_csv("1,2,0\n1,\"a\"b,1\n1,2,0\n", NULL, FAIL_SYNTAX,
               "row 2 has a quote in the wrong place");
    refuse_csv("1,2,0\n1,\"2,1\n1,2,0\n", NULL, FAIL_SYNTAX, "within quotes");
    refuse_csv("", NULL, FAIL_SYNTAX, "empty");
    refuse_csv("\n\n", NULL, FAIL_SYNTAX, "empty");
    refuse_csv("a,b\n", NULL, FAIL_SYNTAX, "names but no rows");
    refuse_csv("1\n2\n3\n", NULL, FAIL_SYNTAX, "one column");
    refuse_csv("1,1\n2,0\n", NULL, FAIL_SYNTAX, "at least 3 are needed");
    refuse_csv("a,y\n1,\xFF\xFE\n2,b\n3,b\n", NULL, FAIL_SYNTAX, "row 2: the label is not UTF-8");
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

static void npz_with_all_parts(void)
{
    static const char *const members[] = {"X_train.npy", "y_train.npy", "x_val.npy",
                                          "y_val.npy",   "x_test.npy",  "y_test.npy"};
    static const char *const names[] = {"set.npz", NULL};
    static bytes arrays[6];
    static const char *const shapes[] = {"(8, 2, 2, 3)", "(8,)",         "(2, 2, 2, 3)",
                                         "(2, 1)",       "(4, 2, 2, 3)", "(4,)"};
    static const size_t rows[] = {8, 8, 2, 2, 4, 4};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    for (size_t i = 0; i < 6; i++) {
        npy_header(&arrays[i], i % 2 ? "<i8" : "|u1", "False", shapes[i]);
        for (size_t r = 0; r < rows[i]; r++)
            for (size_t j = 0; j < (i % 2 ? 1 : 12); j++) {
                add_little(&arrays[i], i % 2 ? (uint32_t)(r % 2) : (uint32_t)(10 * r + j),
                           i % 2 ? 4 : 1);
                if (i % 2)
                    add_little(&arrays[i], 0, 4);
            }
    }
    zip_members(&scratch, members, arrays, 6);
    save("set.npz", &scratch);
    CHECK_OR_RETURN(CHECK_OK(add_set("colours", names, NULL, &s, &f), f));
    CHECK(s.n[PART_TRAIN] == 8 && s.n[PART_VALIDATION] == 2 && s.n[PART_TEST] == 4);
    CHECK(s.channels == 3 && s.height == 2 && s.width == 2 && s.are_bytes);
    CHECK_OR_RETURN(CHECK_OK(open_set("colours", &set, &f), f));
    /* Channels come first: pixel p of channel c was value 3 p + c of the row. */
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].bytes[12 * 5 + 4 * 2 + 3], 50 + 3 * 3 + 2);
    dataset_close(set);
    scratch.at[60] ^= 1;
    save("set.npz", &scratch);
    refuse(names, NULL, FAIL_SYNTAX, "");
    scratch.at[60] ^= 1;
    scratch.n -= 40;
    save("set.npz", &scratch);
    refuse(names, NULL, FAIL_SYNTAX, "not a whole .npz archive");
    zip_members(&scratch, members, arrays, 1);
    save("set.npz", &scratch);
    refuse(names, NULL, FAIL_INCOMPATIBLE, "training part has no outputs");
}

/* Saves x.npy with these values as doubles or floats, and y.npy. */
static void save_pair(const char *x_type, const double *x, const char *x_shape, size_t n_x,
                      const char *y_type, const int *y, size_t n_y)
{
    char shape[32];
    npy_header(&scratch, x_type, "False", x_shape);
    for (size_t i = 0; i < n_x; i++) {
        float value = (float)x[i];
        if (strcmp(x_type, "<f8") == 0)
            add(&scratch, &x[i], 8);
        else
            add(&scratch, &value, 4);
    }
    save("x.npy", &scratch);
    snprintf(shape, sizeof shape, "(%zu,)", n_y);
    npy_header(&scratch, y_type, "False", shape);
    for (size_t i = 0; i < n_y; i++) {
        float value = (float)y[i];
        if (strcmp(y_type, "<f4") == 0)
            add(&scratch, &value, 4);
        else
            add_little(&scratch, (uint32_t)y[i], 4);
    }
    save("y.npy", &scratch);
}

static const char *const NPY_NAMES[] = {"x.npy", "y.npy", NULL};

static void npy_pairs(void)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const int y[] = {-1, 1, -1, 1};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    char name[8];
    save_pair("<f8", x, "(4, 2)", 8, "<i4", y, 4);
    CHECK_OR_RETURN(CHECK_OK(add_set("signs", NPY_NAMES, NULL, &s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(open_set("signs", &set, &f), f));
    CHECK_EQUAL_INT(set->k, 2);
    CHECK(set->parts[PART_TRAIN].floats[5] == 6);
    dataset_write_class_name(set, 0, name, sizeof name);
    CHECK_EQUAL_STRING(name, "-1");
    dataset_close(set);
    save_pair("<f4", x, "(4, 2)", 8, "<f4", y, 4);
    CHECK_OR_RETURN(CHECK_OK(add_set("floats", NPY_NAMES, NULL, &s, &f), f));
    CHECK_EQUAL_INT(s.task, TASK_REGRESSION);
    CHECK_OR_RETURN(CHECK_OK(add_set("floats2", NPY_NAMES,
                                     &(dataset_add_options){.task = CHOICE_CLASSIFICATION}, &s, &f),
                             f));
    CHECK_EQUAL_INT(s.task, TASK_CLASSIFICATION);
}

static void bad_npy(void)
{
    static const double x[] = {1, 2, NAN, 4, 5, 6, 7, 8};
    static const double big[] = {1, 2, 3, 4, 5, 6, 1e300, 8};
    static const int y[] = {0, 1, 0, 1, 0};
    save_pair("<f4", x, "(4, 2)", 8, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "value 0 of row 1 (both from 0) is nan");
    save_pair("<f8", big, "(4, 2)", 8, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "value 0 of row 3 (both from 0) is 1e+300");
    save_pair("<f8", big + 1, "(4, 1)", 4, "<i4", y, 5);
    refuse(NPY_NAMES, NULL, FAIL_INCOMPATIBLE, "4 rows of inputs but 5 of outputs");
    save_pair("<f8", big, "(4, 2)", 5, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "cut off");
    save_pair("<f8", big, "(2, 2)", 5, "<i4", y, 2);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "goes on after byte");
    save_pair("<c8", big, "(4, 1)", 4, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "type <c8");
    save_pair("|O", big, "(4, 1)", 4, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "type |O");
    save_pair("<f8", big, "(4, 99999999999)", 4, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_TOO_LARGE, "at most 100000");
    save_pair("<f8", big, "(99999999999, 4)", 4, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_TOO_LARGE, "at most 2147483648");
    save_pair("<f8", big, "(0, 4)", 0, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "is empty");
    save_pair("<f8", big, "(4, 1, 1, 1, 1)", 4, "<i4", y, 4);
    refuse(NPY_NAMES, NULL, FAIL_SYNTAX, "header cannot be read");
    save_pair("<f8", (const double[]){1, 0, 2, 1, 3, 0, 4, 1}, "(4, 2)", 8, "<i4", y, 4);
    refuse(&NPY_NAMES[1], NULL, FAIL_INCOMPATIBLE, "holds one array");
    refuse((const char *const[]){"x.npy", NULL}, &(dataset_add_options){.label = "2"},
           FAIL_OUT_OF_RANGE, "no index in 0 .. 1");
}

/* The same table of 3 x 2 x 1 in either order of indices and of bytes. */
static void npy_orders(void)
{
    static const float rows[] = {1, 2, 3, 4, 5, 6}, columns[] = {1, 3, 5, 2, 4, 6};
    static const int y[] = {0, 1, 0};
    for (int order = 0; order < 2; order++)
        for (int is_big = 0; is_big < 2; is_big++) {
            char name[32];
            dataset_summary s;
            dataset *set;
            fail f = {0};
            save_pair("<f4", (const double[]){0}, "(3, 2, 1)", 0, "<i4", y, 3);
            npy_header(&scratch, is_big ? ">f4" : "<f4", order ? "True" : "False", "(3, 2, 1)");
            for (int i = 0; i < 6; i++) {
                uint32_t word;
                memcpy(&word, order ? &columns[i] : &rows[i], sizeof word);
                add_little(&scratch, is_big ? __builtin_bswap32(word) : word, 4);
            }
            save("x.npy", &scratch);
            snprintf(name, sizeof name, "order%d%d", order, is_big);
            CHECK_OR_RETURN(CHECK_OK(add_set(name, NPY_NAMES, NULL, &s, &f), f));
            CHECK_OR_RETURN(CHECK_OK(open_set(name, &set, &f), f));
            for (int i = 0; i < 6; i++)
                CHECK_NEAR(set->parts[PART_TRAIN].floats[i], rows[i], 0);
            dataset_close(set);
        }
}

/* One array: the labels are a column of it, the last unless said. */
static void npy_tables(void)
{
    static const double x[] = {5, 0, 6, 1, 7, 0, 8, 1};
    static const int y[] = {0};
    const char *const name[] = {"x.npy", NULL};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    save_pair("<f8", x, "(4, 2)", 8, "<i4", y, 1);
    CHECK_OR_RETURN(CHECK_OK(add_set("table", name, NULL, &s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(open_set("table", &set, &f), f));
    CHECK_EQUAL_INT(set->task, TASK_CLASSIFICATION);
    CHECK_EQUAL_INT(set->d, 1);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[3], 1);
    CHECK_NEAR(set->parts[PART_TRAIN].floats[3], 8, 0);
    dataset_close(set);
    CHECK_OR_RETURN(
        CHECK_OK(add_set("first", name, &(dataset_add_options){.label = "0"}, &s, &f), f));
    CHECK_OR_RETURN(CHECK_OK(open_set("first", &set, &f), f));
    CHECK_EQUAL_INT(set->task, TASK_REGRESSION);
    CHECK_NEAR(set->parts[PART_TRAIN].targets[2], 7, 0);
    CHECK_NEAR(set->parts[PART_TRAIN].floats[1], 1, 0);
    dataset_close(set);
}

/* n rows of four columns of 64 bits: two small numbers, the label first + row % k, one more small
 * number. */
static void save_wide_table(const char *type, bool is_fortran, uint64_t first, size_t n, size_t k)
{
    char shape[32];
    snprintf(shape, sizeof shape, "(%zu, 4)", n);
    npy_header(&scratch, type, is_fortran ? "True" : "False", shape);
    for (size_t i = 0; i < 4 * n; i++) {
        size_t row = is_fortran ? i % n : i / 4, column = is_fortran ? i / n : i % 4;
        uint64_t word = column == 2 ? first + row % k : row % 5;
        double number = (double)word;
        if (strcmp(type, "<f8") == 0)
            add(&scratch, &number, 8);
        else
            add(&scratch, &word, 8);
    }
    save("x.npy", &scratch);
}

/* A label of a table is no input: it keeps the digits that a float does not. */
static void npy_tables_keep_large_labels_apart(void)
{
    static const char *const types[] = {"<i8", "<f8"};
    const char *const name[] = {"x.npy", NULL};
    const dataset_add_options options = {.label = "-2"};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    for (int i = 0; i < 4; i++) {
        char set_name[16], class_name[16];
        snprintf(set_name, sizeof set_name, "wide%d", i);
        save_wide_table(types[i % 2], i / 2 == 1, 20240103, 8, 2);
        CHECK_OR_RETURN(CHECK_OK(add_set(set_name, name, &options, &s, &f), f));
        CHECK_OR_RETURN(CHECK_OK(open_set(set_name, &set, &f), f));
        CHECK_EQUAL_INT(set->task, TASK_CLASSIFICATION);
        CHECK(set->k == 2 && set->d == 3);
        for (size_t row = 0; row < 8; row++) {
            CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[row], row % 2);
            CHECK_NEAR(set->parts[PART_TRAIN].floats[3 * row + 2], (double)(row % 5), 0);
        }
        dataset_write_class_name(set, 1, class_name, sizeof class_name);
        CHECK_EQUAL_STRING(class_name, "20240104");
        dataset_close(set);
    }
    save_wide_table("<i8", false, (1ULL << 53) + 1, 8, 2);
    refuse(name, &options, FAIL_SYNTAX, "value 2 of row 0 (both from 0) is 9.0072e+15");
}

/* The labels are one number a row, however many classes there are. */
static void many_classes_and_rows(void)
{
    enum { ROWS = 220000, CLASSES = 10000 };
    static const char *const names[] = {"x-many.npy", "y-many.npy", NULL};
    dataset_summary s;
    dataset *set;
    fail f = {0};
    for (int y = 0; y < 2; y++) {
        FILE *file = fopen(files_path(names[y]), "wb");
        CHECK_OR_RETURN(file != NULL);
        npy_header(&scratch, y ? "<u2" : "|u1", "False", y ? "(220000,)" : "(220000, 1)");
        size_t n_written = fwrite(scratch.at, 1, scratch.n, file);
        for (uint32_t i = 0; i < ROWS; i++) {
            uint16_t label = (uint16_t)(i % CLASSES);
            n_written += fwrite(&label, y ? 2 : 1, 1, file);
        }
        CHECK(fclose(file) == 0 && n_written == scratch.n + ROWS);
    }
    CHECK_OR_RETURN(CHECK_OK(add_set("many", names, NULL, &s, &f), f));
    CHECK(s.k == CLASSES && s.n[PART_TRAIN] == ROWS);
    CHECK_OR_RETURN(CHECK_OK(open_set("many", &set, &f), f));
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[ROWS - 1], (ROWS - 1) % CLASSES);
    dataset_close(set);
}

/* Every type that is taken gives the same four rows. */
static void npy_types(void)
{
    static const char *const types[] = {"|i1", "<i2", "<u2", "<u4", "<u8", "<f2", "|b1"};
    static const uint32_t half_of[] = {0x0000, 0x3C00, 0x0000, 0x3C00};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        char name[16];
        dataset_summary s;
        dataset *set;
        fail f = {0};
        size_t n = (size_t)(types[t][2] - '0');
        npy_header(&scratch, types[t], "False", "(4,)");
        for (uint32_t i = 0; i < 4; i++) {
            add_little(&scratch, t == 5 ? half_of[i] : i % 2, n < 4 ? n : 4);
            if (n == 8)
                add_little(&scratch, 0, 4);
        }
        save("x.npy", &scratch);
        npy_header(&scratch, "|u1", "False", "(4,)");
        add(&scratch, "\0\1\0\1", 4);
        save("y.npy", &scratch);
        snprintf(name, sizeof name, "type%zu", t);
        if (!CHECK_OK(add_set(name, NPY_NAMES, NULL, &s, &f), f) ||
            !CHECK_OK(open_set(name, &set, &f), f))
            continue;
        const float *x = set->parts[PART_TRAIN].floats;
        CHECK(x && x[0] == 0 && x[1] == 1 && x[2] == 0 && x[3] == 1);
        dataset_close(set);
    }
}

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
    CHECK_OR_RETURN(
        CHECK_OK(dataset_add("mnist", files, 4, &options, files_path("data"), &s, &is_new, &f), f));
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
           bad_csv_names_row_and_column, csv_with_too_many_labels, npz_with_all_parts, npy_pairs,
           bad_npy, npy_types, npy_orders, npy_tables, npy_tables_keep_large_labels_apart,
           many_classes_and_rows, formats_do_not_mix, mnist_loads)
