/* What is kept of the rows of a config (estimand_facts), as JSON. */
#include "server/codec/comparison.h"
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <math.h>

static const char *const SCORE_NAMES[ESTIMAND_SCORE_COUNT] = {
    [ESTIMAND_LOSS] = "loss", [ESTIMAND_ACCURACY] = "accuracy", [ESTIMAND_BRIER] = "brier"};

/* ---- writing ---- */

static void add_counts(buffer *b, const char *key, const size_t counts[PART_COUNT])
{
    json_add_key(b, key);
    buffer_add_text(b, "[");
    for (int part = 0; part < PART_COUNT; part++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)counts[part]);
    }
    buffer_add_text(b, "]");
}

void codec_add_facts(buffer *b, const estimand_facts *facts)
{
    buffer_add_text(b, "{");
    json_add_key(b, "generated");
    json_add_boolean(b, facts->data.is_generated);
    add_counts(b, "stored", facts->data.stored);
    add_counts(b, "drawn", facts->data.drawn);
    json_add_member_integer(b, "train_evaluation", (int64_t)facts->data.n_train_evaluation);
    for (int score = 0; score < ESTIMAND_SCORE_COUNT; score++) {
        json_add_key(b, SCORE_NAMES[score]);
        buffer_add_text(b, "[");
        for (int part = 0; part < PART_COUNT; part++) {
            json_add_separator(b);
            json_add_number(b, facts->trivial[part][score]);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "}");
}

/* ---- reading ---- */

static double element(const cJSON *object, const char *key, int part)
{
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(object, key), part);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static size_t count(double number)
{
    return number > 0 ? (size_t)number : 0;
}

bool codec_read_facts(const char *text, estimand_facts *out)
{
    cJSON *object = text ? cJSON_Parse(text) : NULL;
    if (!cJSON_IsObject(object)) {
        cJSON_Delete(object);
        return false;
    }
    const cJSON *n_evaluated = cJSON_GetObjectItemCaseSensitive(object, "train_evaluation");
    *out = (estimand_facts){
        .data = {.is_generated =
                     cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "generated")),
                 .n_train_evaluation =
                     count(cJSON_IsNumber(n_evaluated) ? n_evaluated->valuedouble : 0)}};
    for (int part = 0; part < PART_COUNT; part++) {
        out->data.stored[part] = count(element(object, "stored", part));
        out->data.drawn[part] = count(element(object, "drawn", part));
        for (int score = 0; score < ESTIMAND_SCORE_COUNT; score++)
            out->trivial[part][score] = element(object, SCORE_NAMES[score], part);
    }
    cJSON_Delete(object);
    return true;
}
