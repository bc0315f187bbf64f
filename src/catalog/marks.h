// Marks: moments people named in a store ("deploy v1.2.3"), to compare before and after them. STORE/MARKS, one line
// each: RFC 3339 time, name, version (may be empty), separated by tabs; the newest at the end. Anybody who may write to
// the store may add one while a writer has it open: a line is appended in one write. Free functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

struct Mark {
  int64_t time_ns = 0;
  std::string name;
  std::string version;
};

// A mark's name and version together; longer ones are refused.
inline constexpr size_t kMaxMarkBytes = 512;
inline constexpr uint64_t kMaxMarksBytes = uint64_t{16} << 20;

// kUsage for names that cannot stand in the file: empty, too long, with tabs or control characters.
Status AddMark(const Env* env, const std::string& store, const Mark& mark);
// In the order they were added; lines that are no marks are skipped.
Result<std::vector<Mark>> ReadMarks(const Env* env, const std::string& store);
// The latest mark by time with this name ("deploy") or name and version ("deploy v1.2.3"). kNotFound lists what there
// is.
Result<Mark> FindMark(const Env* env, const std::string& store, const std::string& wanted);

}  // namespace whittle
