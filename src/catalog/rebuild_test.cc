#include "catalog/rebuild.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class RebuildTest : public testing::Test {
 protected:
  void SetUp() override {
    auto catalog = world_.Open();
    ASSERT_TRUE(catalog.ok());
    for (uint64_t i = 0; i < 3; ++i) {
      FakeCommit commit('a', i * 100, (i + 1) * 100);
      commit.commit.meta.created_ns = static_cast<int64_t>(i);
      commit.commit.sources[0].file = {1, 7, 300, 5};
      commit.commit.sources[0].finished = i == 2;
      commit.bytes = FakeSegment(commit.commit.meta, commit.commit.sources);
      ASSERT_TRUE((*catalog)->CommitSegment(commit.Take()).ok());
    }
    FakeCommit other('b', 0, 50);
    other.commit.records.published["names"] = "v1";
    ASSERT_TRUE((*catalog)->CommitSegment(other.Take()).ok());
    SourceIdentity empty = FakeIdentity('e', 0);
    empty.tails.clear();
    ASSERT_TRUE((*catalog)->Update({empty}, {}, std::nullopt).ok());
    before_ = (*catalog)->manifest();
    ASSERT_TRUE((*catalog)->Close().ok());
  }

  void DeleteCatalog() {
    for (const DirectoryEntry& entry : Entries(&world_.memory, "/store/catalog")) {
      ASSERT_TRUE(world_.memory.Remove("/store/catalog/" + entry.name).ok());
    }
    ASSERT_TRUE(world_.memory.RemoveDirectory("/store/catalog").ok());
  }
  Result<RebuildReport> Rebuild() { return RebuildCatalog(&world_.env, world_.dir, ReadFakeFooter); }

  FakeWorld world_;
  Manifest before_;
};

TEST_F(RebuildTest, NothingToDoForAHealthyStore) {
  const auto report = Rebuild();
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->needed);
  EXPECT_EQ(ReadManifest(&world_.env, world_.dir)->version, before_.version);
  ASSERT_TRUE(world_.memory.Remove("/store/MANIFEST").ok());
  EXPECT_THAT(ReadManifest(&world_.env, world_.dir).status().message(), HasSubstr("verify --rebuild"));
  EXPECT_FALSE(Rebuild()->needed);
  EXPECT_EQ(ReadManifest(&world_.env, world_.dir)->version, before_.version);
}

TEST_F(RebuildTest, ADeletedCatalogAsksForARebuildAndGetsOne) {
  DeleteCatalog();
  const auto opened = world_.Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status().message(), HasSubstr("verify --rebuild"));
  const auto report = Rebuild();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->needed);
  EXPECT_EQ(report->segments, 4u);
  EXPECT_EQ(report->sources, 3u);
  auto catalog = world_.Open();
  ASSERT_TRUE(catalog.ok()) << catalog.status().message();
  EXPECT_TRUE((*catalog)->recovery().empty());
  const Manifest after = (*catalog)->manifest();
  EXPECT_EQ(after.store_id, before_.store_id);
  EXPECT_GT(after.version, before_.version);
  EXPECT_EQ(after.published, before_.published);
  ASSERT_EQ(after.sources.size(), 3u);
  for (const auto& [id, source] : before_.sources) {
    EXPECT_EQ(after.sources.at(id).bytes, source.bytes);
    EXPECT_EQ(after.sources.at(id).ledger, source.ledger);
    EXPECT_EQ(after.sources.at(id).tails, source.tails);
    EXPECT_EQ(after.sources.at(id).names, source.names);
    EXPECT_EQ(after.sources.at(id).finished, source.finished);
  }
  EXPECT_TRUE((*catalog)->ReadJournal().ok());
}

TEST_F(RebuildTest, WithoutManifestAndFormat) {
  DeleteCatalog();
  ASSERT_TRUE(world_.memory.Remove("/store/MANIFEST").ok());
  ASSERT_TRUE(world_.memory.Remove("/store/FORMAT").ok());
  const auto report = Rebuild();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->not_restored, Contains(HasSubstr("template names")));
  auto catalog = world_.Open();
  ASSERT_TRUE(catalog.ok()) << catalog.status().message();
  const Manifest after = (*catalog)->manifest();
  EXPECT_EQ(after.TotalLedger(), before_.TotalLedger());
  EXPECT_EQ(after.sources.at(FakeId('a')).bytes, before_.sources.at(FakeId('a')).bytes);
  EXPECT_TRUE(after.sources.at(FakeId('a')).finished);
  EXPECT_TRUE((*catalog)->ReadJournal().ok());
  FakeCommit next('a', 300, 400);
  EXPECT_TRUE((*catalog)->CommitSegment(next.Take()).ok());
}

TEST_F(RebuildTest, LostSegmentsAreNamedAndReadAgain) {
  DeleteCatalog();
  ASSERT_TRUE(world_.memory.Remove("/store/segments/" + before_.segments[1].file_name).ok());
  const auto report = Rebuild();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->not_restored, Contains(HasSubstr("100 bytes were stored, but their segments are gone")));
  auto catalog = world_.Open();
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ((*catalog)->FindSource(FakeId('a'))->bytes, (IntervalSet{{0, 100}, {200, 300}}));
  EXPECT_FALSE((*catalog)->sources()->FindUnchanged({1, 7, 300, 5}).has_value());
}

TEST_F(RebuildTest, NewestOfOverlappingSegmentsIsUsed) {
  FakeCommit merged('a', 0, 200), partial('a', 150, 250);
  merged.commit.meta.created_ns = 100;
  partial.commit.meta.created_ns = 50;
  const auto plant = [&](const std::string& name, const FakeCommit& commit) {
    ASSERT_TRUE(WriteFileAtomically(&world_.memory, "/store/segments/" + name,
                                    FakeSegment(commit.commit.meta, commit.commit.sources))
                    .ok());
  };
  plant("merged.wseg", merged);
  plant("partial.wseg", partial);
  ASSERT_TRUE(WriteFileAtomically(&world_.memory, "/store/segments/torn.wseg", "FAKE").ok());
  DeleteCatalog();
  const auto report = Rebuild();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->survey.duplicates.size(), 2u);
  EXPECT_EQ(report->survey.conflicting, std::vector<std::string>{"partial.wseg"});
  EXPECT_EQ(report->survey.unreadable.size(), 1u);
  auto catalog = world_.Open();
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ((*catalog)->manifest().segments.size(), 3u);
  EXPECT_EQ((*catalog)->FindSource(FakeId('a'))->ledger.in.bytes, 300u);
  EXPECT_EQ((*catalog)->recovery().duplicates.size(), 3u) << "together, the others cover the partial one";
  EXPECT_EQ((*catalog)->recovery().set_aside, std::vector<std::string>{"torn.wseg"});
}

TEST_F(RebuildTest, CrashInTheMiddleStillAsksForARebuild) {
  for (uint64_t call = 1; call < 60; ++call) {
    FakeWorld world;
    {
      auto catalog = world.Open();
      FakeCommit commit('a', 0, 100);
      ASSERT_TRUE((*catalog)->CommitSegment(commit.Take()).ok());
    }
    for (const DirectoryEntry& entry : Entries(&world.memory, "/store/catalog")) {
      ASSERT_TRUE(world.memory.Remove("/store/catalog/" + entry.name).ok());
    }
    world.memory.SyncAll();
    Fault fault;
    fault.call = call;
    fault.action = Fault::Action::kCrash;
    world.files.SetFault(fault);
    const auto report = RebuildCatalog(&world.env, world.dir, ReadFakeFooter);
    world.memory.PowerLoss(call);
    world.files.ClearFault();
    const auto again = RebuildCatalog(&world.env, world.dir, ReadFakeFooter);
    ASSERT_TRUE(again.ok()) << "call " << call << ": " << again.status().message();
    auto catalog = world.Open();
    ASSERT_TRUE(catalog.ok()) << "call " << call << ": " << catalog.status().message();
    EXPECT_EQ((*catalog)->FindSource(FakeId('a'))->bytes, (IntervalSet{{0, 100}})) << call;
    if (!world.files.fired()) break;
  }
}

TEST_F(RebuildTest, DirectoriesOfSegmentsAreReadable) {
  ASSERT_TRUE(world_.memory.MakeDirectory("/copies").ok());
  for (const SegmentMeta& segment : before_.segments) {
    const auto bytes = ReadFile(&world_.memory, "/store/segments/" + segment.file_name);
    ASSERT_TRUE(WriteFileAtomically(&world_.memory, "/copies/" + segment.file_name, *bytes).ok());
  }
  const auto snapshot = TakeSnapshotOfAny(&world_.env, "/copies", nullptr, ReadFakeFooter);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
  EXPECT_EQ(snapshot->manifest.segments.size(), 4u);
  EXPECT_EQ(snapshot->manifest.TotalLedger(), before_.TotalLedger());
  EXPECT_TRUE(*FileExists(&world_.memory, snapshot->SegmentPath(snapshot->manifest.segments[0])));
  ASSERT_TRUE(world_.memory.MakeDirectory("/nothing").ok());
  EXPECT_THAT(TakeSnapshotOfAny(&world_.env, "/nothing", nullptr, ReadFakeFooter).status().message(),
              HasSubstr("is not a whittle store"));
  EXPECT_TRUE(TakeSnapshotOfAny(&world_.env, "/store", nullptr, ReadFakeFooter).ok());
}

TEST_F(RebuildTest, RefusesWhileSomebodyWrites) {
  const auto catalog = world_.Open();
  EXPECT_EQ(Rebuild().status().code(), StatusCode::kBusy);
}

}  // namespace
}  // namespace whittle
