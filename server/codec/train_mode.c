/* Scores with the masks of training, beside those without, as JSON. */
#include "server/codec/evaluation.h"
#include "server/codec/internal.h"

static const member SCORE_ROWS[] = {
    {"loss", MEMBER_NUMBER, "Cross-entropy, or mean squared error.", MEMBER_NULLABLE,
     AT(evaluation_score, loss)},
    {"accuracy", MEMBER_NUMBER, "Fraction that is right; null: a regression.", MEMBER_NULLABLE,
     AT(evaluation_score, accuracy)},
    {"rmse", MEMBER_NUMBER, "In the data set's own units; null: a classification.", MEMBER_NULLABLE,
     AT(evaluation_score, rmse)},
};
static const shape SCORE = {
    .name = "TrainModeScore", BYTES_OF(evaluation_score), MEMBERS(SCORE_ROWS)};

static const member TRAIN_MODE_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(train_mode_evaluation, run_id)},
    {"part", MEMBER_NAME, "What it was tried on.", ONE_OF("test"), .write = member_add_only_name},
    {"mode", MEMBER_NAME, "With masks and noise.", ONE_OF("train"), .write = member_add_only_name},
    {"task", MEMBER_NAME, "What was learned.", AT(train_mode_evaluation, task), TASK_NAMES},
    {"n", MEMBER_INTEGER, "Test samples.", AT(train_mode_evaluation, n)},
    {"still", MEMBER_OBJECT, "In evaluation mode, without masks.", TO(train_mode_evaluation, still),
     .of = &SCORE},
    {"averaged", MEMBER_OBJECT, "Of the answers averaged over all draws.",
     TO(train_mode_evaluation, averaged), .of = &SCORE},
    {"draws", MEMBER_OBJECT, "Each with other masks.", EACH(train_mode_evaluation, draws, n_draws),
     .of = &SCORE},
};
const shape CODEC_TRAIN_MODE = {.name = "TrainModeEvaluation",
                                .help = "As if evaluation mode had been forgotten.",
                                BYTES_OF(train_mode_evaluation),
                                MEMBERS(TRAIN_MODE_ROWS)};

void codec_add_train_mode(buffer *b, const train_mode_evaluation *e)
{
    shape_add(b, &CODEC_TRAIN_MODE, e);
}
