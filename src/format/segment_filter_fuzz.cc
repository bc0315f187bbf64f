// Any bytes as section 12: decoded or refused, and asking never reads out of bounds.
#include "format/segment_filter.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto filter = whittle::SegmentFilter::Decode(bytes, size % 7);
  if (!filter) return 0;
  for (const char* word : {"12345678", "abcdef0123456789", "a_very_long_word_with_a_1"}) {
    filter->MayContain(std::string_view(word));
    for (uint32_t column = 0; column < size % 7; ++column) filter->ColumnMayContain(column, word);
  }
  return 0;
}
