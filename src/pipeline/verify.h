// Verify: proves that a store is whole, without its sources: every byte of every segment file against its checksums,
// every row against the content hash taken when it was written, coverage and ledgers against each other. Reads the
// published manifest only, so it runs beside a writer. Pure reading; nothing is repaired.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/manifest.h"
#include "env/env.h"

namespace whittle {

struct VerifyReport {
  uint64_t segments = 0;
  uint64_t rows = 0;
  uint64_t text_bytes = 0;
  uint64_t sources = 0;
  std::vector<std::string> problems;  // one line each: what is broken, where
};

// An error means that there is no store to check. `progress` gets segments done and in all; it may be empty.
Result<VerifyReport> VerifyStore(const Env* env, const std::string& dir,
                                 const std::function<void(size_t, size_t)>& progress);

}  // namespace whittle
