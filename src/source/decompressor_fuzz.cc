// Any bytes, read whole and in small pieces: the same text and the same verdict, within bounded memory. Of the block in
// which damage is found, more or less may come out: libzstd forgets a failed block, but not what it gave away of an
// uncompressed one that came in pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "source/decompressor.h"

namespace {

constexpr size_t kMaxTextBytes = 4 << 20;  // enough to cross every internal buffer; bombs are cut here
constexpr uint64_t kMaxWindowBytes = 8 << 20;
constexpr size_t kMaxBlockBytes = 128 << 10;  // RFC 8878, 3.1.1.2.4

struct Outcome {
  std::string text;
  std::string error;
};

Outcome Run(const std::string& stored, size_t chunk, size_t capacity) {
  whittle::Decompressor stream(whittle::NewStringStream(stored, chunk), {kMaxWindowBytes, ""});
  Outcome outcome;
  std::vector<char> buffer(capacity);
  while (outcome.text.size() < kMaxTextBytes) {
    auto size = stream.Read(buffer.data(), buffer.size());
    if (!size.ok()) {
      outcome.error = size.status().message();
      break;
    }
    if (*size == 0) break;
    if (*size > capacity) std::abort();
    outcome.text.append(buffer.data(), *size);
  }
  outcome.text.resize(std::min(outcome.text.size(), kMaxTextBytes));
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string stored(reinterpret_cast<const char*>(data), size);
  const Outcome whole = Run(stored, 0, 1 << 16);
  const Outcome pieces = Run(stored, 1 + size % 7, 4099);
  if (whole.error.empty() != pieces.error.empty()) std::abort();
  const std::string& shorter = whole.text.size() < pieces.text.size() ? whole.text : pieces.text;
  const std::string& longer = &shorter == &whole.text ? pieces.text : whole.text;
  if (longer.compare(0, shorter.size(), shorter) != 0) std::abort();
  if (longer.size() - shorter.size() > (whole.error.empty() ? 0 : kMaxBlockBytes)) std::abort();
  return 0;
}
