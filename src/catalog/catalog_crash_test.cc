// What a store looks like after the power went, or a call failed, at every single call that changes something.
#include <gtest/gtest.h>

#include <memory>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

// A little history: three commits, a replacement of two of them, one more commit. Stops at the first error. Returns
// how many bytes of source 'a' were acknowledged as durable.
struct Outcome {
  Status status;
  uint64_t acknowledged = 0;
};

Outcome RunHistory(FakeWorld* world) {
  Outcome outcome;
  auto catalog = world->Open();
  if (!catalog.ok()) return {catalog.status(), 0};
  for (uint64_t i = 0; i < 3; ++i) {
    FakeCommit commit('a', i * 100, (i + 1) * 100);
    outcome.status = (*catalog)->CommitSegment(commit.Take()).status();
    if (!outcome.status.ok()) return outcome;
    outcome.acknowledged = (i + 1) * 100;
  }
  const Manifest manifest = (*catalog)->manifest();
  FakeCommit merged('a', 0, 200);
  outcome.status = (*catalog)->ReplaceSegments({manifest.segments[0].file_name, manifest.segments[1].file_name},
                                               {merged.Take()}, {"compact", "", ""});
  if (!outcome.status.ok()) return outcome;
  FakeCommit last('a', 300, 400);
  outcome.status = (*catalog)->CommitSegment(last.Take()).status();
  if (!outcome.status.ok()) return outcome;
  outcome.acknowledged = 400;
  outcome.status = (*catalog)->Close();
  return outcome;
}

// Opens the store and checks everything that must hold whatever happened before.
void CheckStoreIsWhole(FakeWorld* world, uint64_t acknowledged, const std::string& where) {
  auto catalog = world->Open();
  ASSERT_TRUE(catalog.ok()) << where << catalog.status().message();
  EXPECT_TRUE((*catalog)->recovery().missing.empty()) << where;
  EXPECT_TRUE((*catalog)->recovery().set_aside.empty()) << where;
  const Manifest manifest = (*catalog)->manifest();
  IntervalSet stored;
  uint64_t sum = 0;
  for (const SegmentMeta& segment : manifest.segments) {
    const auto bytes = ReadFile(&world->memory, (*catalog)->layout().SegmentPath(segment.file_name));
    ASSERT_TRUE(bytes.ok()) << where << bytes.status().message();
    EXPECT_EQ(HashBytes128(*bytes), segment.file_hash) << where << "a torn segment";
    stored.Add(segment.coverage[0].bytes);
    sum += segment.coverage[0].bytes.Total();
  }
  EXPECT_EQ(sum, stored.Total()) << where << "something is stored twice";
  EXPECT_GE(stored.CoveredPrefix(), acknowledged) << where << "an acknowledged commit is lost";
  EXPECT_LE(stored.size(), 1u) << where << "a later commit survived an earlier one";
  if (!manifest.sources.empty()) {
    const SourceState& source = manifest.sources.begin()->second;
    EXPECT_EQ(source.bytes, stored) << where << "frontier and segments disagree";
    EXPECT_EQ(source.ledger.in.bytes, stored.Total()) << where;
    EXPECT_TRUE(source.ledger.Balanced()) << where;
  }
  const auto files = world->memory.List("/store/segments");
  EXPECT_EQ(files->size(), manifest.segments.size()) << where << "files nobody refers to";
  const auto journal = (*catalog)->ReadJournal();
  EXPECT_TRUE(journal.ok()) << where << journal.status().message();
  const auto published = ReadManifest(&world->env, world->dir);
  ASSERT_TRUE(published.ok()) << where << published.status().message();
  EXPECT_EQ(published->version, manifest.version) << where;
  // And work goes on.
  FakeCommit next('a', stored.CoveredPrefix(), stored.CoveredPrefix() + 50);
  const auto committed = (*catalog)->CommitSegment(next.Take());
  EXPECT_TRUE(committed.ok()) << where << committed.status().message();
}

uint64_t CallsOfHistory() {
  FakeWorld world;
  EXPECT_TRUE(RunHistory(&world).status.ok());
  return world.files.Calls(FileOperation::kAny);
}

TEST(CatalogCrashTest, PowerLossAtEveryCall) {
  const uint64_t calls = CallsOfHistory();
  ASSERT_GT(calls, 50u);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (uint64_t seed = 0; seed < 3; ++seed) {
      FakeWorld world;
      Fault fault;
      fault.call = call;
      fault.action = Fault::Action::kCrash;
      world.files.SetFault(fault);
      const Outcome outcome = RunHistory(&world);
      world.memory.PowerLoss(call * 1000 + seed);
      world.files.ClearFault();
      const std::string where = "call " + std::to_string(call) + " of " + std::to_string(calls) + ", power loss seed " +
                                std::to_string(call * 1000 + seed) + ": ";
      CheckStoreIsWhole(&world, outcome.acknowledged, where);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CatalogCrashTest, KilledAtEveryCall) {
  const uint64_t calls = CallsOfHistory();
  for (uint64_t call = 1; call <= calls; ++call) {
    FakeWorld world;
    Fault fault;
    fault.call = call;
    fault.action = Fault::Action::kCrash;
    world.files.SetFault(fault);
    const Outcome outcome = RunHistory(&world);
    world.files.ClearFault();
    CheckStoreIsWhole(&world, outcome.acknowledged, "call " + std::to_string(call) + ": ");
    if (HasFatalFailure()) return;
  }
}

class CatalogFaultTest : public testing::TestWithParam<const char*> {};

TEST_P(CatalogFaultTest, EveryCallFailsOnce) {
  const std::string operation = GetParam();
  FakeWorld counted;
  ASSERT_TRUE(RunHistory(&counted).status.ok());
  uint64_t unnoticed = 0, fired = 0;
  for (uint64_t call = 1; call < 1000; ++call) {
    FakeWorld world;
    const Result<Fault> fault = ParseFault(operation + ":" + std::to_string(call) + ":ENOSPC");
    ASSERT_TRUE(fault.ok());
    world.files.SetFault(*fault);
    const Outcome outcome = RunHistory(&world);
    if (!world.files.fired()) break;
    ++fired;
    unnoticed += outcome.status.ok();
    if (!outcome.status.ok()) {
      EXPECT_NE(outcome.status.message().find("No space left"), std::string::npos) << outcome.status.message();
    }
    world.files.ClearFault();
    CheckStoreIsWhole(&world, outcome.acknowledged, operation + " " + std::to_string(call) + ": ");
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(fired, 0u);
  // Removing what is not needed any more may fail: it is tried again. Everything else must be reported.
  if (operation == "write" || operation == "rename" || operation == "create") {
    EXPECT_LE(unnoticed, 2u) << "of " << fired;
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, CatalogFaultTest,
                         testing::Values("create", "write", "sync", "rename", "remove", "mkdir", "syncdir"));

}  // namespace
}  // namespace whittle
