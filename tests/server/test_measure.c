/* What a comparison measures: names, places, values; what configs are called; curves over seeds. */
#include "server/codec/comparison.h"
#include "server/study/measure.h"
#include "tests/check.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool reads(const char *name, int at, measure *out, fail *f)
{
    return measure_read(&(measure_query){name, at, NULL, NAN}, out, f);
}

static void metrics_are_refused_where_they_are_not(void)
{
    measure m;
    fail f;
    CHECK(reads("test_loss", STUDY_AT_SELECTED, &m, &f) && measure_is_of_test(&m));
    CHECK(reads("val_loss", STUDY_AT_BEST, &m, &f) && !measure_is_of_test(&m));
    CHECK_FAILS(reads("test_loss", STUDY_AT_LAST, &m, &f), f, FAIL_INCOMPATIBLE, "/query/at");
    CHECK_FAILS(reads("seconds", STUDY_AT_SELECTED, &m, &f), f, FAIL_INCOMPATIBLE, "/query/at");
    CHECK(reads("seconds", -1, &m, &f));
    CHECK_EQUAL_INT(m.at, STUDY_AT_LAST);
    CHECK(reads("val_loss", -1, &m, &f));
    CHECK_EQUAL_INT(m.at, STUDY_AT_SELECTED);
    CHECK_FAILS(reads("val_los", -1, &m, &f), f, FAIL_OUT_OF_RANGE, "/query/metric");
    CHECK_CONTAINS(f.sentence, "did you mean \"val_loss\"");
    CHECK_EQUAL_INT(measure_test_metric(METRIC_VAL_R2), METRIC_TEST_R2);
    CHECK_EQUAL_INT(measure_test_metric(METRIC_TRAIN_LOSS), METRIC_COUNT);
    CHECK_EQUAL_INT(measure_test_metric(METRIC_TEST_LOSS), METRIC_COUNT);
}

static void a_run_has_its_values_at_three_places(void)
{
    run_metrics metrics = {0};
    measure m;
    fail f;
    metrics.best[METRIC_VAL_LOSS] = 1;
    metrics.last[METRIC_VAL_LOSS] = 2;
    metrics.selected[METRIC_VAL_LOSS] = 3;
    CHECK(reads("val_loss", STUDY_AT_BEST, &m, &f) && measure_of_run(&m, &metrics) == 1);
    CHECK(reads("val_loss", STUDY_AT_LAST, &m, &f) && measure_of_run(&m, &metrics) == 2);
    CHECK(reads("val_loss", STUDY_AT_SELECTED, &m, &f) && measure_of_run(&m, &metrics) == 3);
}

static void layers_and_targets_are_measures(void)
{
    measure m;
    fail f;
    CHECK(reads("layers.12.coadaptation", -1, &m, &f));
    CHECK_EQUAL_INT(m.kind, MEASURE_OF_LAYER);
    CHECK_EQUAL_INT(m.layer, 12);
    CHECK_EQUAL_INT(m.layer_metric, LAYER_METRIC_COADAPTATION);
    CHECK_FAILS(reads("layers.0.coadaptation", STUDY_AT_BEST, &m, &f), f, FAIL_INCOMPATIBLE,
                "/query/at");
    static const char *const wrong[] = {"layers.0",           "layers..sparsity",
                                        "layers.99.sparsity", "layers.x.sparsity",
                                        "layers.0.sparse",    ""};
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_FAILS(reads(wrong[i], -1, &m, &f), f, FAIL_OUT_OF_RANGE, "/query/metric");
    CHECK_FAILS(reads("epochs_to", -1, &m, &f), f, FAIL_OUT_OF_RANGE, "/query/target");
    CHECK(measure_read(&(measure_query){"epochs_to", -1, "train_accuracy", 0.9}, &m, &f));
    CHECK_EQUAL_INT(m.metric, METRIC_TRAIN_ACCURACY);
    CHECK_EQUAL_INT(m.direction, METRIC_LOWER_IS_BETTER);
    CHECK_FAILS(measure_read(&(measure_query){"epochs_to", -1, "test_loss", 0.9}, &m, &f), f,
                FAIL_OUT_OF_RANGE, "/query/of");
    CHECK_FAILS(measure_read(&(measure_query){"val_loss", -1, NULL, 0.9}, &m, &f), f,
                FAIL_INCOMPATIBLE, "/query/target");
}

static void labels_are_for_people(void)
{
    static const struct {
        const char *variant;
        bool is_alone;
        const char *values, *label;
    } cases[] = {
        {NULL, false, "{\"dropout\":0.5,\"hidden\":[64,64]}", "dropout=0.5, hidden=[64,64]"},
        {NULL, false, "{}", "only config"},
        {NULL, false, "{\"early_stopping\":null,\"shuffle\":true,\"optimizer\":\"sgd\"}",
         "early_stopping=none, shuffle=true, optimizer=sgd"},
        {NULL, false, "{\"dataset\":{\"name\":\"moons\",\"n\":400}}", "dataset={name=moons,n=400}"},
        {NULL, false, "{\"weight_decay\":0.0001}", "weight_decay=0.0001"},
        {"decay", true, "{\"weight_decay\":0.0001}", "decay"},
        {"decay", false, "{\"learning_rate\":0.1}", "decay, learning_rate=0.1"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *label = codec_config_label(cases[i].variant, cases[i].is_alone, cases[i].values);
        CHECK_EQUAL_STRING(label, cases[i].label);
        free(label);
    }
}

static void facts_are_read_as_they_are_written(void)
{
    const estimand_facts facts = {
        .data = {.stored = {100, 0, 50}, .drawn = {90, 10, 50}, .n_train_evaluation = 90},
        .trivial = {{1.5, 0.25, 0.75}, {NAN, 0.5, 0.5}, {0.1, 0.2, 0.3}}};
    estimand_facts out;
    buffer b;
    buffer_init(&b, 4096);
    codec_add_facts(&b, &facts);
    CHECK_OR_RETURN(codec_read_facts(b.data, &out));
    CHECK(!out.data.is_generated && out.data.stored[2] == 50 && out.data.drawn[1] == 10);
    CHECK_EQUAL_INT(out.data.n_train_evaluation, 90);
    CHECK_NEAR(estimand_trivial_of(&out, "train_loss"), 1.5, 0);
    CHECK_NEAR(estimand_trivial_of(&out, "test_brier"), 0.3, 0);
    CHECK(isnan(estimand_trivial_of(&out, "val_loss")) &&
          isnan(estimand_trivial_of(&out, "test_ece")));
    CHECK(!codec_read_facts(NULL, &out));
    buffer_close(&b);
}

static void band_is_honest_about_who_is_left(void)
{
    static const double values[3][4] = {{1, 2, 3, 4}, {2, 4, NAN, 0}, {6, 0, 0, 0}};
    static const size_t lengths[] = {4, 3, 1};
    comparison_band band = {0};
    fail f;
    for (size_t epoch = 0; epoch < 4; epoch++)
        for (size_t place = 0; place < 3; place++)
            if (epoch < lengths[place])
                CHECK(comparison_band_add(&band, (int64_t)epoch * 5, values[place][epoch], &f));
    CHECK_EQUAL_INT(band.n, 4);
    CHECK_NEAR(band.points[0].mean, 3, 1e-15);
    CHECK_NEAR(comparison_band_std(&band.points[0]), sqrt(7), 1e-15);
    CHECK(band.points[0].least == 1 && band.points[0].greatest == 6);
    CHECK_EQUAL_INT(band.points[1].n, 2);
    CHECK_EQUAL_INT(band.points[2].n, 1);
    CHECK(isnan(comparison_band_std(&band.points[2])));
    CHECK(comparison_band_add(&band, 20, NAN, &f));
    buffer b;
    buffer_init(&b, 1000);
    codec_add_band(&b, &(band_answer){"abc", "dropout=0", "{\"dropout\":0}", &band});
    CHECK_EQUAL_STRING(b.data,
                       "{\"config_id\":\"abc\",\"label\":\"dropout=0\",\"values\":{\"dropout\":0},"
                       "\"epoch\":[0,5,10,15,20],\"mean\":[3,3,3,4,null],"
                       "\"std\":[2.6457513110645907,1.4142135623730951,null,null,null],"
                       "\"min\":[1,2,3,4,null],\"max\":[6,4,3,4,null],\"n\":[3,2,1,1,0]}");
    buffer_close(&b);
    comparison_band_close(&band);
    CHECK(band.n == 0 && band.points == NULL);
}

CHECK_MAIN("measure", metrics_are_refused_where_they_are_not, a_run_has_its_values_at_three_places,
           layers_and_targets_are_measures, labels_are_for_people,
           facts_are_read_as_they_are_written, band_is_honest_about_who_is_left)
