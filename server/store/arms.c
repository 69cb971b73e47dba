#include "server/store/arms.h"

#include "server/store/internal.h"

#include <math.h>
#include <stdio.h>

/* ---- values of runs ---- */

typedef struct value_list {
    int64_t experiment_id;
    int layer;
    layer_metric_id which;
    run_value_callback *each;
    void *context;
} value_list;

static bool give_value(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const value_list *list = context;
    (void)f;
    *go_on = list->each(list->context, store_column_integer(row, 0), store_column_number(row, 1));
    return true;
}

/* Records after epoch 0 are ceil(epochs / evaluate_every); CROSS JOIN: runs first, so that the long
 * table is read by its key only. */
static const char LIST_TAILS[] =
    "SELECT r.id, e.val_loss FROM runs r JOIN config_fields k ON k.experiment_id = r.experiment_id"
    " AND k.config_id = r.config_id CROSS JOIN epochs e ON e.run_id = r.id AND e.epoch > 0"
    " AND e.epoch > r.epochs - 2 * k.evaluate_every"
    " * max(2, (r.epochs + k.evaluate_every - 1) / k.evaluate_every / 10) "
    "WHERE r.experiment_id = ?1 AND r.stop_reason = 'finished' ORDER BY r.id, e.epoch";

static bool look_at_tails(store_connection *c, void *arguments, fail *f)
{
    const value_list *in = arguments;
    sqlite3_stmt *list = store_prepare(c, LIST_TAILS, f);
    if (list)
        store_bind_integer(list, 1, in->experiment_id);
    return store_each(c, list, give_value, arguments, f);
}

bool store_list_tails(store *s, int64_t experiment_id, run_value_callback *each, void *context,
                      fail *f)
{
    value_list in = {.experiment_id = experiment_id, .each = each, .context = context};
    return store_read(s, look_at_tails, &in, f);
}

static bool look_at_layers(store_connection *c, void *arguments, fail *f)
{
    const value_list *in = arguments;
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT r.id, l.%s FROM runs r CROSS JOIN layers l ON l.run_id = r.id AND l.layer = ?2"
             " AND l.epoch = (SELECT max(epoch) FROM layers WHERE run_id = r.id) "
             "WHERE r.experiment_id = ?1 AND l.%s IS NOT NULL ORDER BY r.id",
             LAYER_METRICS[in->which].name, LAYER_METRICS[in->which].name);
    sqlite3_stmt *list = store_prepare_once(c, sql, f);
    if (list) {
        store_bind_integer(list, 1, in->experiment_id);
        store_bind_integer(list, 2, in->layer);
    }
    bool is_good = store_each(c, list, give_value, arguments, f);
    sqlite3_finalize(list);
    return is_good;
}

bool store_list_layer_ends(store *s, int64_t experiment_id, int layer, layer_metric_id which,
                           run_value_callback *each, void *context, fail *f)
{
    value_list in = {experiment_id, layer, which, each, context};
    return store_read(s, look_at_layers, &in, f);
}

/* ---- looks at test metrics ---- */

static const char COUNT_LOOKS[] =
    "SELECT count(*), coalesce(sum(question = ?2 AND n_completed = ?3), 0) FROM test_looks"
    " WHERE experiment_id = ?1";
static const char ADD_LOOK[] =
    "INSERT OR IGNORE INTO test_looks (experiment_id, question, n_completed) SELECT id, ?2, ?3"
    " FROM experiments WHERE id = ?1" STORE_NOT_DELETED("id");

typedef struct look_note {
    int64_t experiment_id, n_completed, n_looks;
    const char *question;
    bool is_new;
} look_note;

static void bind_look(sqlite3_stmt *statement, const look_note *in)
{
    store_bind_integer(statement, 1, in->experiment_id);
    store_bind_text(statement, 2, in->question);
    store_bind_integer(statement, 3, in->n_completed);
}

static bool look_at_looks(store_connection *c, void *arguments, fail *f)
{
    look_note *in = arguments;
    bool row;
    sqlite3_stmt *count = store_prepare(c, COUNT_LOOKS, f);
    if (!count)
        return false;
    bind_look(count, in);
    if (!store_step(c, count, &row, f))
        return false;
    in->n_looks = store_column_integer(count, 0);
    in->is_new = in->question && store_column_integer(count, 1) == 0;
    store_reset(count);
    return true;
}

static bool change_look(store_writer *w, void *arguments, fail *f)
{
    const look_note *in = arguments;
    sqlite3_stmt *add = store_prepare(&w->connection, ADD_LOOK, f);
    if (!add)
        return false;
    bind_look(add, in);
    return store_done(&w->connection, add, f);
}

/* The same question again, as a page asks that is kept open, writes nothing. */
bool store_note_look(store *s, int64_t experiment_id, const char *question, int64_t n_completed,
                     int64_t *n_looks, fail *f)
{
    look_note in = {
        .experiment_id = experiment_id, .question = question, .n_completed = n_completed};
    if (!store_read(s, look_at_looks, &in, f) ||
        (in.is_new && !store_write(s, change_look, &in, f)))
        return false;
    *n_looks = in.n_looks + in.is_new;
    return true;
}

/* ---- arms ---- */

static const char DELETE_ARMS[] = "DELETE FROM arms WHERE experiment_id = ?1";
static const char INSERT_ARM[] =
    "INSERT INTO arms (experiment_id, number, metric, about, label, treatment, context, tuned,"
    " config_id, n, n_failed, mean, std, ci_low, ci_high, difference, difference_ci_low,"
    " difference_ci_high, n_pairs, p_value, p_adjusted, minimum_detectable, sign_flip_p,"
    " pairs_better, equivalence_p_adjusted, verdict) SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26"
    " FROM experiments WHERE id = ?1" STORE_NOT_DELETED("id");

typedef struct arms_change {
    int64_t experiment_id;
    const arm_row *rows;
    size_t n;
} arms_change;

static void bind_arm(sqlite3_stmt *insert, int64_t id, size_t number, const arm_row *r)
{
    const char *const texts[] = {r->metric,  r->about, r->label,    r->treatment,
                                 r->context, r->tuned, r->config_id};
    const double before[] = {r->mean,
                             r->std,
                             r->ci_low,
                             r->ci_high,
                             r->difference,
                             r->difference_ci_low,
                             r->difference_ci_high};
    const double after[] = {r->p_value,     r->p_adjusted,   r->minimum_detectable,
                            r->sign_flip_p, r->pairs_better, r->equivalence_p_adjusted};
    int at = 1;
    store_bind_integer(insert, at++, id);
    store_bind_integer(insert, at++, (int64_t)number);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        store_bind_text(insert, at++, texts[i]);
    store_bind_integer(insert, at++, r->n);
    store_bind_integer(insert, at++, r->n_failed);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        store_bind_number(insert, at++, before[i]);
    store_bind_integer(insert, at++, r->n_pairs);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        store_bind_number(insert, at++, after[i]);
    store_bind_text(insert, at, r->verdict);
}

static bool change_arms(store_writer *w, void *arguments, fail *f)
{
    const arms_change *in = arguments;
    sqlite3_stmt *insert = store_prepare(&w->connection, INSERT_ARM, f);
    bool is_put = insert && store_change_with(w, DELETE_ARMS, in->experiment_id, f);
    for (size_t i = 0; is_put && i < in->n; i++) {
        bind_arm(insert, in->experiment_id, i, &in->rows[i]);
        is_put = store_done(&w->connection, insert, f);
    }
    return is_put;
}

bool store_put_arms(store *s, int64_t experiment_id, const arm_row *rows, size_t n, fail *f)
{
    arms_change in = {experiment_id, rows, n};
    return store_write(s, change_arms, &in, f);
}

static const char LIST_WITHOUT[] =
    "SELECT id FROM experiments WHERE finished_at IS NOT NULL"
    " AND id NOT IN (SELECT experiment_id FROM arms)" STORE_NOT_DELETED("id") " ORDER BY id";

typedef struct id_list {
    experiment_id_callback *each;
    void *context;
} id_list;

static bool give_id(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const id_list *list = context;
    (void)f;
    *go_on = list->each(list->context, store_column_integer(row, 0));
    return true;
}

static bool look_at_without(store_connection *c, void *arguments, fail *f)
{
    return store_each(c, store_prepare(c, LIST_WITHOUT, f), give_id, arguments, f);
}

bool store_list_without_arms(store *s, experiment_id_callback *each, void *context, fail *f)
{
    id_list in = {each, context};
    return store_read(s, look_at_without, &in, f);
}
