#include "format/reference_codec.h"

#include <random>

#include <gtest/gtest.h>

#include "format/format_testing.h"

namespace whittle {
namespace {

TEST(ReferenceCodec, RoundTripsLocalUniformAndNewReferences) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const size_t count : {0, 1, 63, 64, 3000, 20000}) {
    for (int kind = 0; kind < 4; ++kind) {
      std::vector<uint32_t> numbers;
      uint32_t next = 0;
      for (size_t i = 0; i < count; ++i) {
        const bool fresh = next == 0 || (kind == 0 ? random() % 4 == 0 : kind == 1 ? next < 700 : random() % 50 == 0);
        if (fresh) {
          numbers.push_back(next++);
        } else if (kind == 2) {
          numbers.push_back(next - 1 - static_cast<uint32_t>(random() % std::min<uint32_t>(next, 8)));
        } else {
          numbers.push_back(static_cast<uint32_t>(random() % next));
        }
      }
      Compressor compressor(kind == 3);
      NodeSink sink;
      EncodeReferences(numbers, next, &compressor, &sink);
      testing::SinkBlobs blobs(sink);
      NodeSource source{ByteReader(sink.descriptor), &blobs};
      std::vector<uint32_t> decoded;
      ASSERT_TRUE(DecodeReferences(&source, count, next, &decoded));
      EXPECT_EQ(decoded, numbers);
      if (count == 0 || next < 2) continue;
      testing::SinkBlobs again(sink);
      NodeSource smaller{ByteReader(sink.descriptor), &again};
      EXPECT_FALSE(DecodeReferences(&smaller, count, next - 1, &decoded)) << "a number beyond the dictionary";
    }
  }
}

}  // namespace
}  // namespace whittle
