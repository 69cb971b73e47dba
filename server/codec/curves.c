#include "server/codec/curves.h"

#include "server/codec/internal.h"
#include "server/text/csv.h"

/* ---- curves ---- */

const char *codec_curve_column(int id)
{
    if (id == CURVE_EPOCH)
        return "epoch";
    if (id == CURVE_STEP)
        return "step";
    return id >= 0 && id < METRIC_EPOCH_COUNT ? METRICS[id].name : NULL;
}

static void add_cell(buffer *b, const curve_line *line, int id, bool is_csv)
{
    if (id == CURVE_EPOCH)
        json_add_integer(b, line->epoch);
    else if (id == CURVE_STEP)
        json_add_integer(b, line->step);
    else if (is_csv)
        csv_add_number(b, line->values[id]);
    else
        json_add_number(b, line->values[id]);
}

static void add_column(buffer *b, const void *object, const member *m)
{
    const curve_answer *c = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < c->n; i++) {
        buffer_add_text(b, i ? "," : "");
        add_cell(b, &c->lines[i], m->index, false);
    }
    buffer_add_text(b, "]");
}

static bool derive_column(int i, member *out)
{
    int id = i + CURVE_EPOCH;
    if (!codec_curve_column(id))
        return false;
    *out = (member){.name = codec_curve_column(id),
                    .type = id < 0 ? MEMBER_INTEGER : MEMBER_NUMBER,
                    .help = id < 0 ? "Done so far." : METRICS[id].help,
                    .flags = id == CURVE_EPOCH  ? 0
                             : id == CURVE_STEP ? MEMBER_OPTIONAL
                                                : MEMBER_OPTIONAL | MEMBER_NULLABLE_ITEMS,
                    .depth = 1,
                    .index = id,
                    .write = add_column};
    return true;
}

static const shape COLUMNS = {.name = "CurveColumns",
                              .help = "Columns of one length.",
                              BYTES_OF(curve_answer),
                              .derive = derive_column};

/* Those that were asked for, in that order. */
static void add_columns(buffer *b, const void *object, const member *m)
{
    const curve_answer *c = object;
    member scratch;
    buffer_add_text(b, "{");
    for (int k = 0; k < c->n_columns; k++) {
        const member *column = shape_member(m->of, c->columns[k] - CURVE_EPOCH, &scratch);
        json_add_key(b, column->name);
        member_add(b, column, c);
    }
    buffer_add_text(b, "}");
}

static const member CURVES_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(curve_answer, run_id)},
    {"columns", MEMBER_OBJECT, "Columns of one length: those asked for, epoch in any case.",
     .of = &COLUMNS, .write = add_columns},
};
const shape SHAPE_CURVES = {.name = "RunCurves", BYTES_OF(curve_answer), MEMBERS(CURVES_ROWS)};

void codec_add_curves_csv(buffer *b, const curve_answer *answer)
{
    for (int k = 0; k < answer->n_columns; k++)
        buffer_add_format(b, "%s%s", k ? "," : "", codec_curve_column(answer->columns[k]));
    buffer_add_text(b, "\r\n");
    for (size_t i = 0; i < answer->n; i++) {
        for (int k = 0; k < answer->n_columns; k++) {
            buffer_add_text(b, k ? "," : "");
            add_cell(b, &answer->lines[i], answer->columns[k], true);
        }
        buffer_add_text(b, "\r\n");
    }
}

/* ---- layers ---- */

typedef struct layer_answer {
    const layers_answer *all;
    int layer;
} layer_answer;

/* One column; index -1: the epochs. */
static void add_layer_column(buffer *b, const void *object, const member *m)
{
    const layer_answer *answer = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < answer->all->n; i++) {
        const layer_line *line = &answer->all->lines[i];
        if (line->layer != answer->layer)
            continue;
        json_add_separator(b);
        if (m->index < 0)
            json_add_integer(b, line->epoch);
        else
            json_add_number(b, line->values[m->index]);
    }
    buffer_add_text(b, "]");
}

static bool derive_layer_column(int i, member *out)
{
    int id = i - 1;
    if (id == LAYER_METRIC_COUNT)
        return false;
    *out = (member){.name = id < 0 ? "epoch" : LAYER_METRICS[id].name,
                    .type = id < 0 ? MEMBER_INTEGER : MEMBER_NUMBER,
                    .help = id < 0 ? "The recorded epochs." : LAYER_METRICS[id].help,
                    .flags = id < 0 ? 0 : MEMBER_NULLABLE_ITEMS,
                    .depth = 1,
                    .index = id,
                    .write = add_layer_column};
    return true;
}

static const shape LAYER_COLUMNS = {.name = "LayerColumns",
                                    .help = "Columns of one length.",
                                    BYTES_OF(layer_answer),
                                    .derive = derive_layer_column};

static const member LAYER_ROWS[] = {
    {"layer", MEMBER_INTEGER, "0: the first hidden one.", AT(layer_answer, layer)},
    {"columns", MEMBER_OBJECT, "What was measured.", ITSELF(layer_answer), .of = &LAYER_COLUMNS},
};
static const shape LAYER = {.name = "Layer", BYTES_OF(layer_answer), MEMBERS(LAYER_ROWS)};

static void add_layers(buffer *b, const void *object, const member *m)
{
    const layers_answer *all = object;
    buffer_add_text(b, "[");
    for (int layer = 0; layer < all->n_layers; layer++)
        shape_add_item(b, m->of, &(layer_answer){all, layer});
    buffer_add_text(b, "]");
}

static const member LAYERS_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(layers_answer, run_id)},
    {"layers", MEMBER_OBJECT, "Hidden layers and the output layer.", .depth = 1, .of = &LAYER,
     .write = add_layers},
};
const shape SHAPE_LAYERS = {.name = "RunLayers", BYTES_OF(layers_answer), MEMBERS(LAYERS_ROWS)};
