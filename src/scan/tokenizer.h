// Tokens of a line and the hash of its skeleton: the first step of every line, and the key of the recipe cache.
//
// A token is a maximal run of bytes that are not delimiters. It is masked when it holds a digit, begins with '/' (and
// is longer), contains "://", or has an '@' inside. Of a masked token, trailing . : ! ? stay outside, and so do a head
// that names the number ("PendingReds:" of PendingReds:0, "CPU#", "core.", "blk_" of blk_-16089) and a word that hangs
// on it by
// ':' (":Got" of 10.0.0.1:80:Got). The skeleton is the line with each masked token replaced by its class.
//
// Not thread-safe: one Tokenizer per worker; masked() is valid until the next Scan and holds offsets, not pointers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/shape.h"
#include "scan/byte_masks.h"

namespace whittle {

// Lines with more masked tokens or more bytes than this are not analysed: they go to the raw lane whole.
inline constexpr size_t kMaxMaskedTokens = 1024;
inline constexpr size_t kMaxScanBytes = 64 * 1024;

// White space and , ; = ( ) [ ] { } " ' | < >. Besides these, Scan treats a run of backslash escapes that ends at a
// double quote as delimiters (\" and \n" in JSON inside JSON).
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
  // Which bytes of the line are delimiters.
  const ByteMasks& masks() const { return masks_; }

 private:
  // Takes off what does not belong to the masked token at `begin` of the line and says what is left. `bits` are the
  // classes of its bytes.
  TokenClass Trim(std::string_view* token, size_t begin, uint8_t bits) const;

  ByteMasks masks_;
  std::vector<MaskedToken> masked_;
  uint64_t hash_ = 0;
};

// The class of a masked token's text.
TokenClass ClassifyToken(std::string_view token);

}  // namespace whittle
