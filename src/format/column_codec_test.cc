#include "format/column_codec.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "format/format_testing.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

TextOp RoundTrip(const std::vector<std::string>& texts, uint16_t time_layout = 0) {
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  Compressor compressor;
  NodeSink sink;
  ColumnHint hint;
  hint.time_layout = time_layout;
  EncodeText(values, hint, 0, &compressor, &sink);
  testing::SinkBlobs blobs(sink);
  NodeSource source{ByteReader(sink.descriptor), &blobs};
  TextArena arena(uint64_t{1} << 30);
  std::vector<std::string_view> decoded;
  EXPECT_TRUE(DecodeText(&source, values.size(), 0, &arena, &decoded));
  EXPECT_EQ(decoded, values);
  EXPECT_TRUE(blobs.finished());
  EXPECT_EQ(source.descriptor.remaining(), 0u);
  return static_cast<TextOp>(sink.descriptor[0]);
}

template <typename Make>
std::vector<std::string> Values(size_t count, const Make& make) {
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) values.push_back(make(i));
  return values;
}

TEST(ColumnCodec, PicksTheEncodingThatFits) {
  std::mt19937_64 random(7);
  const auto kind = [&](int k) { return [&random, k](size_t i) { return testing::RandomValue(k, i, &random); }; };
  EXPECT_EQ(RoundTrip({}), TextOp::kConst);
  EXPECT_EQ(RoundTrip({"", "", ""}), TextOp::kConst);
  EXPECT_EQ(RoundTrip({"a", "b"}), TextOp::kText);
  EXPECT_EQ(RoundTrip(Values(500, kind(1))), TextOp::kInteger);
  EXPECT_EQ(RoundTrip(Values(500, kind(3))), TextOp::kDigits);
  EXPECT_EQ(RoundTrip(Values(500, kind(14))), TextOp::kDigits) << "with a width each";
  EXPECT_EQ(RoundTrip(Values(500, kind(4))), TextOp::kDecimal);
  EXPECT_EQ(RoundTrip(Values(500, kind(5))), TextOp::kHex);
  EXPECT_EQ(RoundTrip(Values(500, kind(6))), TextOp::kPartition) << "two signs, two patterns";
  EXPECT_EQ(RoundTrip(Values(500, kind(7))), TextOp::kConcat);
  EXPECT_EQ(RoundTrip(Values(500, kind(8))), TextOp::kDictionary);
  EXPECT_EQ(RoundTrip(Values(500, kind(10))), TextOp::kText);
  EXPECT_EQ(RoundTrip(Values(500, kind(11))), TextOp::kPartition) << "numbers and exceptions";
}

TEST(ColumnCodec, TicksFallBackWhenTextsDoNotFit) {
  const auto match = MatchTime("2015-10-18 18:01:47,978");
  ASSERT_TRUE(match.has_value());
  const auto times = Values(300, [](size_t i) { return "2015-10-18 18:" + std::to_string(10 + i % 50) + ":47,978"; });
  EXPECT_EQ(RoundTrip(times, match->layout), TextOp::kTicks);
  auto some = times;
  some[17] = "never";
  EXPECT_EQ(RoundTrip(some, match->layout), TextOp::kPartition);
  EXPECT_NE(RoundTrip(Values(300, [](size_t i) { return "x" + std::to_string(i); }), match->layout), TextOp::kTicks);
}

TEST(ColumnCodec, RoundTripsMixturesOfEverything) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 150; ++round) {
    const int first = static_cast<int>(random() % testing::kValueKinds);
    const int second = static_cast<int>(random() % testing::kValueKinds);
    const uint64_t mix = random() % 20;
    SCOPED_TRACE(std::to_string(first) + " with " + std::to_string(second));
    RoundTrip(Values(1 + random() % 2000,
                     [&](size_t i) { return testing::RandomValue(random() % 20 < mix ? second : first, i, &random); }));
  }
}

TEST(ColumnCodec, RefusesDamageWithoutHarm) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int kind = 0; kind < testing::kValueKinds; ++kind) {
    const auto texts = Values(200, [&](size_t i) { return testing::RandomValue(kind, i, &random); });
    const std::vector<std::string_view> values(texts.begin(), texts.end());
    Compressor compressor;
    NodeSink sink;
    EncodeText(values, {}, 0, &compressor, &sink);
    for (size_t i = 0; i < 400; ++i) {
      NodeSink damaged = sink;
      if (i % 2 == 0 || damaged.blobs.empty()) {
        damaged.descriptor[random() % damaged.descriptor.size()] ^= static_cast<char>(1 + random() % 255);
      } else if (std::string& bytes = damaged.blobs[random() % damaged.blobs.size()].bytes; !bytes.empty()) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
      }
      testing::SinkBlobs blobs(damaged);
      NodeSource source{ByteReader(damaged.descriptor), &blobs};
      TextArena arena(uint64_t{1} << 22);
      std::vector<std::string_view> decoded;
      if (DecodeText(&source, values.size(), 0, &arena, &decoded)) {
        EXPECT_EQ(decoded.size(), values.size());
      }
    }
  }
}

}  // namespace
}  // namespace whittle
