// Counts ids that were announced as trace or span ids and are none: all zeros, too short, too long, other bytes. They
// stay in the line and as attributes; the count tells that a tracer writes nonsense. Pure function.
#pragma once

#include <cstdint>

#include "event/batch.h"

namespace whittle {

// Of the first lines of records. Placeholders for "there is none" (-, null, N/A, ...) are not counted.
uint64_t CountRefusedIds(const EventBatch& batch);

}  // namespace whittle
