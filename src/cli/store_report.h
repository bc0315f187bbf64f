// The report at the end of an ingest: what came in, what was found, what it costs to keep.
#pragma once

#include <string>

#include "cli/streams.h"
#include "env/env.h"
#include "pipeline/ingest.h"

namespace whittle {

void WriteIngestReport(const Env* env, const std::string& store, const IngestReport& report, OutputStream* out);

}  // namespace whittle
