#include "server/plan/rate.h"

#include "core/regularizer/regularizer.h"

#define NOMINAL_FLOPS 75e9
#define UNIT_SECONDS 1e-9    /* activation, mask and their derivative of one unit and sample */
#define UPDATE_SECONDS 4e-10 /* optimizer's pass over one weight */
#define STEP_SECONDS 3e-6    /* what a step costs however small it is */
#define NEW_SHARE 0.2        /* of a new measurement in the mean */

typedef struct net_size {
    double weights, units;
} net_size;

static net_size size_of(const train_spec *spec, size_t inputs, size_t outputs)
{
    net_size size = {0, (double)outputs};
    double width = (double)inputs;
    for (int i = 0; i < spec->n_hidden; i++) {
        size.weights += width * (double)spec->hidden[i];
        size.units += (double)spec->hidden[i];
        width = (double)spec->hidden[i];
    }
    size.weights += width * (double)outputs;
    return size;
}

/* Of one sample: forward alone, and forward with backward. */
static double forward_seconds(net_size size)
{
    return 2 * size.weights / NOMINAL_FLOPS + size.units * UNIT_SECONDS / 2;
}

static double training_seconds(net_size size)
{
    return 6 * size.weights / NOMINAL_FLOPS + size.units * UNIT_SECONDS;
}

/* `n_answers`: samples that go through the net forward alone. */
static double work_of(const train_spec *spec, net_size size, double epochs, double n_train,
                      double n_answers)
{
    double steps = epochs * (n_train / (double)spec->batch_size + 0.5);
    return epochs * n_train * training_seconds(size) + n_answers * forward_seconds(size) +
           steps * (STEP_SECONDS + size.weights * UPDATE_SECONDS);
}

double rate_work(const train_spec *spec, size_t inputs, size_t outputs, const size_t n[PART_COUNT])
{
    double epochs = (double)spec->epochs, n_train = (double)n[PART_TRAIN];
    double n_evaluated = (double)spec->train_evaluation_size;
    if (n_evaluated > n_train)
        n_evaluated = n_train;
    double n_records = epochs / (double)spec->evaluate_every + 1;
    double n_answers = n_records * (n_evaluated + (double)n[PART_VALIDATION]) +
                       (double)n[PART_TEST] * (1 + (double)regularization_samples(spec));
    return work_of(spec, size_of(spec, inputs, outputs), epochs, n_train, n_answers);
}

double rate_replay_work(const train_spec *spec, size_t inputs, size_t outputs, size_t n_train,
                        int64_t epochs, size_t n_answers)
{
    return work_of(spec, size_of(spec, inputs, outputs), (double)epochs, (double)n_train,
                   (double)n_answers);
}

double rate_seconds(const rate *r, double work)
{
    return r->correction > 0 ? work * r->correction : work;
}

void rate_add(rate *r, double work, double seconds)
{
    if (!(work > 0 && seconds > 0))
        return;
    double measured = seconds / work;
    r->correction =
        r->correction > 0 ? r->correction + NEW_SHARE * (measured - r->correction) : measured;
}
