#include "server/jobs/arms.h"

#include "server/codec/comparison.h"
#include "server/jobs/study.h"
#include "server/store/arms.h"
#include "server/study/phrases.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROLE_TEXTS = 4, TEXT_BYTES_LIMIT = 1 << 16 };

typedef struct kept_arms {
    arm_row *rows;
    char **texts; /* (n, ROLE_TEXTS) heap */
    size_t n, n_texts;
} kept_arms;

static void close_kept(kept_arms *k)
{
    for (size_t i = 0; k->texts && i < k->n_texts; i++)
        free(k->texts[i]);
    free(k->texts);
    free(k->rows);
}

/* The text of the buffer, kept; "" without memory. */
static const char *keep(kept_arms *k, buffer *b)
{
    char *text = b->failed ? NULL : buffer_take(b, NULL);
    buffer_close(b);
    if (text)
        k->texts[k->n_texts++] = text;
    return text ? text : "";
}

static const char *write_levels(kept_arms *k, const arms *a, const arm *x, question_role role)
{
    buffer b;
    buffer_init(&b, TEXT_BYTES_LIMIT);
    codec_add_levels(&b, a, x, role);
    return keep(k, &b);
}

static const char *write_label(kept_arms *k, const arms *a, const arm *x)
{
    buffer b;
    buffer_init(&b, TEXT_BYTES_LIMIT);
    phrases_add_arm(a, x, &b);
    return keep(k, &b);
}

/* Of a baseline there is no difference. */
static void add_difference(const arm *x, arm_row *out)
{
    bool is_baseline = x->verdict == ARM_BASELINE;
    const stats_estimate none = {.mean = NAN, .ci_low = NAN, .ci_high = NAN, .p_value = NAN};
    const stats_estimate *d = is_baseline ? &none : &x->difference;
    out->n_pairs = (int64_t)d->n;
    out->difference = d->mean;
    out->difference_ci_low = d->ci_low;
    out->difference_ci_high = d->ci_high;
    out->p_value = d->p_value;
    out->p_adjusted = is_baseline ? NAN : x->p_adjusted;
    out->minimum_detectable = is_baseline ? NAN : x->minimum_detectable;
    out->sign_flip_p = is_baseline ? NAN : x->sign_flip_p;
    out->pairs_better = is_baseline ? NAN : x->pairs_better;
    out->equivalence_p_adjusted = is_baseline ? NAN : x->equivalence_p_adjusted;
}

static void add_arm(kept_arms *k, const arms *a, const arm *x)
{
    bool is_chosen = x->tuned != ARMS_NONE;
    arm_row *out = &k->rows[k->n++];
    *out = (arm_row){.metric = a->table->options.metric,
                     .about = ESTIMAND_ABOUT_NAMES[a->contexts[x->context].about],
                     .label = write_label(k, a, x),
                     .treatment = write_levels(k, a, x, QUESTION_TREATMENT),
                     .context = write_levels(k, a, x, QUESTION_CONTEXT),
                     .tuned = is_chosen ? write_levels(k, a, x, QUESTION_TUNE) : NULL,
                     .config_id = is_chosen ? a->table->configs[x->tuned].config_id : NULL,
                     .verdict = ARM_VERDICT_NAMES[x->verdict],
                     .n = (int64_t)x->n_values,
                     .n_failed = (int64_t)x->tally.n_failed,
                     .mean = x->summary.mean,
                     .std = x->summary.std,
                     .ci_low = x->summary.ci_low,
                     .ci_high = x->summary.ci_high};
    add_difference(x, out);
}

static bool put(store *s, int64_t id, const arms *a, fail *f)
{
    kept_arms k = {.rows = calloc(a->n_arms + 1, sizeof *k.rows),
                   .texts = calloc(ROLE_TEXTS * a->n_arms + 1, sizeof *k.texts)};
    bool is_put = k.rows && k.texts;
    for (size_t i = 0; is_put && i < a->n_arms; i++)
        add_arm(&k, a, &a->items[i]);
    is_put = is_put ? store_put_arms(s, id, k.rows, k.n, f)
                    : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the arms.");
    close_kept(&k);
    return is_put;
}

static bool keep_arms_of(store *s, int64_t id, fail *f)
{
    const jobs_study_query query = {
        .ids = {id}, .n_ids = 1, .measure = {NULL, -1, NULL, NAN}, .select_by = METRIC_VAL_LOSS};
    jobs_study x;
    arms a;
    if (!jobs_study_open(s, &query, &x, f))
        return false;
    bool is_kept = arms_open(&x.inquiry.table, NULL, &a, f);
    if (is_kept) {
        is_kept = put(s, id, &a, f);
        arms_close(&a);
    }
    jobs_study_close(&x);
    return is_kept;
}

static bool take_first(void *context, int64_t experiment_id)
{
    *(int64_t *)context = experiment_id;
    return false;
}

bool jobs_keep_arms(store *s)
{
    int64_t id = 0;
    fail f;
    if (!store_list_without_arms(s, take_first, &id, &f) || id == 0)
        return false;
    if (keep_arms_of(s, id, &f) || f.code == FAIL_NOT_FOUND) /* deleted meanwhile */
        return true;
    (void)fprintf(stderr, "regulab: the arms of experiment %" PRId64 " are not kept: %s\n", id,
                  f.sentence);
    return false;
}
