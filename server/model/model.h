/* model — experiment, run, event and data set as plain structs: the whole room. */
#ifndef SERVER_MODEL_MODEL_H
#define SERVER_MODEL_MODEL_H

#include "server/model/config_id.h"
#include "server/model/dataset.h"
#include "server/model/event.h"
#include "server/model/experiment.h"
#include "server/model/metrics.h"
#include "server/model/run.h"
#include "server/model/series.h"
#include "server/model/state.h"

#endif
