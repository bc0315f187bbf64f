#include "format/integer_codec.h"

#include <random>

#include <gtest/gtest.h>

#include "format/format_testing.h"

namespace whittle {
namespace {

void ExpectRoundTrip(const std::vector<int64_t>& values, bool max_effort = false) {
  Compressor compressor(max_effort);
  NodeSink sink;
  EncodeIntegers(values, &compressor, &sink);
  testing::SinkBlobs blobs(sink);
  NodeSource source{ByteReader(sink.descriptor), &blobs};
  std::vector<int64_t> decoded;
  ASSERT_TRUE(DecodeIntegers(&source, values.size(), &decoded));
  EXPECT_EQ(decoded, values);
  EXPECT_TRUE(blobs.finished());
  EXPECT_EQ(source.descriptor.remaining(), 0u);
}

TEST(IntegerCodec, RoundTripsEdges) {
  ExpectRoundTrip({});
  ExpectRoundTrip({INT64_MIN});
  ExpectRoundTrip({INT64_MIN, INT64_MAX});
  ExpectRoundTrip({INT64_MAX, INT64_MIN, 0, -1, 1});
  std::vector<int64_t> extremes;
  for (int i = 0; i < 1000; ++i) extremes.push_back(i % 3 == 0 ? INT64_MIN : i % 3 == 1 ? INT64_MAX : i);
  ExpectRoundTrip(extremes);
}

TEST(IntegerCodec, RoundTripsEveryKindOfSequence) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const size_t count : {1, 2, 3, 47, 48, 300, 5000, 40000}) {
    for (int kind = 0; kind < 7; ++kind) {
      std::vector<int64_t> values(count);
      int64_t walk = static_cast<int64_t>(random() >> 4);
      for (size_t i = 0; i < count; ++i) {
        switch (kind) {
          case 0:
            values[i] = static_cast<int64_t>(random());
            break;
          case 1:
            values[i] = static_cast<int64_t>(i) * 1000;
            break;
          case 2:
            values[i] = walk += static_cast<int64_t>(random() % 100);
            break;
          case 3:
            values[i] = static_cast<int64_t>(random() % 5) * 1000000007;
            break;
          case 4:
            values[i] = static_cast<int64_t>(i * i);
            break;
          case 5:
            values[i] = 1000000 + static_cast<int64_t>(random() % 200);
            break;
          default:
            values[i] = random() % 100 == 0 ? static_cast<int64_t>(random()) : 3;
            break;
        }
      }
      ExpectRoundTrip(values, kind == 2);
    }
  }
}

TEST(IntegerCodec, SequencesCostNextToNothing) {
  std::vector<int64_t> values(10000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1445144423722 + static_cast<int64_t>(i) * 3;
  Compressor compressor;
  NodeSink sink;
  EncodeIntegers(values, &compressor, &sink);
  size_t size = sink.descriptor.size();
  for (const Blob& blob : sink.blobs) size += compressor.Estimate(blob.bytes);
  EXPECT_LT(size, 60u);
}

TEST(IntegerCodec, RefusesDamage) {
  Compressor compressor;
  std::vector<int64_t> values(500);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i * 7919 % 613);
  NodeSink sink;
  EncodeIntegers(values, &compressor, &sink);
  std::vector<int64_t> decoded;
  for (size_t cut = 0; cut < sink.descriptor.size(); ++cut) {
    testing::SinkBlobs blobs(sink);
    NodeSource source{ByteReader(std::string_view(sink.descriptor).substr(0, cut)), &blobs};
    EXPECT_FALSE(DecodeIntegers(&source, values.size(), &decoded));
  }
  testing::SinkBlobs blobs(sink);
  NodeSource source{ByteReader(sink.descriptor), &blobs};
  EXPECT_FALSE(DecodeIntegers(&source, values.size() + 1, &decoded));
}

}  // namespace
}  // namespace whittle
