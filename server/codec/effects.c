/* Main effects and interactions of a comparison as JSON. */
#include "server/codec/codec.h"
#include "server/codec/comparison.h"

/* ---- factors ---- */

typedef struct factor_answer {
    const char *field;
    const factorial_factor *factor;
} factor_answer;

static void write_levels(buffer *b, const void *object, const member *m)
{
    const factorial_factor *factor = ((const factor_answer *)object)->factor;
    (void)m;
    buffer_add_text(b, "[");
    for (int k = 0; k < factor->n_levels; k++) {
        json_add_separator(b);
        json_add_json(b, factor->levels[k]->text);
    }
    buffer_add_text(b, "]");
}

static void write_reference(buffer *b, const void *object, const member *m)
{
    const factorial_factor *factor = ((const factor_answer *)object)->factor;
    (void)m;
    json_add_json(b, factor->levels[factor->reference]->text);
}

static const member FACTOR_ROWS[] = {
    {"field", MEMBER_TEXT, "The varied field.", AT(factor_answer, field)},
    {"levels", MEMBER_ANY, "Its values.", .depth = 1, .write = write_levels},
    {"reference", MEMBER_ANY, "The baseline's value.", .write = write_reference},
};
static const shape FACTOR = {.name = "Factor", BYTES_OF(factor_answer), MEMBERS(FACTOR_ROWS)};

static void write_factors(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    buffer_add_text(b, "[");
    for (int i = 0; i < answer->effects->n_factors; i++) {
        const factorial_factor *factor = &answer->effects->factors[i];
        shape_add_item(b, m->of,
                       &(factor_answer){answer->a->table->factors[factor->index].name, factor});
    }
    buffer_add_text(b, "]");
}

/* ---- effects ---- */

typedef struct level_answer {
    const char *field, *level; /* level: JSON text */
} level_answer;

static const member LEVEL_ROWS[] = {
    {"field", MEMBER_TEXT, "The varied field.", AT(level_answer, field)},
    {"level", MEMBER_ANY, "Its value.", MEMBER_AS_JSON | MEMBER_NULLABLE, AT(level_answer, level)},
};
static const shape LEVEL = {.name = "Level", BYTES_OF(level_answer), MEMBERS(LEVEL_ROWS)};

typedef struct effect_answer {
    level_answer of;
    const level_answer *with; /* NULL: a main effect */
    const factorial_effect *found;
    const stats_estimate *together; /* NULL: a main effect */
    int verdict;
} effect_answer;

static const member FOUND_ROWS[] = {
    {"n", MEMBER_INTEGER, "Repeats that have a value in every arm concerned.",
     AT(factorial_effect, change.n)},
    INCLUDE(factorial_effect, change, CODEC_ESTIMATE),
    {"p_value", MEMBER_NUMBER, "Two-sided t test over repeats; null: all are equal.",
     MEMBER_NULLABLE, AT(factorial_effect, change.p_value)},
    {"p_adjusted", MEMBER_NUMBER, "Holm's, over all effects.", MEMBER_NULLABLE,
     AT(factorial_effect, p_adjusted)},
};
static const shape FOUND = {BYTES_OF(factorial_effect), MEMBERS(FOUND_ROWS)};

static const member EFFECT_ROWS[] = {
    INCLUDE(effect_answer, of, LEVEL),
    {"with", MEMBER_OBJECT, "The other level of an interaction; null: a main effect.",
     MEMBER_NULLABLE, TO(effect_answer, with), .of = &LEVEL},
    INCLUDE_FROM(effect_answer, found, FOUND),
    {"together", MEMBER_OBJECT, "What both do together; null: a main effect.", MEMBER_NULLABLE,
     TO(effect_answer, together), .of = &CODEC_ESTIMATE},
    {"verdict", MEMBER_NAME, "Of an interaction; null: a main effect, or no direction.",
     MEMBER_NULLABLE, AT(effect_answer, verdict), NAMES(FACTORIAL_VERDICT_NAMES)},
};
static const shape EFFECT = {.name = "Effect",
                             .help = "How much a level changes the metric against its factor's "
                                     "reference; of an interaction, how much that changes with "
                                     "another level.",
                             BYTES_OF(effect_answer),
                             MEMBERS(EFFECT_ROWS)};

static level_answer level_of(const comparison_answer *answer, int factor, int level)
{
    const factorial_factor *f = &answer->effects->factors[factor];
    return (level_answer){answer->a->table->factors[f->index].name, f->levels[level]->text};
}

static void write_items(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < answer->effects->n; i++) {
        const factorial_effect *x = &answer->effects->items[i];
        bool is_main = x->other_factor < 0;
        level_answer with = {NULL, NULL};
        if (!is_main)
            with = level_of(answer, x->other_factor, x->other_level);
        shape_add_item(b, m->of,
                       &(effect_answer){.of = level_of(answer, x->factor, x->level),
                                        .with = is_main ? NULL : &with,
                                        .found = x,
                                        .together = is_main ? NULL : &x->together,
                                        .verdict = (int)x->verdict});
    }
    buffer_add_text(b, "]");
}

static const member EFFECTS_ROWS[] = {
    {"factors", MEMBER_OBJECT, "Treatments and contexts that vary.", .depth = 1, .of = &FACTOR,
     .write = write_factors},
    {"items", MEMBER_OBJECT, "Main effects first.", .depth = 1, .of = &EFFECT,
     .write = write_items},
};
const shape CODEC_EFFECTS = {.name = "Effects", BYTES_OF(comparison_answer), MEMBERS(EFFECTS_ROWS)};

void codec_write_effects(buffer *b, const void *object, const member *m)
{
    if (((const comparison_answer *)object)->effects->is_complete)
        shape_add(b, m->of, object);
    else
        buffer_add_text(b, "null");
}
