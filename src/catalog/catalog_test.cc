#include "catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

using testing::HasSubstr;

std::unique_ptr<Catalog> OpenOrDie(FakeWorld* world) {
  Result<std::unique_ptr<Catalog>> catalog = world->Open();
  EXPECT_TRUE(catalog.ok()) << catalog.status().message();
  return catalog.ok() ? std::move(*catalog) : nullptr;
}

void Commit(Catalog* catalog, char digit, uint64_t begin, uint64_t end) {
  FakeCommit commit(digit, begin, end);
  const auto meta = catalog->CommitSegment(commit.Take());
  ASSERT_TRUE(meta.ok()) << meta.status().message();
}

TEST(CatalogTest, CommitsBecomeVisibleAndSurviveReopening) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  ASSERT_NE(catalog, nullptr);
  Commit(catalog.get(), 'a', 0, 1000);
  Commit(catalog.get(), 'a', 2000, 3000);
  Commit(catalog.get(), 'b', 0, 500);

  const auto check = [&](const Manifest& manifest) {
    EXPECT_EQ(manifest.segments.size(), 3u);
    ASSERT_EQ(manifest.sources.size(), 2u);
    const SourceState& a = manifest.sources.at(FakeId('a'));
    EXPECT_EQ(a.bytes, (IntervalSet{{0, 1000}, {2000, 3000}}));
    EXPECT_EQ(a.bytes.CoveredPrefix(), 1000u);
    EXPECT_EQ(a.ledger.in.bytes, 2000u);
    EXPECT_EQ(a.tails.size(), 2u);
    EXPECT_EQ(manifest.TotalLedger().kept.lines, 250u);
    EXPECT_TRUE(manifest.TotalLedger().Balanced());
    EXPECT_EQ(manifest.version, 4u) << "create and three commits";
  };
  const Result<Manifest> live = ReadManifest(&world.env, world.dir);
  ASSERT_TRUE(live.ok()) << live.status().message();
  check(*live);
  check(catalog->manifest());
  ASSERT_TRUE(catalog->Close().ok());

  catalog = OpenOrDie(&world);
  EXPECT_TRUE(catalog->recovery().empty());
  check(catalog->manifest());
  const auto journal = catalog->ReadJournal();
  ASSERT_TRUE(journal.ok()) << journal.status().message();
  ASSERT_EQ(journal->size(), 4u);
  EXPECT_EQ((*journal)[0].kind, "create");
  EXPECT_EQ((*journal)[0].who, "tester@host[1]");
  EXPECT_EQ((*journal)[1].added.size(), 1u);
  for (const SegmentMeta& segment : live->segments) {
    const auto bytes = ReadFile(&world.files, catalog->layout().SegmentPath(segment.file_name));
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(HashBytes128(*bytes), segment.file_hash);
    EXPECT_EQ(bytes->size(), segment.file_bytes);
  }
}

TEST(CatalogTest, SecondOpenerIsToldToWait) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  const auto second = world.Open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kBusy);
  EXPECT_THAT(second.status().message(), HasSubstr("/store: another whittle is writing"));
}

TEST(CatalogTest, RefusesWhatIsStoredAlready) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  FakeCommit again('a', 990, 1100);
  const auto refused = catalog->CommitSegment(again.Take());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kAlreadyExists);
  EXPECT_FALSE(catalog->failed());
  EXPECT_EQ(catalog->manifest().segments.size(), 1u);
  EXPECT_EQ(world.memory.List("/store/segments")->size(), 1u) << "the temporary file is gone";
  Commit(catalog.get(), 'a', 1000, 1100);
}

TEST(CatalogTest, RefusesLedgersThatDoNotBalance) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  FakeCommit lying('a', 0, 1000);
  lying.commit.meta.coverage[0].ledger.kept.lines -= 1;
  EXPECT_THAT(catalog->CommitSegment(lying.Take()).status().message(), HasSubstr("does not balance"));
  FakeCommit short_cover('a', 0, 1000);
  short_cover.commit.meta.coverage[0].bytes = {{0, 999}};
  EXPECT_THAT(catalog->CommitSegment(short_cover.Take()).status().message(), HasSubstr("covers 999 bytes"));
}

TEST(CatalogTest, ExplicitNamesAreNotReplaced) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  FakeCommit one('a', 0, 10), two('a', 10, 20), bad('a', 10, 20);
  one.commit.file_name = two.commit.file_name = "orders-3-1000.wseg";
  bad.commit.file_name = "../evil.wseg";
  ASSERT_TRUE(catalog->CommitSegment(one.Take()).ok());
  EXPECT_EQ(catalog->CommitSegment(two.Take()).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(catalog->CommitSegment(bad.Take()).status().code(), StatusCode::kUsage);
}

TEST(CatalogTest, OtherDirectoriesAndNewerStoresAreRefused) {
  FakeWorld world;
  ASSERT_TRUE(world.memory.MakeDirectory("/store").ok());
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/thesis.tex", "x").ok());
  const auto opened = world.Open();
  EXPECT_EQ(opened.status().code(), StatusCode::kUsage);
  EXPECT_THAT(opened.status().message(), HasSubstr("/store: is not a whittle store"));
  EXPECT_EQ(ReadManifest(&world.env, "/store").status().code(), StatusCode::kUsage);
  EXPECT_EQ(ReadManifest(&world.env, "/nothing").status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/FORMAT", "whittle store 2.0\n").ok());
  EXPECT_EQ(world.Open().status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(ReadManifest(&world.env, "/store").status().message(), HasSubstr("newer whittle (store version 2"));
}

TEST(CatalogTest, ReplacingKeepsFrontiersAndWaitsForReaders) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  Commit(catalog.get(), 'a', 1000, 2000);
  std::optional<Snapshot> snapshot = TakeSnapshot(&world.env, world.dir).value();
  ASSERT_NE(snapshot->pin, nullptr);
  std::vector<std::string> old;
  for (const auto& segment : snapshot->manifest.segments) old.push_back(segment.file_name);

  FakeCommit too_little('a', 0, 1990);
  EXPECT_FALSE(catalog->ReplaceSegments(old, {too_little.Take()}, {"compact", "", ""}).ok());
  EXPECT_EQ(catalog->ReplaceSegments({"no.wseg"}, {}, {"compact", "", ""}).code(), StatusCode::kNotFound);

  FakeCommit merged('a', 0, 2000);
  const Status replaced = catalog->ReplaceSegments(old, {merged.Take()}, {"compact", "two made one", ""});
  ASSERT_TRUE(replaced.ok()) << replaced.message();
  const Manifest now = *ReadManifest(&world.env, world.dir);
  ASSERT_EQ(now.segments.size(), 1u);
  EXPECT_EQ(now.TotalLedger().in.bytes, 2000u);
  EXPECT_EQ(now.sources.at(FakeId('a')).bytes, (IntervalSet{{0, 2000}}));
  for (const auto& segment : snapshot->manifest.segments) {
    EXPECT_TRUE(*FileExists(&world.memory, snapshot->SegmentPath(segment))) << "a reader may still come for it";
  }
  snapshot.reset();
  ASSERT_TRUE(catalog->RemoveGarbage().ok());
  EXPECT_EQ(world.memory.List("/store/segments")->size(), 1u);
  EXPECT_EQ(catalog->ReadJournal()->back().removed.size(), 2u);
}

TEST(CatalogTest, RetentionExpiresAndRemembers) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  const std::string old = catalog->manifest().segments[0].file_name;
  FakeCommit tombstone('a', 0, 1000);
  tombstone.commit.meta.rows = tombstone.commit.meta.records = tombstone.commit.meta.text_bytes = 0;
  tombstone.commit.meta.coverage[0].ledger.Expire();
  tombstone.bytes = FakeSegment(tombstone.commit.meta, tombstone.commit.sources, "");
  ASSERT_TRUE(catalog->ReplaceSegments({old}, {tombstone.Take()}, {"retain", "older than 30d", "policy"}).ok());
  ASSERT_TRUE(catalog->Close().ok());
  catalog = OpenOrDie(&world);
  const SourceState source = *catalog->FindSource(FakeId('a'));
  EXPECT_EQ(source.ledger.expired.bytes, 1000u);
  EXPECT_EQ(source.ledger.kept.bytes, 0u);
  EXPECT_TRUE(source.ledger.Balanced());
  EXPECT_EQ(source.bytes.CoveredPrefix(), 1000u) << "what expired is not read again";
}

TEST(CatalogTest, RecordsOfOthersCommitAlong) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  FakeCommit commit('a', 0, 10);
  commit.commit.records.published["templates"] = "names";
  commit.commit.records.internal["sampler"] = "state";
  ASSERT_TRUE(catalog->CommitSegment(commit.Take()).ok());
  EXPECT_EQ(ReadManifest(&world.env, world.dir)->published.at("templates"), "names");
  ASSERT_TRUE(catalog->Close().ok());
  catalog = OpenOrDie(&world);
  EXPECT_EQ(**catalog->ReadPrivate("sampler"), "state");
  EXPECT_FALSE(catalog->ReadPrivate("nothing")->has_value());
  ASSERT_TRUE(catalog->Update({}, {{{"templates", ""}}, {}}, ChangeNote{"forget", "", ""}).ok());
  EXPECT_TRUE(ReadManifest(&world.env, world.dir)->published.empty());
}

TEST(CatalogTest, OrphansAreAdoptedRemovedOrSetAside) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  ASSERT_TRUE(catalog->Close().ok());
  const auto plant = [&](const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/segments/" + name, bytes).ok());
  };
  plant("90.wseg", FakeCommit('a', 1000, 2000).bytes);
  plant("91.wseg", FakeCommit('a', 500, 1000).bytes);
  plant("92.wseg", FakeCommit('a', 1500, 2500).bytes);
  plant("93.wseg", FakeCommit('a', 5000, 6000).bytes.substr(0, 50));
  plant("commit-7.tmp", "half");
  catalog = OpenOrDie(&world);
  const RecoveryReport& report = catalog->recovery();
  EXPECT_EQ(report.adopted, std::vector<std::string>{"90.wseg"});
  EXPECT_EQ(report.duplicates, std::vector<std::string>{"91.wseg"});
  EXPECT_EQ(report.set_aside, (std::vector<std::string>{"92.wseg", "93.wseg"}));
  EXPECT_EQ(report.temporaries_removed, 1u);
  EXPECT_EQ(catalog->manifest().TotalLedger().in.bytes, 2000u);
  ASSERT_TRUE(catalog->Close().ok());
  EXPECT_TRUE(OpenOrDie(&world)->recovery().empty()) << "settled for good";
}

TEST(CatalogTest, MissingSegmentIsReported) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  const std::string name = catalog->manifest().segments[0].file_name;
  ASSERT_TRUE(catalog->Close().ok());
  ASSERT_TRUE(world.memory.Remove("/store/segments/" + name).ok());
  EXPECT_EQ(OpenOrDie(&world)->recovery().missing, std::vector<std::string>{name});
}

TEST(CatalogTest, CommitsTheDatabaseLostComeBackFromTheManifest) {
  FakeWorld world;
  auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 1000);
  ASSERT_TRUE(catalog->Close().ok());
  // An old copy of the database beside newer segments and a newer manifest: a restored backup, a damaged log.
  std::map<std::string, std::string> old;
  for (const DirectoryEntry& entry : Entries(&world.memory, "/store/catalog")) {
    old[entry.name] = *ReadFile(&world.memory, "/store/catalog/" + entry.name);
  }
  catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 1000, 2000);
  Commit(catalog.get(), 'b', 0, 2000);
  const Manifest before = catalog->manifest();
  ASSERT_TRUE(catalog->Close().ok());
  for (const DirectoryEntry& entry : Entries(&world.memory, "/store/catalog")) {
    ASSERT_TRUE(world.memory.Remove("/store/catalog/" + entry.name).ok());
  }
  for (const auto& [name, bytes] : old) {
    ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/catalog/" + name, bytes).ok());
  }
  catalog = OpenOrDie(&world);
  ASSERT_NE(catalog, nullptr);
  EXPECT_TRUE(catalog->recovery().from_manifest);
  const Manifest after = catalog->manifest();
  EXPECT_EQ(after.version, before.version + 1);
  EXPECT_EQ(after.segments.size(), 3u);
  EXPECT_EQ(after.sources.at(FakeId('a')).bytes, before.sources.at(FakeId('a')).bytes);
  const auto journal = catalog->ReadJournal();
  ASSERT_TRUE(journal.ok()) << journal.status().message();
  EXPECT_EQ(journal->back().kind, "recover");
  ASSERT_TRUE(catalog->Close().ok());
  EXPECT_TRUE(OpenOrDie(&world)->recovery().empty());
}

TEST(CatalogTest, ReadersSeeWholeVersionsWhileTheStoreChanges) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  Commit(catalog.get(), 'a', 0, 100);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (uint64_t i = 1; i < 60; ++i) {
      FakeCommit commit('a', i * 100, (i + 1) * 100);
      ASSERT_TRUE(catalog->CommitSegment(commit.Take()).ok());
      if (i % 5 != 0) continue;
      std::vector<std::string> old;
      for (const auto& segment : catalog->manifest().segments) old.push_back(segment.file_name);
      FakeCommit merged('a', 0, (i + 1) * 100);
      ASSERT_TRUE(catalog->ReplaceSegments(old, {merged.Take()}, {"compact", "", ""}).ok());
    }
    done = true;
  });
  uint64_t last_version = 0;
  while (!done) {
    const auto snapshot = TakeSnapshot(&world.env, world.dir);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status().message();
    EXPECT_GE(snapshot->manifest.version, last_version);
    last_version = snapshot->manifest.version;
    uint64_t bytes = 0;
    for (const auto& segment : snapshot->manifest.segments) {
      bytes += segment.text_bytes;
      const auto content = ReadFile(&world.memory, snapshot->SegmentPath(segment));
      if (snapshot->pin == nullptr) continue;  // the cleaner was faster; such a reader tries again
      ASSERT_TRUE(content.ok()) << content.status().message();
      EXPECT_EQ(HashBytes128(*content), segment.file_hash);
    }
    EXPECT_EQ(bytes, snapshot->manifest.TotalLedger().kept.bytes);
    EXPECT_EQ(bytes, snapshot->manifest.sources.at(FakeId('a')).bytes.CoveredPrefix());
  }
  writer.join();
  EXPECT_EQ(catalog->manifest().TotalLedger().in.bytes, 6000u);
}

TEST(CatalogTest, ManyThreadsMayCommit) {
  FakeWorld world;
  const auto catalog = OpenOrDie(&world);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 10; ++i) {
        FakeCommit commit('a', (i * 4 + t) * 100, (i * 4 + t + 1) * 100);
        ASSERT_TRUE(catalog->CommitSegment(commit.Take()).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(catalog->FindSource(FakeId('a'))->bytes, (IntervalSet{{0, 4000}}));
  EXPECT_EQ(catalog->FindSource(FakeId('a'))->tails.size(), 1u);
  EXPECT_EQ(catalog->manifest().segments.size(), 40u);
}

TEST(CatalogTest, ChangedJournalIsNoticed) {
  JournalEntry entry;
  entry.version = 3;
  entry.kind = "commit";
  entry.added = {{"a.wseg", {1, 2}}};
  const std::string bytes = EncodeJournalEntry(entry);
  EXPECT_EQ(*DecodeJournalEntry(bytes), entry);
  JournalEntry forged = entry;
  forged.added[0].file_name = "b.wseg";
  EXPECT_NE(ChainHash(kJournalStart, bytes), ChainHash(kJournalStart, EncodeJournalEntry(forged)));
  EXPECT_NE(ChainHash(kJournalStart, bytes), ChainHash(std::string(32, 'x'), bytes));
}

TEST(CatalogTest, TinyStoreStaysSmall) {
  FakeWorld world;
  for (int run = 0; run < 3; ++run) {
    auto catalog = OpenOrDie(&world);
    Commit(catalog.get(), 'a', static_cast<uint64_t>(run) * 100, static_cast<uint64_t>(run + 1) * 100);
    ASSERT_TRUE(catalog->Close().ok());
  }
  uint64_t total = 0;
  std::string files;
  for (const char* dir : {"/store", "/store/catalog"}) {
    const auto entries = world.memory.List(dir);
    for (const auto& entry : *entries) {
      if (entry.type != FileType::kRegular) continue;
      const uint64_t size = world.memory.Stat(JoinPath(dir, entry.name))->size;
      total += size;
      files += entry.name + " " + std::to_string(size) + "\n";
    }
  }
  EXPECT_LT(total, 8192u) << files;
  RecordProperty("bytes", static_cast<int>(total));
}

}  // namespace
}  // namespace whittle
