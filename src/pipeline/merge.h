// Merge: makes one store of several: their segments are copied into a new store, with coverage, ledgers, decisions
// about templates and marks. What two of them have of one source is taken once; a segment that overlaps another only in
// part is refused by name. The old stores are only read. For one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

struct MergeReport {
  uint64_t stores = 0;
  uint64_t segments = 0;  // copied
  uint64_t records = 0;
  uint64_t bytes = 0;                // of segment files
  std::vector<std::string> twice;    // left out: all they cover was there
  std::vector<std::string> refused;  // left out: some of what they cover was there, and why
};

// `to` must not exist or be an empty store; kBusy while somebody writes to it.
Result<MergeReport> MergeStores(const Env* env, const std::vector<std::string>& stores, const std::string& to,
                                const std::atomic<bool>* stop);

}  // namespace whittle
