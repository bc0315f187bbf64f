// WordFilter: a set of 64-bit keys that forgets what it holds but not whether: Contains never says no to a key that is
// in it, and yes to about one in 256 others, for 9.9 bits a key. An xor filter (Graf and Lemire 2020): every key has
// three places in a table of bytes whose exclusive or is its fingerprint. Immutable and safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/varint.h"

namespace whittle {

class WordFilter {
 public:
  WordFilter() = default;
  // Keys may repeat. Deterministic. Nothing for keys that somebody chose so that no table holds them.
  static std::optional<WordFilter> Build(std::vector<uint64_t> keys);

  bool Contains(uint64_t key) const;
  bool empty() const { return table_.empty(); }

  // docs/segment-format.md, "filters": 8 bytes seed, varint size of a third of the table, the table.
  void Encode(std::string* out) const;
  // False when the bytes are no filter.
  bool Decode(ByteReader* in);

 private:
  uint64_t seed_ = 0;
  uint64_t third_ = 0;
  std::string table_;  // 3 * third_ bytes
};

}  // namespace whittle
