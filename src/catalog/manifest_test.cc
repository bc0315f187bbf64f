#include "catalog/manifest.h"

#include <gtest/gtest.h>

#include <random>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

Manifest Example() {
  Manifest manifest;
  manifest.store_id = FakeId('5');
  manifest.version = 17;
  manifest.journal_head = std::string(32, 'j');
  manifest.committed_ns = -5;
  manifest.next_segment = 99;
  SegmentMeta meta = FakeMeta('a', 1000, 2000);
  meta.file_name = "00000001-abcdef01.wseg";
  meta.file_bytes = 12345;
  meta.file_hash = {1, 2};
  meta.commit = 16;
  meta.has_time = true;
  meta.min_time_ns = -1;
  meta.max_time_ns = 1'700'000'000'000'000'000;
  meta.kafka = KafkaRange{"cluster", "topic", 3, 1000, 2000};
  manifest.segments = {meta, FakeMeta('b', 0, 10)};
  SourceState source;
  static_cast<SourceIdentity&>(source) = FakeIdentity('a', 2000);
  source.bytes = {{1000, 2000}};
  source.lines = {{100, 200}};
  source.ledger = meta.coverage[0].ledger;
  source.failure = "truncated";
  source.head = FingerprintOf("head", 4);
  source.file = {1, 2, 3, -4};
  manifest.sources[source.id] = source;
  manifest.published["templates"] = std::string("a\0b", 3);
  return manifest;
}

TEST(ManifestTest, RoundTrip) {
  const Manifest manifest = Example();
  const std::string bytes = EncodeManifest(manifest);
  const Result<Manifest> back = DecodeManifest(bytes);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(EncodeManifest(*back), bytes);
  EXPECT_EQ(back->version, 17u);
  EXPECT_EQ(back->segments[0].kafka->end_offset, 2000);
  EXPECT_EQ(back->segments[0].max_time_ns, manifest.segments[0].max_time_ns);
  EXPECT_EQ(back->sources.at(FakeId('a')).tails, manifest.sources.at(FakeId('a')).tails);
  EXPECT_EQ(back->sources.at(FakeId('a')).failure, "truncated");
  EXPECT_EQ(back->published, manifest.published);
  EXPECT_NE(back->FindSegment("00000001-abcdef01.wseg"), nullptr);
  EXPECT_EQ(back->FindSegment("x"), nullptr);
}

TEST(ManifestTest, EveryFlippedBitAndEveryCutIsNoticed) {
  const std::string bytes = EncodeManifest(Example());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_FALSE(DecodeManifest(damaged).ok()) << i;
    EXPECT_FALSE(DecodeManifest(std::string_view(bytes).substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(DecodeManifest(bytes + "x").ok());
}

// With a right checksum, so that the decoder itself has to cope.
TEST(ManifestTest, HostileBodiesAreRefusedOrRead) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string bytes = EncodeManifest(Example());
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes.substr(0, bytes.size() - 8);
    for (int i = 0; i < 3; ++i) damaged[20 + random() % (damaged.size() - 20)] = static_cast<char>(random());
    ByteWriter(&damaged).U64(Hash64(damaged));
    static_cast<void>(DecodeManifest(damaged).ok());
  }
}

TEST(ManifestTest, NewerMajorVersionIsNamed) {
  std::string bytes = EncodeManifest(Example());
  bytes[8] = 2;
  const auto manifest = DecodeManifest(bytes);
  EXPECT_EQ(manifest.status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace whittle
