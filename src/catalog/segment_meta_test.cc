#include "catalog/segment_meta.h"

#include <gtest/gtest.h>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

TEST(SegmentMetaTest, FooterEntryHoldsWhatTheFileCannotTell) {
  SegmentMeta meta = FakeMeta('a', 0, 100);
  meta.file_name = "x.wseg";
  meta.file_bytes = 9;
  meta.file_hash = {1, 2};
  meta.commit = 3;
  const Result<FooterEntry> entry = DecodeFooterEntry(EncodeFooterEntry(meta, {FakeIdentity('a', 100)}));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->meta.file_name, "");
  EXPECT_EQ(entry->meta.file_bytes, 0u);
  EXPECT_EQ(entry->meta.commit, 0u);
  EXPECT_EQ(entry->meta.rows, meta.rows);
  EXPECT_EQ(entry->meta.coverage[0].ledger, meta.coverage[0].ledger);
  ASSERT_EQ(entry->sources.size(), 1u);
  EXPECT_EQ(entry->sources[0].tails, FakeIdentity('a', 100).tails);
}

TEST(SegmentMetaTest, RefusesWhatItCannotRead) {
  std::string bytes = EncodeFooterEntry(FakeMeta('a', 0, 100), {FakeIdentity('a', 100)});
  for (size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(DecodeFooterEntry(bytes.substr(0, i)).ok()) << i;
  bytes[0] = 2;
  EXPECT_EQ(DecodeFooterEntry(bytes).status().code(), StatusCode::kUnsupported);
}

TEST(SegmentMetaTest, CheckFindsContradictions) {
  EXPECT_TRUE(CheckSegmentMeta(FakeMeta('a', 0, 100)).ok());
  SegmentMeta lines = FakeMeta('a', 0, 100);
  lines.coverage[0].lines.Add({50, 51});
  EXPECT_FALSE(CheckSegmentMeta(lines).ok());
  SegmentMeta id = FakeMeta('a', 0, 100);
  id.coverage[0].source_id = "short";
  EXPECT_FALSE(CheckSegmentMeta(id).ok());
}

TEST(SourceStateTest, UpdatesKeepWhatIsStillTrue) {
  SourceState state;
  static_cast<SourceIdentity&>(state) = FakeIdentity('a', 100);
  state.head = FingerprintOf("0123456789", 10);
  state.bytes = {{0, 200}};
  SourceIdentity update = FakeIdentity('a', 200);
  update.names = {"/var/log/loga.1"};
  update.head = FingerprintOf("01234", 5);
  UpdateIdentity(update, &state);
  EXPECT_EQ(state.tails.size(), 1u) << "100 does not end an interval any more";
  EXPECT_TRUE(state.tails.contains(200));
  EXPECT_EQ(state.name(), "/var/log/loga.1");
  EXPECT_EQ(state.names.size(), 2u);
  EXPECT_EQ(state.head.size, 10u) << "the longer head is the better one";
  for (int i = 0; i < 40; ++i) {
    update.names = {"n" + std::to_string(i)};
    UpdateIdentity(update, &state);
  }
  EXPECT_EQ(state.names.size(), kMaxSourceNames);
  EXPECT_EQ(state.name(), "n39");
}

}  // namespace
}  // namespace whittle
