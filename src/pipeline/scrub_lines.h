// Scrubs the lines of a batch before anything else sees them. Pure function of its input.
#pragma once

#include "event/batch.h"
#include "pipeline/line_parser.h"

namespace whittle {

// True when something was found: then `scrubbed` holds the lines with their new text, and `events` the sizes the rows
// have in the source, the end of the source text and the marks. Otherwise both are left as they are.
bool ScrubLines(const ParsingOptions& options, const LineBatch& lines, LineBatch* scrubbed, EventBatch* events);

}  // namespace whittle
