#include "server/plan/fault.h"

#include "core/data/open.h"
#include "core/train/train.h"

#include <math.h>
#include <string.h>

bool plan_add_fault(fail_list *faults, const fail *f)
{
    for (int i = 0; i < faults->n; i++)
        if (strcmp(faults->items[i].field, f->field) == 0 &&
            strcmp(faults->items[i].sentence, f->sentence) == 0)
            return false;
    return fail_list_add(faults, f->code, f->field, "%s", f->sentence);
}

void plan_add_faults(const experiment_spec *e, const train_spec *spec, const fail_list *found,
                     fail_list *faults)
{
    for (int i = 0; i < found->n; i++) {
        fail f = found->items[i];
        sweep_point(e, spec, found->items[i].field, f.field);
        plan_add_fault(faults, &f);
    }
}

/* ---- the data set ---- */

static bool check_options(const plan_source *source, const train_spec *spec, fail *f)
{
    dataset_options ignored;
    dataset *set;
    if (dataset_find(spec->dataset)) /* without generating it */
        return dataset_check(spec->dataset, &spec->dataset_options, NULL, &ignored, f);
    bool is_open = source->open_dataset(source->context, spec, &set, f);
    if (is_open)
        dataset_close(set);
    return is_open;
}

/* Each option that is given alone, then all together: one fault does not hide another. */
static void add_option_faults(const plan_source *source, const train_spec *spec, fail_list *faults)
{
    const dataset_options *o = &spec->dataset_options;
    const dataset_options tries[] = {{.n = o->n, .noise = NAN},
                                     {.classes = o->classes, .noise = NAN},
                                     {.dimensions = o->dimensions, .noise = NAN},
                                     {.noise = o->noise}};
    fail f;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const dataset_options *one = &tries[i];
        train_spec alone = *spec;
        alone.dataset_options = *one;
        bool is_given = one->n || one->classes || one->dimensions || !isnan(one->noise);
        if (is_given && !check_options(source, &alone, &f))
            plan_add_fault(faults, &f);
    }
}

/* One set that no plan has counted. */
static bool open_alone(const plan_source *source, const train_spec *spec, dataset **out,
                       fail_list *faults)
{
    dataset_cost cost;
    fail f;
    bool is_generated = dataset_find(spec->dataset) &&
                        dataset_find_cost(spec->dataset, &spec->dataset_options, NULL, &cost, NULL);
    if (is_generated && !caller_begin(source->by, CALLER_VALUES, cost.n_values, &f)) {
        (void)plan_add_fault(faults, &f);
        return false;
    }
    return plan_open_set(source, spec, out, faults);
}

bool plan_open_set(const plan_source *source, const train_spec *spec, dataset **out,
                   fail_list *faults)
{
    fail f;
    if (source->open_dataset(source->context, spec, out, &f))
        return true;
    add_option_faults(source, spec, faults);
    return plan_add_fault(faults, &f);
}

bool plan_count_parts(const dataset *set, const train_spec *spec, size_t n[PART_COUNT],
                      fail_list *faults)
{
    fail f, alone;
    if (split_count(set, spec, n, &f))
        return true;
    const int64_t sizes[PART_COUNT] = {spec->train_size, spec->validation_size, spec->test_size};
    for (int part = 0; part < PART_COUNT; part++) {
        size_t ignored[PART_COUNT];
        train_spec one = *spec;
        one.train_size = part == PART_TRAIN ? sizes[part] : 0;
        one.validation_size = part == PART_VALIDATION ? sizes[part] : 0;
        one.test_size = part == PART_TEST ? sizes[part] : 0;
        if (!split_count(set, &one, ignored, &alone) && strcmp(alone.field, f.field) != 0)
            plan_add_fault(faults, &alone);
    }
    return plan_add_fault(faults, &f);
}

/* ---- what hangs on a fault ---- */

static bool is_in_name(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool has_word(const char *text, const char *word, size_t n)
{
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !is_in_name(at[-1])) && !is_in_name(at[n]))
            return true;
    return false;
}

static bool mentions(const fail *f, const field *row)
{
    const char *dot = strchr(row->name, '.'), *name = dot ? dot + 1 : row->name;
    size_t n = strlen(name);
    return has_word(f->field, name, n) || has_word(f->sentence, name, n);
}

static bool may_follow(const fail *f, const fail_list *causes)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        for (int c = 0; c < causes->n && mentions(f, &FIELDS[i]); c++)
            if (mentions(&causes->items[c], &FIELDS[i]))
                return true;
    return false;
}

static void add_independent(const fail_list *found, const fail_list *causes, fail_list *faults)
{
    for (int i = 0; i < found->n; i++)
        if (found->items[i].code != FAIL_OUT_OF_MEMORY && !may_follow(&found->items[i], causes))
            plan_add_fault(faults, &found->items[i]);
}

/* ---- grid and base ---- */

static void check_grid(experiment_spec *e, fail_list *found)
{
    grid ignored;
    if (sweep_expand(e, &ignored, found))
        grid_close(&ignored);
}

static bool varies_data(const experiment_spec *e)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (FIELDS[i].group == FIELD_GROUP_DATA && sweep_origin(e, i) != QUESTION_FIXED)
            return true;
    return false;
}

/* Sets that are swept are only opened: what they are to be split into may be swept, too. */
static void check_swept_sets(const plan_source *source, const experiment_spec *e, fail_list *found)
{
    const field *row = field_find("dataset");
    for (int a = 0; a < e->n_axes; a++)
        for (int i = 0; e->axes[a].row == row && i < e->axes[a].n_values; i++) {
            train_spec spec = e->base;
            fail_list of_set = {.n = 0};
            dataset *set;
            sweep_apply(row, &e->axes[a].values[i], &spec);
            if (open_alone(source, &spec, &set, &of_set))
                dataset_close(set);
            plan_add_faults(e, &spec, &of_set, found);
        }
}

static void check_base(const plan_source *source, const experiment_spec *e, fail_list *found)
{
    const train_spec *spec = &e->base;
    size_t n[PART_COUNT];
    dataset *set;
    if (varies_data(e)) {
        check_swept_sets(source, e, found);
        return;
    }
    if (!open_alone(source, spec, &set, found))
        return;
    bool has_parts = plan_count_parts(set, spec, n, found);
    bool can_train = train_check(spec, set, found);
    (void)(has_parts && can_train); /* what they have found is what is wanted */
    dataset_close(set);
}

static bool has_data_fault(const fail_list *causes)
{
    const field *row = field_find("dataset");
    for (int c = 0; c < causes->n; c++)
        if (mentions(&causes->items[c], row))
            return true;
    return false;
}

void plan_add_more(const plan_source *source, experiment_spec *e, fail_list *faults)
{
    const fail_list causes = *faults;
    fail_list in_grid = {.n = 0}, in_base = {.n = 0};
    check_grid(e, &in_grid);
    add_independent(&in_grid, &causes, faults);
    if (!has_data_fault(&causes))
        check_base(source, e, &in_base);
    add_independent(&in_base, &causes, faults);
}
