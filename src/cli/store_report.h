// The report at the end of an ingest: what came in, what was found, what it costs to keep.
#pragma once

#include <cstdint>
#include <string>

#include "cli/streams.h"
#include "env/env.h"
#include "pipeline/ingest.h"

namespace whittle {

// Sizes of the files of a store, by part.
struct StoreBytes {
  uint64_t segments = 0;
  uint64_t catalog = 0;  // the RocksDB database
  uint64_t other = 0;    // manifest, format, locks
  uint64_t total() const { return segments + catalog + other; }
};
StoreBytes MeasureStore(const Env* env, const std::string& store);

void WriteIngestReport(const Env* env, const std::string& store, const IngestReport& report, OutputStream* out);

}  // namespace whittle
