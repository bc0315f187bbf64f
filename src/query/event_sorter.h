// EventSorter: puts any number of texts in the order of their keys in bounded memory: what does not fit goes, sorted,
// to files without a name in the temporary directory, readable by nobody else, and is merged on the way out. Equal keys
// keep their order. Not thread-safe; owns everything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"
#include "event/value.h"
#include "expr/ast.h"

namespace whittle {

// Texts and keys held in memory before they are written out.
inline constexpr size_t kMaxSortBytes = size_t{48} << 20;

class EventSorter {
 public:
  explicit EventSorter(const Env* env, size_t max_bytes = kMaxSortBytes);
  ~EventSorter();

  Status Add(std::string_view key, std::string_view text);
  // Hands on, in order, what has a key less than `limit` (all, without one) and forgets it; until `take` says false.
  using Take = std::function<Result<bool>(std::string_view text)>;
  Status Drain(std::optional<std::string_view> limit, const Take& take);
  // From now on only the first `count` in order matter; more may be forgotten.
  void KeepFirst(uint64_t count) { keep_first_ = count; }

 private:
  struct Entry {
    size_t begin = 0;  // of the key in arena_; the text follows
    uint32_t key_size = 0;
    uint32_t text_size = 0;
  };
  class Run;
  std::string_view Key(const Entry& entry) const { return {arena_.data() + entry.begin, entry.key_size}; }
  std::string_view Text(const Entry& entry) const {
    return {arena_.data() + entry.begin + entry.key_size, entry.text_size};
  }
  void Sort();
  void ForgetLast();
  Status Spill();
  Status Merge(std::optional<std::string_view> limit, const Take& take);
  void Compact(size_t done);

  const Env* env_;
  size_t max_bytes_;
  uint64_t keep_first_ = UINT64_MAX;
  std::string arena_;
  std::vector<Entry> entries_;
  bool sorted_ = true;
  std::vector<std::unique_ptr<Run>> runs_;
};

// Texts that sort, byte by byte, as the things they stand for; one after the other they sort by the first difference.
void AppendOrderedInteger(int64_t value, std::string* key);
// Numbers by value, also those in text, then other text, absent last whatever the direction.
void AppendOrderedValue(const Value* value, bool descending, std::string* key);

}  // namespace whittle
