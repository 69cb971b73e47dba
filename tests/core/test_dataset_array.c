/* The reader of NumPy files: parts, pairs, orders, types, and what is said of bad ones. */
#include "tests/core/dataset_refuse.h"

static bytes scratch;

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
    refuse(names, NULL, FAIL_SYNTAX, "not a whole zip archive");
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

CHECK_MAIN("dataset_array", npz_with_all_parts, npy_pairs, bad_npy, npy_types, npy_orders,
           npy_tables, npy_tables_keep_large_labels_apart, many_classes_and_rows)
