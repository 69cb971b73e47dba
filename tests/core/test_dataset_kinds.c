/* Arrays as people save them: NumPy's names, texts and one-hot rows, and every type of IDX. */
#include "core/data/import/options.h"
#include "tests/core/dataset_refuse.h"

static bytes scratch, members[6];

static const char *const PAIR[] = {"x.npy", "y.npy", NULL};
static const char *const NPZ[] = {"set.npz", NULL};

static dataset *open_new(const char *name, const char *const *files,
                         const dataset_add_options *options)
{
    dataset_summary s;
    dataset *set = NULL;
    fail f = {0};
    if (CHECK_OK(add_set(name, files, options, &s, &f), f))
        CHECK_OK(open_set(name, &set, &f), f);
    return set;
}

static void check_class(const dataset *set, size_t i, size_t class, const char *expected)
{
    char name[32];
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].labels[i], class);
    dataset_write_class_name(set, class, name, sizeof name);
    CHECK_EQUAL_STRING(name, expected);
}

/* Six rows of one byte each: row i is first + i. */
static void make_inputs(bytes *b, uint8_t first)
{
    npy_header(b, "|u1", "False", "(6, 1)");
    for (uint8_t i = 0; i < 6; i++)
        add_little(b, first + i, 1);
}

static void make_labels(bytes *b, const char *shape)
{
    npy_header(b, "<i4", "False", shape);
    for (uint32_t i = 0; i < 6; i++)
        add_little(b, i % 2, 4);
}

static void save_inputs(void)
{
    make_inputs(&scratch, 0);
    save("x.npy", &scratch);
}

/* ---- labels ---- */

static void texts_are_classes(void)
{
    static const uint32_t words[6][3] = {{'c', 'a', 't'}, {0xE9, 't', 0xE9}, {'c', 'a', 't'},
                                         {0x1F600, 0, 0}, {'c', 'a', 0},     {0xE9, 't', 0xE9}};
    save_inputs();
    for (int is_big = 0; is_big < 2; is_big++) {
        npy_header(&scratch, is_big ? ">U3" : "<U3", "False", is_big ? "(6, 1)" : "(6,)");
        for (size_t i = 0; i < 18; i++)
            if (is_big)
                add_big(&scratch, words[i / 3][i % 3]);
            else
                add_little(&scratch, words[i / 3][i % 3], 4);
        save("y.npy", &scratch);
        dataset *set = open_new(is_big ? "wide-big" : "wide", PAIR, NULL);
        CHECK_OR_RETURN(set != NULL);
        CHECK(set->k == 4 && set->task == TASK_CLASSIFICATION);
        check_class(set, 0, 1, "cat");
        check_class(set, 1, 2, "\u00E9t\u00E9");
        check_class(set, 3, 3, "\U0001F600");
        check_class(set, 4, 0, "ca");
        dataset_close(set);
    }
}

/* Numbers that are written as texts are in order of the numbers. */
static void numbers_as_texts(void)
{
    save_inputs();
    npy_header(&scratch, "|S2", "False", "(6,)");
    add(&scratch,
        "10"
        "9\0"
        "10"
        "9\0"
        "-1"
        "07",
        12);
    save("y.npy", &scratch);
    dataset *set = open_new("numbers", PAIR, NULL);
    CHECK_OR_RETURN(set != NULL);
    check_class(set, 4, 0, "-1");
    check_class(set, 1, 1, "9");
    check_class(set, 0, 2, "10");
    check_class(set, 5, 3, "07");
    dataset_close(set);
}

static void bad_texts(void)
{
    save_inputs();
    npy_header(&scratch, "|S2", "False", "(6,)");
    add(&scratch, "a\0b\0\0\0a\0b\0a\0", 12);
    save("y.npy", &scratch);
    refuse(PAIR, NULL, FAIL_SYNTAX, "y.npy: the label of row 2 (from 0) is empty");
    npy_header(&scratch, "<U1", "False", "(6,)");
    for (uint32_t i = 0; i < 6; i++)
        add_little(&scratch, i == 3 ? 0xD800 : 'a', 4);
    save("y.npy", &scratch);
    refuse(PAIR, NULL, FAIL_SYNTAX, "row 3 (from 0) has a letter that is none");
    npy_header(&scratch, "|S1", "False", "(6, 2)");
    add(&scratch, "abababababab", 12);
    save("y.npy", &scratch);
    refuse(PAIR, NULL, FAIL_INCOMPATIBLE, "2 texts in a row");
    save("x.npy", &scratch);
    refuse(PAIR, NULL, FAIL_SYNTAX, "x.npy has texts; only labels may be");
    npy_header(&scratch, "|O", "False", "(6,)");
    save("y.npy", &scratch);
    save_inputs();
    refuse(PAIR, NULL, FAIL_SYNTAX, "dtype=str");
}

/* Six rows of three bytes or doubles with a 1 in column i % 3; `spoiled`: one has two. */
static void save_one_hot(bool are_bytes, bool is_spoiled)
{
    npy_header(&scratch, are_bytes ? "|u1" : "<f8", "False", "(6, 3)");
    for (size_t i = 0; i < 18; i++) {
        double value = i / 3 % 3 == i % 3 || (is_spoiled && i == 1);
        if (are_bytes)
            add_little(&scratch, value != 0, 1);
        else
            add(&scratch, &value, 8);
    }
    save("y.npy", &scratch);
}

static void one_hot_rows_are_classes(void)
{
    static const dataset_add_options regression = {.task = CHOICE_REGRESSION};
    save_inputs();
    for (int are_bytes = 0; are_bytes < 2; are_bytes++) {
        save_one_hot(are_bytes, false);
        dataset *set = open_new(are_bytes ? "hot-bytes" : "hot", PAIR, NULL);
        CHECK_OR_RETURN(set != NULL);
        CHECK(set->k == 3 && !set->class_names);
        check_class(set, 4, 1, "1");
        dataset_close(set);
    }
    dataset *set = open_new("targets", PAIR, &regression);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->task == TASK_REGRESSION && set->k == 3);
    dataset_close(set);
    save_one_hot(false, true);
    set = open_new("several", PAIR, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->task == TASK_REGRESSION && set->parts[PART_TRAIN].targets[1] == 1);
    dataset_close(set);
}

/* ---- names in an .npz ---- */

static void save_npz(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (i % 2)
            make_labels(&members[i], i % 4 == 1 ? "(6,)" : "(6, 1)");
        else
            make_inputs(&members[i], (uint8_t)(10 * i));
    zip_members(&scratch, names, members, n);
    save("set.npz", &scratch);
}

static void names_of_the_field(void)
{
    static const char *const names[][6] = {
        {"x_train.npy", "y_train.npy", "x_val.npy", "y_val.npy", "X_test.npy", "y_test.npy"},
        {"train_images.npy", "train_labels.npy", "val_images.npy", "val_labels.npy",
         "test_images.npy", "test_labels.npy"},
        {"X.npy", "y.npy"},
        {"images.npy", "labels.npy"},
        {"data.npy", "target.npy"},
        {"arr_0.npy", "arr_1.npy"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[16];
        size_t n = names[i][2] ? 6 : 2;
        save_npz(names[i], n);
        snprintf(name, sizeof name, "names%zu", i);
        dataset *set = open_new(name, NPZ, NULL);
        CHECK_OR_RETURN(set != NULL);
        CHECK_EQUAL_INT(set->k, 2);
        CHECK(set->parts[PART_TRAIN].n == 6 && set->parts[PART_TRAIN].bytes[5] == 5);
        CHECK_EQUAL_INT(set->parts[PART_VALIDATION].n, n == 6 ? 6 : 0);
        if (n == 6)
            CHECK(set->parts[PART_TEST].bytes[0] == 40 && set->parts[PART_TEST].labels[5] == 1);
        dataset_close(set);
    }
}

static void other_names(void)
{
    save_npz((const char *const[]){"a.npy", "b.npy"}, 2);
    refuse(NPZ, NULL, FAIL_INCOMPATIBLE, "It has a.npy, b.npy");
    save_npz((const char *const[]){"arr_0.npy", "arr_1.npy", "arr_2.npy"}, 3);
    refuse(NPZ, NULL, FAIL_INCOMPATIBLE, "has arr_2.npy: of arrays without names two are taken");
    save_npz((const char *const[]){"x.npy", "y.npy", "weights.npy"}, 3);
    dataset *set = open_new("more", NPZ, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->k, 2);
    dataset_close(set);
}

/* A class, and targets far from 0. */
static void what_training_rows_lack(void)
{
    static const char *const names[] = {"x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"};
    save_npz(names, 4);
    members[3].at[members[3].n - 4] = 7;
    zip_members(&scratch, names, members, 4);
    save("set.npz", &scratch);
    refuse(NPZ, NULL, FAIL_INCOMPATIBLE,
           "The class 7 is in the test part (row 5, from 0) and not in training.");
}

static void targets_far_from_zero(void)
{
    npy_header(&scratch, "<f8", "False", "(6,)");
    for (int i = 0; i < 6; i++) {
        double value = 1.7e9 + i;
        add(&scratch, &value, 8);
    }
    save("y.npy", &scratch);
    save_inputs();
    dataset *set = open_new("far", PAIR, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK_OR_RETURN(set->task == TASK_REGRESSION && set->target_offsets);
    CHECK(set->target_offsets[0] == 1.7e9 + 2.5 && set->parts[PART_TRAIN].targets[5] == 2.5F);
    dataset_close(set);
}

/* Doubles as seconds since 1970 are centred, those about 0 stored as they are; in a table the
 * label's column may lie between. */
static void inputs_far_from_zero(void)
{
    for (int is_table = 0; is_table < 2; is_table++) {
        make_labels(&scratch, "(6,)");
        save("y.npy", &scratch);
        npy_header(&scratch, "<f8", "True", is_table ? "(6, 3)" : "(6, 2)");
        for (int i = 0; i < (is_table ? 18 : 12); i++) {
            double value = i < 6 ? 1.7e9 + 2 * i : is_table && i < 12 ? i % 2 : i % 6 + 0.1;
            add(&scratch, &value, 8);
        }
        save("x.npy", &scratch);
        dataset *set = is_table ? open_new("times-table", (const char *const[]){"x.npy", NULL},
                                           &(dataset_add_options){.label = "1"})
                                : open_new("times", PAIR, NULL);
        CHECK_OR_RETURN(set != NULL);
        const float *floats = set->parts[PART_TRAIN].floats;
        CHECK_OR_RETURN(set->d == 2 && set->k == 2 && set->input_offsets);
        CHECK(set->input_offsets[0] == 1.7e9 + 5 && set->input_offsets[1] == 0);
        CHECK(floats[0] == -5 && floats[10] == 5 && floats[1] == 0.1F && floats[11] == 5.1F);
        dataset_close(set);
    }
}

/* ---- IDX ---- */

static const char *const IDX[] = {"images", "labels", NULL};

/* The value as IDX has it, with the high byte first. */
static void add_value(bytes *b, int code, int value)
{
    float single = (float)value;
    double wide = value;
    uint64_t bits = (uint64_t)(int64_t)value;
    size_t n = code < 0x0B ? 1 : code == 0x0B ? 2 : code == 0x0E ? 8 : 4;
    if (code == 0x0D)
        memcpy(&bits, &single, sizeof single);
    if (code == 0x0E)
        memcpy(&bits, &wide, sizeof wide);
    for (size_t i = n; i-- > 0;)
        add_little(b, (uint32_t)(bits >> 8 * i) & 0xFF, 1);
}

/* Value i of an array of these sizes is i - 3 (bytes: i). */
static void save_idx(const char *name, int code, const uint32_t *sizes, size_t n_dimensions)
{
    uint32_t n = 1;
    scratch.n = 0;
    add_big(&scratch, (uint32_t)code << 8 | (uint32_t)n_dimensions);
    for (size_t i = 0; i < n_dimensions; i++) {
        add_big(&scratch, sizes[i]);
        n *= sizes[i];
    }
    for (uint32_t i = 0; i < n; i++)
        add_value(&scratch, code, (int)i - (code == 0x08 ? 0 : 3));
    save(name, &scratch);
}

static void every_type_of_idx(void)
{
    static const int codes[] = {0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E};
    for (size_t i = 0; i < 6; i++) {
        char name[8];
        save_idx("images", codes[i], (const uint32_t[]){6, 2, 3}, 3);
        save_idx("labels", codes[i], (const uint32_t[]){6}, 1);
        snprintf(name, sizeof name, "idx%zu", i);
        dataset *set = open_new(name, IDX, NULL);
        CHECK_OR_RETURN(set != NULL);
        const dataset_rows *rows = &set->parts[PART_TRAIN];
        CHECK(set->height == 2 && set->width == 3 && set->channels == 1);
        CHECK(i == 0 ? rows->bytes[35] == 35 : rows->floats[35] == 32 && rows->floats[0] == -3);
        CHECK_EQUAL_INT(set->task, i < 4 ? TASK_CLASSIFICATION : TASK_REGRESSION);
        if (i > 0 && i < 4)
            check_class(set, 0, 0, "-3");
        if (i >= 4)
            CHECK(rows->targets[0] == -3 && rows->targets[5] == 2);
        dataset_close(set);
    }
}

static void dimensions_of_idx(void)
{
    save_idx("labels", 0x0C, (const uint32_t[]){6}, 1);
    save_idx("images", 0x08, (const uint32_t[]){6, 5}, 2);
    dataset *set = open_new("vectors", IDX, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->d == 5 && set->channels == 0);
    dataset_close(set);
    save_idx("images", 0x08, (const uint32_t[]){6, 1, 2, 3}, 4); /* both ends could be channels */
    set = open_new("last", IDX, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->height == 1 && set->width == 2 && set->channels == 3);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].bytes[1], 3); /* channel 0 of pixel 1 */
    dataset_close(set);
    save_idx("images", 0x08, (const uint32_t[]){6, 3, 2, 2}, 4);
    set = open_new("first", IDX, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->height == 2 && set->channels == 3 && set->parts[PART_TRAIN].bytes[1] == 1);
    dataset_close(set);
}

/* The first bytes tell, not the name. */
static void idx_called_like_cifar(void)
{
    static const char *const names[] = {"images.bin", "labels.bin", NULL};
    save_idx(names[0], 0x08, (const uint32_t[]){6, 2, 3}, 3);
    save_idx(names[1], 0x08, (const uint32_t[]){6}, 1);
    dataset *set = open_new("called", names, NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->height == 2 && set->k == 6);
    dataset_close(set);
}

static void reversed_idx(void)
{
    static bytes packed, twice;
    save_idx("labels", 0x08, (const uint32_t[]){6}, 1);
    save_idx("images", 0x08, (const uint32_t[]){6, 2, 3}, 3);
    for (size_t i = 4; i < 16; i += 4) {
        scratch.at[i] = scratch.at[i + 3];
        scratch.at[i + 3] = 0;
    }
    save("images", &scratch);
    refuse(IDX, NULL, FAIL_SYNTAX, "the byte order of its sizes is reversed");
    memcpy(scratch.at, "\3\x08\0\0", 4);
    save("images", &scratch);
    refuse(IDX, NULL, FAIL_SYNTAX, "the byte order of its magic number is reversed");
    gzip(&scratch, &packed);
    gzip(&packed, &twice);
    save("images", &twice);
    refuse(IDX, NULL, FAIL_SYNTAX, "images is packed twice");
    save_idx("images", 0x08, (const uint32_t[]){6, 2, 3}, 3);
    save_idx("labels", 0x08, (const uint32_t[]){6}, 1);
    memcpy(scratch.at + 4, "\6\0\0", 4);
    save("labels", &scratch);
    refuse(IDX, NULL, FAIL_SYNTAX, "labels: the byte order of its sizes is reversed");
}

CHECK_MAIN("dataset_kinds", texts_are_classes, numbers_as_texts, bad_texts,
           one_hot_rows_are_classes, names_of_the_field, other_names, what_training_rows_lack,
           targets_far_from_zero, inputs_far_from_zero, every_type_of_idx, dimensions_of_idx,
           idx_called_like_cifar, reversed_idx)
