/* profile — the figures of a data set as JSON: columns, parts, and what predicting without learning
 * would score. */
#ifndef SERVER_CODEC_PROFILE_H
#define SERVER_CODEC_PROFILE_H

#include "core/data/profile.h"
#include "server/codec/shape.h"

extern const shape SHAPE_PROFILE; /* members of an answer about a set; of a profile */

#endif
