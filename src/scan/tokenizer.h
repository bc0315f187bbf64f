// Tokens of a line and the hash of its skeleton. A token is a maximal run of bytes that are not delimiters; it is masked
// when it holds a digit, begins with '/' or contains "://" or '@'. The skeleton is the line with masked tokens replaced by their
// class. Not thread-safe: one Tokenizer per worker; its arrays are valid until the next call.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/shape.h"

namespace whittle {

// Tokens longer than this many per line, or lines longer than kMaxScanBytes, go to the raw lane.
inline constexpr size_t kMaxMaskedTokens = 1024;
inline constexpr size_t kMaxScanBytes = 64 * 1024;

// White space and , ; = ( ) [ ] { } " ' | < > and a run of backslashes right before a quote.
bool IsDelimiter(unsigned char byte);

struct MaskedToken {
  uint32_t begin = 0;
  uint32_t end = 0;
  TokenClass token_class = TokenClass::kMixed;
};

class Tokenizer {
 public:
  // False when a limit is exceeded. `line` is without its terminator.
  bool Scan(std::string_view line);
  const std::vector<MaskedToken>& masked() const { return masked_; }
  uint64_t skeleton_hash() const { return hash_; }

 private:
  std::vector<MaskedToken> masked_;
  uint64_t hash_ = 0;
};

// The class a masked token gets; kWord when `token` would not be masked.
TokenClass ClassifyToken(std::string_view token);

}  // namespace whittle
