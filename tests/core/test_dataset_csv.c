/* CSV files as people have them: what is guessed of them, what becomes of their columns, and what
 * is said of those that are refused. */
#include "core/data/import/csv_cell.h"
#include "core/data/origin.h"
#include "core/data/split.h"
#include "core/math/rng.h"
#include "tests/core/dataset_refuse.h"

static dataset *add_text(const void *text, size_t n, const dataset_add_options *options)
{
    static int n_added;
    static bytes content;
    const char *const names[] = {"table.csv", NULL};
    char name[32];
    dataset_summary summary;
    dataset *set = NULL;
    fail f = {0};
    content.n = 0;
    add(&content, text, n);
    save("table.csv", &content);
    snprintf(name, sizeof name, "table-%d", n_added++);
    if (CHECK_OK(add_set(name, names, options, &summary, &f), f))
        CHECK_OK(open_set(name, &set, &f), f);
    return set;
}

static dataset *add_csv(const char *text, const dataset_add_options *options)
{
    return add_text(text, strlen(text), options);
}

/* head, then n times the rows. */
static const char *table_of(const char *head, const char *rows, int n)
{
    static char text[1 << 16];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", head);
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", rows);
    return text;
}

static void refuse_csv(const char *text, const dataset_add_options *options, const char *part)
{
    const char *const names[] = {"bad.csv", NULL};
    dataset_summary s;
    fail f = {0};
    save_text("bad.csv", text);
    CHECK(!add_set("bad", names, options, &s, &f));
    CHECK_CONTAINS(f.sentence, part);
}

/* ---- dialects ---- */

static void what_is_between_columns(void)
{
    static const struct {
        const char *head, *rows;
        dataset_separator separator;
        bool has_header;
        size_t d;
    } tables[] = {
        {"a,b,y\n", "1,2,p\n3,4,q\n", SEPARATOR_COMMA, true, 2},
        {"a;b;y\r\n", "1;2;p\r\n3;4;q\r\n", SEPARATOR_SEMICOLON, true, 2},
        {"a\tb\ty\n", "1\t2\tp\n3\t\tq\n", SEPARATOR_TAB, true, 2},
        {"a|b|y\n", "1|2|p\n3|4|q\n", SEPARATOR_PIPE, true, 2},
        {"", "  1.5  20   0\n 11.25  3   1\n", SEPARATOR_SPACE, false, 2},
        {"w, kg;h, cm;y\n", "1;2;p\n3;4;q\n", SEPARATOR_SEMICOLON, true, 2},
        {"sep=|\na|b|y\n", "1|2|p\n3|4|q\n", SEPARATOR_PIPE, true, 2},
        {"# by hand\na,b,y\n", "1,2,p\n3,4,q\n", SEPARATOR_COMMA, true, 2},
        {"\"a\nb\",\"c,d\",y\n", "1,2,p\n3,4,q\n", SEPARATOR_COMMA, true, 2},
        {"x,y\n", "\"a;b\",p\n\"c;d\",q\n", SEPARATOR_COMMA, true, 2},
        {"a,b,y\r", "1,2,p\r3,4,q\r", SEPARATOR_COMMA, true, 2},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        dataset *set = add_csv(table_of(tables[i].head, tables[i].rows, 10), NULL);
        CHECK_OR_RETURN(set && set->origin);
        CHECK_EQUAL_INT(set->origin->separator, tables[i].separator);
        CHECK_EQUAL_INT(set->origin->has_header, tables[i].has_header);
        CHECK_EQUAL_INT(set->d, tables[i].d);
        CHECK_EQUAL_INT(set->k, 2);
        CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 20);
        dataset_close(set);
    }
}

static void what_the_first_row_is(void)
{
    static const struct {
        const char *head;
        const char *rows;
        bool is_names;
    } tables[] = {
        {"0,1,2,label\n", "1.5,2,3,A\n2,1,2.5,B\n", true},
        {"1990,2000,2010,kind\n", "1,2,3,A\n2,1,2,B\n", true},
        {"7,3,kind\n", "1.5,2.5,A\n2.5,1.25,B\n", true},
        {"0,1,2\n", "1,2,0\n2,1,1\n", false},
        {"5.1,3.5,A\n", "4.9,3,B\n4.7,3.2,A\n", false},
        {"u,v,w\n", "p,q,A\np,r,B\n", true},
        {"p,q,A\n", "p,q,B\np,r,A\n", false},
        {"<0.1,2,A\n", "0.2,3,B\n0.3,4,A\n", false},
    };
    for (size_t i = 0; i + 1 < sizeof tables / sizeof *tables; i++) {
        dataset *set = add_csv(table_of(tables[i].head, tables[i].rows, 10), NULL);
        CHECK_OR_RETURN(set && set->origin);
        if (!CHECK_EQUAL_INT(set->origin->has_header, tables[i].is_names))
            printf("    %s", tables[i].head);
        dataset_close(set);
    }
    refuse_csv(table_of(tables[7].head, tables[7].rows, 10), NULL, "row 1, column 1");
}

/* As spreadsheets save "Unicode text". */
static void utf16_is_converted(void)
{
    static const char text[] =
        "a;\xC3\xA9\xF0\x9F\x8C\xB2;y\r\n1;2;p\r\n3;4;q\r\n5;6;p\r\n7;8;q\r\n";
    static const uint16_t units[] = {'a', ';', 0xE9, 0xD83C, 0xDF32, ';', 'y'};
    dataset *plain = add_csv(text, NULL);
    CHECK_OR_RETURN(plain != NULL);
    for (int is_big = 0; is_big < 2; is_big++) {
        static bytes wide;
        wide.n = 0;
        add(&wide, is_big ? "\xFE\xFF" : "\xFF\xFE", 2);
        for (size_t i = 0; i < 7 + sizeof text - 1 - 10; i++) {
            uint16_t unit = i < 7 ? units[i] : (uint16_t)(unsigned char)text[i + 10 - 7];
            uint8_t two[2] = {(uint8_t)(is_big ? unit >> 8 : unit),
                              (uint8_t)(is_big ? unit : unit >> 8)};
            add(&wide, two, 2);
        }
        dataset *set = add_text(wide.at, wide.n, NULL);
        CHECK_OR_RETURN(set != NULL);
        CHECK_EQUAL_STRING(set->sha256, plain->sha256);
        dataset_close(set);
    }
    CHECK_EQUAL_STRING(plain->origin->columns[1].name, "\xC3\xA9\xF0\x9F\x8C\xB2");
    dataset_close(plain);
}

/* ---- numbers ---- */

static void numbers_are_rounded_as_strtod_does(void)
{
    rng_stream stream = rng_stream_at(3, RNG_DATA, 0, 0, 88);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        double value = (double)rng_next(&stream) * pow(10, (double)rng_below(&stream, 40) - 25);
        uint64_t digits = (uint64_t)rng_next(&stream) << 32 | rng_next(&stream);
        int n = i % 2 ? snprintf(text, sizeof text, "%.*g", 1 + (int)rng_below(&stream, 20), value)
                      : snprintf(text, sizeof text, "%llue-%u", (unsigned long long)digits,
                                 rng_below(&stream, 30));
        double read = 0;
        CHECK_OR_RETURN(csv_read_number(text, (size_t)n, &read));
        if (read != strtod(text, NULL))
            CHECK_EQUAL_STRING(text, "a number that is rounded otherwise");
    }
    static const char *const bad[] = {"",    "-",   ".",  "e5",    "1e",  "1e+",  "0x1",
                                      "inf", "nan", "1 ", "1e999", "--1", "1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double ignored;
        CHECK(!csv_read_number(bad[i], strlen(bad[i]), &ignored));
    }
}

static void commas_and_thousands(void)
{
    const dataset_add_options comma = {.decimal = DECIMAL_COMMA, .thousands = THOUSANDS_POINT};
    const dataset_add_options grouped = {.thousands = THOUSANDS_COMMA};
    static const char german[] = "a;b;y\n", rows[] = "1.234,5;0,25;p\n-7;1e3;q\n";
    dataset *set = add_csv(table_of(german, rows, 5), &comma);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->parts[PART_TRAIN].floats[0] == 1234.5F && set->parts[PART_TRAIN].floats[1] == 0.25F);
    CHECK(set->parts[PART_TRAIN].floats[3] == 1000);
    dataset_close(set);
    set = add_csv(table_of("a,b,y\n", "\"1,234,567.5\",1,p\n12,2,q\n", 5), &grouped);
    CHECK_OR_RETURN(set != NULL);
    CHECK(set->parts[PART_TRAIN].floats[0] == 1234567.5F);
    dataset_close(set);
    refuse_csv(table_of("a;b;y\n", "1;0,25;p\n3;1;q\n", 5), NULL,
               "row 2, column b: the value \"0,25\" is not a number as it stands; decimal=, reads");
    refuse_csv(table_of("a,b,y\n", "1,\"1,250\",p\n3,1,q\n", 5), NULL, "thousands=, reads it as");
    refuse_csv(table_of("a;b;y\n", "1;0,25;p\n3;1.250;q\n", 5),
               &(dataset_add_options){.decimal = DECIMAL_COMMA}, "thousands=.");
    refuse_csv(table_of("a,b,y\n", "1,$3,p\n3,12 %,q\n", 5), NULL, "categories=b");
    refuse_csv(table_of("a,y\n", "1,\"103,37\"\n2,\"99,5\"\n", 5), NULL,
               "row 2, column y: the label \"103,37\" is not a number, as most labels here are; "
               "decimal=, reads it, or task=classification");
    refuse_csv(table_of("a,y\n", "1,0.25\n2,<0.1\n3,0.5\n", 5), NULL, "task=classification makes");
}

/* Seconds since 1970, shuffled: float32 would make one of each hundred of them. */
static void far_columns_are_centred(void)
{
    char text[8000];
    size_t used = (size_t)snprintf(text, sizeof text, "t,y\n");
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d\n",
                                 1700000000 + (i * 77 % 200) * 120, i * 77 % 200 / 100);
    dataset *set = add_csv(text, NULL);
    CHECK_OR_RETURN(set && set->origin && set->input_offsets);
    CHECK_EQUAL_INT(set->origin->n_warnings, 1);
    double offset = set->input_offsets[0];
    for (int i = 0; i < 200; i++)
        CHECK_WITHIN(split_own_input(set, PART_TRAIN, (size_t)i, 0),
                     1700000000 + (i * 77 % 200) * 120, 0.01);
    CHECK_WITHIN(offset, 1700000000 + 119.4 * 100, 100);
    dataset_close(set);
    set = add_csv(table_of("a,y\n", "2001,1\n1013.25,0\n0.1,1\n61.869,0\n", 5), NULL);
    CHECK_OR_RETURN(set != NULL);
    CHECK(!set->input_offsets && set->origin->n_warnings == 0);
    dataset_close(set);
}

/* ---- kinds of columns ---- */

static const dataset_column *column_of(const dataset *set, const char *name)
{
    for (size_t i = 0; i < set->origin->n_columns; i++)
        if (strcmp(set->origin->columns[i].name, name) == 0)
            return &set->origin->columns[i];
    return NULL;
}

/* Texts, booleans, an index, an empty column, missing cells of both kinds. */
static void columns_become_inputs(void)
{
    dataset *set = add_csv("Unnamed: 0,age,smoker,port,zip,empty,species,\n"
                           "0,22,True,S,01,,a,\n1,NA,False,C,10,,b,\n2,30,True,,01,,a,\n"
                           "3,41,False,S,10,,b,\n4,50,True,C,01,,a,\n5,61,False,S,10,,b,\n",
                           &(dataset_add_options){.categories = "zip", .label = "species"});
    char name[64];
    static const float expected[] = {22, 1, 0, 1, 0, 1, 0}; /* age smoker C S missing 01 10 */
    CHECK_OR_RETURN(set && set->origin);
    CHECK_EQUAL_INT(set->d, 7);
    for (int i = 0; i < 7; i++)
        CHECK_WITHIN(set->parts[PART_TRAIN].floats[i], expected[i], 0);
    CHECK(isnan(set->parts[PART_TRAIN].floats[7]) && set->has_missing);
    CHECK(set->parts[PART_TRAIN].floats[2 * 7 + 4] == 1);
    dataset_write_column_name(set, 3, name, sizeof name);
    CHECK_EQUAL_STRING(name, "port=S");
    dataset_write_column_name(set, 4, name, sizeof name);
    CHECK_EQUAL_STRING(name, "port=missing");
    const dataset_column *port = column_of(set, "port"), *zip = column_of(set, "zip");
    CHECK(port->kind == COLUMN_CATEGORY && port->n_missing == 1 && port->n_categories == 3);
    CHECK_EQUAL_STRING(port->categories[2], "missing");
    CHECK_EQUAL_STRING(zip->categories[0], "01");
    CHECK(column_of(set, "Unnamed: 0")->kind == COLUMN_IGNORED);
    CHECK(column_of(set, "empty")->kind == COLUMN_IGNORED);
    CHECK(column_of(set, "")->kind == COLUMN_IGNORED);
    CHECK(column_of(set, "species")->kind == COLUMN_LABEL);
    CHECK_EQUAL_STRING(set->origin->label, "species");
    CHECK_EQUAL_INT(set->origin->n_warnings, 6); /* three ignored, two missing, one rare */
    dataset_close(set);
}

/* Numbers that came before the first text of their column are categories like it. */
static void late_texts_make_categories(void)
{
    dataset *set = add_csv("a,b,y\n1,1,p\n2,2,q\nx,3,p\ny,4,q\nz,5,p\nx,6,q\n", NULL);
    CHECK_OR_RETURN(set && set->origin);
    CHECK_EQUAL_INT(column_of(set, "a")->n_categories, 5);
    CHECK_EQUAL_STRING(column_of(set, "a")->categories[0], "1");
    CHECK(set->parts[PART_TRAIN].floats[0] == 1);
    dataset_close(set);
}

/* The mean is that of the rows that a run trains on. */
static void missing_inputs_take_the_training_mean(void)
{
    dataset *set = add_csv(table_of("a,y\n", "1,p\n,q\n4,p\n8,q\n10,p\n,q\n2,p\n5,q\n", 5), NULL);
    CHECK_OR_RETURN(set && set->origin);
    for (int scaling = SCALING_NONE; scaling <= SCALING_MINMAX; scaling++) {
        train_spec spec;
        split *s;
        fail f = {0};
        spec_init(&spec);
        spec.scaling = scaling;
        CHECK_OR_RETURN(CHECK_OK(split_open(set, &spec, &s, &f), f));
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < s->n[PART_TRAIN]; i++) {
            float x = set->parts[PART_TRAIN].floats[s->rows[PART_TRAIN][i]];
            sum += isnan(x) ? 0 : (double)x;
            n += isnan(x) ? 0 : 1;
        }
        CHECK(n > 0 && n < s->n[PART_TRAIN]);
        float wanted = split_scale_input(s, 0, sum / (double)n);
        for (int p = 0; p < PART_COUNT; p++)
            for (size_t i = 0; i < s->n[p]; i++) {
                float x;
                split_read_inputs(s, (dataset_part)p, NULL, i, 1, &x);
                if (isnan(set->parts[PART_TRAIN].floats[s->rows[p][i]]))
                    CHECK_WITHIN(x, wanted, 1e-6);
                CHECK(isfinite(x));
            }
        split_close(s);
    }
    dataset_close(set);
}

static void inputs_that_are_refused(void)
{
    refuse_csv(table_of("a,b,y\n", "1,-,p\n3,1,q\n4,5,p\n", 5), NULL,
               "row 2, column b: the value \"-\" is not a number, as most values of this column "
               "are; \"missing=-\"");
    refuse_csv(table_of("a,b,y\n", "1,,p\n3,1,q\n", 5),
               &(dataset_add_options){.impute = IMPUTE_REFUSE}, "row 2, column b");
    refuse_csv("y,x,y\n1,2,3\n", NULL, "columns 1 and 3 are both called y");
    refuse_csv(table_of("a,y\n", "1,p\n", 5), &(dataset_add_options){.ignore = "b"},
               "no column \"b\"");
    refuse_csv(table_of("a,y\n", "1,p\n2,q\n", 5), &(dataset_add_options){.ignore = "a"},
               "no input");
    char text[4000];
    size_t used = (size_t)snprintf(text, sizeof text, "name,y\n");
    for (int i = 0; i < 120; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "n%d,%d\n", i, i % 2);
    refuse_csv(text, NULL, "more than 100 different texts");
    refuse_csv(text, NULL, "ignore=name leaves it out");
    used = (size_t)snprintf(text, sizeof text, "name,n,ticket,y\n");
    for (int i = 0; i < 120; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "n%d,%d,t %d,%d\n", i, i, i, i % 2);
    refuse_csv(text, NULL, "ignore=name,ticket leaves these columns out");
    refuse_csv(table_of("caf\xE9,y\n", "1,p\n2,q\n", 5), NULL, "not UTF-8");
    refuse_csv(table_of("a,y\n", "caf\xE9,p\nx,q\n", 5), NULL, "row 2, column a");
}

/* ---- labels ---- */

static void labels_keep_their_spelling(void)
{
    static const struct {
        const char *rows;
        const char *options_missing;
        const char *classes[4];
    } tables[] = {
        {"1,9007199254740993\n2,9007199254740992\n3,9007199254740994\n",
         NULL,
         {"9007199254740992", "9007199254740993", "9007199254740994"}},
        {"1,007\n2,12\n3,-3\n", NULL, {"-3", "007", "12"}},
        {"1,None\n2,Apnea\n3,x\n", NULL, {"Apnea", "None", "x"}},
        {"1,NA\n2,ZA\n3,BW\n", "?", {"BW", "NA", "ZA"}},
        {"1,\"one\nline\"\n2,other\n3,it's 5\"\n", NULL, {"it's 5\"", "one\nline", "other"}},
        {"1,<=50K\n2,>50K\n3,25-34\n", NULL, {"25-34", "<=50K", ">50K"}},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        dataset *set = add_csv(table_of("a,label\n", tables[i].rows, 6),
                               &(dataset_add_options){.missing = tables[i].options_missing});
        CHECK_OR_RETURN(set != NULL);
        CHECK_EQUAL_INT(set->task, TASK_CLASSIFICATION);
        CHECK_EQUAL_INT(set->k, 3);
        for (size_t c = 0; c < set->k; c++) {
            char name[64];
            dataset_write_class_name(set, c, name, sizeof name);
            CHECK_EQUAL_STRING(name, tables[i].classes[c]);
        }
        dataset_close(set);
    }
    refuse_csv(table_of("a,label\n", "1,NA\n2,ZA\n", 6), NULL, "row 2, column label");
}

/* ---- parts ---- */

static void parts_have_what_training_has(void)
{
    static const char *const names[] = {"train.csv", "test.csv", NULL};
    static const struct {
        const char *test, *part;
    } tests[] = {
        {"a,c,y\n1,u,p.\n2,u,q.\n", "the classes \"p.\", \"q.\" are in the test part"},
        {"a,c,y\n1,u,p.\n", "\"p.\" only differs from \"p\" by a full stop"},
        {"a,c,y\n1,U,p\n", "\"U\" only differs from \"u\" by capitals"},
        {"a,c,y\n1,w,p\n", "row 2, column c: the category \"w\" is in the test part"},
        {"a,c,y\n1,,p\n", "is missing in the test part"},
        {"c,a,y\n1,u,p\n", "all parts have the same columns in the same order"},
        {"a,y\n1,p\n", "test.csv has 2 columns, train.csv has 3"},
        {"|by hand\n1,u,p\n2,v,q\n", "row 1 has 1 column, row 2 has 3"},
    };
    save_text("train.csv", "a,c,y\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        dataset_summary s;
        fail f = {0};
        save_text("test.csv", tests[i].test);
        CHECK(!add_set("parts", names, NULL, &s, &f));
        CHECK_CONTAINS(f.sentence, tests[i].part);
    }
}

/* A dry run says the same and leaves nothing. */
static void dry_runs_store_nothing(void)
{
    static const char *const names[] = {"table.csv", NULL};
    const dataset_add_options dry = {.is_dry = true};
    dataset_summary first, second;
    fail f = {0};
    save_text("table.csv", "a,y\n1,p\n2,q\n3,p\n4,q\n");
    CHECK_OK(add_set("dry", names, &dry, &first, &f), f);
    dataset *set;
    CHECK_FAILS(open_set("dry", &set, &f), f, FAIL_NOT_FOUND, "/dataset");
    CHECK_EQUAL_INT(first.created_ms, 0);
    CHECK_OK(add_set("dry", names, NULL, &second, &f), f);
    CHECK_EQUAL_STRING(first.sha256, second.sha256);
}

CHECK_MAIN("dataset_csv", what_is_between_columns, what_the_first_row_is, utf16_is_converted,
           numbers_are_rounded_as_strtod_does, commas_and_thousands, far_columns_are_centred,
           columns_become_inputs, late_texts_make_categories, missing_inputs_take_the_training_mean,
           inputs_that_are_refused, labels_keep_their_spelling, parts_have_what_training_has,
           dry_runs_store_nothing)
